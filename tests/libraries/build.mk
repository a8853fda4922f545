# SPDX-License-Identifier: GPL-2.0
# Programs that hold keys in other libraries, for the test of the table of probes.

LIBRARIES_O   := $(B)/obj/tests/libraries
LIBRARIES_BIN := $(B)/tests/libraries

LIBRARIES := $(addprefix $(LIBRARIES_BIN)/hold_,openssl own mbedtls wolfssl)
ALL_VM    += $(LIBRARIES)

STAGE_FILES += $(addsuffix :/kredact/libraries/,$(LIBRARIES)) \
	       tests/libraries/libraries_test.sh:/kredact/tests/libraries

$(LIBRARIES_O)/%.o: tests/libraries/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -MMD -MP -c -o $@ $<

$(LIBRARIES_BIN)/hold_openssl: LIBRARIES_LIBS := -lcrypto
$(LIBRARIES_BIN)/hold_mbedtls: LIBRARIES_LIBS := -lmbedcrypto
$(LIBRARIES_BIN)/hold_wolfssl: LIBRARIES_LIBS := -lwolfssl

# The same program with a malloc of its own.
$(LIBRARIES_BIN)/hold_own: LIBRARIES_LIBS := -lcrypto
$(LIBRARIES_BIN)/hold_own: $(addprefix $(LIBRARIES_O)/,hold_openssl.o own_malloc.o hold.o)

$(filter-out %_own,$(LIBRARIES)): $(LIBRARIES_BIN)/%: $(LIBRARIES_O)/%.o $(LIBRARIES_O)/hold.o

$(LIBRARIES):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -o $@ $^ $(LIBRARIES_LIBS)

-include $(wildcard $(LIBRARIES_O)/*.d)
