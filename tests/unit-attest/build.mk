# SPDX-License-Identifier: GPL-2.0
# Tests of attestations: the parts in this process, the program as it is built and sanitized.

ATTEST_BIN := $(B)/tests/unit-attest
ATTEST_TESTS := $(patsubst tests/unit-attest/%.c,$(ATTEST_BIN)/%,$(wildcard tests/unit-attest/*_test.c))
ATTEST_PARTS := $(addprefix $(B)/obj/unit-tools/,fixture.o fixture_prints.o run.o) \
		$(B)/obj/unit-attest/forge.o

UNIT_TESTS += $(ATTEST_TESTS)
ALL += $(ATTEST_TESTS)

$(B)/obj/unit-attest/%.o: tests/unit-attest/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -iquote tools -iquote tests/unit-tools -MMD -MP -c -o $@ $<

$(ATTEST_TESTS): $(ATTEST_BIN)/%: $(B)/obj/unit-attest/%.o $(ATTEST_PARTS) $(ATTEST_SAN_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(ATTEST_LIBS)

# Finds its verifier beside it, as the installed one does.
$(ATTEST_BIN)/kredact: $(KREDACT_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(BPF_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ $(KREDACT_LIBS) $(BPF_LIBS)

$(ATTEST_BIN)/kredact-verify: $(B)/bin/kredact-verify
	@mkdir -p $(@D)
	ln -sf $(abspath $<) $@

$(ATTEST_BIN)/attest_test: | $(ATTEST_BIN)/kredact $(ATTEST_BIN)/kredact-verify

# What other tools say of an attestation: sigstore's own library for DSSE, from npm. Keys are in
# a file, in a PKCS#11 token (SoftHSM, by the engine of libp11) and in a TPM (swtpm).
SIGSTORE := $(B)/sigstore/node_modules/@sigstore/verify/package.json

check-attestation: $(ATTEST_BIN)/attest_test $(SIGSTORE) ## attestations by keys in a token and a TPM, read by sigstore's library
	@packaging/deps.sh softhsm2 libengine-pkcs11-openssl swtpm tpm2-openssl tpm2-tools libtss2-tcti-swtpm0
	@tests/unit-attest/sigstore $(B)

$(SIGSTORE):
	@mkdir -p $(B)/sigstore
	@command -v npm >/dev/null || packaging/deps.sh npm
	cd $(B)/sigstore && npm install --silent --prefix . @sigstore/verify@2.1.1

.PHONY: check-attestation
.SECONDARY: $(ATTEST_TESTS:$(ATTEST_BIN)/%=$(B)/obj/unit-attest/%.o) $(B)/obj/unit-attest/forge.o
-include $(wildcard $(B)/obj/unit-attest/*.d)
