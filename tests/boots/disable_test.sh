#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredact.disable on the kernel's command line: the module does not load, whatever
# inserts it, and whoever looks for it is told why.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/disable_test
begin

# modprobe looks here
MODULES=/lib/modules/$(uname -r)
install_module()
{
	mkdir -p "$MODULES" && cp /kredact/kredact.ko "$MODULES" && depmod
}

# log_says_why: since this was asked last
log_says_why()
{
	dmesg -c | grep -q "kredact: disabled by kredact.disable on the kernel's command line"
}

dmesg -c >/dev/null
ok "insmod is refused" fails_with 'Operation canceled' insmod /kredact/kredact.ko
ok "the log says why" log_says_why
ok "insmod cannot overrule it" \
	fails_with 'Operation canceled' insmod /kredact/kredact.ko disable=0
ok "the log says why" log_says_why
ok "modprobe finds the module" install_module
ok "modprobe is refused" fails_with 'Operation canceled' modprobe kredact
ok "the log says why" log_says_why
absent "kredact.disable is on the kernel's command line"
ok "JSON: it is disabled" fails_with '"disabled": true' kredact status --json
rm -r "$MODULES"

# with COMMAND_LINE: run the rest of the arguments as if that were this boot's
with()
{
	echo "$1" >$DIR/cmdline
	shift
	mount -o bind $DIR/cmdline /proc/cmdline || return 1
	"$@"
	status=$?
	umount /proc/cmdline
	return $status
}

goes_in()
{
	quietly insmod /kredact/kredact.ko && rmmod kredact
}

refused()
{
	fails_with "$1" insmod /kredact/kredact.ko &&
		fails_with "kredact.disable is on the kernel's command line" kredact status
}

for line in quiet kredact.disable=No 'kredact.disable kredact.disable=off' \
	    'quiet -- kredact.disable' 'xkredact.disable kredact.disabled kredact'; do
	ok "$line: it goes in" with "$line" goes_in
done
for line in kredact.disable=1 kredact.disable=yes 'kredact.disable=0 kredact.disable=on quiet' \
	    'x="a kredact.disable=0 b" kredact.disable -- kredact.disable=0'; do
	ok "$line: it is refused" with "$line" refused 'Operation canceled'
done
for line in kredact.disable= kredact.disable=perhaps; do
	ok "$line: it is refused" with "$line" refused 'Invalid argument'
done
ok "a command line too long to be read: it is refused" with "$(yes | head -n 40000)" \
	fails_with 'Argument list too long' insmod /kredact/kredact.ko
plan
