# SPDX-License-Identifier: GPL-2.0
# Machines that are booted in a way of their own: settings and programs of each.

BOOTS := disable lockdown locked
BOOT_PROGRAM_disable  := disable_test.sh
BOOT_PROGRAM_lockdown := lockdown_test.sh
BOOT_PROGRAM_locked   := lockdown_test.sh

TAGGED := $(B)/tests/boots/tagged
ALL_VM += $(TAGGED)

$(TAGGED): tests/boots/tagged.c $(wildcard tests/selftests/kredact/core.[ch])
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Werror -O1 -g -Iinclude/uapi -Itests/selftests/kredact \
		-o $@ $(filter %.c,$^)

STAGE_FILES += $(TAGGED):/kredact/bin/ \
	$(foreach b,$(BOOTS),tests/boots/$(b).settings:/kredact/machines/$(b)/settings \
		tests/boots/$(BOOT_PROGRAM_$(b)):/kredact/machines/$(b)/$(b))
