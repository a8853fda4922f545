# SPDX-License-Identifier: GPL-2.0
# The kselftest programs, which run as root in the virtual machines.

SELFTESTS := ioctl hibernate pidfd list listrace readers outreach redact hunt ahead kinds pins uffd maps moves \
	     forks lifecycle namespaces identity race faults failnth hostile scale cost weight coexist \
	     unload regs sigframe prints events streams
SELFTEST_DIR := $(B)/tests/selftests
# Linked into each.
SELFTEST_PARTS := $(addprefix tests/selftests/kredact/,core arena module)
SELFTEST_BINS := $(SELFTESTS:%=$(SELFTEST_DIR)/%)
ALL_VM += $(SELFTEST_BINS) $(SELFTEST_DIR)/compat32 $(SELFTEST_DIR)/victim $(SELFTEST_DIR)/observed \
	  $(SELFTEST_DIR)/bystander $(SELFTEST_DIR)/frozen
# They run where other tests start them.
STAGE_HELPERS += compat32 victim observed bystander frozen

# kselftest_harness.h is the kernel's and not as strict as we are.
$(SELFTEST_DIR)/%: tests/selftests/kredact/%.c $(SELFTEST_PARTS:%=%.c) $(SELFTEST_PARTS:%=%.h) \
		   $(B)/kselftest/.stamp
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Werror -O1 -g -Iinclude/uapi -isystem $(B)/kselftest -pthread \
		-o $@ $(filter %.c,$^)

$(SELFTEST_DIR)/faults $(SELFTEST_DIR)/failnth: $(addprefix tests/selftests/kredact/scenario,.c .h)

$(SELFTEST_DIR)/list $(SELFTEST_DIR)/listrace: tests/selftests/kredact/listing.h
$(SELFTEST_DIR)/list $(SELFTEST_DIR)/pidfd $(SELFTEST_DIR)/readers $(SELFTEST_DIR)/streams: \
	tests/selftests/kredact/become.h

$(SELFTEST_DIR)/hunt: $(addprefix tests/selftests/kredact/,runs.c runs.h policy.h)
$(SELFTEST_DIR)/events $(SELFTEST_DIR)/streams: tests/selftests/kredact/stream.h
$(SELFTEST_DIR)/prints $(SELFTEST_DIR)/events: tests/selftests/kredact/policy.h
$(SELFTEST_DIR)/regs $(SELFTEST_DIR)/sigframe $(SELFTEST_DIR)/victim: \
	$(addprefix tests/selftests/kredact/,load.c load.h policy.h)
$(SELFTEST_DIR)/sigframe: $(addprefix tests/selftests/kredact/,runs.c runs.h)

$(SELFTEST_DIR)/compat32: tests/selftests/kredact/compat32.c include/uapi/linux/kredact.h
	@mkdir -p $(@D)
	$(CC) -m32 -O1 -Wall -Werror -ffreestanding -fno-stack-protector -fno-pie -no-pie -nostdlib \
		-static -Iinclude/uapi \
		-isystem /usr/include/$(shell $(CC) -print-multiarch) -o $@ $<

# An image is written and read back: no part of "make check", since it takes a minute.
HIBERNATE_IMAGE := $(B)/tests/hibernate/image
ALL_VM += $(HIBERNATE_IMAGE)
STAGE_FILES += $(HIBERNATE_IMAGE):/kredact/images/ \
	       tests/selftests/kredact/settings:/kredact/images/
$(HIBERNATE_IMAGE): tests/selftests/kredact/hibernate.c $(SELFTEST_PARTS:%=%.c) \
		    $(SELFTEST_PARTS:%=%.h) $(B)/kselftest/.stamp
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Werror -O1 -g -DKREDACT_IMAGE -Iinclude/uapi \
		-isystem $(B)/kselftest -pthread -o $@ $(filter %.c,$^)

.PHONY: hibernate
hibernate: deps ## hibernate and resume, with the module and nothing tagged (KERNEL=6.12)
	@+$(MAKE) $(QUIET) vm-ready KERNEL=$(or $(KERNEL),6.12)
	@set -e; for series in $(or $(KERNEL),6.12); do tests/vm/vm.py $$series --build $(B) --dir images \
		--work $(B)/hibernate/$$series; done

# What CRIU takes of the kernel, for all that it asks whether a process has it.
CRIU_MODULES := nf_tables veth tun unix_diag tcp_diag udp_diag netlink_diag
$(B)/tests/criu/%: $(B)/kernels/%/.stamp tests/vm/image.py
	@mkdir -p $(@D)
	tests/vm/image.py modules $(B)/kernels/$* $@ $(CRIU_MODULES)

# Programs of gdb's own tests, with their sources where the programs say that they are. They
# are no code of ours: no warnings.
GDB_TESTS := $(addprefix $(B)/tests/gdb/,break callfuncs foll-fork gcore pthreads recurse \
	     step-test watchpoint)
ALL_VM += $(GDB_TESTS)
$(B)/tests/gdb/break: $(B)/gdb-tests/break1.c
$(GDB_TESTS): $(B)/tests/gdb/%: $(B)/gdb-tests/%.c
	@mkdir -p $(@D)
	$(CC) -O0 -g -w -pthread -fdebug-prefix-map=$(B)/gdb-tests=/kredact/gdb -o $@ $^
$(addprefix $(B)/gdb-tests/,break1.c $(GDB_TESTS:$(B)/tests/gdb/%=%.c)): $(B)/gdb-tests/.stamp ;
STAGE_FILES += $(GDB_TESTS:%=%:/kredact/gdb/) \
	       $(GDB_TESTS:$(B)/tests/gdb/%=$(B)/gdb-tests/%.c:/kredact/gdb/) \
	       $(B)/gdb-tests/break1.c:/kredact/gdb/ \
	       $(patsubst %,%:/kredact/gdb/,$(wildcard tests/selftests/kredact/gdb/*.gdb)) \
	       /usr/bin/setarch:/usr/bin/

STAGE_FILES += tests/selftests/kredact/settings:/kredact/tests/ \
	       tests/selftests/kredact/debugger.sh:/kredact/tests/debugger \
	       tests/selftests/kredact/attach.sh:/kredact/tests/attach \
	       tests/selftests/kredact/observers.sh:/kredact/tests/observers \
	       tests/selftests/kredact/perf-lib.sh:/kredact/bin/ \
	       tests/selftests/kredact/bystanders.sh:/kredact/tests/bystanders \
	       tests/selftests/kredact/checkpoint.sh:/kredact/tests/checkpoint \
	       $(B)/criu/usr/sbin/criu:/usr/sbin/ $(B)/tests/criu/%:/kredact/criu \
	       /usr/bin/strace:/usr/bin/ /usr/bin/perf:/usr/bin/
