# SPDX-License-Identifier: GPL-2.0
# Tests of kredact-verify and kredact. Parsers are tested in this process under
# ASan and UBSan; the programs as they are installed, sandbox included, and
# kredact-verify under the sanitizers once more. Run-time needs: gdb (gcore).

UNIT_TOOLS_SRC := $(wildcard tests/unit-tools/*_test.c)
UNIT_TOOLS := $(UNIT_TOOLS_SRC:tests/unit-tools/%.c=$(B)/tests/unit-tools/%)
UNIT_TOOLS_PARTS := $(addprefix $(B)/obj/unit-tools/,fixture.o fixture_machine.o fixture_prints.o formats.o run.o)

UNIT_TESTS += $(UNIT_TOOLS)
ALL += $(UNIT_TOOLS)

$(B)/obj/unit-tools/%.o: tests/unit-tools/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -MMD -MP -c -o $@ $<

$(B)/tests/unit-tools/%: $(B)/obj/unit-tools/%.o $(UNIT_TOOLS_PARTS) $(AUDIT_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(AUDIT_LIBS)

# The encoder of the module writes what the reader reads.
$(B)/tests/unit-tools/audit_test $(B)/tests/unit-tools/sidecar_test: $(B)/obj/unit-tools/core-seal.o
$(B)/obj/unit-tools/core-seal.o: kmod/core/seal.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit-tools/kredact-verify-san: $(VERIFY_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(AUDIT_LIBS)

$(B)/tests/unit-tools/dumps_test $(B)/tests/unit-tools/kdumps_test: | $(B)/bin/kredact-verify
$(B)/tests/unit-tools/verify_test $(B)/tests/unit-tools/copies_test \
$(B)/tests/unit-tools/prints_test $(B)/tests/unit-tools/cert_test: | \
	 $(B)/bin/kredact-verify $(B)/tests/unit-tools/kredact-verify-san
$(B)/tests/unit-tools/pem_test: | $(B)/bin/kredact-verify
$(B)/tests/unit-tools/kredact_test: | $(B)/bin/kredact $(B)/tests/unit-tools/kredact-device

$(B)/tests/unit-tools/sidecar_test: $(addprefix $(B)/obj/tools-san/,sidecar.o corefile.o) \
	$(B)/obj/bpf/mountinfo.o
$(B)/tests/unit-tools/sidecar_test: | $(B)/bin/kredact-verify $(B)/tests/unit-tools/kredact-verify-san

$(B)/tests/unit-tools/event_test: \
	$(addprefix $(B)/obj/tools-san/,cgroup_path.o custody_unit.o event_json.o)
$(B)/tests/unit-tools/custody_test: $(addprefix $(B)/obj/tools-san/,custody_event.o custody_log.o \
	custody_unit.o log/client.o)

# What is dumped; its symbols count, not its speed.
$(B)/tests/unit-tools/victim: tests/unit-tools/victim.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARN) -O1 -g -pthread -Wl,--build-id -o $@ $< -lcrypto

$(B)/tests/unit-tools/place_test $(B)/tests/unit-tools/redact_test: | \
	 $(B)/bin/kredact-verify $(B)/tests/unit-tools/kredact-verify-san \
	 $(B)/tests/unit-tools/victim
$(B)/tests/unit-tools/reports_test: | $(B)/bin/kredact-verify
# What the sandbox allows to a program that is not sanitized.
$(B)/tests/unit-tools/sandboxed: tests/unit-tools/sandboxed.c $(B)/obj/tools/sandbox.o $(B)/obj/tools/text.o
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -Itools -pie -o $@ $^ -lseccomp
$(B)/tests/unit-tools/jail_test: | $(B)/tests/unit-tools/sandboxed

# kredact with a device of the tests' own, and sanitized.
KREDACT_DEVICE_OBJ = $(sort $(KREDACT_SRC:tools/%.c=$(B)/obj/tools-san/%.o) \
		     $(LOG_CMD_SRC:tools/%.c=$(B)/obj/tools-san/%.o)) \
		      $(B)/obj/unit-tools/device.o $(BPF_OBJ)
$(B)/tests/unit-tools/kredact-device: $(KREDACT_DEVICE_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Wl,--wrap=open -Wl,--wrap=ioctl -o $@ $^ $(KREDACT_LIBS) $(BPF_LIBS)

.SECONDARY: $(UNIT_TOOLS_SRC:tests/unit-tools/%.c=$(B)/obj/unit-tools/%.o) $(UNIT_TOOLS_PARTS)

-include $(wildcard $(B)/obj/unit-tools/*.d)
