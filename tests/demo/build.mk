# SPDX-License-Identifier: GPL-2.0
# The demo signing service, its load generator, the demonstration, and the
# tests of the same claims for "make check".

DEMO_O   := $(B)/obj/tests/demo
DEMO_BIN := $(B)/tests/demo

DEMO_PROGRAMS := $(addprefix $(DEMO_BIN)/,signer load secrets corefind)

ALL += $(DEMO_PROGRAMS)

# The test machines get keys made at build time. Their secret numbers are for
# the search in the core.
STAGE_FILES += $(addsuffix :/kredact/bin/,$(DEMO_PROGRAMS) tests/demo/guest-lib.sh \
		tests/demo/watch-lib.sh) \
	       $(DEMO_BIN)/keys:/kredact/ /usr/bin/openssl:/usr/bin/ \
	       $(B)/gdb/usr/bin/gdb:/usr/bin/ tests/demo/demo_test.sh:/kredact/tests/demo \
	       tests/demo/gdb_test.sh:/kredact/tests/gdb \
	       tests/demo/bpf_test.sh:/kredact/tests/bpf \
	       tests/demo/ps_test.sh:/kredact/tests/ps

UNIT_TESTS += tests/demo/show_test.sh

.PHONY: demo

demo: deps ## crash a signing service without and with kredact, and show both cores
	@tests/demo/demo --make '$(MAKE)' --build $(B)

$(DEMO_O)/%.o: tests/demo/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -Iuserspace -pthread -MMD -MP -c -o $@ $<

$(DEMO_BIN)/signer: $(addprefix $(DEMO_O)/,signer.o heap.o keys.o) $(B)/lib/libkredact.a
$(DEMO_BIN)/load: $(addprefix $(DEMO_O)/,load.o keys.o)
$(DEMO_BIN)/secrets: $(addprefix $(DEMO_O)/,secrets.o keys.o)
$(DEMO_BIN)/corefind: $(DEMO_O)/corefind.o

$(DEMO_PROGRAMS): DEMO_LIBS := -lcrypto
$(DEMO_BIN)/corefind: DEMO_LIBS :=

$(DEMO_PROGRAMS):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -pthread -o $@ $^ $(DEMO_LIBS)

$(DEMO_BIN)/keys: tests/demo/keys.sh $(DEMO_BIN)/secrets
	tests/demo/keys.sh $@ $(DEMO_BIN)/secrets

-include $(wildcard $(DEMO_O)/*.d)
