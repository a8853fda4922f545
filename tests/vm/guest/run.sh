#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the test machine, started by PID 1. The host's wishes are in the
# environment (they come from the kernel's command line, from where they are read if
# PID 1 is systemd):
#
#   VM_TOKEN     what to say at the very end, after everything was run
#   VM_DIR       run the programs in this folder below /kredact
#   VM_TEST      run these programs only (names, with commas between them)
#   VM_TIMEOUT   seconds that one program may take
#   VM_MODULE    no: do without kredact.ko
#   VM_SHELL     yes: an interactive shell instead of the tests
#
# Lines on the second serial port go to tests/vm/vm.py; tapexec.c describes
# those of a program. The others are "boot RELEASE" and "done TOKEN PROGRAMS".
set -u

DIR=/kredact
MODULE=$DIR/kredact.ko
CORES=/out/core.%e.%p
export PATH=/usr/sbin:/usr/bin

# Another init has its own ways: it mounts, inserts the module, and says where cores go.
systemd=no
[ ! -d /run/systemd/system ] || systemd=yes

# wishes WORD...: those that are the host's become the environment
wishes()
{
	for word in "$@"; do
		case "$word" in
		VM_*=* | KREDACT_*=*)
			# shellcheck disable=SC2163 # it is NAME=VALUE
			export "$word"
			;;
		esac
	done
}

mount_all()
{
	mkdir -p /dev/pts /dev/shm /sys/fs/bpf
	mount -t devpts devpts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	mount -t tmpfs -o mode=1777 tmpfs /tmp
	mount -t tmpfs -o mode=755 tmpfs /run
	mount -t tracefs tracefs /sys/kernel/tracing
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t securityfs securityfs /sys/kernel/security
	mount -t bpf bpf /sys/fs/bpf
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# What tests change, as they shall find it.
settle()
{
	[ $systemd = no ] || return 0
	echo "$CORES" >/proc/sys/kernel/core_pattern
	if [ "${VM_MODULE-}" != no ] && [ ! -d /sys/module/kredact ]; then
		insmod "$MODULE"
	fi
}

# Processes that a test has killed may hold the module for a moment more.
remove_module()
{
	i=0
	until error=$(rmmod kredact 2>&1); do
		i=$((i + 1))
		if [ $i -ge 50 ] || [ ! -d /sys/module/kredact ]; then
			echo "# $error"
			return 1
		fi
		usleep 100000
	done
}

# Bits that only say what modules there were: not of the kernel's own tree (O), not
# signed (E), a live patch (K); and that somebody was asked for permission by fanotify (X),
# which Debian marks.
untainted()
{
	taint=$(cat /proc/sys/kernel/tainted) || return 1
	echo "# tainted: $taint"
	[ $((taint & ~(1 << 12 | 1 << 13 | 1 << 15 | 1 << 16))) -eq 0 ]
}

check()
{
	number=$((number + 1))
	name=$1
	shift
	if "$@"; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
	fi
}

# What the debug kernel's search for leaks has to say, if this is it. Only what
# two scans agree on counts: between them, memory may have been on its way.
LEAKS=/sys/kernel/debug/kmemleak
no_leaks()
{
	echo scan >$LEAKS || return 1
	sleep 6
	echo scan >$LEAKS
	sed 's/^/# /' $LEAKS
	! grep -q 'unreferenced object' $LEAKS
}

# check_leaks NAME: the search is in debugfs, which is closed when the kernel is locked down
check_leaks()
{
	[ -e $LEAKS ] || return
	if grep -q '^\[none\]' /sys/kernel/security/lockdown; then
		check "$1" no_leaks
	else
		number=$((number + 1))
		echo "ok $number $1 # SKIP the kernel is locked down, and kmemleak with it"
	fi
}

# check_machine INSERTED: what must hold after all tests, as a test program of its own
check_machine()
{
	number=0
	if [ "${VM_MODULE-}" != no ]; then
		check "kredact.ko goes in" test "$1" = yes
		check_leaks "no leaks while kredact.ko is in"
		check "kredact.ko comes out" remove_module
	fi
	check_leaks "no leaks"
	check "the kernel is not tainted" untainted
	echo "1..$number"
}

# selected PATH: whether this is a test, and one that the host wants
selected()
{
	[ -f "$1" ] && [ -x "$1" ] || return 1
	if grep -qsx "${1##*/}" "${1%/*}/helpers"; then
		return 1
	fi
	case ",${VM_TEST-}," in
	,, | *",${1##*/},"*)
		return 0
		;;
	esac
	return 1
}

shell()
{
	echo "Machine with kernel $(uname -r). $DIR/tests has the tests; cores go to /out."
	if [ -d /sys/module/kredact ]; then
		echo "kredact.ko is inserted."
	else
		echo "kredact.ko is NOT inserted."
	fi
	echo "Ctrl-A X ends the machine, and so does leaving this shell."
	cd "$DIR" || exit 1
	HOME=/root TERM=linux PS1="\\u@$(uname -r) \\w # " setsid cttyhack sh
	exit 0
}

if [ "${1-}" = machine ]; then
	check_machine "$2"
	exit 0
fi

if [ $systemd = yes ]; then
	# shellcheck disable=SC2046 # words are wanted
	wishes $(cat /proc/cmdline)
	[ -d /sys/module/kredact ] || VM_MODULE=no
else
	mount_all
	hostname -F /etc/hostname
	ip link set lo up
fi
# shellcheck disable=SC3045 # busybox's shell has it
ulimit -c unlimited
# Messages of a program that crashes repeat: none shall hide a splat.
echo 0 >/proc/sys/kernel/printk_ratelimit

if [ "${VM_SHELL-}" = yes ]; then
	settle
	shell
fi

stty -F /dev/ttyS1 raw -echo
exec 3>/dev/ttyS1
echo "boot $(uname -r)" >&3

inserted=yes
settle || inserted=no
programs=0
if [ $inserted = yes ]; then
	for program in "$DIR/$VM_DIR"/*; do
		selected "$program" || continue
		cd "$DIR/$VM_DIR" || exit 1		# as kselftest's own runner does
		"$DIR/guest/tapexec" "${program##*/}" "$VM_TIMEOUT" "$program" >&3 3>&- || exit 1
		programs=$((programs + 1))
		settle
	done
fi

cd / || exit 1
"$DIR/guest/tapexec" machine "$VM_TIMEOUT" "$0" machine $inserted >&3 3>&- || exit 1
sync
echo "done $VM_TOKEN $programs" >&3
