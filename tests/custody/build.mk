# SPDX-License-Identifier: GPL-2.0
# kredact custody, in the machines: by BPF on all kernels as Debian boots them, by
# fanotify where bpf is not among the security modules.

CUSTODY_TEST := $(B)/tests/custody
ALL_VM += $(CUSTODY_TEST)/act

$(CUSTODY_TEST)/act: tests/custody/act.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -o $@ $<

# For a file system that can be unmounted. A kernel without the module gets an empty file.
$(CUSTODY_TEST)/%.loop.ko: $(B)/kernels/%/.stamp
	@mkdir -p $(@D)
	found=$$(find $(B)/kernels/$*/modules/ -name 'loop.ko*'); case "$$found" in \
		*.xz) xz -dc "$$found" >$@;; *.ko) cp "$$found" $@;; *) : >$@;; esac

STAGE_FILES += $(CUSTODY_TEST)/act:/kredact/bin/ $(CUSTODY_TEST)/%.loop.ko:/kredact/bin/loop.ko \
	       /usr/sbin/mke2fs:/usr/sbin/ tests/custody/custody-lib.sh:/kredact/bin/ \
	       tests/custody/custody_test.sh:/kredact/tests/custody \
	       tests/custody/nobpf.settings:/kredact/machines/nobpf/settings \
	       tests/custody/nobpf_test.sh:/kredact/machines/nobpf/nobpf
