# SPDX-License-Identifier: GPL-2.0
# The fuzzer of the hunter, under ASan and UBSan: runs here, not in a machine.

$(B)/tests/fuzz-hunt: tests/fuzz-hunt/fuzz.c kmod/core/hunt.c kmod/core/secrets.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Itests/unit-core -MMD -MP -o $@ $(filter %.c,$^)

-include $(B)/tests/fuzz-hunt.d

.PHONY: fuzz-hunt
fuzz-hunt: $(B)/tests/fuzz-hunt ## the hunter against an oracle (SECONDS=600, SEED=N)
	$< $(SECONDS) $(or $(SEED),1)
