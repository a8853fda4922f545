#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gdb attaches to a process of which something is tagged: it shows the same backtraces as of
# one that is untagged, zeros where something is tagged, also in the core that it writes, and
# it sets breakpoints, steps and calls as ever. Break-glass shows the bytes.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/attach
VICTIM=/kredact/tests/victim
begin

# start HOW: a process that waits; its pid and where its secret lies
start()
{
	rm -f "$DIR/at"
	"$VICTIM" "$1" "$DIR/secret" >"$DIR/at" 2>&1 &
	pid=$!
	tries=0
	while [ ! -s "$DIR/at" ] && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	at=$(cat "$DIR/at")
	[ -n "$at" ]
}

end()
{
	kill "$pid"
	wait "$pid" 2>/dev/null
}

# debug NAME COMMAND...: what gdb says of it
debug()
{
	name=$1
	shift
	gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set auto-load safe-path /' \
		-ex 'set width 0' -ex 'set print address off' \
		-ex 'set print frame-arguments none' -p "$pid" "$@" >"$DIR/$name.gdb" 2>&1
}

backtraces()
{
	debug "$1" -ex 'thread apply all -ascending backtrace' || return 1
	awk '/^Thread / { if (t) print t; t = "thread" }
	     t && /^#[0-9]/ { sub(/0x[0-9a-f]+ in /, ""); t = t " | " $0 }
	     END { if (t) print t }' "$DIR/$1.gdb" | sort >"$DIR/$1.stacks"
	[ "$(grep -c 'deep.*deep.*deep.*thread_main' "$DIR/$1.stacks")" -eq 3 ] &&
		grep -q 'wait_here.*main' "$DIR/$1.stacks" && return 0
	comment <"$DIR/$1.gdb"
	return 1
}

# dumped NAME: gdb writes the memory of the secret to a file, and a core
dumped()
{
	debug "$1" -ex "dump binary memory $DIR/$1.bytes $at $at+64" \
		-ex "generate-core-file $DIR/$1.core"
	[ "$(wc -c <"$DIR/$1.bytes")" -eq 64 ] && [ -s "$DIR/$1.core" ] && return 0
	comment <"$DIR/$1.gdb"
	return 1
}

zeros()
{
	head -c 64 /dev/zero | cmp -s - "$DIR/$1.bytes"
}

# found NAME: the secret is in the core, once
found()
{
	kredact-verify --no-key --no-scan --secret "$DIR/secret" --json "$DIR/$1.core" |
		grep -q '"hits_total": 1\b'
}

none_found()
{
	kredact-verify --no-key --no-scan --secret "$DIR/secret" --json "$DIR/$1.core" |
		grep -q '"hits_total": 0\b'
}

# What a debugger does to a process goes on as ever.
works()
{
	debug "$1" -ex 'print (int)getpid()' -ex "set var *(char *)($at + 3) = 0x5a" \
		-ex 'break deep' -ex 'call (int)deep(0)' -ex 'stepi'
	grep -q "= $pid\$" "$DIR/$1.gdb" && grep -q 'Breakpoint 1, .*deep' "$DIR/$1.gdb" &&
		return 0
	comment <"$DIR/$1.gdb"
	return 1
}

for how in untagged regs; do
	ok "$how: it runs" start $how
	ok "$how: gdb shows the backtraces of four threads" backtraces $how
	ok "$how: gdb reads the memory, and writes a core" dumped $how
	case $how in
	untagged)
		ok "$how: the memory holds the secret" cmp "$DIR/$how.bytes" "$DIR/secret"
		ok "$how: so does the core" found $how
		;;
	regs)
		ok "$how: the memory is zero" zeros $how
		ok "$how: the core does not have the secret" none_found $how
		;;
	esac
	[ $how = untagged ] || ok "$how: an administrator unseals it" \
		quietly kredact unseal --pid "$pid" --reason 'incident 12' --for 5m
	[ $how = untagged ] || {
		ok "unsealed: gdb reads the memory, and writes a core" dumped unsealed
		ok "unsealed: the memory holds the secret" cmp "$DIR/unsealed.bytes" "$DIR/secret"
		ok "unsealed: so does the core" found unsealed
		ok "unsealed: the kernel's log says so" \
			sh -c 'dmesg | grep -q "kredact: .*unsealed for 300 s.*: incident 12$"'
		ok "sealed again" quietly kredact unseal --pid "$pid" --reason 'over' --end
		ok "sealed again: gdb reads the memory" dumped again
		ok "sealed again: it is zero" zeros again
	}
	ok "$how: breakpoints, steps, calls and writes" works $how
	end
done
ok "the backtraces are the same" cmp $DIR/untagged.stacks $DIR/regs.stacks
diff $DIR/untagged.stacks $DIR/regs.stacks | comment
plan
