#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel locked down: what is loaded goes on to redact, and goes in again only
# if it is signed by a key that the kernel knows; else everyone is told. Where
# the kernel was not locked down at boot, that happens here.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh

DIR=/tmp/lockdown_test
LOCKDOWN=/sys/kernel/security/lockdown
begin
watch_begin

level()
{
	sed 's/.*\[\(.*\)\].*/\1/' $LOCKDOWN
}

signed=no
if tail -c 28 /kredact/kredact.ko | grep -q '^~Module signature appended~$'; then
	signed=yes
fi
echo "# booted with lockdown $(level); module signed: $signed"

insert()
{
	if [ "$(level)" = none ] || [ $signed = yes ]; then
		ok "$(level): the module goes in" insmod /kredact/kredact.ko
		ok "$(level): it redacts and seals" quietly "$BIN/tagged"
	else
		ok "$(level): the unsigned module is refused" \
			fails_with 'Operation not permitted' insmod /kredact/kredact.ko
		absent "locked down ($(level))"
	fi
}

# raise LEVEL, while somebody has tags
raise()
{
	if [ -d /sys/module/kredact ]; then
		ok "$1: tags from before and after that hold" quietly "$BIN/tagged" "echo $1 >$LOCKDOWN"
	else
		ok "$1" eval "echo $1 >$LOCKDOWN"
	fi
	ok "$1: so it is" [ "$(level)" = "$1" ]
}

# watch_works LEVEL: kredact watch keeps a server's key out of its core
watch_works()
{
	case $(uname -r) in
	6.1.*)
		return
		;;
	esac
	ok "$1: watch is at work" start_watch --exact --comm openssl
	ok "$1, watched: the server is killed and leaves a core" crash_server $DIR/with.core
	ok "$1, watched: watch ends" stop_watch
	ok "$1, watched: watch tagged buffers, and nothing failed" tagged_some
	ok "$1, watched: the core can be read" find_in $DIR/with.core $DIR/with.found "$RSA"
	for c in $RSA; do
		ok "$1, watched: the limbs of $c are not in the core" \
			limbs_are_gone $DIR/with.found "$c"
	done
	ok "$1, not watched: the server is killed and leaves a core" crash_server $DIR/without.core
	ok "$1, not watched: the core can be read" find_in $DIR/without.core $DIR/without.found "$RSA"
	ok "$1, not watched: the limbs of rsa-d are in the core" \
		limbs_are_there $DIR/without.found rsa-d
	rm -f $DIR/with.core $DIR/without.core
}

insert
for next in integrity confidentiality; do
	[ "$(level)" != $next ] || continue
	raise $next
	if [ -d /sys/module/kredact ]; then
		watch_works "$next"
		[ $signed = yes ] || continue
		ok "$next: the module comes out" wait_for 5 rmmod kredact
		insert
	fi
done
if [ -d /sys/module/kredact ]; then
	ok "$(level): the module comes out" wait_for 5 rmmod kredact
fi
if [ $signed = no ]; then
	insert
fi
plan
