# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the tests of kredact custody: a watch, and what its log says. After guest-lib.sh.

LOG=$DIR/custody.log
# shellcheck disable=SC2034 # used by the scripts that read this
ACT=$BIN/act
DUMPS=$DIR/dumps
DUMP=$DUMPS/core.1
OTHER=$DUMPS/other

# watch OPTION...: it starts with an empty log
watch()
{
	rm -f "$LOG"
	# It must not hold open what the test waits to see closed.
	kredact custody watch --log "$LOG" "$@" >"$DIR/watch.out" 2>&1 8>&- &
	watcher=$!
	if wait_for 30 grep -qs '"op":"ready"' "$LOG"; then
		return 0
	fi
	kredact custody watch "$@" --verbose >"$DIR/watch.out" 2>&1 &
	sleep 5
	kill $! 2>/dev/null
	tail -n 40 "$DIR/watch.out" | comment
	bail "the watch does not begin"
}

end_watch()
{
	kill -TERM "$watcher"
	wait "$watcher"
	ended=$?
	comment <"$DIR/watch.out"
	[ $ended -eq 0 ] && grep -q '"op":"stop"' "$LOG"
}

# lines PART...: lines of the log that have all parts
lines()
{
	found=$(cat "$LOG")
	for part in "$@"; do
		found=$(printf '%s\n' "$found" | grep -F -- "$part")
	done
	[ -z "$found" ] || printf '%s\n' "$found"
}

# logged_now OP PART...
logged_now()
{
	op=$1
	shift
	[ -n "$(lines "\"op\":\"$op\"" "$@")" ]
}

# logged OP PART...: within a moment
logged()
{
	if wait_for 3 logged_now "$@"; then
		return 0
	fi
	echo "# not in the log: $*"
	tail -n 12 "$LOG" | comment
	return 1
}

# count OP PART...
count()
{
	op=$1
	shift
	lines "\"op\":\"$op\"" "$@" | wc -l
}

# a_dump FILE: some bytes
a_dump()
{
	dd if=/dev/urandom of="$1" bs=4096 count=4 2>/dev/null
}

# two_dumps: in a folder, readable by everybody
two_dumps()
{
	mkdir "$DUMPS"
	chmod 755 /root "$DIR" "$DUMPS"
	a_dump "$DUMP"
	a_dump "$OTHER"
	chmod 644 "$DUMP" "$OTHER"
}

# id_of FILE
id_of()
{
	kredact custody list "$(dirname "$1")" | awk -v path="$1" '$NF == path { print $1 }'
}

# every_line_is_json: one object each, as far as a shell can tell
every_line_is_json()
{
	! grep -qv '^{"op":".*}$' "$LOG"
}
