#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredact watch: openssl's s_server, which knows nothing of kredact, serves a
# handshake and is killed by SIGSEGV. Without the watcher the limbs of its RSA
# key are in the core, with it they are not: whether the kernel makes the tags, as it
# can from 6.12 on, or the watcher does.
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
	kredact-verify --key $DIR/seal.key --detect $PRIVATE_KEYS "$1" >$DIR/verify.log 2>&1
	status=$?
	comment <$DIR/verify.log
	[ $status -eq 0 ]
}

unsealed()
{
	[ -s "$1" ] && ! grep -q '^seal ' "$1"
}

# refuses STATUS REGEX [OPTION...]: watch says why it cannot work, in words of its own
refuses()
{
	want=$1
	regex=$2
	shift 2
	kredact watch "$@" >$DIR/refused 2>&1
	status=$?
	comment <$DIR/refused
	[ $status -eq "$want" ] && grep -q "$regex" $DIR/refused &&
		! grep -qi libbpf $DIR/refused && ! grep -q '^watching' $DIR/refused
}

# by REGEX: how the tags are made
by()
{
	grep -q "^tags are made $1" $DIR/watch.log
}

# links OPTION...: how many watch has, while it works
links()
{
	start_watch "$@" || return 1
	# shellcheck disable=SC2010 # what these are links to is what matters
	ls -l "/proc/$watch/fd" | grep -c 'anon_inode:bpf_link'
	stop_watch >/dev/null
}

# All functions of a library have one for their entries and one for their returns.
few_links()
{
	n=$(links --library libsodium.so.23)
	echo "# $n links"
	[ "$n" -eq 2 ]
}

tagged_none()
{
	grep -q '^tagged 0 ' $DIR/watch.log
}

no_module()
{
	ok "the module comes out" wait_for 5 rmmod kredact
	ok "watch for the module refuses" refuses 2 'not in the kernel' --backend module
	ok "watch through the module refuses" refuses 2 'not in the kernel' --backend daemon
	crash_watched $DIR/map.core "without the module"
	ok "tags were in maps" by 'without'
	ok "watch tagged buffers, and nothing failed" tagged_some
	ok "watch tells of the dump" grep -q '^dump of process .* [1-9][0-9]* tagged pages' \
		$DIR/watch.log
	ok "the core can be read" find_in $DIR/map.core $DIR/map.found "$RSA"
	ok "it has no seal" unsealed $DIR/map.found
	for c in $RSA; do
		ok "without the module: the limbs of $c are not in the core" \
			limbs_are_gone $DIR/map.found "$c"
	done
	ok "the module goes in again" insmod /kredact/kredact.ko
}

# crash_watched CORE NAME [OPTION...]
crash_watched()
{
	core=$1
	name=$2
	shift 2
	ok "$name: watch is at work" start_watch "$@"
	ok "$name: the server is killed and leaves a core" crash_server "$core"
	ok "$name: watch ends" stop_watch
}

# watched NAME [OPTION...]: with these options, the key is not in the core
watched()
{
	# --exact: a number that is gone was in a buffer that was tagged, not only near one.
	crash_watched $DIR/with.core "$@" --exact
	ok "$name: watch tagged buffers, and nothing failed" tagged_some
	ok "$name: the core can be read" find_in $DIR/with.core $DIR/with.found "$RSA"
	ok "$name: the seal names ranges, and all of them are zero" seal_is_zero $DIR/with.found
	for c in $RSA; do
		ok "$name: the limbs of $c are not in the core" limbs_are_gone $DIR/with.found "$c"
	done
	comment <$DIR/with.found
	ok "$name: kredact-verify finds the core clean" verified $DIR/with.core
	rm -f $DIR/with.core
}

# others NAME OPTION...: it is not meant by them, and its key is in the core
others()
{
	crash_watched $DIR/other.core "$@"
	ok "$name: watch tagged nothing" tagged_none
	ok "$name: the core can be read" find_in $DIR/other.core $DIR/other.found "$RSA"
	ok "$name: the limbs of rsa-d are in the core" limbs_are_there $DIR/other.found rsa-d
	rm -f $DIR/other.core
}

# cgroups: one with this shell in it, and one without
cgroups()
{
	mount | grep -q ' type cgroup2 ' || mount -t cgroup2 cgroup2 /sys/fs/cgroup || return 1
	mkdir -p /sys/fs/cgroup/kredact.slice/signer.service /sys/fs/cgroup/other.service &&
		echo $$ >/sys/fs/cgroup/kredact.slice/signer.service/cgroup.procs
}

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

ok "cgroups for this shell and for others" cgroups

# The support matrix is the test matrix: a 6.12 that cannot has to fail.
case $(uname -r) in
6.1.*)
	watched "by the daemon"
	ok "it was the daemon" by 'by this program'
	ok "the kernel cannot make the tags" refuses 2 'Linux 6\.12' --backend module
	;;
*)
	watched "by the kernel"
	ok "it was the kernel" by 'by the kernel'
	watched "by the daemon" --backend daemon
	ok "it was the daemon" by 'by this program'
	ok "a library has two links" few_links
	;;
esac
watched "one library and one executable" --library libcrypto.so.3 --exe /usr/bin/openssl
watched "a unit" --unit signer
others "another name" --comm not-openssl
others "another executable" --exe /bin/busybox
others "another unit" --unit other.service

ok "a unit that is not there is an error" refuses 1 'no such unit' --unit nowhere
ok "a library that is not there is an error" refuses 1 'no such library' --library libnone.so
ok "an executable that is not there is an error" refuses 1 'no such executable' --exe /nowhere
ok "another backend is wrong usage" refuses 3 'a backend is' --backend none

# A table of the administrator stands for the one of the same name.
mkdir -p $DIR/probes
echo 'library = "libcrypto.so.3"; probes = (
	{ function = "CRYPTO_secure_malloc"; tag = "result"; bytes = "arg9"; } );' \
	>$DIR/probes/openssl-3.conf
ok "a table with an error is refused, with its line" \
	refuses 1 'probes/openssl-3.conf:2: .*arg1 to arg6' --probes $DIR/probes
echo 'library = "libcrypto.so.3"; probes = (
	{ function = "EVP_nothing"; tag = "result"; bytes = "arg1"; } );' \
	>$DIR/probes/openssl-3.conf
ok "a function that the library lacks is an error" \
	refuses 1 'EVP_nothing: a function of the table' --probes $DIR/probes
ok "the table agrees with the libraries" kredact probes --check

no_module
plan
