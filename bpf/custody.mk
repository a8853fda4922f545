# SPDX-License-Identifier: GPL-2.0
# Custody of dump files: the program of the LSM, and what the program kredact
# needs for it ("kredact custody"). Read by build.mk.

CUSTODY_OBJ := $(addprefix $(BPF_O)/,custody.o custody_bpf.o custody_dirs.o custody_fanotify.o \
		custody_mark.o custody_names.o custody_proc.o)

$(BPF_O)/kredact_custody.bpf.o: bpf/kredact_custody.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

$(BPF_O)/kredact_custody.skel.h: $(BPF_O)/kredact_custody.bpf.o
	bpftool gen skeleton $< name kredact_custody_bpf >$@.tmp
	mv $@.tmp $@

$(CUSTODY_OBJ): $(BPF_O)/%.o: bpf/%.c $(BPF_O)/kredact_custody.skel.h
	$(CC) $(KR_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

BPF_OBJ += $(CUSTODY_OBJ)
$(B)/bin/kredact: $(CUSTODY_OBJ)
