#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredact ps and kredact show: openssl's s_server is watched, and a process tags its own
# memory. Who tagged what, under which name, is shown to whoever may see it; the seal has
# the same names.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh

DIR=/tmp/ps_test
SECURE='libcrypto.so.3 CRYPTO_secure_zalloc'
RANGE='^[0-9a-f]\{8,\} '
LIMIT=/sys/module/kredact/parameters/max_ranges_per_user
begin
watch_begin

# as_user ARGUMENT...: kredact, by one who may see nothing of root's
as_user()
{
	start-stop-daemon -S -q -p $DIR/none -c 65534:65534 -a /usr/bin/kredact -- "$@"
}

# shows REGEX COMMAND...: a line of its output
shows()
{
	regex=$1
	shift
	quietly "$@" && grep -q -- "$regex" "$DIR/output"
}

# refuses REGEX COMMAND...: with status 1, one line that says why, and nothing else
refuses()
{
	regex=$1
	shift
	"$@" >"$DIR/output" 2>"$DIR/error"
	status=$?
	comment <"$DIR/error"
	[ $status -eq 1 ] && [ ! -s "$DIR/output" ] && [ "$(wc -l <"$DIR/error")" -eq 1 ] &&
		grep -q -- "$regex" "$DIR/error"
}

# lines PATTERN: of what was shown last
lines()
{
	grep -c -- "$1" "$DIR/output"
}

# sums_up: as many lines as the sum says, and those before them are a header
sums_up()
{
	[ "$(($(wc -l <"$DIR/output") - 2))" -eq "$(awk 'END { print $1 }' "$DIR/output")" ]
}

# seal_names TEXT CORE: nobody has the key of this seal
seal_names()
{
	quietly kredact-verify --detect $PRIVATE_KEYS "$2"
	[ $status -eq 2 ] && grep -q "registered *$1: " "$DIR/output"
}

# tells NAME BY: what ps and show tell of the server; BY is who tags
tells()
{
	ok "$1: the server serves" start_server 4433
	ok "$1: ps shows the server" wait_for 5 shows "^ *$server root .* openssl .* $2 " kredact ps
	ok "$1: show has a table" quietly kredact show "$server"
	cp "$DIR/output" "$DIR/table"
	ok "$1: with a line for each range" sums_up
	ok "$1: each by whoever made it" [ "$(lines "$RANGE.* $3 ")" -eq "$(lines "$RANGE")" ]
	ok "$1: each has a name" [ "$(lines '  libcrypto.so.3 [A-Za-z_]')" -ge 5 ]
	ok "$1: secure allocations are in the heap" shows "$SECURE  *\[heap\]" kredact show "$server"
	ok "$1: those with a certain label only" quietly kredact show --label secure_zalloc "$server"
	ok "$1: fewer than all" [ "$(lines .)" -lt "$(wc -l <"$DIR/table")" ]
	ok "$1: and they sum up" sums_up
	ok "$1: no label has this" shows '^nothing is tagged with such a label$' \
		kredact show --label Secure "$server"
	ok "$1: for a program" shows '"label": "libcrypto.so.3 ' kredact show --json "$server"
	ok "$1: ps for a program" shows '"comm": "openssl"' kredact ps --json
	ok "$1: all address spaces are shown" grep -q '"not_shown": 0' "$DIR/output"

	ok "$1: another user does not see it" shows 'no process' as_user ps
	ok "$1: but that there is one" shows '^1 address space with tags is not shown' \
		as_user ps
	ok "$1: and may not look" refuses "$server: not permitted" as_user show "$server"

	cores_to "$DIR/core"
	kill -SEGV "$server"
	wait "$server"
	ok "$1: the seal has the name" seal_names "$SECURE" "$DIR/core"
	ok "$1: it has gone from ps" shows 'no process' kredact ps
	ok "$1: and cannot be shown" refuses "$server: no such process" kredact show "$server"
}

# all_hunted: what was shown last has no label
all_hunted()
{
	[ "$(lines "$RANGE.* exact,hunt .* - ")" -eq "$(lines "$RANGE")" ]
}

# without_room: tags without labels, since the user has room for two ranges, and for no label
without_room()
{
	old=$(cat $LIMIT)
	used=$(kredact status | awk '/^charged to you/ { print $4 }')
	echo $((used + 2)) >$LIMIT
	# A client would be watched, too, and would take the room.
	launch_server 4433
	ok "$1: no room for a label: something is tagged" wait_for 20 \
		shows '^[12] ranges* .* 0 labels' kredact show "$server"
	ok "$1: no room for a label: and is hunted whatever the policy" all_hunted
	echo "$old" >$LIMIT
	kill "$server"
	wait "$server"
}

ok "nothing is tagged" shows 'no process' kredact ps
ok "a process without tags" shows '^nothing is tagged$' kredact show $$
ok "a process that is not there" refuses 'no such process' kredact show 4000000
ok "a thread of the kernel" refuses 'no such process, or one without memory' kredact show 2

ok "watch is at work" start_watch --comm openssl --exact --backend daemon
tells "by the daemon" other 'kredact\[[0-9]*\]'
without_room "by the daemon"
kill -TERM "$watch"
wait "$watch"
ok "watch could not tag all" grep -q 'calls of the module failed: Disk quota exceeded' \
	"$DIR/watch.log"

case $(uname -r) in
6.1.*)
	;;
*)
	ok "watch is at work" start_watch --comm openssl --exact --backend module
	tells "by the kernel" bpf bpf
	without_room "by the kernel"
	kill -TERM "$watch"
	wait "$watch"
	;;
esac

ok "the module comes out" wait_for 5 rmmod kredact
ok "without it, ps says so" refuses 'the module is not loaded' kredact ps
ok "and show" refuses 'the module is not loaded' kredact show $$
ok "the module goes in again" insmod /kredact/kredact.ko
plan
