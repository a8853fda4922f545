# SPDX-License-Identifier: GPL-2.0
# The gate: the subcommand is in KREDACT_SRC; kredact-gated takes dumps over HTTP. Needs
# libmicrohttpd-dev, libseccomp-dev.

GATE_SRC := $(filter-out tools/gate/gate.c tools/gate/approve.c tools/gate/gated%,$(wildcard tools/gate/*.c))
GATED_SRC := $(GATE_SRC) $(wildcard tools/gate/gated*.c) tools/log/client.c tools/daemon.c
GATED_OBJ := $(sort $(GATED_SRC:%.c=$(B)/obj/%.o) $(ATTEST_OBJ))
GATED_SAN_OBJ := $(sort $(GATED_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(ATTEST_SAN_OBJ))
GATED_LIBS := -lmicrohttpd -lseccomp $(ATTEST_LIBS)

ALL += $(B)/bin/kredact-gated

$(B)/bin/kredact-gated: $(GATED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(GATED_LIBS)

.PHONY: install-gate
install: install-gate
install-gate: $(B)/bin/kredact-gated
	install -D -m 755 $(B)/bin/kredact-gated $(DESTDIR)$(SBINDIR)/kredact-gated
	install -D -m 644 Documentation/man/kredact-gated.8 $(DESTDIR)$(MANDIR)/man8/kredact-gated.8
	install -D -m 644 Documentation/man/gate.conf.5 $(DESTDIR)$(MANDIR)/man5/gate.conf.5
	install -d $(DESTDIR)/lib/systemd/system
	install -m 644 packaging/systemd/kredact-gated.* $(DESTDIR)/lib/systemd/system/
	install -D -m 644 packaging/kredact-gate.sysusers $(DESTDIR)/usr/lib/sysusers.d/kredact-gate.conf
	install -D -m 644 packaging/kredact-gate.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/kredact-gate.conf
	install -D -m 644 packaging/gate.conf $(DESTDIR)/usr/share/doc/kredact/examples/gate.conf
	install -D -m 644 packaging/kredact-gated.nginx \
		$(DESTDIR)/usr/share/doc/kredact/examples/kredact-gated.nginx
