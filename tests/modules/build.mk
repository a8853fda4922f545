# SPDX-License-Identifier: GPL-2.0
# Other users of ftrace, which want what kredact.ko has, or look on: coexist inserts them.

TEST_MODULES := livepatch ipmodify crash
TEST_MODULE_SOURCES := $(addprefix tests/modules/,Kbuild $(TEST_MODULES:=.c))

$(TEST_MODULES:%=$(B)/modules-\%/%.ko): $(TEST_MODULE_SOURCES) $(B)/kernels/%/.stamp
	@rm -rf $(@D) && mkdir -p $(@D)
	@cp $(TEST_MODULE_SOURCES) $(@D)
	+$(MAKE) -s -C $(B)/kernels/$*/kdir M=$(abspath $(@D)) modules

STAGE_FILES += $(TEST_MODULES:%=$(B)/modules-\%/%.ko:/kredact/)

LOOK := $(addprefix $(B)/tests/modules/,look fentry.o fexit.o)

$(B)/tests/modules/look: tests/modules/look.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -o $@ $< -pie -lbpf

$(filter %.o,$(LOOK)): $(B)/tests/modules/%.o: tests/modules/look.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -I/usr/include/$(shell $(CC) -print-multiarch) \
		-DPLACE='"$*/get_dump_page"' -c -o $@ $<

STAGE_FILES += $(LOOK:=:/kredact/)
