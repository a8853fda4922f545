# SPDX-License-Identifier: GPL-2.0
# Programs that keep cipher contexts and sessions of real libraries, and the test that
# kredact-verify finds them in their dumps. Run-time needs: gdb (gcore).

CONTEXTS_BIN := $(B)/tests/contexts
CONTEXTS     := $(addprefix $(CONTEXTS_BIN)/keep_,openssl gcrypt nettle mbedtls wolfssl tls gnutls)

UNIT_TESTS += $(CONTEXTS_BIN)/contexts_test
ALL        += $(CONTEXTS_BIN)/contexts_test $(CONTEXTS)

$(CONTEXTS_BIN)/keep_openssl: CONTEXTS_LIBS := -lcrypto
$(CONTEXTS_BIN)/keep_gcrypt: CONTEXTS_LIBS := -lgcrypt
$(CONTEXTS_BIN)/keep_nettle: CONTEXTS_LIBS := -lnettle
$(CONTEXTS_BIN)/keep_mbedtls: CONTEXTS_LIBS := -lmbedcrypto
$(CONTEXTS_BIN)/keep_wolfssl: CONTEXTS_LIBS := -lwolfssl
$(CONTEXTS_BIN)/keep_tls: CONTEXTS_LIBS := -lssl -lcrypto
$(CONTEXTS_BIN)/keep_gnutls: CONTEXTS_LIBS := -lgnutls

$(B)/obj/contexts/%.o: tests/contexts/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -MMD -MP -c -o $@ $<

$(CONTEXTS): $(CONTEXTS_BIN)/%: $(B)/obj/contexts/%.o $(B)/obj/contexts/keep.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -o $@ $^ $(CONTEXTS_LIBS)

$(CONTEXTS_BIN)/contexts_test: tests/contexts/contexts_test.c $(B)/obj/unit-tools/run.o
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tests/unit-tools -MMD -MP -o $@ $^ -ljson-c

$(CONTEXTS_BIN)/contexts_test: | $(B)/bin/kredact-verify $(CONTEXTS)

-include $(wildcard $(B)/obj/contexts/*.d $(CONTEXTS_BIN)/*.d)
