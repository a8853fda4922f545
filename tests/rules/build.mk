# SPDX-License-Identifier: GPL-2.0
# Tests of the programs that decide about dumps, and of what the verifier makes of all programs.

RULES_O := $(B)/obj/tests/rules
RULES_OBJECTS := $(addprefix $(RULES_O)/,$(addsuffix .bpf.o,exempt force mappings elsewhere weaken))

$(RULES_OBJECTS): $(RULES_O)/%.bpf.o: tests/rules/rules.bpf.c include/uapi/linux/kredact_rules.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_RULES_CFLAGS) -Wno-unused-function \
		-DRULE_$(shell echo $* | tr a-z A-Z) -c -o $@ $<

RULES_PARTS := tests/rules/verifier.c $(addprefix tests/selftests/kredact/,core.c arena.c module.c)

$(B)/tests/selftests/rules: tests/rules/rules_test.c $(RULES_PARTS) $(RULES_PARTS:.c=.h) \
		       tests/selftests/kredact/policy.h include/uapi/linux/kredact_rules.h \
		       $(B)/kselftest/.stamp
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Werror -O1 -g -Iinclude/uapi -Itests/rules \
		-Itests/selftests/kredact -isystem $(B)/kselftest -pthread \
		-o $@ $(filter %.c,$^) -lbpf

ALL_VM += $(B)/tests/selftests/rules

STAGE_FILES += $(addsuffix :/kredact/rules/,$(RULES_OBJECTS) $(BPF_EXAMPLES))

# All programs of the tree, one that has the store of tags in it, and those that look on
# in the test coexist.
COMPLEXITY_OBJECTS := $(TAG_BPF) \
		      $(patsubst bpf/%.bpf.c,$(BPF_O)/%.bpf.o,$(filter-out \
			bpf/kredact_tag.bpf.c,$(wildcard bpf/*.bpf.c))) \
		      $(FREE_O)/store.bpf.o $(BPF_EXAMPLES)

$(B)/tests/selftests/complexity: tests/rules/complexity.c bpf/complexity.h
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -o $@ $< -pie -lbpf

ALL_VM += $(B)/tests/selftests/complexity

STAGE_FILES += $(addsuffix :/kredact/bpf/,$(COMPLEXITY_OBJECTS) $(filter %.o,$(LOOK)))
