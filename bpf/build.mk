# SPDX-License-Identifier: GPL-2.0
# The BPF program that tags the key buffers of unmodified OpenSSL programs, and
# its loader, which becomes a part of the program kredact ("kredact watch").

BPF_O := $(B)/obj/bpf

# vmlinux.h comes from the BTF of the kernel with the newest features in use;
# what the running kernel has different is relocated when the program is loaded.
BPF_KDIR := $(B)/kernels/6.12/kdir

# The macros of bpf_tracing.h give each program a parameter that it need not use.
BPF_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror \
	      -target bpf -mcpu=v3 -D__TARGET_ARCH_x86

BPF_OBJ := $(BPF_O)/tag.o

$(BPF_O)/vmlinux.h: $(B)/kernels/6.12/.stamp
	@mkdir -p $(@D)
	bpftool btf dump file $(BPF_KDIR)/vmlinux format c >$@.tmp
	mv $@.tmp $@

$(BPF_O)/kredact_tag.bpf.o: bpf/kredact_tag.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

$(BPF_O)/kredact_tag.skel.h: $(BPF_O)/kredact_tag.bpf.o
	bpftool gen skeleton $< name kredact_tag_bpf >$@.tmp
	mv $@.tmp $@

$(BPF_O)/tag.o: bpf/tag.c $(BPF_O)/kredact_tag.skel.h
	$(CC) $(KR_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

$(B)/bin/kredact: $(BPF_OBJ)
$(B)/bin/kredact: KREDACT_LIBS += -lbpf -lelf -lz

-include $(wildcard $(BPF_O)/*.d)
