# SPDX-License-Identifier: GPL-2.0
# kredact-verify (audits dumps) and kredact (administration).
# Needs libelf-dev, libssl-dev, libjson-c-dev, libseccomp-dev.

# What reads hostile input, without main(): also linked into tests and fuzzers.
AUDIT_SRC := $(addprefix tools/,audit.c audit_words.c copies.c core.c digest.c finding.c input.c json.c keyfile.c mac.c \
	       notes.c ranges.c report.c search.c seal_hunt.c seal_reader.c seal_rules.c \
	       seal_sidecar.c sandbox.c setting.c text.c)
AUDIT_SRC += $(wildcard tools/scan/*.c)
AUDIT_LIBS := -pthread -lelf -lcrypto -ljson-c -lseccomp

# bpf/build.mk adds the BPF programs that both load.
KREDACT_SRC := $(addprefix tools/,kredact.c custody.c custody_log.c custody_unit.c \
	       custody_watch.c daemon.c key.c keyfile.c maps.c mechanism.c policy.c probes.c ps.c \
	       rules.c setting.c show.c status.c tagged.c tagging.c text.c watch.c)
KREDACTD_SRC := $(addprefix tools/,kredactd.c config.c custody_child.c custody_log.c \
		custody_unit.c custody_watch.c daemon.c key.c keyfile.c mechanism.c policy.c \
		setting.c tagging.c text.c)
KREDACT_LIBS := -lcrypto -ljson-c

# What makes the seal of a daemon, for a program that works without the module.
SIDECAR_SRC := $(addprefix tools/,corefile.c digest.c input.c keyfile.c sidecar.c text.c)
SIDECAR_OBJ := $(SIDECAR_SRC:%.c=$(B)/obj/%.o) $(B)/obj/bpf/mountinfo.o \
	       $(B)/obj/tools/core-seal.o

AUDIT_OBJ := $(AUDIT_SRC:%.c=$(B)/obj/%.o)
VERIFY_OBJ := $(B)/obj/tools/verify.o $(AUDIT_OBJ)
KREDACT_OBJ := $(KREDACT_SRC:%.c=$(B)/obj/%.o)
# Both have keyfile.o and text.o.
KREDACTD_OBJ := $(sort $(KREDACTD_SRC:%.c=$(B)/obj/%.o) $(SIDECAR_OBJ))

# The same again under the sanitizers, for the tests.
AUDIT_SAN_OBJ := $(AUDIT_SRC:tools/%.c=$(B)/obj/tools-san/%.o)
VERIFY_SAN_OBJ := $(B)/obj/tools-san/verify.o $(AUDIT_SAN_OBJ)

ALL += $(B)/bin/kredact-verify $(B)/bin/kredact $(B)/bin/kredactd

$(B)/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -iquote tools -MMD -MP -c -o $@ $<

# The encoder of the module.
$(B)/obj/tools/core-seal.o: kmod/core/seal.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/tools-san/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -MMD -MP -c -o $@ $<

$(B)/bin/kredact-verify: $(VERIFY_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(AUDIT_LIBS)

$(B)/bin/kredact: $(KREDACT_OBJ)
$(B)/bin/kredactd: $(KREDACTD_OBJ)

$(B)/bin/kredact $(B)/bin/kredactd:
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(KREDACT_LIBS)

.PHONY: install-tools
install: install-tools
install-tools: $(B)/bin/kredact-verify $(B)/bin/kredact $(B)/bin/kredactd
	install -D -m 755 $(B)/bin/kredact-verify $(DESTDIR)$(BINDIR)/kredact-verify
	install -D -m 755 $(B)/bin/kredact $(DESTDIR)$(SBINDIR)/kredact
	install -D -m 755 $(B)/bin/kredactd $(DESTDIR)$(SBINDIR)/kredactd
	install -D -m 644 Documentation/man/kredact-verify.1 $(DESTDIR)$(MANDIR)/man1/kredact-verify.1
	install -D -m 644 Documentation/man/kredact.8 $(DESTDIR)$(MANDIR)/man8/kredact.8
	install -D -m 644 Documentation/man/kredactd.8 $(DESTDIR)$(MANDIR)/man8/kredactd.8
	install -D -m 644 Documentation/man/kredactd.conf.5 $(DESTDIR)$(MANDIR)/man5/kredactd.conf.5
	install -D -m 644 packaging/kredactd.service $(DESTDIR)/lib/systemd/system/kredactd.service
	install -D -m 644 packaging/kredactd.conf \
		$(DESTDIR)/usr/share/doc/kredact/examples/kredactd.conf

-include $(VERIFY_OBJ:.o=.d) $(SIDECAR_OBJ:.o=.d) $(KREDACT_OBJ:.o=.d) $(KREDACTD_OBJ:.o=.d) \
	 $(VERIFY_SAN_OBJ:.o=.d) \
	 $(KREDACT_SRC:tools/%.c=$(B)/obj/tools-san/%.d)
