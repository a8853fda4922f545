# SPDX-License-Identifier: GPL-2.0
# Attestations of dumps: what examines them, what is said of them, who signs it, who is trusted.
# The subcommands are in KREDACT_SRC, and envelope.c in AUDIT_SRC, since kredact-verify signs
# what it says of cleaned copies. These lists are for other programs.

ATTEST_SRC := $(addprefix tools/attest/,attestation.c attestation_read.c envelope.c examine.c \
	      machine.c moment.c publish.c statement_read.c still.c token.c trust.c verifier.c)
ATTEST_NEEDS := $(addprefix tools/,digest.c input.c report/members.c signer.c text.c)
ATTEST_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(ATTEST_SRC) $(ATTEST_NEEDS) bpf/conf.c)
ATTEST_SAN_OBJ := $(patsubst tools/%.c,$(B)/obj/tools-san/%.o,$(ATTEST_SRC) $(ATTEST_NEEDS)) \
		  $(B)/obj/bpf/conf.o
ATTEST_LIBS := -lcrypto -ljson-c -lconfig

$(B)/obj/tools/attest/verifier.o: KR_CFLAGS += -DKREDACT_BINDIR='"$(BINDIR)"'
$(B)/obj/tools-san/attest/verifier.o: SAN_CFLAGS += -DKREDACT_BINDIR='"$(BINDIR)"'
