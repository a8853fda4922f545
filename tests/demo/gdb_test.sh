#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gdb reads a redacted core as it reads one that is not: the same backtrace of
# every thread. The load ends before the crash here, since threads at work are
# never twice at the same place.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/gdb_test
begin
# shellcheck disable=SC2034 # for crash_service
CRASH="--crash-after 1 --idle"

# backtraces NAME: of all threads in NAME.core, in an order of their own
backtraces()
{
	gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set auto-load safe-path /' \
		-ex 'set width 0' -ex 'set print address off' -ex 'set print frame-arguments none' \
		-ex 'thread apply all -ascending backtrace' \
		"$BIN/signer" "$DIR/$1.core" >"$DIR/$1.gdb" 2>&1 || return 1
	awk '/^Thread / { if (t) print t; t = $1 }
	     t && /^#[0-9]/ { sub(/0x[0-9a-f]+ in /, ""); t = t " | " $0 }
	     END { if (t) print t }' "$DIR/$1.gdb" | sort >"$DIR/$1.stacks"
	[ -s "$DIR/$1.stacks" ]
}

# has NAME NUMBER PATTERN: so many threads have such a backtrace
has()
{
	[ "$(grep -c "$3" "$DIR/$1.stacks")" -eq "$2" ] && return 0
	comment <"$DIR/$1.gdb"
	return 1
}

ok "without kredact: it crashes and leaves a core" \
	crash_service $DIR/without.core $DIR/without.log --kredact=off
ok "with kredact: it crashes and leaves a core" \
	crash_service $DIR/with.core $DIR/with.log --kredact=library --require-module
for side in without with; do
	ok "$side kredact: gdb opens the core" backtraces $side
	ok "$side kredact: it has five threads" has $side 5 .
	ok "$side kredact: one crashed in parse_request, called by a worker" \
		has $side 1 'parse_request.*serve_request.*serve_connection.*worker_main'
	ok "$side kredact: three workers wait" has $side 3 'epoll_wait.*worker_main'
	ok "$side kredact: the main thread waits" has $side 1 '  main ('
done
ok "the backtraces of all threads are the same" cmp $DIR/without.stacks $DIR/with.stacks
diff $DIR/without.stacks $DIR/with.stacks | comment
ok "with kredact: the core has a seal" kredact-verify --quiet --no-key $DIR/with.core
plan
