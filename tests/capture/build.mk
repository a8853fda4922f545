# SPDX-License-Identifier: GPL-2.0
# Tests of kredact-capture and "kredact capture", sanitized, with steps to be killed at.
# Run-time needs: openssl, gzip, xz-utils, lz4, zstd, systemd (systemd-analyze), and of coredump_test
# util-linux (setpriv), binutils (readelf).

CAPTURE_TESTS := $(addprefix $(B)/tests/capture/,capture_test scan_test socket_test steps_test)
CAPTURE_TEST_PARTS := $(B)/obj/capture-tests/scene.o
comma := ,
CAPTURE_WRAPS := $(addprefix -Wl$(comma)--wrap=,linkat renameat2 unlinkat fsync fdatasync fchown \
		 fchmod send)

UNIT_TESTS += $(CAPTURE_TESTS) tests/capture/units_test.sh
ALL += $(CAPTURE_TESTS) $(B)/tests/capture/fleet_test $(B)/tests/capture/coredump_test

$(B)/obj/capture-tests/%.o: tests/capture/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -iquote tests/unit-tools -MMD -MP -c -o $@ $<

$(B)/tests/capture/%_test: $(B)/obj/capture-tests/%_test.o $(CAPTURE_TEST_PARTS) \
		$(B)/obj/unit-tools/fixture.o $(B)/obj/unit-tools/run.o
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ -lcrypto

$(B)/tests/capture/socket_test: $(addprefix $(B)/obj/tools-san/,capture/request.o text.o)

$(B)/tests/capture/kredact-capture: $(CAPTURE_SAN_OBJ) $(B)/obj/capture-tests/stop.o
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(CAPTURE_WRAPS) -o $@ $^ $(CAPTURE_LIBS)

$(B)/tests/capture/kredact: $(KREDACT_OBJ:$(B)/obj/tools/%=$(B)/obj/tools-san/%) \
		$(B)/obj/capture-tests/stop.o $(BPF_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(CAPTURE_WRAPS) -o $@ $^ $(KREDACT_LIBS) $(BPF_LIBS)

$(CAPTURE_TESTS) $(B)/tests/capture/fleet_test $(B)/tests/capture/coredump_test: | $(B)/bin/kredact $(B)/tests/capture/kredact-capture $(B)/tests/capture/kredact \
	$(B)/tests/capture/kredact-verify $(B)/tests/capture/kredact-queue

# What they run on dumps: as it is installed, beside them.
$(B)/tests/capture/kredact-verify: $(B)/bin/kredact-verify
	@mkdir -p $(@D)
	ln -sf ../../bin/kredact-verify $@

$(B)/tests/capture/kredact-queue: packaging/fleet/kredact-queue
	@mkdir -p $(@D)
	cp $< $@

check-fleet: $(B)/tests/capture/fleet_test ## a queue of dumps, and shipping of logs, with gearman and rsyslog
	@packaging/deps.sh gearman-tools gearman-job-server rsyslog rsyslog-relp
	$(B)/tests/capture/fleet_test
	tests/capture/ship_test.sh

check-coredump-socket: $(B)/tests/capture/coredump_test ## crashes that the kernel gives to a socket (changes core_pattern)
	$(B)/tests/capture/coredump_test

.PHONY: check-fleet check-coredump-socket
.SECONDARY: $(CAPTURE_TESTS:$(B)/tests/capture/%=$(B)/obj/capture-tests/%.o) \
	$(B)/obj/capture-tests/fleet_test.o $(B)/obj/capture-tests/coredump_test.o $(CAPTURE_TEST_PARTS) \
	$(B)/obj/capture-tests/stop.o

-include $(wildcard $(B)/obj/capture-tests/*.d)
