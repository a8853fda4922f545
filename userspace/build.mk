# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libkredact: shared and static library, header, pkg-config file, man pages; and what programs
# that know nothing of it can be given by LD_PRELOAD.

KRLIB_SRC     := $(addprefix userspace/,alloc.c arena.c cache.c cover.c device.c init.c meta.c \
		   pagecount.c protection.c region.c register.c slab.c)
KRLIB_HEADERS := userspace/kredact.h
KRLIB_MAP     := userspace/libkredact.map
KRLIB_OBJ     := $(KRLIB_SRC:%.c=$(B)/obj/%.o)
KRLIB_SAN_OBJ := $(KRLIB_SRC:userspace/%.c=$(B)/obj/userspace-san/%.o)
KRLIB_SONAME  := libkredact.so.$(SOVERSION)
KRLIB_SO      := $(B)/lib/libkredact.so.$(VERSION)
KRLIB_A       := $(B)/lib/libkredact.a
KRLIB_SAN_A   := $(B)/lib/libkredact-san.a
KRLIB_PC      := $(B)/lib/kredact.pc
KRLIB_PRELOAD := $(B)/lib/libkredact-preload.so

KRLIB_CFLAGS  := -pthread -fvisibility=hidden
KRLIB_LDFLAGS := -shared -pthread -Wl,-soname,$(KRLIB_SONAME) -Wl,--version-script=$(KRLIB_MAP) \
		 -Wl,--no-undefined -Wl,--no-undefined-version -Wl,-z,relro,-z,now \
		 -Wl,-z,nodelete -Wl,-z,noexecstack

ALL += $(KRLIB_SO) $(KRLIB_A) $(KRLIB_PC) $(KRLIB_PRELOAD)

$(B)/obj/userspace/%.o: userspace/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -fPIC $(KRLIB_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/userspace-san/%.o: userspace/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(KRLIB_CFLAGS) -MMD -MP -c -o $@ $<

$(KRLIB_A): $(KRLIB_OBJ)
$(KRLIB_SAN_A): $(KRLIB_SAN_OBJ)
$(KRLIB_A) $(KRLIB_SAN_A):
	@mkdir -p $(@D)
	$(RM) $@
	$(AR) rcsD $@ $^

# What is exported must be what the map says, no more and no less.
$(KRLIB_SO): $(KRLIB_OBJ) $(KRLIB_MAP)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(KRLIB_LDFLAGS) -o $@.tmp $(KRLIB_OBJ)
	@sed -n 's/^\t\t\(kredact_[a-z_]*\);$$/\1/p' $(KRLIB_MAP) | LC_ALL=C sort >$@.map
	@nm -D --defined-only $@.tmp | sed -n 's/^.* [^A] \(.*\)@@KREDACT_.*$$/\1/p' | \
		LC_ALL=C sort >$@.exports
	@nm -D --defined-only $@.tmp | grep -v ' A KREDACT_' | grep -v '@@KREDACT_' && \
		{ echo "$@: symbols without a version" >&2; exit 1; } || :
	diff $@.map $@.exports
	@$(RM) $@.map $@.exports
	mv $@.tmp $@
	ln -sf $(@F) $(@D)/$(KRLIB_SONAME)
	ln -sf $(KRLIB_SONAME) $(@D)/libkredact.so

# What it exports, programs get instead of OpenSSL's and libc's.
$(KRLIB_PRELOAD): $(B)/obj/userspace/preload.o $(KRLIB_SO)
	$(CC) $(CFLAGS) -shared -Wl,-z,relro,-z,now,-z,nodelete,-z,noexecstack -Wl,--no-undefined \
		-o $@.tmp $< -L$(@D) -lkredact
	[ "$$(nm -D --defined-only $@.tmp | cut -d' ' -f3 | xargs)" = "CRYPTO_set_mem_functions fclose" ]
	mv $@.tmp $@

$(KRLIB_PC): userspace/kredact.pc.in Makefile userspace/build.mk
	@mkdir -p $(@D)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

.PHONY: install-userspace
install: install-userspace
install-userspace: $(KRLIB_SO) $(KRLIB_A) $(KRLIB_PC) $(KRLIB_PRELOAD)
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/linux \
		$(DESTDIR)$(MANDIR)/man3 $(DESTDIR)$(MANDIR)/man7
	install -m 755 $(KRLIB_SO) $(KRLIB_PRELOAD) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(KRLIB_SO)) $(DESTDIR)$(LIBDIR)/$(KRLIB_SONAME)
	ln -sf $(KRLIB_SONAME) $(DESTDIR)$(LIBDIR)/libkredact.so
	install -m 644 $(KRLIB_A) $(DESTDIR)$(LIBDIR)
	install -m 644 $(KRLIB_PC) $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 $(KRLIB_HEADERS) $(DESTDIR)$(INCLUDEDIR)
	install -m 644 include/uapi/linux/kredact.h include/uapi/linux/kredact_seal.h \
		include/uapi/linux/kredact_rules.h include/uapi/linux/kredact_events.h \
		$(DESTDIR)$(INCLUDEDIR)/linux
	install -m 644 Documentation/man/kredact.3 $(DESTDIR)$(MANDIR)/man3
	install -m 644 Documentation/man/kredact-preload.7 $(DESTDIR)$(MANDIR)/man7

-include $(KRLIB_OBJ:.o=.d) $(B)/obj/userspace/preload.d $(KRLIB_SAN_OBJ:.o=.d)
