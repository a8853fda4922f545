#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# strace and perf of a process of which something is tagged, and of one that is not: they say
# the same, but for zeros where strace prints what is tagged. perf's copies of the stack are
# out of reach: that is shown, too.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/selftests/kredact/perf-lib.sh
. /kredact/bin/perf-lib.sh

DIR=/tmp/observers
OBSERVED=/kredact/tests/observed
TEXT=0123456789abcdef-a-secret-that-a-tracer-might-print
begin

# traced HOW: names of all calls, in their order, and what was written
traced()
{
	strace -f -s 100 -o "$DIR/$1.trace" "$OBSERVED" "$1" >"$DIR/$1.out" 2>"$DIR/$1.err" || {
		comment <"$DIR/$1.err"
		return 1
	}
	# The ioctl that tags, and what opens its device, are the one difference; whether a thread is
	# waited for is chance.
	sed -E 's/^[0-9]+ +//; /futex|kredact|KREDACT|ioctl\(|resumed/d; s/ = .*//
		s/0x[0-9a-f]+/ADDRESS/g; s/^write\(1, "[^"]*"/write(1, TEXT/; s/<unfinished.*//
		s/parent_tid=\[[0-9]+\]|child_tid=[^,]*//g; s/tid=[0-9]+//g; s/\(.*//' \
		"$DIR/$1.trace" | sort >"$DIR/$1.calls"
	[ "$(grep -c . "$DIR/$1.calls")" -ge 20 ] && [ "$(cat "$DIR/$1.out")" = "$TEXT" ]
}

counted()
{
	perf stat -x ' ' -e task-clock,page-faults -o "$DIR/$1.stat" "$OBSERVED" "$1" \
		>"$DIR/$1.out" 2>"$DIR/$1.err" &&
		[ "$(grep -cE '^[0-9.]+ (msec)? ?(task-clock|page-faults) ' "$DIR/$1.stat")" -eq 2 ] &&
		return 0
	comment <"$DIR/$1.err"
	comment <"$DIR/$1.stat"
	return 1
}

lacks()
{
	! grep -q "$1" "$2"
}

for how in untagged tagged; do
	ok "$how: strace -f follows it" traced $how
	ok "$how: perf stat counts" counted $how
	ok "$how: perf record finds where the time goes" sampled $DIR/$how $how -g
done
ok "strace shows the same calls" cmp $DIR/untagged.calls $DIR/tagged.calls
diff $DIR/untagged.calls $DIR/tagged.calls | comment
ok "strace shows what is not tagged" grep -q "write(1, \"$TEXT\"" $DIR/untagged.trace
ok "strace shows zeros for what is tagged" grep -q 'write(1, "\\0\\0\\0\\0' $DIR/tagged.trace
ok "and nothing else of it" lacks "$TEXT" $DIR/tagged.trace
ok "perf without copies of the stack has nothing of it" lacks "$TEXT" $DIR/tagged.data
ok "perf with copies of the stack works" sampled $DIR/tagged tagged --call-graph dwarf,1024
ok "and has what was there" grep -q "$TEXT" $DIR/tagged.data
plan
