# SPDX-License-Identifier: GPL-2.0
# Tests of the gate: each reason to refuse, and the same without it; races with real processes.

GATE_BIN := $(B)/tests/gate
GATE_TESTS := $(patsubst tests/gate/%.c,$(GATE_BIN)/%,$(wildcard tests/gate/*_test.c))
# The folder of attestations' tests comes later in the alphabet.
GATE_ATTEST := $(B)/tests/unit-attest
GATE_PARTS := $(addprefix $(B)/obj/gate-tests/,ledger.o site.o) $(B)/obj/unit-attest/forge.o \
	      $(addprefix $(B)/obj/unit-tools/,fixture.o fixture_prints.o run.o)

UNIT_TESTS += $(GATE_TESTS) tests/gate/unit_test.sh
# The other one needs nginx, which is fetched.
ALL += $(filter-out %/upload_test,$(GATE_TESTS))

$(B)/obj/gate-tests/%.o: tests/gate/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -iquote tests/unit-tools -iquote tests/unit-attest -MMD -MP -c -o $@ $<

$(GATE_TESTS): $(GATE_BIN)/%: $(B)/obj/gate-tests/%.o $(GATE_PARTS) $(ATTEST_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(ATTEST_LIBS)

$(GATE_TESTS): | $(GATE_ATTEST)/kredact $(GATE_ATTEST)/kredact-verify

.SECONDARY: $(GATE_TESTS:$(GATE_BIN)/%=$(B)/obj/gate-tests/%.o) $(GATE_PARTS)
-include $(wildcard $(B)/obj/gate-tests/*.d)

$(GATE_BIN)/kredact-gated: $(GATED_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(GATED_LIBS)

$(GATE_BIN)/kredact-verify: $(B)/bin/kredact-verify
	@mkdir -p $(@D)
	ln -sf $(abspath $<) $@

$(GATE_BIN)/upload_test: | $(GATE_BIN)/kredact-gated $(B)/bin/kredact-gated $(GATE_BIN)/kredact-verify $(B)/nginx/usr/sbin/nginx
