#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration's part in the machine, which starts without kredact.ko. The
# service signs under load and crashes, once without kredact and once with it.
# What remains is in /out: two cores and the words of the service and its load.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

without_module()
{
	[ ! -e /dev/kredact ] && [ ! -d /sys/module/kredact ]
}

ok "this machine has no kredact.ko" without_module
ok "without kredact the service signs, crashes and leaves a core" \
	crash_service /out/without.core /out/without.log --kredact=off
ok "kredact.ko goes in" insmod /kredact/kredact.ko
ok "the seal key goes in" kredact key install /kredact/seal.key
ok "with kredact the service signs, crashes and leaves a core" \
	crash_service /out/with.core /out/with.log --kredact=library --require-module
kredact status >/out/status 2>&1
ok "kredact.ko comes out" wait_for 5 rmmod kredact
sed -n 's/^\(signer\|load\)/# &/p' /out/without.log /out/with.log
plan
