# SPDX-License-Identifier: GPL-2.0
# Unit tests of the code that the kernel and userspace share, under ASan and UBSan.

UNIT_CORE := $(patsubst tests/unit-core/%.c,$(B)/tests/unit-core/%,$(wildcard tests/unit-core/*_test.c))
UNIT_TESTS += $(UNIT_CORE)
ALL += $(UNIT_CORE)

$(B)/tests/unit-core/%: tests/unit-core/%.c $(wildcard kmod/core/*.c)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Itests/selftests/kredact -MMD -MP -o $@ $(filter %.c,$^) -lcrypto

# It has registers to put into real signal frames.
$(B)/tests/unit-core/sigframe_test: tests/selftests/kredact/load.c

-include $(UNIT_CORE:=.d)
