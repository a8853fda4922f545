# SPDX-License-Identifier: GPL-2.0
# Unit tests of the audit log, under the sanitizers. Run-time needs: openssl, python3 with
# jsonschema, zstd.

UNIT_LOG_SRC := $(wildcard tests/unit-log/*_test.c)
UNIT_LOG := $(UNIT_LOG_SRC:tests/unit-log/%.c=$(B)/tests/unit-log/%)

LOG_SAN_SRC := $(sort $(LOGD_SRC) $(LOG_CMD_SRC))
LOG_SAN_OBJ := $(LOG_SAN_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(B)/obj/unit-log/conf.o

UNIT_TESTS += $(UNIT_LOG) $(B)/tests/unit-log/prometheus_test
ALL += $(UNIT_LOG)

$(B)/obj/unit-log/%.o: tests/unit-log/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -iquote tests/unit-tools -MMD -MP -c -o $@ $<

$(B)/obj/unit-log/conf.o: bpf/conf.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit-log/%_test: $(B)/obj/unit-log/%_test.o $(B)/obj/unit-log/made.o $(LOG_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(LOGD_LIBS)

# kredact-logd, sanitized, and kredact as it is installed.
$(B)/tests/unit-log/kredact-logd-san: $(B)/obj/tools-san/log/logd.o $(LOG_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(LOGD_LIBS)

$(B)/tests/unit-log/output_test: $(addprefix $(B)/obj/tools-san/,custody_event.o custody_log.o)
$(B)/tests/unit-log/logd_test $(B)/tests/unit-log/output_test: $(B)/obj/unit-log/served.o
$(B)/tests/unit-log/logd_test $(B)/tests/unit-log/output_test: | $(B)/tests/unit-log/kredact-logd-san $(B)/bin/kredact
$(B)/tests/unit-log/query_test: | $(B)/bin/kredact

# promtool comes out of its package, which would start a service if it were installed.
$(B)/prometheus/usr/bin/promtool:
	@mkdir -p $(B)/prometheus
	@cd $(B)/prometheus && apt-get -qq download prometheus 2>/dev/null && dpkg -x prometheus_*.deb . && \
		rm prometheus_*.deb
	@touch $@

$(B)/tests/unit-log/prometheus_test: tests/unit-log/prometheus.py $(B)/prometheus/usr/bin/promtool | $(B)/bin/kredact-logd
	@mkdir -p $(@D)
	install -m 755 $< $@

# A log of ten million lines, and the question of the incident.
$(B)/tests/unit-log/bench: tests/unit-log/bench.c $(LOGD_SRC:%.c=$(B)/obj/%.o) $(B)/obj/bpf/conf.o
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -iquote tools -o $@ $^ -pie $(LOGD_LIBS)

.PHONY: bench-log
bench-log: $(B)/tests/unit-log/bench $(B)/bin/kredact ## write a log of ten million lines, and ask it (LINES=10000000)
	@tests/unit-log/bench.sh $(B) $(or $(LINES),10000000)

.SECONDARY: $(UNIT_LOG_SRC:tests/unit-log/%.c=$(B)/obj/unit-log/%.o) $(B)/obj/unit-log/made.o \
	$(B)/obj/unit-log/served.o

-include $(wildcard $(B)/obj/unit-log/*.d)
