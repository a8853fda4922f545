# SPDX-License-Identifier: GPL-2.0
# A second kredact.ko, made of the same sources, whose calls can be made to fail.

INJECT_SOURCES := tests/inject/Kbuild $(wildcard tests/inject/*.[ch])

$(B)/kmod-inject-%/kredact.ko: $(KMOD_SOURCES) $(INJECT_SOURCES) $(B)/kernels/%/.stamp
	$(call KMOD_BUILD,$(B)/kernels/$*/kdir,$(INJECT_SOURCES))

# The test faults inserts it.
STAGE_FILES += $(B)/kmod-inject-%/kredact.ko:/kredact/kredact-inject.ko
