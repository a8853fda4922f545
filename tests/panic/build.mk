# SPDX-License-Identifier: GPL-2.0
# Crashes of the kernel, each in a machine of its own, whose capture kernel looks at what is
# left.
#
#   make panic                          each way of crashing, 20 times, on both kernels
#   make panic CRASH=nmi CRASHES=1      some of it; KERNEL=6.1 likewise

CRASH_WAYS := sysrq sysrq-notifiers panic null irq nmi nmi-notifiers lockup locked locked-irq \
	      locked-nmi-notifiers
# Where kredact cannot do all, or is not to: pages that are bad (kernels with
# CONFIG_MEMORY_FAILURE), too many tags without pins, panic=off.
CRASH_LIMITS := poison cut off
# What "make check" runs: a panic and an NMI, with and without a lock that is held.
CRASH_CHECKED := sysrq locked-nmi-notifiers
CRASH ?= $(CRASH_WAYS) $(CRASH_LIMITS)
# CRASHES is also that of "make programs", which has another default.
panic: CRASHES_OF_KERNEL := $(if $(filter command line environment,$(origin CRASHES)),$(CRASHES),20)

PANIC_O   := $(B)/obj/tests/panic
PANIC_BIN := $(B)/tests/panic
ALL_VM    += $(PANIC_BIN)/crash

crash_settings = tests/panic/$(if $(filter %-notifiers,$(1)),notifiers.)$(if $(filter off,$(1)),off.)settings

STAGE_FILES += $(PANIC_BIN)/capture-%.cpio:/kredact/panic/capture.cpio \
	       $(PANIC_BIN)/vmlinuz-%:/kredact/panic/vmlinuz \
	       $(foreach w,$(CRASH_WAYS) $(CRASH_LIMITS),$(PANIC_BIN)/crash:/kredact/crashes/$(w)/$(w)) \
	       $(foreach w,$(CRASH_WAYS) $(CRASH_LIMITS),$(call crash_settings,$(w)):/kredact/crashes/$(w)/settings) \
	       $(foreach w,$(CRASH_CHECKED),$(PANIC_BIN)/crash:/kredact/machines/panic-$(w)/$(w) \
		       $(call crash_settings,$(w)):/kredact/machines/panic-$(w)/settings)

$(PANIC_O)/%.o: tests/panic/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -Iuserspace -pthread -MMD -MP -c -o $@ $<

$(PANIC_BIN)/crash: $(PANIC_O)/crash.o $(DEMO_O)/heap.o $(DEMO_O)/keys.o $(B)/lib/libkredact.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -pthread -o $@ $^ -lcrypto

$(PANIC_BIN)/capture: $(PANIC_O)/capture.o $(PANIC_O)/save.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -o $@ $^ -lcrypto

$(PANIC_BIN)/capture-%.cpio: $(PANIC_BIN)/capture $(B)/kernels/%/.stamp tests/panic/capture.py \
		tests/vm/image.py $(DEMO_BIN)/keys
	tests/panic/capture.py $< $(B)/kernels/$* $@ $(DEMO_BIN)/keys/secret/rsa-*.bin

# Not the link that it is there.
$(PANIC_BIN)/vmlinuz-%: $(B)/kernels/%/.stamp
	@mkdir -p $(@D)
	@cp -L $(B)/kernels/$*/vmlinuz $@

# One dump of each kernel for makedumpfile, crash and gdb.
.PHONY: panic panic-saved
panic-saved: deps ## save the dump of a kernel that crashed, and have other programs read it
	@packaging/deps.sh makedumpfile crash
	@+$(MAKE) $(QUIET) vm-ready $(VM_RUN:%=$(B)/kernels/symbols-%/.stamp) \
		$(B)/kdump-tools/.stamp $(B)/debian-13/.stamp
	@tests/panic/run --build $(B) --memory $(VM_MEMORY) --crashes 1 --save --way sysrq \
		$(addprefix --kernel ,$(VM_RUN))

panic: panic-saved ## crash the kernel in each way, and search its dump (CRASH=nmi, CRASHES=20, KERNEL=6.12)
	@+$(MAKE) $(QUIET) vm-ready
	@tests/panic/run --build $(B) --memory $(VM_MEMORY) --crashes $(CRASHES_OF_KERNEL) \
		$(addprefix --kernel ,$(VM_RUN)) $(addprefix --way ,$(CRASH))

-include $(wildcard $(PANIC_O)/*.d)
