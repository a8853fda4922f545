# SPDX-License-Identifier: GPL-2.0
#
# Packages, kernels, the machines that tests run in, and "make check".
#
# Other folders' build.mk add to these:
#   UNIT_TESTS     native test programs that speak TAP
#   ALL_VM         what is built for the machines only: above all the programs
#                  in $(B)/tests/selftests, which every machine runs
#   STAGE_FILES    SOURCE:/DESTINATION words, further files for their root disk;
#                  a % stands for the kernel series
#   STAGE_HELPERS  names of programs there that others start: no tests themselves

VM_SERIES := 6.1 6.12
# The debug kernel is a third one, which is built here: see debug-kernel.
VM_ALL    := $(VM_SERIES) debug
# Settings of a command line: make check KERNEL=6.12 TEST=name, make vm KERNEL=6.1
KERNEL    ?=
TEST      ?=
VM_MEMORY ?= 1024
# Machines that run at the same time: two, since one alone leaves a processor idle at times.
VM_PARALLEL ?= 2
# A kernel that watches itself is ten times as slow.
VM_LIMITS := $(if $(filter debug,$(KERNEL)),--program-limit 3600 --limit 14400)
# Seconds that "make torture" and "make fuzz" take.
SECONDS   ?= 600

VM_RUN     := $(or $(KERNEL),$(VM_SERIES))
VM_GUEST   := $(wildcard tests/vm/guest/*.sh) $(B)/vm/tapexec
VM_SELF    := $(wildcard tests/vm/selfcheck/* tests/vm/selfcheck-words/*)
UNIT_TESTS += $(addprefix tests/vm/,test_logscan.py test_tap.py test_vm.py)

# What runs the tests in the guest.
GUEST_FILES := $(VM_GUEST:%=%:/kredact/guest/)

# What the STAGE_FILES words of a series are made from.
stage_sources = $(foreach f,$(subst %,$(1),$(STAGE_FILES)),$(firstword $(subst :, ,$(f))))

.PHONY: deps check check-ready coverage torture fuzz vm-ready check-debug-kernel \
	check-harness vm vm-shell

deps: ## install the Debian packages that building and testing need
	@packaging/deps.sh

# Recursive, since what make knows of the system may be different once the
# packages are there.
check: deps ## run all tests on both kernels (KERNEL=6.12 TEST=name: some of them)
	@rm -f $(B)/check/summary
	@echo "check: building what is not built yet"
	@+$(MAKE) $(QUIET) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) check-ready
	@echo "check: running"
	@tests/run --build $(B) --memory $(VM_MEMORY) --parallel $(VM_PARALLEL) \
		$(addprefix --native ,$(UNIT_TESTS)) $(VM_LIMITS) \
		$(addprefix --kernel ,$(VM_RUN)) $(addprefix --test ,$(TEST))

check-debug-kernel: deps ## run them on a kernel with KASAN, lockdep, kmemleak (built once: half an hour)
	@+$(MAKE) $(QUIET) check KERNEL=debug VM_MEMORY=3072

coverage: ## write the table of Documentation/coverage.rst, from the results of make check
	@tests/vm/coverage.py $(B)/check/results.json Documentation/coverage.rst

check-harness: deps ## test the test machine itself: that nothing wrong passes in it
	@+$(MAKE) $(QUIET) $(B)/vm/selfcheck.img $(B)/vm/6.12.cpio
	@tests/run --build $(B) --native tests/vm/test_tap.py --native tests/vm/test_logscan.py \
		--native tests/vm/test_vm.py

# Some programs for long, with what it says at the end. Others may use build/check meanwhile.
torture fuzz: deps
	@+$(MAKE) $(QUIET) vm-ready
	@tests/run --build $(B) --work $(B)/$@ --memory $(VM_MEMORY) --parallel $(VM_PARALLEL) \
		$(addprefix --kernel ,$(VM_RUN)) --test $(LONG_TEST) --totals \
		--env KREDACT_SECONDS=$(SECONDS) $(if $(SEED),--env KREDACT_SEED=$(SEED)) \
		--env KREDACT_ROUNDS=200 --env KREDACT_CRASHES=200 \
		--program-limit $$(($(SECONDS) + 300))

torture: LONG_TEST := race,unload,crashes
torture: ## crash while tags come and go, and the module does (SECONDS=600, KERNEL=6.12)
fuzz: LONG_TEST := fuzz
fuzz: ## random calls against an oracle (SECONDS=600, SEED=N, KERNEL=6.12)

vm: deps ## a shell in a virtual machine with the module inserted (KERNEL=6.12 or 6.1)
	@+$(MAKE) $(QUIET) vm-shell KERNEL=$(or $(KERNEL),6.12)

ifneq ($(KERNEL),)
vm-shell: $(B)/vm/$(KERNEL).img $(B)/vm/$(KERNEL).cpio
	@tests/vm/vm.py $(KERNEL) --build $(B) --memory $(VM_MEMORY) --shell
endif

# Downloaded once: a newer script or package does not make these out of date.
$(VM_SERIES:%=$(B)/kernels/%/.stamp): $(B)/kernels/%/.stamp:
	@B=$(B) tests/vm/fetch $*

$(VM_SERIES:%=$(B)/kernels/symbols-%/.stamp): $(B)/kernels/symbols-%/.stamp: $(B)/kernels/%/.stamp
	@B=$(B) tests/vm/fetch symbols-$*

$(B)/kernels/debug/.stamp:
	@mkdir -p $(@D)
	@B=$(B) tests/vm/debug-kernel

$(addprefix $(B)/,$(addsuffix /.stamp,kselftest gdb gdb-tests criu kdump-tools debian-13 nginx haproxy stunnel postgresql)): $(B)/%/.stamp:
	@B=$(B) tests/vm/fetch $*

$(B)/gdb/usr/bin/gdb: $(B)/gdb/.stamp ;
$(B)/criu/usr/sbin/criu: $(B)/criu/.stamp ;
$(B)/nginx/usr/sbin/nginx: $(B)/nginx/.stamp ;
$(B)/haproxy/usr/sbin/haproxy: $(B)/haproxy/.stamp ;
$(B)/stunnel/usr/bin/stunnel4: $(B)/stunnel/.stamp ;
$(B)/postgresql/usr/lib/postgresql/15/bin/postgres: $(B)/postgresql/.stamp ;
$(B)/postgresql/usr/lib/postgresql/15/lib/plpgsql.so: $(B)/postgresql/.stamp ;
$(B)/postgresql/usr/share/postgresql/15: $(B)/postgresql/.stamp ;

$(B)/vm/init $(B)/vm/tapexec: $(B)/vm/%: tests/vm/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -static -MMD -MP -MF $@.d -o $@ $<

$(VM_ALL:%=$(B)/vm/%.cpio): $(B)/vm/%.cpio: $(B)/kernels/%/.stamp $(B)/vm/init tests/vm/image.py
	tests/vm/image.py initramfs $(B)/kernels/$* $(B)/vm/init $@

$(VM_ALL:%=$(B)/vm/%.img) $(B)/vm/selfcheck.img: $(B)/vm/%.img: $(B)/stage/%.stamp \
		tests/vm/image.py
	@mkdir -p $(@D)
	tests/vm/image.py rootfs $(B)/stage/$* $@ --lib $(B)/lib

vm-ready: $(VM_RUN:%=$(B)/vm/%.img) $(VM_RUN:%=$(B)/vm/%.cpio) \
	$(patsubst %,$(B)/vm/%-systemd.img,$(filter $(VM_SERIES),$(VM_RUN)))

.SECONDEXPANSION:

check-ready: $$(UNIT_TESTS) vm-ready $(B)/vm/selfcheck.img $(B)/vm/6.12.cpio $(B)/vm/6.12-systemd.img

# The other folders' variables are complete only when all of them were read.
$(VM_ALL:%=$(B)/stage/%.stamp): $(B)/stage/%.stamp: $$(ALL) $$(ALL_VM) \
		$$(call stage_sources,$$*) $(B)/kmod-%/kredact.ko $(VM_GUEST) tests/vm/stage \
		Makefile $(wildcard */build.mk tests/*/build.mk)
	@mkdir -p $(@D)
	@printf '%s\n' $(STAGE_HELPERS) >$@.helpers
	@B=$(B) tests/vm/stage $* $(GUEST_FILES) '$(B)/bin/*:/usr/bin/' \
		'$(B)/lib/*.so:/usr/lib/x86_64-linux-gnu/' \
		'$(B)/lib/*.so.[0-9]*:/usr/lib/x86_64-linux-gnu/' \
		'$(B)/kmod-%/kredact.ko:/kredact/' '$(B)/tests/selftests/*:/kredact/tests/' \
		$@.helpers:/kredact/tests/helpers $(STAGE_FILES)
	@touch $@

# The machine for the harness's own tests has nothing of kredact in it.
$(B)/stage/selfcheck.stamp: $(VM_SELF) $(VM_GUEST) tests/vm/stage
	@mkdir -p $(@D)
	@B=$(B) tests/vm/stage selfcheck $(GUEST_FILES) 'tests/vm/selfcheck/*:/kredact/tests/' \
		'tests/vm/selfcheck-words/*:/kredact/machines/words/'
	@touch $@

-include $(B)/vm/init.d $(B)/vm/tapexec.d
