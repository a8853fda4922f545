# SPDX-License-Identifier: GPL-2.0
#
# Unit tests of libkredact: each twice, as it is shipped and with ASan and UBSan.
# They link the static library, so as to see its insides. A core of a program
# with ASan would be terabytes: that test is built once. They need a
# RLIMIT_MEMLOCK of 8 MiB (the default) or root, and libssl-dev.

UNIT_LIB_NAMES  := pagecount alloc fallback device threads openssl
UNIT_LIB        := $(addprefix $(B)/tests/unit-lib/,$(UNIT_LIB_NAMES:=_test) core_test)
UNIT_LIB_SAN    := $(addprefix $(B)/tests/unit-lib/,$(UNIT_LIB_NAMES:=_san_test))
UNIT_LIB_CFLAGS := -Iuserspace -pthread -MMD -MP

UNIT_TESTS += $(UNIT_LIB) $(UNIT_LIB_SAN)

$(B)/tests/unit-lib/device_test $(B)/tests/unit-lib/device_san_test: \
	UNIT_LIB_CFLAGS += -Wl,--wrap=ioctl
$(B)/tests/unit-lib/openssl_test $(B)/tests/unit-lib/openssl_san_test: UNIT_LIB_LIBS := -lcrypto

$(UNIT_LIB): $(B)/tests/unit-lib/%: tests/unit-lib/%.c $(B)/lib/libkredact.a
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) $(UNIT_LIB_CFLAGS) -o $@ $< -pie $(B)/lib/libkredact.a $(UNIT_LIB_LIBS)

$(UNIT_LIB_SAN): $(B)/tests/unit-lib/%_san_test: tests/unit-lib/%_test.c $(B)/lib/libkredact-san.a
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(UNIT_LIB_CFLAGS) -o $@ $< $(B)/lib/libkredact-san.a $(UNIT_LIB_LIBS)

PRELOAD_HELPERS := $(addprefix $(B)/tests/unit-lib/,preload_early.so preload_other)

# It executes itself with the libraries as they are shipped.
$(B)/tests/unit-lib/preload_test: tests/unit-lib/preload_test.c $(B)/lib/libkredact.so.$(VERSION) \
		$(B)/lib/libkredact-preload.so $(PRELOAD_HELPERS)
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) $(UNIT_LIB_CFLAGS) -o $@ $< -pie -L$(B)/lib \
		-Wl,-rpath,'$$ORIGIN/../../lib' -lkredact -lcrypto

$(B)/tests/unit-lib/preload_early.so: tests/unit-lib/preload_early.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -fPIC -shared -o $@ $< -lcrypto

$(B)/tests/unit-lib/preload_other: tests/unit-lib/preload_other.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -o $@ $< -pie

UNIT_TESTS += $(B)/tests/unit-lib/preload_test

-include $(UNIT_LIB:=.d) $(B)/tests/unit-lib/preload_test.d $(UNIT_LIB_SAN:=.d)

# In the test machines the same programs meet the module.
STAGE_FILES += $(foreach t,alloc threads openssl preload,$(B)/tests/unit-lib/$(t)_test:/kredact/tests/lib-$(t)) \
	       $(B)/tests/unit-lib/core_test:/kredact/bin/ \
	       $(PRELOAD_HELPERS:%=%:/kredact/bin/) \
	       tests/unit-lib/core_vm.sh:/kredact/tests/lib-core
