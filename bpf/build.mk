# SPDX-License-Identifier: GPL-2.0
# The BPF programs, and what loads them and works with them, which becomes a part of the
# program kredact: tagging ("kredact watch"), redaction without the module, custody.

BPF_O := $(B)/obj/bpf

# vmlinux.h comes from the BTF of the kernel with the newest features in use;
# what the running kernel has different is relocated when the program is loaded.
BPF_KDIR := $(B)/kernels/6.12/kdir

# The macros of bpf_tracing.h give each program a parameter that it need not use.
BPF_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror \
	      -target bpf -mcpu=v3 -D__TARGET_ARCH_x86

TAG_OBJ := $(addprefix $(BPF_O)/,tag.o attach.o multi.o filter.o events.o pins.o table.o conf.o \
	     value.o symbol.o pattern.o free.o dump.o kernel.o cgroup.o log.o)
BPF_OBJ := $(TAG_OBJ) $(addprefix $(BPF_O)/,custody.o custody_bpf.o custody_dirs.o \
	     custody_fanotify.o custody_mark.o custody_names.o custody_proc.o \
	     mountinfo.o)
BPF_LIBS := -lbpf -lelf -lz -lconfig

$(BPF_O)/vmlinux.h: $(B)/kernels/6.12/.stamp
	@mkdir -p $(@D)
	bpftool btf dump file $(BPF_KDIR)/vmlinux format c >$@.tmp
	mv $@.tmp $@

$(BPF_O)/%.bpf.o: bpf/%.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

# The same programs three times: they call the module, tell a daemon what to tag, or have
# the tags in maps.
TAG_BPF := $(addprefix $(BPF_O)/,tag_module.bpf.o tag_events.bpf.o tag_map.bpf.o)

$(BPF_O)/tag_events.bpf.o: BPF_CFLAGS += -DKREDACT_TAG_EVENTS
$(BPF_O)/tag_map.bpf.o: BPF_CFLAGS += -DKREDACT_TAG_MAP
$(TAG_BPF): bpf/kredact_tag.bpf.c $(BPF_O)/vmlinux.h
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -MMD -MP -c -o $@ $<

$(BPF_O)/%.skel.h: $(BPF_O)/%.bpf.o
	bpftool gen skeleton $< name $*_bpf >$@.tmp
	mv $@.tmp $@

$(BPF_O)/tag.o: $(TAG_BPF:%.bpf.o=%.skel.h)
$(BPF_O)/free.o: $(BPF_O)/kredact_free.skel.h
$(BPF_O)/custody_bpf.o: $(BPF_O)/kredact_custody.skel.h

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

$(B)/bin/kredact $(B)/bin/kredactd: $(BPF_OBJ)
$(B)/bin/kredact $(B)/bin/kredactd: KREDACT_LIBS += $(BPF_LIBS)

STAGE_FILES += bpf/probes/*.conf:/usr/share/kredact/probes.d/

.PHONY: install-probes
install: install-probes
install-probes:
	install -d $(DESTDIR)/usr/share/kredact/probes.d
	install -m 644 bpf/probes/*.conf $(DESTDIR)/usr/share/kredact/probes.d/

-include $(wildcard $(BPF_O)/*.d $(BPF_O)/examples/*.d)
