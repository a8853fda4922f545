# SPDX-License-Identifier: GPL-2.0
#
# kredact, the person's view of the build. Kbuild is the kernel's.
# "make help" lists the targets; the variables below can be set on the command line.

VERSION    := 0.1.0
SOVERSION  := 0

B          ?= build
V          ?=
PREFIX     ?= /usr
LIBDIR     ?= $(PREFIX)/lib/x86_64-linux-gnu
INCLUDEDIR ?= $(PREFIX)/include
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
DESTDIR    ?=

CC         := gcc
CLANG      := clang
CFLAGS     ?= -O2 -g
WARN       := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla -Werror
HARDEN     := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
KR_CFLAGS  := -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS) -Iinclude/uapi -Ikmod/core \
	      -DKREDACT_VERSION='"$(VERSION)"'
SAN_CFLAGS := -std=gnu11 $(WARN) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	      -fno-omit-frame-pointer -Iinclude/uapi -Ikmod/core -DKREDACT_VERSION='"$(VERSION)"'

# For what one target builds on the way to another; V=1 shows it.
QUIET      := --no-print-directory $(if $(V),,-s)

.PHONY: all install clean help
.DEFAULT_GOAL := all

# Parts of tools first, which the others have lists of.
include $(wildcard tools/*/build.mk */build.mk tests/*/build.mk)

all: $(ALL) ## build library, tools and native tests (the default)

install: ## install library, tools and man pages below DESTDIR and PREFIX

# What the kernel does is measured where the clock counts instructions: the figures repeat.
bench: deps ## measure allocation, search and wiping (here), registration and dumps (in both kernels)
	@+$(MAKE) $(QUIET) bench-ready
	@set -e; for bench in $(BENCHES); do $$bench; done
	@set -e; for series in $(VM_SERIES); do \
		tests/vm/vm.py $$series --build $(B) --icount --verbose \
			--test cost,weight,handshakes --env KREDACT_ROUNDS=5 \
			--memory 3072 --work $(B)/bench/$$series; done

bench-ready: $(BENCHES) $(VM_SERIES:%=$(B)/vm/%.img) $(VM_SERIES:%=$(B)/vm/%.cpio)

clean: ## remove what was built; downloads stay
	rm -rf $(filter-out $(B)/kernels $(B)/kselftest $(B)/gdb $(B)/criu $(B)/kdump-tools $(B)/debian-13 $(B)/nginx $(B)/haproxy $(B)/stunnel $(B)/postgresql $(B)/prometheus $(B)/source $(B)/systemd,$(wildcard $(B)/*))

distclean: ## remove the build folder, downloads too
	rm -rf $(B)

style: $(B)/kselftest/.stamp ## checkpatch, sparse and shellcheck over the tree
	@tests/style $(B)

help: ## list targets and variables
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort -u | \
		while IFS='	' read -r name text; do printf '  %-16s %s\n' "$$name" "$$text"; done
	@printf '\nVariables: B (build folder, %s), DESTDIR, PREFIX (%s), CFLAGS (%s),\n' \
		'$(B)' '$(PREFIX)' '$(CFLAGS)'
	@printf '           KERNEL (6.1, 6.12), TEST (name of one test), VM_MEMORY (MiB),\n'
	@printf '           SECONDS and SEED (of torture and fuzz), PROGRAM and CRASHES\n'
	@printf '           (of programs), V=1 (show commands)\n'

.PHONY: bench bench-ready distclean style
