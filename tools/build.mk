# SPDX-License-Identifier: GPL-2.0
# kredact-verify (audits dumps) and kredact (administration).
# Needs libelf-dev, libdw-dev, libssl-dev, libjson-c-dev, libseccomp-dev, liblzo2-dev,
# libsnappy-dev, zlib1g-dev, liblzma-dev, liblz4-dev, libzstd-dev.

# What reads hostile input, without main(): also linked into tests and fuzzers.
AUDIT_SRC := $(addprefix tools/,audit.c audit_machine.c audit_seal.c audit_search.c audit_words.c broker.c cert.c clean.c codec.c copies.c core.c digest.c \
	       dump.c dumps.c elf_core.c feed.c finding.c fingerprints.c flat.c hasher.c heap.c input.c jail.c job.c kdump.c \
	       keyfile.c mac.c crashed.c magic.c mappings.c minidump.c notes.c place.c print_tables.c progress.c ranges.c \
	       redact.c resolver.c sandbox.c search.c seal_hunt.c seal_prints.c seal_reader.c seal_rules.c \
	       seal_sidecar.c setting.c signer.c sort.c spool.c statement.c summary.c symbol.c text.c \
	       unpack.c word_filter.c)
AUDIT_SRC += tools/attest/envelope.c $(wildcard tools/scan/*.c) $(wildcard tools/report/*.c)
AUDIT_LIBS := -pthread -ldw -lelf -lcrypto -ljson-c -lseccomp -llzo2 -lsnappy -lz -llzma -llz4 -lzstd

# bpf/build.mk adds the BPF programs that both load.
KREDACT_SRC := $(addprefix tools/,kredact.c cgroup_path.c custody.c custody_event.c custody_log.c custody_unit.c \
	       custody_watch.c daemon.c event_json.c events.c key.c keyfile.c maps.c mechanism.c policy.c \
	       probes.c ps.c \
	       rules.c setting.c show.c status.c tagged.c tagging.c text.c unseal.c watch.c)
# The gate, what attests, what deals with dumps, and what reads the log; and what these need.
KREDACT_SRC += $(wildcard tools/attest/*.c) $(GATE_SRC) tools/gate/gate.c tools/gate/approve.c \
	       $(CAPTURE_COMMANDS) $(LOG_CMD_SRC) $(addprefix tools/,digest.c input.c report/members.c)
KREDACTD_SRC := $(addprefix tools/,kredactd.c cgroup_path.c config.c custody_child.c custody_event.c custody_log.c \
		custody_unit.c custody_watch.c daemon.c event_child.c event_json.c key.c keyfile.c \
		log/client.c mechanism.c policy.c setting.c tagging.c text.c)
KREDACT_LIBS := -lcrypto -ljson-c -lseccomp -lzstd -pthread

# What makes the seal of a daemon, for a program that works without the module.
SIDECAR_SRC := $(addprefix tools/,corefile.c digest.c input.c keyfile.c sidecar.c text.c)
SIDECAR_OBJ := $(SIDECAR_SRC:%.c=$(B)/obj/%.o) $(B)/obj/bpf/mountinfo.o \
	       $(B)/obj/tools/core-seal.o

AUDIT_OBJ := $(AUDIT_SRC:%.c=$(B)/obj/%.o) $(B)/obj/tools/report/page.o
VERIFY_OBJ := $(addprefix $(B)/obj/tools/,verify.o options.o) $(AUDIT_OBJ)
KREDACT_SRC := $(sort $(KREDACT_SRC))
KREDACT_OBJ := $(KREDACT_SRC:%.c=$(B)/obj/%.o)
# Both have keyfile.o and text.o.
KREDACTD_OBJ := $(sort $(KREDACTD_SRC:%.c=$(B)/obj/%.o) $(SIDECAR_OBJ))

# The same again under the sanitizers, for the tests.
AUDIT_SAN_OBJ := $(AUDIT_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(B)/obj/tools-san/report/page.o
VERIFY_SAN_OBJ := $(addprefix $(B)/obj/tools-san/,verify.o options.o) $(AUDIT_SAN_OBJ)

ALL += $(B)/bin/kredact-verify $(B)/bin/kredact $(B)/bin/kredactd

# The HTML report has its style and its script in it, and their digests in its policy.
PAGE := $(B)/gen/page.c $(B)/gen/page_digests.h
$(B)/gen/page.c: tools/report/page.css tools/report/page.js
	@mkdir -p $(@D)
	@{ echo '#include "page.h"'; for part in css js; do \
		echo "const char page_$$part[] ="; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' tools/report/page.$$part; echo ';'; done; } >$@

$(B)/gen/page_digests.h: tools/report/page.css tools/report/page.js
	@mkdir -p $(@D)
	@for part in css js; do printf '#define PAGE_%s_SHA256 "%s"\n' $$(echo $$part | tr a-z A-Z) \
		"$$(openssl dgst -sha256 -binary tools/report/page.$$part | openssl base64)"; done >$@

$(B)/obj/tools/report/html.o $(B)/obj/tools-san/report/html.o: $(PAGE)
$(B)/obj/tools/report/page.o: $(PAGE)
	$(CC) $(KR_CFLAGS) -Itools/report -I$(B)/gen -c -o $@ $<
$(B)/obj/tools-san/report/page.o: $(PAGE)
	$(CC) $(SAN_CFLAGS) -Itools/report -I$(B)/gen -c -o $@ $<

$(B)/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -iquote tools -I$(B)/gen -MMD -MP -c -o $@ $<

# The encoder of the module.
$(B)/obj/tools/core-seal.o: kmod/core/seal.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/tools-san/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -I$(B)/gen -MMD -MP -c -o $@ $<

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
	install -D -m 755 packaging/kdump/kredact-kdump $(DESTDIR)/usr/lib/kredact/kredact-kdump
	install -D -m 644 packaging/kdump/kredact-kdump.service \
		$(DESTDIR)/lib/systemd/system/kredact-kdump.service
	for unit in kdump-tools kdump-tools-dump; do install -D -m 644 packaging/kdump/kdump-tools.conf \
		$(DESTDIR)/lib/systemd/system/$$unit.service.d/kredact.conf; done
	install -D -m 644 packaging/kdump/kredact-kdump.default \
		$(DESTDIR)/usr/share/doc/kredact/examples/kredact-kdump
	install -D -m 644 packaging/kredactd.sysusers $(DESTDIR)/usr/lib/sysusers.d/kredactd.conf
	install -D -m 644 packaging/kredactd.conf \
		$(DESTDIR)/usr/share/doc/kredact/examples/kredactd.conf

-include $(wildcard $(foreach dir,tools tools-san,$(B)/obj/$(dir)/*.d $(B)/obj/$(dir)/*/*.d))
