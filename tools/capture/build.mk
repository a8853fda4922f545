# SPDX-License-Identifier: GPL-2.0
# kredact-capture, which the kernel gives cores to, and its part of kredact.
# Needs libzstd-dev, libseccomp-dev, libconfig-dev.

# What both have; and what that needs besides.
CAPTURE_PARTS := $(addprefix tools/capture/,cell.c crash.c journal.c judge.c keeper.c pack.c settings.c \
		 store.c stream.c)
CAPTURE_NEEDS := $(addprefix tools/,log/client.c sandbox.c sort.c)
CAPTURE_ONLY := $(addprefix tools/capture/,capture.c peer.c request.c tee.c)
CAPTURE_SRC := $(CAPTURE_ONLY) $(CAPTURE_PARTS) $(CAPTURE_NEEDS)
CAPTURE_COMMANDS := $(filter-out $(CAPTURE_ONLY),$(wildcard tools/capture/*.c)) $(CAPTURE_NEEDS)
CAPTURE_LIBS := -pthread -lconfig -lseccomp -lzstd $(ATTEST_LIBS)

CAPTURE_OBJ := $(sort $(CAPTURE_SRC:%.c=$(B)/obj/%.o) $(ATTEST_OBJ)) $(B)/obj/bpf/conf.o
CAPTURE_SAN_OBJ := $(sort $(CAPTURE_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(ATTEST_SAN_OBJ)) $(B)/obj/bpf/conf.o

ALL += $(B)/bin/kredact-capture
LIBEXECDIR ?= $(PREFIX)/lib/kredact

$(B)/bin/kredact-capture: $(CAPTURE_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(CAPTURE_LIBS)

.PHONY: install-capture
install: install-capture
install-capture: $(B)/bin/kredact-capture
	install -D -m 755 $(B)/bin/kredact-capture $(DESTDIR)$(LIBEXECDIR)/kredact-capture
	install -D -m 644 Documentation/man/kredact-capture.8 $(DESTDIR)$(MANDIR)/man8/kredact-capture.8
	install -D -m 644 Documentation/man/capture.conf.5 $(DESTDIR)$(MANDIR)/man5/capture.conf.5
	install -d $(DESTDIR)/lib/systemd/system
	install -m 644 packaging/systemd/kredact-coredump.* packaging/systemd/kredact-dumps.* \
		packaging/systemd/kredact-scan@.* packaging/systemd/kredact-capture* \
		$(DESTDIR)/lib/systemd/system/
	install -D -m 644 packaging/kredact-capture.sysusers \
		$(DESTDIR)/usr/lib/sysusers.d/kredact-capture.conf
	install -D -m 644 packaging/kredact-capture.tmpfiles \
		$(DESTDIR)/usr/lib/tmpfiles.d/kredact-capture.conf
	install -D -m 644 packaging/capture.conf \
		$(DESTDIR)/usr/share/doc/kredact/examples/capture.conf
	install -D -m 644 packaging/kredact-capture.sysctl \
		$(DESTDIR)/usr/share/doc/kredact/examples/60-kredact-capture.conf
	install -D -m 755 packaging/fleet/kredact-queue $(DESTDIR)$(SBINDIR)/kredact-queue
	install -m 644 packaging/fleet/*.conf $(DESTDIR)/usr/share/doc/kredact/examples/
