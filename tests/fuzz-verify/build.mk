# SPDX-License-Identifier: GPL-2.0
# libFuzzer targets of kredact-verify, under ASan and UBSan: each way that hostile bytes
# take into it. They run here, not in a machine. Needs clang, and gzip, xz, lz4 and zstd
# for the seeds.

FUZZ_VERIFY := $(B)/fuzz-verify
FUZZ_TARGETS := elf minidump kdump scan seal unpack attest
FUZZ_BINS := $(FUZZ_TARGETS:%=$(FUZZ_VERIFY)/%)
FUZZ_CFLAGS := -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	       -fno-omit-frame-pointer -Iinclude/uapi -Ikmod/core -iquote tools -Itests/unit-tools -I$(B)/gen \
	       -DKREDACT_VERSION='"$(VERSION)"'
FUZZ_OBJ := $(AUDIT_SRC:tools/%.c=$(FUZZ_VERIFY)/obj/%.o) $(FUZZ_VERIFY)/obj/fuzz.o \
	    $(B)/obj/tools/report/page.o
FUZZ_ATTEST_OBJ := $(addprefix $(FUZZ_VERIFY)/obj/attest/,attestation.o attestation_read.o moment.o statement_read.o)

$(FUZZ_VERIFY)/attest: $(FUZZ_ATTEST_OBJ)
$(FUZZ_VERIFY)/obj/report/html.o: $(PAGE)
$(FUZZ_VERIFY)/obj/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_VERIFY)/obj/fuzz.o: tests/fuzz-verify/fuzz.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_BINS): $(FUZZ_VERIFY)/%: tests/fuzz-verify/%.c $(FUZZ_OBJ)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(filter %.o,$^) $(AUDIT_LIBS)

$(FUZZ_VERIFY)/make-seeds: tests/fuzz-verify/seeds.c \
			    $(addprefix $(B)/obj/unit-tools/,fixture.o fixture_machine.o formats.o run.o)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Itools -Itests/unit-tools -o $@ $^ $(AUDIT_LIBS)

$(FUZZ_VERIFY)/seeds/.stamp: $(FUZZ_VERIFY)/make-seeds $(B)/bin/kredact $(B)/bin/kredact-verify
	$< $(@D)
	@mkdir -p $(@D)/scan
	@cd $(@D)/scan && rm -f ./* && for key in RSA ED25519 X25519 'EC -pkeyopt ec_paramgen_curve:P-256'; do \
		for form in PEM DER; do openssl genpkey -algorithm $$key -outform $$form \
			-out "$$(echo $$key | cut -c1-3)$$form" 2>/dev/null; done; \
			sed /-----/d "$$(echo $$key | cut -c1-3)PEM" >"$$(echo $$key | cut -c1-3)base64"; done && \
		ssh-keygen -q -t ed25519 -N '' -f ssh && \
		printf '{"kty":"oct","k":"%s"}' "$$(openssl rand -base64 24)" >jwk && \
		printf 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.%s' "$$(openssl rand -hex 22)" >jwt && \
		for seed in *; do for group in 0 1 2 3 4; do \
			{ printf "\\00$$group"; cat "$$seed"; } >"$$group-$$seed"; done; rm "$$seed"; done
	@mkdir -p $(@D)/attest
	@cd $(@D)/attest && rm -f key made && openssl genpkey -algorithm ed25519 -out key && chmod 600 key && \
		{ $(abspath $(B))/bin/kredact attest ../seal/core4 --key key --valid-for 9 -o made || test -s made; } && \
		{ printf e; cat made; } >envelope && { printf p; \
		sed 's/.*"payload":"\([^"]*\)".*/\1/' made | base64 -d; } >payload && rm key made
	@touch $@

-include $(wildcard $(FUZZ_VERIFY)/obj/*.d $(FUZZ_VERIFY)/obj/*/*.d)

.PHONY: fuzz-verify
fuzz-verify: $(FUZZ_BINS) $(FUZZ_VERIFY)/seeds/.stamp ## libFuzzer on the verifier's parsers (SECONDS=600 each, TARGET=elf)
	@tests/fuzz-verify/run $(FUZZ_VERIFY) $(SECONDS) $(TARGET)
