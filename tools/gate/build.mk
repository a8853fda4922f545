# SPDX-License-Identifier: GPL-2.0
# The gate: the subcommand is in KREDACT_SRC; kredact-gated takes dumps over HTTP. Needs
# libmicrohttpd-dev.

GATE_SRC := $(filter-out tools/gate/gate.c tools/gate/approve.c,$(wildcard tools/gate/*.c))
GATED_SRC := $(GATE_SRC) tools/log/client.c tools/daemon.c
GATED_OBJ := $(sort $(GATED_SRC:%.c=$(B)/obj/%.o) $(ATTEST_OBJ))
GATED_SAN_OBJ := $(sort $(GATED_SRC:tools/%.c=$(B)/obj/tools-san/%.o) $(ATTEST_SAN_OBJ))
GATED_LIBS := -lmicrohttpd $(ATTEST_LIBS)

ALL += $(B)/bin/kredact-gated

$(B)/bin/kredact-gated: $(GATED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(GATED_LIBS)
