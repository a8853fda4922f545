# SPDX-License-Identifier: GPL-2.0
# Tests of the table of probes and of the search for symbols, under ASan and UBSan.

UNIT_BPF := $(B)/tests/unit-bpf/table_test
UNIT_TESTS += $(UNIT_BPF)
ALL += $(UNIT_BPF)

$(UNIT_BPF): $(addprefix bpf/,table.c value.c symbol.c pattern.c) tests/unit-bpf/table_test.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Ibpf -Itests/unit-tools -MMD -MP -o $@ $(filter %.c,$^) -lconfig -lelf

-include $(UNIT_BPF).d
