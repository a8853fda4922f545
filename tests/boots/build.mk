# SPDX-License-Identifier: GPL-2.0
# Machines that are booted in a way of their own: settings and programs of each.

BOOTS := disable
BOOT_PROGRAM_disable  := disable_test.sh

STAGE_FILES += $(foreach b,$(BOOTS),tests/boots/$(b).settings:/kredact/machines/$(b)/settings \
		tests/boots/$(BOOT_PROGRAM_$(b)):/kredact/machines/$(b)/$(b))
