# SPDX-License-Identifier: GPL-2.0
# Programs that keep keys in libraries of Debian, for the test that finds them in cores.

KEEP := $(addprefix $(B)/tests/keys/keep_,openssl gnutls gcrypt mbedtls wolfssl)
ALL  += $(KEEP)

$(B)/tests/keys/keep_openssl: KEEP_LIBS := -lcrypto
$(B)/tests/keys/keep_gnutls: KEEP_LIBS := -lgnutls
$(B)/tests/keys/keep_gcrypt: KEEP_LIBS := -lgcrypt
$(B)/tests/keys/keep_mbedtls: KEEP_LIBS := -lmbedcrypto
$(B)/tests/keys/keep_wolfssl: KEEP_LIBS := -lwolfssl

$(KEEP): $(B)/tests/keys/%: tests/keys/%.c tests/keys/keep.h
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -pie -o $@ $< $(KEEP_LIBS)

$(B)/tests/unit-tools/bignum_test: | $(KEEP)
