# SPDX-License-Identifier: GPL-2.0
#
# Benchmarks: each prints a table and exits 1 where a limit is not kept. They
# are not part of "make": they need libsodium-dev and libssl-dev.

BENCHES      += $(addprefix $(B)/tests/bench/,alloc hunt prints wipe)
BENCH_LIBS    = $(shell pkg-config --libs libsodium libcrypto)
BENCH_CFLAGS  = $(shell pkg-config --cflags libsodium libcrypto)

# Against the shared library, as services use it.
$(B)/tests/bench/alloc: tests/bench/alloc.c $(B)/lib/libkredact.so.$(VERSION)
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -Iuserspace $(BENCH_CFLAGS) -pthread -MMD -MP -o $@ $< -pie \
		-L$(B)/lib -Wl,-rpath,'$$ORIGIN/../../lib' -lkredact $(BENCH_LIBS)

# The hunter as the kernel compiles it.
$(B)/tests/bench/core-%.o: kmod/core/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARN) -O2 -g -mgeneral-regs-only -Ikmod/core -MMD -MP -c -o $@ $<

$(B)/tests/bench/hunt: tests/bench/hunt.c $(B)/tests/bench/core-hunt.o $(B)/tests/bench/core-secrets.o
	$(CC) $(KR_CFLAGS) -MMD -MP -o $@ $(filter %.c %.o,$^) -pie

# What zeroes pages when the kernel has crashed.
$(B)/tests/bench/wipe: tests/bench/wipe.c kmod/core/wipe.h
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -MMD -MP -o $@ $< -pie

# The search as kredact-verify has it.
$(B)/tests/bench/prints: tests/bench/prints.c $(AUDIT_OBJ)
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -iquote tools -MMD -MP -o $@ $(filter %.c %.o,$^) -pie $(AUDIT_LIBS)

# nginx as it is, watched: natively, and in the machines.
$(B)/tests/bench/handshakes: tests/bench/handshakes.c $(TAG_OBJ) $(BPF_O)/tag_map.skel.h
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -I$(BPF_O) -MMD -MP -pthread -o $@ $(filter %.c %.o,$^) -pie \
		$(BPF_LIBS) -lssl -lcrypto

# kredact-verify, beside other tools.
$(B)/tests/bench/verify_service: tests/bench/verify_service.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -MMD -MP -o $@ $< -pie -lcrypto

$(B)/tests/bench/verify_sealed: $(addprefix tests/,bench/verify_sealed.c unit-tools/fixture.c unit-tools/run.c)
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -iquote tests/unit-tools -o $@ $^ -pie -lcrypto

bench-verify: $(addprefix $(B)/,bin/kredact-verify tests/bench/verify_service tests/bench/verify_sealed) ## measure kredact-verify beside other tools (VERIFY_MIB)
	@packaging/deps.sh aeskeyfind rsakeyfind yara
	@tests/bench/verify.py $(B)

.PHONY: bench-verify

ALL_VM += $(B)/tests/bench/handshakes
STAGE_FILES += $(B)/tests/bench/handshakes:/kredact/bin/ \
	       tests/bench/handshakes_test.sh:/kredact/tests/handshakes

-include $(wildcard $(B)/tests/bench/*.d)
