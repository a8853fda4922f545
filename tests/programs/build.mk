# SPDX-License-Identifier: GPL-2.0
# Real programs, crashed under load: a further machine, which also "make programs" runs.
#
#   make programs                             500 crashes of each, on 6.12
#   make programs PROGRAM=nginx CRASHES=50    KERNEL=6.1, SEED=N likewise
#   make programs PROGRAM=watch-nginx         those of WATCHED are not registered, but watched,
#                                             or have libkredact-preload.so
#   make copies                               Documentation/copies.rst from all results

PROGRAMS := openssl-rsa openssl-ec openssl-ed25519 openssl-aes sodium gnutls gcrypt ssh-agent \
	    gpg-agent nginx
# As they are, with "kredact watch" or a library that is preloaded.
WATCHED  := $(addprefix watch-,s_server nginx haproxy stunnel postgres ssh-agent gpg-agent) \
	    $(addprefix preload-,s_server nginx haproxy stunnel postgres)
PROGRAM  ?= $(PROGRAMS)
CRASHES  ?= 500

PROG_O   := $(B)/obj/tests/programs
PROG_BIN := $(B)/tests/programs

PROG_LOADS  := $(addprefix $(PROG_BIN)/load_,openssl sodium gnutls gcrypt)
PROG_OTHERS := $(addprefix $(PROG_BIN)/,client_agent client_tls dumpable.so)
ALL_VM      += $(PROG_LOADS) $(PROG_OTHERS) $(addprefix $(PROG_BIN)/,drive places copies ssh-agent)
UNIT_TESTS  += $(PROG_BIN)/scan_test

STAGE_FILES += $(addsuffix :/kredact/programs/,$(PROG_LOADS) $(PROG_OTHERS) $(PROG_BIN)/keys \
		$(PROG_BIN)/pgdata $(addprefix tests/programs/,nginx.conf nginx-watched.conf \
		nginx-plain.conf haproxy.cfg stunnel.conf)) \
	       $(B)/haproxy/usr/sbin/haproxy:/usr/sbin/ $(B)/stunnel/usr/bin/stunnel4:/usr/bin/ \
	       $(B)/postgresql/usr/lib/postgresql/15/bin/postgres:/usr/lib/postgresql/15/bin/ \
	       $(B)/postgresql/usr/lib/postgresql/15/lib/plpgsql.so:/usr/lib/postgresql/15/lib/ \
	       $(B)/postgresql/usr/share/postgresql/15:/usr/share/postgresql/ \
	       $(B)/nginx/usr/sbin/nginx:/usr/sbin/ \
	       $(PROG_BIN)/ssh-agent:/usr/bin/ /usr/bin/gpg-agent:/usr/bin/ /usr/bin/ssh-add:/usr/bin/ \
	       tests/programs/settings:/kredact/machines/programs/ \
	       $(PROG_BIN)/places:/kredact/machines/programs/ \
	       $(PROGRAMS:%=$(PROG_BIN)/drive:/kredact/machines/programs/%) \
	       tests/programs/watched.settings:/kredact/machines/watched/settings \
	       $(WATCHED:%=$(PROG_BIN)/drive:/kredact/machines/watched/%)

$(PROG_O)/%.o: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -pthread -MMD -MP -c -o $@ $<

$(PROG_LOADS): $(PROG_BIN)/%: $(PROG_O)/%.o $(PROG_O)/load.o
$(PROG_BIN)/client_agent $(PROG_BIN)/client_tls: $(PROG_BIN)/%: $(PROG_O)/%.o
$(PROG_BIN)/drive: $(addprefix $(PROG_O)/,drive.o judge.o start.o watched.o registrar.o place.o scan.o aes.o)
$(PROG_BIN)/places: $(addprefix $(PROG_O)/,places.o place.o scan.o aes.o)
$(PROG_BIN)/copies: $(addprefix $(PROG_O)/,copies.o place.o scan.o aes.o)

$(PROG_BIN)/load_openssl: PROG_LIBS := -lcrypto
$(PROG_BIN)/load_sodium:  PROG_LIBS := -lsodium
$(PROG_BIN)/load_gnutls:  PROG_LIBS := -lgnutls
$(PROG_BIN)/load_gcrypt:  PROG_LIBS := -lgcrypt
$(PROG_BIN)/client_tls:   PROG_LIBS := -lssl -lcrypto

$(PROG_LOADS) $(addprefix $(PROG_BIN)/,client_agent client_tls drive places copies):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie -pthread -o $@ $^ $(PROG_LIBS)

$(PROG_BIN)/dumpable.so: tests/programs/dumpable.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -fPIC -shared -o $@ $<

# Without the group that Debian gives it: the loader would preload nothing.
$(PROG_BIN)/ssh-agent: /usr/bin/ssh-agent
	@mkdir -p $(@D)
	install -m 755 $< $@

$(PROG_BIN)/keys: tests/programs/keys.py
	tests/programs/keys.py $@

# PostgreSQL makes none for root; as another user of a namespace it may be. GMT is the one
# zone that it knows without files.
$(PROG_BIN)/pgdata: $(B)/postgresql/.stamp
	@mkdir -p $(@D)
	rm -rf $@ $@.tmp
	TZ=GMT $(if $(filter 0,$(shell id -u)),unshare --user --map-user=1000 --map-group=1000) \
		$(B)/postgresql/usr/lib/postgresql/15/bin/initdb -D $@.tmp -A trust -U postgres \
		--no-locale -E UTF8 --no-sync >/dev/null
	mv $@.tmp $@

$(PROG_BIN)/scan_test: $(addprefix tests/programs/,scan_test.c scan.c aes.c scan.h aes.h)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Itests/unit-tools -o $@ $(filter %.c,$^) -lcrypto

.PHONY: programs programs-ready copies

programs: KERNEL := $(or $(KERNEL),6.12)
programs: deps ## crash real programs under load and search their cores (CRASHES=500, PROGRAM=nginx)
	@+$(MAKE) $(QUIET) vm-ready KERNEL=$(KERNEL)
	@tests/run --build $(B) --work $(B)/programs/run-$(KERNEL) --memory $(VM_MEMORY) \
		--kernel $(KERNEL) --test $$(echo $(PROGRAM) | tr ' ' ,) \
		--env KREDACT_CRASHES=$(CRASHES) $(if $(SEED),--env KREDACT_SEED=$(SEED)) \
		--program-limit $$((300 + 6 * $(CRASHES))) --limit 86400; status=$$?; \
		tests/programs/table.py collect $(B)/programs/run-$(KERNEL)/results.json \
			$(B)/programs/results && exit $$status

copies: ## write the table of Documentation/copies.rst, from the results of make programs
	@tests/programs/table.py write $(B)/programs/results Documentation/copies.rst

-include $(wildcard $(PROG_O)/*.d)
