# SPDX-License-Identifier: GPL-2.0
# The module-free mode, in machines without the module; and in two that cannot have it.

FREE_O   := $(B)/obj/tests/free
FREE_BIN := $(B)/tests/free
FREE_TESTS := free crashes sidecar
FREE_BINS  := $(addprefix $(FREE_BIN)/,$(FREE_TESTS) refused)
ALL_VM += $(FREE_BINS)

$(FREE_O)/store.bpf.o: tests/free/store.bpf.c $(BPF_O)/vmlinux.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -I$(BPF_O) -Ibpf -MMD -MP -c -o $@ $<

$(FREE_O)/store.skel.h: $(FREE_O)/store.bpf.o
	bpftool gen skeleton $< name store_bpf >$@.tmp
	mv $@.tmp $@

$(FREE_BINS): $(FREE_BIN)/%: tests/free/%.c tests/free/store.c tests/free/store.h \
	      $(FREE_O)/store.skel.h $(addprefix $(BPF_O)/,free.o dump.o kernel.o log.o pins.o) \
	      $(wildcard tests/selftests/kredact/core.[ch]) $(B)/kselftest/.stamp
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Werror -O1 -g -Iinclude/uapi -Ibpf -Itests/selftests/kredact \
		-I$(FREE_O) -I$(BPF_O) $(FREE_CFLAGS) -isystem $(B)/kselftest -pthread -o $@ \
		$(filter %.c %.o,$^) -lbpf -lelf -lz $(FREE_LIBS)

# What a daemon does is what is tested.
$(FREE_BIN)/sidecar: $(SIDECAR_OBJ)
$(FREE_BIN)/sidecar: FREE_CFLAGS := -Itools -Ikmod/core
$(FREE_BIN)/sidecar: FREE_LIBS := -lcrypto

STAGE_FILES += tests/free/settings:/kredact/machines/free/ \
	       $(FREE_TESTS:%=$(FREE_BIN)/%:/kredact/machines/free/) \
	       $(foreach m,locked preempt,$(FREE_BIN)/refused:/kredact/machines/free-$(m)/ \
		 tests/free/$(m).settings:/kredact/machines/free-$(m)/settings)

-include $(wildcard $(FREE_O)/*.d)
