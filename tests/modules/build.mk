# SPDX-License-Identifier: GPL-2.0
# Other users of ftrace, which want what kredact.ko has: coexist inserts them.

TEST_MODULES := livepatch ipmodify
TEST_MODULE_SOURCES := $(wildcard tests/modules/Kbuild tests/modules/*.c)

$(TEST_MODULES:%=$(B)/modules-\%/%.ko): $(TEST_MODULE_SOURCES) $(B)/kernels/%/.stamp
	@rm -rf $(@D) && mkdir -p $(@D)
	@cp $(TEST_MODULE_SOURCES) $(@D)
	+$(MAKE) -s -C $(B)/kernels/$*/kdir M=$(abspath $(@D)) modules

STAGE_FILES += $(TEST_MODULES:%=$(B)/modules-\%/%.ko:/kredact/)
