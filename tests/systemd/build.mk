# SPDX-License-Identifier: GPL-2.0
# Machines with Debian's systemd, journald, systemd-coredump and nginx, where kredact is
# installed as "make install" does it. The programs in them are tests/systemd/NAME_test.sh.
#
#   make systemd-vm KERNEL=6.12         a shell in such a machine

SYSTEMD_ROOT  := $(B)/systemd/root
SYSTEMD_TESTS := $(wildcard tests/systemd/*_test.sh)
SYSTEMD_DIR   := /kredact/machines/systemd

# SOURCE:/DESTINATION words, as STAGE_FILES: what a machine has besides Debian and kredact.
SYSTEMD_FILES += $(GUEST_FILES) \
		 tests/systemd/tests.service:/etc/systemd/system/ \
		 tests/systemd/lib.sh:/kredact/bin/ $(B)/tests/systemd/crash:/kredact/bin/ \
		 tests/systemd/settings:$(SYSTEMD_DIR)/ \
		 $(foreach t,$(SYSTEMD_TESTS),$(t):$(SYSTEMD_DIR)/$(patsubst %_test.sh,%,$(notdir $(t)))) \
		 $(addsuffix :/kredact/bin/,$(DEMO_PROGRAMS) tests/demo/guest-lib.sh \
			tests/demo/watch-lib.sh) \
		 $(DEMO_BIN)/keys:/kredact/

systemd_sources = $(foreach f,$(SYSTEMD_FILES),$(firstword $(subst :, ,$(f))))

ALL_VM += $(B)/tests/systemd/crash

$(B)/obj/tests/systemd/%.o: tests/systemd/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -Iuserspace -MMD -MP -c -o $@ $<

$(B)/tests/systemd/crash: $(B)/obj/tests/systemd/crash.o $(B)/lib/libkredact.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -pthread -o $@ $^

# Downloaded once, as the kernels are.
$(SYSTEMD_ROOT)/etc/os-release:
	@mkdir -p $(dir $(SYSTEMD_ROOT))
	@tests/systemd/debian $(SYSTEMD_ROOT)

# Other folders' variables are complete only when all of them were read.
.SECONDEXPANSION:

# make install, the module where modprobe finds it, and the units of the tests.
$(B)/stage/%-systemd.stamp: $$(ALL) $(B)/kmod-%/kredact.ko $$(DEMO_BIN)/keys tests/vm/stage \
		$$(systemd_sources) \
		tests/systemd/finish Makefile $(wildcard */build.mk tools/*/build.mk tests/systemd/build.mk \
			packaging/* packaging/*/*)
	@mkdir -p $(@D)
	@B=$(B) tests/vm/stage $*-systemd $(SYSTEMD_FILES)
	@+$(MAKE) $(QUIET) install DESTDIR=$(abspath $(B))/stage/$*-systemd PREFIX=/usr
	@B=$(B) tests/systemd/finish $* $(B)/stage/$*-systemd
	@touch $@

$(B)/vm/%-systemd.img: $(B)/stage/%-systemd.stamp $(SYSTEMD_ROOT)/etc/os-release tests/vm/image.py
	@mkdir -p $(@D)
	tests/vm/image.py rootfs $(B)/stage/$*-systemd $@ --lib $(B)/lib --base $(SYSTEMD_ROOT)

.PHONY: systemd-vm systemd-shell
systemd-vm: deps ## a shell in a machine with Debian's systemd and kredact installed (KERNEL=6.12)
	@+$(MAKE) $(QUIET) systemd-shell KERNEL=$(or $(KERNEL),6.12)

ifneq ($(KERNEL),)
systemd-shell: $(B)/vm/$(KERNEL)-systemd.img $(B)/vm/$(KERNEL).cpio
	@tests/vm/vm.py $(KERNEL) --build $(B) --memory $(VM_MEMORY) --stage $(KERNEL)-systemd \
		--dir machines/systemd --shell
endif

-include $(wildcard $(B)/obj/tests/systemd/*.d)
