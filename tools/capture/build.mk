# SPDX-License-Identifier: GPL-2.0
# kredact-capture, which the kernel gives cores to, and its part of kredact.
# Needs libzstd-dev, libseccomp-dev, libconfig-dev.

# What both have; and what that needs besides.
CAPTURE_PARTS := $(addprefix tools/capture/,cell.c crash.c journal.c judge.c keeper.c pack.c settings.c \
		 store.c stream.c)
CAPTURE_NEEDS := $(addprefix tools/,log/client.c sandbox.c sort.c)
CAPTURE_SRC := $(addprefix tools/capture/,capture.c tee.c) $(CAPTURE_PARTS) $(CAPTURE_NEEDS)
CAPTURE_COMMANDS := $(addprefix tools/capture/,command.c scan.c) $(CAPTURE_PARTS) $(CAPTURE_NEEDS)
CAPTURE_LIBS := -pthread -lconfig -lseccomp -lzstd $(ATTEST_LIBS)

CAPTURE_OBJ := $(sort $(CAPTURE_SRC:%.c=$(B)/obj/%.o) $(ATTEST_OBJ)) $(B)/obj/bpf/conf.o
CAPTURE_SAN_OBJ := $(sort $(CAPTURE_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(ATTEST_SAN_OBJ)) $(B)/obj/bpf/conf.o

ALL += $(B)/bin/kredact-capture
LIBEXECDIR ?= $(PREFIX)/lib/kredact

$(B)/bin/kredact-capture: $(CAPTURE_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(CAPTURE_LIBS)
