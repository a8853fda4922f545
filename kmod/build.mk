# SPDX-License-Identifier: GPL-2.0
# kredact.ko: for the test kernels, and for the kernel that runs.

KMOD_SOURCES := Kbuild $(wildcard kmod/*.[ch] kmod/core/*.[ch] include/uapi/linux/*.h)

# kbuild writes next to its sources, so each kernel gets a copy of them. Further sources may
# have a Kbuild that goes on where the first ends.
define KMOD_BUILD
	@rm -rf $(@D) && mkdir -p $(@D)
	@cp --parents $(KMOD_SOURCES) $(2) $(@D)
	$(if $(2),@cat $(filter %/Kbuild,$(2)) >>$(@D)/Kbuild)
	+$(MAKE) -s -C $(1) M=$(abspath $(@D)) KREDACT_VERSION=$(VERSION) modules
endef

# The debug kernel is built here, with a key of its own: there a signed module is tested.
define KMOD_SIGN
	$(1)/scripts/sign-file sha256 $(1)/certs/signing_key.pem $(1)/certs/signing_key.x509 $@
endef

# 6.1's headers carry no BTF of the kernel; nothing there needs it.
$(B)/kmod-%/kredact.ko: $(KMOD_SOURCES) $(B)/kernels/%/.stamp
	$(call KMOD_BUILD,$(B)/kernels/$*/kdir)
	$(if $(filter debug,$*),$(call KMOD_SIGN,$(B)/kernels/$*/kdir))

$(B)/kmod-running/kredact.ko: $(KMOD_SOURCES)
	$(call KMOD_BUILD,/lib/modules/$(shell uname -r)/build)

.PHONY: module install-module
module: $(B)/kmod-running/kredact.ko ## build kredact.ko for the running kernel (needs its headers)

install-module: module ## install it below /lib/modules
	install -D -m 644 $(B)/kmod-running/kredact.ko \
		$(DESTDIR)/lib/modules/$(shell uname -r)/updates/kredact.ko
	$(if $(DESTDIR),,depmod -a)
