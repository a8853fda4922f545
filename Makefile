# SPDX-License-Identifier: GPL-2.0
#
# kredact, the person's view of the build. Kbuild is the kernel's.
# "make help" lists the targets; the variables below can be set on the command line.

VERSION    := 0.1.0
SOVERSION  := 0

B          ?= build
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

.PHONY: all install clean help
.DEFAULT_GOAL := all

include $(wildcard */build.mk tests/*/build.mk)

all: $(ALL)
