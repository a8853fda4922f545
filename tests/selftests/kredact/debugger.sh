#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gdb reads the core of a process whose registers are redacted, and one in strict mode,
# as it reads one that is untouched: the same backtrace of every thread, through
# signal frames; and vector registers, which it shows as zero.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/debugger
VICTIM=/kredact/tests/victim
begin

crash()
{
	cores_to "$DIR/$1.core"
	"$VICTIM" "$1" >/dev/null 2>&1
	[ $? -eq 139 ] && [ -s "$DIR/$1.core" ]
}

# debug NAME COMMAND...: what gdb says of a core
debug()
{
	name=$1
	shift
	gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set auto-load safe-path /' \
		-ex 'set width 0' -ex 'set print address off' \
		-ex 'set print frame-arguments none' "$@" "$VICTIM" "$DIR/$name.core" \
		>"$DIR/$name.gdb" 2>&1
}

# The stacks of all threads, in an order of their own.
backtraces()
{
	debug "$1" -ex 'thread apply all -ascending backtrace' || return 1
	awk '/^Thread / { if (t) print t; t = "thread" }
	     t && /^#[0-9]/ { sub(/0x[0-9a-f]+ in /, ""); t = t " | " $0 }
	     END { if (t) print t }' "$DIR/$1.gdb" | sort >"$DIR/$1.stacks"
	[ -s "$DIR/$1.stacks" ]
}

has()
{
	[ "$(grep -c "$3" "$DIR/$1.stacks")" -eq "$2" ] && return 0
	comment <"$DIR/$1.gdb"
	return 1
}

# vectors NAME: the lines of xmm0 to xmm15 of all threads that are not zero
vectors()
{
	debug "$1" -ex 'thread apply all -ascending info registers xmm0 xmm7 xmm15 st0 mxcsr' &&
		grep -c 'xmm0 .*uint128 = 0x[0-9a-f]*[1-9a-f]' "$DIR/$1.gdb" >"$DIR/$1.vectors"
	comment <"$DIR/$1.vectors"
	[ "$(cat "$DIR/$1.vectors")" -eq "$2" ] && return 0
	comment <"$DIR/$1.gdb"
	return 1
}

libraries()
{
	debug "$1" -ex 'info sharedlibrary' && grep -q 'libc\.so\.6' "$DIR/$1.gdb" && return 0
	comment <"$DIR/$1.gdb"
	return 1
}

# text NAME: the core has it
text()
{
	[ "$(grep -c 'customer=hunter2' "$DIR/$1.core")" -ge 1 ]
}

no_text()
{
	! text "$1"
}

for how in untagged regs strict; do
	ok "$how: it crashes and leaves a core" crash $how
	ok "$how: gdb shows backtraces" backtraces $how
	ok "$how: of four threads" has $how 4 thread
	ok "$how: three of them are deep" has $how 3 'load_and_spin.*deep.*deep.*thread_main'
	ok "$how: one crashed in a handler in a handler" has $how 1 \
		'load_and_crash.*signal handler called.*signal handler called.*load_and_trap.*serve.*main'
	ok "$how: gdb finds the libraries" libraries $how
done
ok "regs: the backtraces are the same" cmp $DIR/untagged.stacks $DIR/regs.stacks
diff $DIR/untagged.stacks $DIR/regs.stacks | comment
ok "strict: the backtraces are the same" cmp $DIR/untagged.stacks $DIR/strict.stacks
diff $DIR/untagged.stacks $DIR/strict.stacks | comment
ok "untagged: vector registers of all threads have something" vectors untagged 4
ok "regs: they are zero" vectors regs 0
ok "strict: they are zero" vectors strict 0
ok "untagged: the core has the text" text untagged
ok "regs: the core has the text" text regs
ok "strict: the core does not have the text" no_text strict
plan
