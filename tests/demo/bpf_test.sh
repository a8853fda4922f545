#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredact watch: openssl's s_server, which knows nothing of kredact, serves a
# handshake and is killed by SIGSEGV. Without the watcher the limbs of its RSA
# key are in the core, with it they are not. Kernel 6.1 has to refuse clearly.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh

DIR=/tmp/bpf_test
begin
watch_begin

# A seal with a range for each of six numbers and two Montgomery contexts, all zero
seal_is_zero()
{
	awk '$1 == "seal" && $2 >= 10 && $5 == 0 { good = 1 } END { exit !good }' "$1"
}

verified()
{
	kredact-verify --key $DIR/seal.key "$1" >$DIR/verify.log 2>&1
	status=$?
	comment <$DIR/verify.log
	[ $status -eq 0 ]
}

unsealed()
{
	[ -s "$1" ] && ! grep -q '^seal ' "$1"
}

# refuses REGEX: watch says why it cannot work, in words of its own, and exits with 2
refuses()
{
	kredact watch >$DIR/refused 2>&1
	status=$?
	comment <$DIR/refused
	[ $status -eq 2 ] && grep -q "$1" $DIR/refused && grep -q 'Linux 6\.12' $DIR/refused &&
		! grep -qi libbpf $DIR/refused && ! grep -q '^watching' $DIR/refused
}

tagged_none()
{
	grep -q '^tagged 0 ' $DIR/watch.log
}

no_module()
{
	ok "the module comes out" wait_for 5 rmmod kredact
	ok "watch refuses without the module" refuses 'not in the kernel'
	ok "the module goes in again" insmod /kredact/kredact.ko
}

# The support matrix is the test matrix: a 6.12 that refuses has to fail.
case $(uname -r) in
6.1.*)
	ok "watch refuses on this kernel" refuses 'this kernel'
	no_module
	plan
	exit 0
	;;
esac

ok "control: the server is killed and leaves a core" crash_server $DIR/without.core
ok "control: the core can be read" find_in $DIR/without.core $DIR/without.found "$RSA"
ok "control: it has no seal" unsealed $DIR/without.found
for c in $RSA; do
	ok "control: the limbs of $c are in the core" limbs_are_there $DIR/without.found "$c"
done
comment <$DIR/without.found
rm -f $DIR/without.core

ok "a key for the seals" kredact key generate $DIR/seal.key
ok "it is installed" kredact key install $DIR/seal.key

# --exact: a number that is gone was in a buffer that was tagged, and not merely near one.
ok "watch is at work" start_watch --exact
ok "watched: the server is killed and leaves a core" crash_server $DIR/with.core
ok "watch ends" stop_watch
ok "watch tagged buffers, and nothing failed" tagged_some
ok "watched: the core can be read" find_in $DIR/with.core $DIR/with.found "$RSA"
ok "watched: the seal names ranges, and all of them are zero" seal_is_zero $DIR/with.found
for c in $RSA; do
	ok "watched: the limbs of $c are not in the core" limbs_are_gone $DIR/with.found "$c"
done
comment <$DIR/with.found
ok "watched: kredact-verify finds the core clean" verified $DIR/with.core
rm -f $DIR/with.core

# Another name is another process.
ok "watch for another name is at work" start_watch --comm not-openssl
ok "other name: the server is killed and leaves a core" crash_server $DIR/other.core
ok "other name: watch ends" stop_watch
ok "other name: watch tagged nothing" tagged_none
ok "other name: the core can be read" find_in $DIR/other.core $DIR/other.found "$RSA"
ok "other name: the limbs of rsa-d are in the core" limbs_are_there $DIR/other.found rsa-d

no_module
plan
