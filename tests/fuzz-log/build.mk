# SPDX-License-Identifier: GPL-2.0
# libFuzzer targets of what reads the audit log, under ASan and UBSan. Needs clang.

FUZZ_LOG := $(B)/fuzz-log
FUZZ_LOG_BINS := $(addprefix $(FUZZ_LOG)/,segment index)
FUZZ_LOG_OBJ := $(patsubst tools/%.c,$(FUZZ_LOG)/obj/%.o,$(sort $(LOGD_SRC) $(LOG_CMD_SRC))) \
		$(FUZZ_LOG)/obj/conf.o

$(FUZZ_LOG)/obj/conf.o: bpf/conf.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_LOG)/obj/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_LOG_BINS): $(FUZZ_LOG)/%: tests/fuzz-log/%.c $(FUZZ_LOG_OBJ)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_LOG_OBJ) $(LOGD_LIBS)

# Seeds are a log, plain and compressed, and an index of which no bit is turned over.
$(FUZZ_LOG)/seeds/.stamp: $(B)/tests/unit-log/bench
	@rm -rf $(@D) && mkdir -p $(@D)/segment $(@D)/index $(@D)/log
	@$(B)/tests/unit-log/bench $(@D)/log 50 >/dev/null
	@head -c 4096 $(@D)/log/segment-0000000001.jsonl >$(@D)/segment/plain
	@zstd -q -o $(@D)/segment/packed $(@D)/log/segment-0000000001.jsonl
	@head -c 4096 /dev/zero >$(@D)/index/zeros
	@touch $@

-include $(wildcard $(FUZZ_LOG)/obj/*.d $(FUZZ_LOG)/obj/*/*.d)

.PHONY: fuzz-log
fuzz-log: $(FUZZ_LOG_BINS) $(FUZZ_LOG)/seeds/.stamp ## libFuzzer on what reads the audit log (SECONDS=600 each, TARGET=segment)
	@for target in $(or $(TARGET),segment index); do \
		mkdir -p $(FUZZ_LOG)/corpus/$$target; \
		$(FUZZ_LOG)/$$target -max_total_time=$(or $(SECONDS),600) -max_len=65536 -timeout=10 \
			-print_final_stats=1 $(FUZZ_LOG)/corpus/$$target $(FUZZ_LOG)/seeds/$$target \
			|| exit 1; done
