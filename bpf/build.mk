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

BPF_OBJ := $(addprefix $(BPF_O)/,tag.o events.o table.o value.o symbol.o free.o kernel.o)
BPF_LIBS := -lbpf -lelf -lz -lconfig

$(BPF_O)/vmlinux.h: $(B)/kernels/6.12/.stamp
	@mkdir -p $(@D)
	bpftool btf dump file $(BPF_KDIR)/vmlinux format c >$@.tmp
	mv $@.tmp $@

# The same programs twice: they call the module, or tell a daemon what to tag.
$(BPF_O)/tag_module.bpf.o: bpf/kredact_tag.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

$(BPF_O)/tag_events.bpf.o: bpf/kredact_tag.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -DKREDACT_TAG_EVENTS -I$(BPF_O) -MMD -MP -c -o $@ $<

$(BPF_O)/%.skel.h: $(BPF_O)/%.bpf.o
	bpftool gen skeleton $< name $* >$@.tmp
	mv $@.tmp $@

# The module-free mode. Its programs are no part of the above.
$(BPF_O)/kredact_free.bpf.o: bpf/kredact_free.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

$(BPF_O)/kredact_free.skel.h: $(BPF_O)/kredact_free.bpf.o
	bpftool gen skeleton $< name kredact_free_bpf >$@.tmp
	mv $@.tmp $@

$(BPF_O)/free.o $(BPF_O)/kernel.o: $(BPF_O)/kredact_free.skel.h
$(BPF_O)/tag.o: $(BPF_O)/tag_module.skel.h $(BPF_O)/tag_events.skel.h

$(BPF_OBJ): $(BPF_O)/%.o: bpf/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

# Examples of programs that decide about dumps, to be loaded by "kredact rules".
BPF_EXAMPLES := $(patsubst bpf/examples/%.bpf.c,$(BPF_O)/examples/%.bpf.o,$(wildcard bpf/examples/*.bpf.c))

BPF_RULES_CFLAGS = $(BPF_CFLAGS) -Iinclude/uapi -I/usr/include/$(shell $(CC) -print-multiarch)

$(BPF_EXAMPLES): $(BPF_O)/examples/%.bpf.o: bpf/examples/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_RULES_CFLAGS) -MMD -MP -c -o $@ $<

ALL += $(BPF_EXAMPLES)

$(B)/bin/kredact: $(BPF_OBJ)
$(B)/bin/kredact: KREDACT_LIBS += $(BPF_LIBS)

STAGE_FILES += bpf/probes/*.conf:/usr/share/kredact/probes.d/

.PHONY: install-probes
install: install-probes
install-probes:
	install -d $(DESTDIR)/usr/share/kredact/probes.d
	install -m 644 bpf/probes/*.conf $(DESTDIR)/usr/share/kredact/probes.d/

include bpf/custody.mk

-include $(wildcard $(BPF_O)/*.d $(BPF_O)/examples/*.d)
