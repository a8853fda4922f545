# SPDX-License-Identifier: GPL-2.0
# Power cuts: what is on the disk after each, of files and logs that programs were writing.
#
#   make power-cut CUTS=200             so many random instants; KERNEL=6.1, SEED=7

POWERCUT_O   := $(B)/obj/tests/powercut
POWERCUT_BIN := $(B)/tests/powercut
CUTS         ?= 200

POWERCUT_PROGRAMS := $(addprefix $(POWERCUT_BIN)/,keep put)
ALL_VM        += $(POWERCUT_PROGRAMS)
UNIT_TESTS    += tests/powercut/powercut_test.py
SYSTEMD_FILES += $(addsuffix :/kredact/bin/,$(POWERCUT_PROGRAMS)) \
		 tests/powercut/settings:/kredact/powercut/ \
		 tests/powercut/load.sh:/kredact/powercut/load

$(POWERCUT_O)/%.o: tests/powercut/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -iquote tools -Iuserspace -MMD -MP -c -o $@ $<

$(POWERCUT_BIN)/keep: $(addprefix $(POWERCUT_O)/,keep.o mark.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -o $@ $^ -lcrypto

$(POWERCUT_BIN)/put: $(addprefix $(POWERCUT_O)/,put.o mark.o) $(addprefix $(B)/obj/tools/,log/client.o text.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -o $@ $^ -ljson-c

.PHONY: power-cut
power-cut: deps ## cut the power at random instants, and check what is left (CUTS=200, KERNEL=6.12)
	@+$(MAKE) $(QUIET) $(B)/vm/$(or $(KERNEL),6.12)-systemd.img $(B)/vm/$(or $(KERNEL),6.12).cpio
	@B=$(abspath $(B)) KREDACT_CUTS=$(CUTS) KREDACT_KERNEL=$(or $(KERNEL),6.12) \
		KREDACT_SECONDS=4 KREDACT_CHAIN=60 $(if $(SEED),KREDACT_SEED=$(SEED)) tests/powercut/powercut_test.py

-include $(wildcard $(POWERCUT_O)/*.d)
