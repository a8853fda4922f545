# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the scripts that have kredactd watch servers. After watch-lib.sh.

# configure LINE...: what kredactd is to do
configure()
{
	printf '%s\n' "$@" >"$DIR/kredactd.conf"
}

# start_daemon: until it has set its probes, or cannot
start_daemon()
{
	: >"$DIR/daemon.log"
	kredactd --config "$DIR/kredactd.conf" >>"$DIR/daemon.log" 2>&1 &
	daemon=$!
	wait_for 30 grep -qs '^kredactd: mechanism' "$DIR/daemon.log"
}

# stop_daemon SIGNAL: what it said becomes comments
stop_daemon()
{
	kill "-$1" "$daemon"
	wait "$daemon"
	status=$?
	comment <"$DIR/daemon.log"
	case $1 in
	KILL) [ $status -eq 137 ] ;;
	*) [ $status -eq 0 ] ;;
	esac
}

begin_reload()
{
	lines=$(grep -c '^kredactd: mechanism' "$DIR/daemon.log")
}

# reloaded: it has said once more, since begin_reload, by what it works
reloaded()
{
	[ "$(grep -c '^kredactd: mechanism' "$DIR/daemon.log")" -gt "$lines" ]
}

# ranges: how many are tagged
ranges()
{
	kredact status --json | sed -n 's/^ *"ranges": *\([0-9]*\).*/\1/p'
}

# said REGEX
said()
{
	grep -q "$1" "$DIR/daemon.log"
}

# clean CORE: without a number of the server's key, by an independent search
clean()
{
	find_in "$1" "$DIR/found" "$RSA" || return 1
	for c in $RSA; do
		limbs_are_gone "$DIR/found" "$c" && continue
		comment <"$DIR/found"
		return 1
	done
}

# dirty CORE: the search finds what is there
dirty()
{
	find_in "$1" "$DIR/found" "$RSA" && limbs_are_there "$DIR/found" rsa-d && return
	comment <"$DIR/found"
	return 1
}

# crashes_clean WHAT: a server that starts now leaves nothing of its key in its core
crashes_clean()
{
	ok "$1: a server is killed and leaves a core" crash_server "$DIR/core"
	ok "$1: its key is not in the core" clean "$DIR/core"
	rm -f "$DIR/core"
}
