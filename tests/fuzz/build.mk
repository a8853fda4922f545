# SPDX-License-Identifier: GPL-2.0
# The generator of random calls, which runs among the selftests in the machines.

FUZZ_SOURCES := $(wildcard tests/fuzz/*.c) tests/selftests/kredact/core.c
ALL_VM += $(B)/tests/selftests/fuzz

$(B)/tests/selftests/fuzz: $(FUZZ_SOURCES) $(wildcard tests/fuzz/*.h) tests/selftests/kredact/core.h \
			   include/uapi/linux/kredact.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O1 -g -Iinclude/uapi -pthread -o $@ $(FUZZ_SOURCES)
