# SPDX-License-Identifier: GPL-2.0
# Tests of the table of probes, of the search for symbols, and of what dumps are put together
# from, under ASan and UBSan.

UNIT_BPF := $(addprefix $(B)/tests/unit-bpf/,table_test dump_test)
UNIT_TESTS += $(UNIT_BPF)
ALL += $(UNIT_BPF)

$(B)/tests/unit-bpf/table_test: $(addprefix bpf/,conf.c table.c value.c symbol.c pattern.c)
$(B)/tests/unit-bpf/dump_test: bpf/dump.c

$(UNIT_BPF): $(B)/tests/unit-bpf/%: tests/unit-bpf/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Ibpf -Itests/unit-tools -MMD -MP -o $@ $(filter %.c,$^) -lconfig -lelf

-include $(UNIT_BPF:=.d)
