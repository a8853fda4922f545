# SPDX-License-Identifier: GPL-2.0
# The kselftest programs, which run as root in the virtual machines.

SELFTESTS := ioctl redact kinds pins pidfd identity race scale cost unload coexist
SELFTEST_DIR := $(B)/tests/selftests
SELFTEST_BINS := $(SELFTESTS:%=$(SELFTEST_DIR)/%)
SELFTEST_SHARED := $(wildcard tests/selftests/kredact/core.[ch] tests/selftests/kredact/module.[ch])
ALL_VM += $(SELFTEST_BINS) $(SELFTEST_DIR)/compat32
# It runs where redact starts it.
STAGE_HELPERS += compat32

# kselftest_harness.h is the kernel's and not as strict as we are.
$(SELFTEST_DIR)/%: tests/selftests/kredact/%.c $(SELFTEST_SHARED) $(B)/kselftest/.stamp
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Werror -O1 -g -Iinclude/uapi -isystem $(B)/kselftest -pthread \
		-o $@ $< $(filter %.c,$(SELFTEST_SHARED))

$(SELFTEST_DIR)/compat32: tests/selftests/kredact/compat32.c include/uapi/linux/kredact.h
	@mkdir -p $(@D)
	$(CC) -m32 -O1 -Wall -Werror -ffreestanding -fno-stack-protector -fno-pie -no-pie -nostdlib \
		-static -Iinclude/uapi \
		-isystem /usr/include/$(shell $(CC) -print-multiarch) -o $@ $<

STAGE_FILES += tests/selftests/kredact/settings:/kredact/tests/
