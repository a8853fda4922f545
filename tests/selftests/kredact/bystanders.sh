#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Nothing changes for a process that has no tags: gdb on programs of gdb's own tests, strace,
# perf and all ways of reading another process say of it, word by word, what they say without
# the module. A process that has tags runs beside it, so that there is something to hook.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/selftests/kredact/perf-lib.sh
. /kredact/bin/perf-lib.sh

DIR=/tmp/bystanders
TESTS=/kredact/tests
GDB=/kredact/gdb
SESSIONS="break watchpoint software callfuncs recurse step-test gcore foll-fork pthreads"
begin

# fixed COMMAND...: with its memory at the same addresses each time; the shell's variables are
# on its stack as well
fixed()
{
	env -i PATH="$PATH" HOME=/tmp setarch -R "$@"
}

# debugger OPTION...: what gdb says of commands that it reads, and the commands, with no pid
debugger()
{
	# Errors do not end it, since it does not read them from a file.
	fixed gdb -nx -q -iex 'set debuginfod enabled off' -iex 'set auto-load safe-path /' \
		-iex 'set confirm off' -iex 'set pagination off' -iex 'set width 0' \
		-iex 'set print thread-events off' -iex 'set trace-commands on' "$@" 2>&1 |
	sed -E '/^\(gdb\) \+#/d; s/^(\(gdb\) )+//; s/(process|LWP) [0-9]+/\1 PID/g; s/  +/ /g
		s/callee \(i=[0-9]+\)/callee (i=PID)/'
}

# session NAME: gdb does what NAME.gdb says, and what has to be there is
session()
{
	program=$GDB/$1
	[ "$1" != software ] || program=$GDB/watchpoint
	debugger "$program" <"$GDB/$1.gdb" >"$run/$1"
	if [ "$1" = pthreads ]; then
		# Where in the C library a thread sleeps is chance.
		sed -Ei 's/^#[0-9]+ (0x[0-9a-f]+ in )?/#N /' "$run/$1"
	fi
	sed -n 's/^#= //p' "$GDB/$1.gdb" >"$run/expected"
	while read -r regex; do
		grep -qE -- "$regex" "$run/$1" || {
			echo "# not there: $regex"
			comment <"$run/$1"
			return 1
		}
	done <"$run/expected"
}

# attached HOW: gdb shows memory of a process that it finds running
attached()
{
	rm -f "$run/at"
	# The length of an argument would move its stack.
	(cd "$run" && exec env -i setarch -R "$TESTS/victim" "$1" secret) >"$run/at" 2>&1 &
	victim=$!
	wait_for 20 [ -s "$run/at" ] || return 1
	printf '%s\n' "x/8xg $(cat "$run/at")" backtrace detach |
		debugger -p "$victim" >"$run/attached-$1"
	kill "$victim"
	wait "$victim" 2>/dev/null
	grep -q 'wait_here' "$run/attached-$1" && return 0
	comment <"$run/attached-$1"
	return 1
}

# All of a program of one thread; of one that has more, only which calls there were.
traced()
{
	fixed strace -f -o "$run/trace" "$GDB/gcore" && fixed strace -ff -s 100 -v -o "$run/fork" \
		"$GDB/foll-fork" && fixed strace -f -o "$run/threads" "$TESTS/observed" untagged \
		>/dev/null || return 1
	for file in "$run"/fork.*; do
		sed -E '/SIGCHLD/d' "$file"
		rm "$file"
	done >>"$run/trace"
	sed -Ei 's/^[0-9]+ +//; s/(getpid\(\)|set_tid_address\(.*\)|[a-z0-9]*fork\(\)|clone\(.*\)) += [0-9]+/\1 = PID/
		s/(getrandom\()"[^"]*"/\1BYTES/; s/(prlimit64\().*/\1/; s/(st_[amc]time|st_ino|st_dev)=[^,}]*/\1/g' \
		"$run/trace"
	sed -E 's/^[0-9]+ +//; /futex|resumed/d; s/\(.*//' "$run/threads" | sort >"$run/calls"
	rm "$run/threads"
	[ "$(grep -c . "$run/trace")" -ge 60 ] && [ "$(grep -c . "$run/calls")" -ge 20 ]
}

# What can be counted exactly: calls, processes.
counted()
{
	# Calls of one process: perf does not wait for a child that outlives its parent.
	fixed perf stat -x ' ' -e raw_syscalls:sys_enter,raw_syscalls:sys_exit -o "$run/counts" \
		"$GDB/recurse" &&
		fixed perf stat -x ' ' -e sched:sched_process_fork --append -o "$run/counts" \
			"$GDB/foll-fork" &&
		perf stat -x ' ' -e task-clock,page-faults,context-switches -o "$run/stat" \
			"$GDB/gcore" || return 1
	sed -Ei '/^[0-9]+ /!d; s/^([0-9]+) +([a-z_:]+).*/\1 \2/' "$run/counts"
	grep -q '^1 sched:sched_process_fork' "$run/counts" &&
		[ "$(grep -cE '^[0-9.]+ (msec)? ?(task-clock|page-faults|context-switches) ' \
			"$run/stat")" -eq 3 ] && rm "$run/stat" && return 0
	comment <"$run/counts"
	comment <"$run/stat"
	return 1
}

# looked HOW: a process by all ways there are
looked()
{
	fixed "$TESTS/bystander" "$1" >"$run/bytes-$1"
}

# all_of RUN: whatever an observer says of a process that has no tags, in $DIR/RUN
all_of()
{
	run=$DIR/$1
	mkdir "$run"
	for name in $SESSIONS; do
		ok "$1: gdb: $name" session "$name"
	done
	ok "$1: gdb attaches to a process" attached untagged
	ok "$1: strace" traced
	ok "$1: perf stat" counted
	ok "$1: perf record finds where the time goes" sampled "$run/perf" untagged -g
	ok "$1: reads and writes of another process" looked untagged
}

# same NAME [OTHER]: of it, both say the same
same()
{
	[ -s "$DIR/without/$1" ] && cmp -s "$DIR/without/$1" "$DIR/with/${2-$1}"
}

# all_same NAME...: or else what differs
all_same()
{
	for name in "$@"; do
		same "$name" && continue
		diff "$DIR/without/$name" "$DIR/with/$name" | head -n 20 | comment
		return 1
	done
}

# differs NAME OTHER REGEX: and there is a line that says how
differs()
{
	[ -s "$DIR/with/$2" ] && ! same "$1" "$2" && grep -qE "$3" "$DIR/with/$2" &&
		! grep -qE "$3" "$DIR/without/$1"
}

# beside: a process that has tags, so that all that is hooked has something to do
beside()
{
	"$TESTS/victim" regs "$DIR/beside" >"$DIR/at" 2>&1 &
	beside=$!
	wait_for 20 [ -s "$DIR/at" ]
}

remove()
{
	rmmod kredact 2>"$DIR/error"
}

ok "kredact.ko comes out" wait_for 10 remove
all_of without
ok "kredact.ko goes in" insmod /kredact/kredact.ko
ok "a process that has tags runs beside" beside
all_of with
ok "with: gdb attaches to a process that has tags" attached regs
ok "with: reads and writes of a process that has tags" looked tagged
ok "there is still the one that has tags" \
	sh -c "kredact show $beside | grep -qv 'nothing is tagged'"
kill "$beside"

for name in $SESSIONS; do
	ok "the same by gdb: $name" all_same "$name"
done
ok "the same by gdb that attaches" all_same attached-untagged
ok "the same by strace" all_same trace calls
ok "the same counts by perf" all_same counts
ok "the same bytes by all ways" all_same bytes-untagged
# If these did not differ, the others would say nothing.
ok "not the same by gdb, where something is tagged" differs attached-untagged attached-regs \
	'^0x[0-9a-f]+:[[:space:]]+0x0000000000000000[[:space:]]+0x0000000000000000'
ok "not the same bytes, where something is tagged" differs bytes-untagged bytes-tagged \
	'^memory by process_vm_readv: .*,( 00){16}$'
plan
