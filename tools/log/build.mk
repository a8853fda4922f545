# SPDX-License-Identifier: GPL-2.0
# The audit log: kredact-logd, which keeps it, and what reads it ("kredact log", "kredact
# report"). Needs libconfig-dev, libjson-c-dev, libssl-dev, libzstd-dev.

# What writes to the log, for the programs that do.
LOG_CLIENT_OBJ := $(addprefix $(B)/obj/tools/,log/client.o text.o)

# What both sides share.
LOG_SRC := $(addprefix tools/log/,checkpoint.c client.c line.c log_keys.c merkle.c segment.c)

LOGD_SRC := $(LOG_SRC) $(addprefix tools/log/,index_maker.c logd_conf.c metrics.c output.c \
	    output_audit.c output_journald.c output_syslog.c pack.c packer.c recover.c \
	    retention.c sender.c server.c terms.c writer.c) $(addprefix tools/,custody_unit.c daemon.c signer.c text.c)
LOGD_OBJ := $(B)/obj/tools/log/logd.o $(LOGD_SRC:%.c=$(B)/obj/%.o) $(B)/obj/bpf/conf.o
LOGD_LIBS := -lcrypto -ljson-c -lconfig -lzstd -pthread

# The subcommands of kredact.
LOG_CMD_SRC := $(LOG_SRC) $(addprefix tools/log/,check.c check_lines.c find.c index.c index_maker.c \
	       log_cmd.c log_index.c log_query.c log_report.c log_verify.c pack.c show_line.c terms.c \
	       trail.c) tools/signer.c

ALL += $(B)/bin/kredact-logd

$(B)/bin/kredact-logd: $(LOGD_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(LOGD_LIBS)

.PHONY: install-log
install: install-log
install-log: $(B)/bin/kredact-logd
	install -D -m 755 $(B)/bin/kredact-logd $(DESTDIR)$(SBINDIR)/kredact-logd
	install -D -m 644 Documentation/man/kredact-logd.8 $(DESTDIR)$(MANDIR)/man8/kredact-logd.8
	install -D -m 644 Documentation/man/logd.conf.5 $(DESTDIR)$(MANDIR)/man5/logd.conf.5
	install -D -m 644 -t $(DESTDIR)/lib/systemd/system \
		packaging/systemd/kredact-logd.service packaging/systemd/kredact-logd.socket
	install -D -m 644 packaging/kredact-logd.sysusers $(DESTDIR)/usr/lib/sysusers.d/kredact-logd.conf
	install -D -m 644 -t $(DESTDIR)/usr/share/doc/kredact/examples packaging/logd.conf \
		packaging/prometheus/kredact-log.rules.yml \
		packaging/prometheus/kredact-log.dashboard.json
	install -D -m 644 Documentation/kredact-log.schema.json \
		$(DESTDIR)/usr/share/kredact/kredact-log.schema.json
