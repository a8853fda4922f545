# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the scripts that let kredact watch look after a server: openssl's s_server,
# which knows nothing of kredact, and what its core has of its key. After
# guest-lib.sh.

# watch_begin: after begin
watch_begin()
{
	mkfifo "$DIR/stdin"
	# s_server leaves at the end of its input: this one has none, as long as 7 is open.
	exec 7<>"$DIR/stdin"
}

# shellcheck disable=SC2034 # used by the scripts that read this
RSA="rsa-d rsa-p rsa-q rsa-dp rsa-dq rsa-qinv"

# handshake PORT: with the server, so that it has signed and has made its Montgomery contexts
handshake()
{
	echo Q | openssl s_client -connect "127.0.0.1:$1" -CAfile "$KEYS/rsa.crt" \
		-verify_return_error >"$DIR/client.log" 2>&1
}

# launch_server PORT: $server is its process
launch_server()
{
	openssl s_server -key "$KEYS/rsa.pem" -cert "$KEYS/rsa.crt" -accept "127.0.0.1:$1" \
		>"$DIR/server.log" 2>&1 <"$DIR/stdin" &
	server=$!
}

# start_server PORT: and it serves
start_server()
{
	launch_server "$1"
	wait_for 20 handshake "$1" && return
	comment <"$DIR/server.log"
	comment <"$DIR/client.log"
	kill $server 2>/dev/null
	return 1
}

# end_server PROCESS CORE: it is killed, and leaves a core
end_server()
{
	cores_to "$2"
	kill -SEGV "$1"
	wait "$1"
	[ $? -eq 139 ] && [ -s "$2" ]
}

# crash_server CORE
crash_server()
{
	start_server 4433 && end_server "$server" "$1"
}

# limbs REPORT COMPONENT: copies in the order of a BIGNUM's limbs
limbs()
{
	awk -v name="$2.bin" '$1 == name { print $3; found = 1 } END { if (!found) print "none" }' "$1"
}

limbs_are_there()
{
	n=$(limbs "$1" "$2")
	[ "$n" != none ] && [ "$n" -gt 0 ]
}

limbs_are_gone()
{
	[ "$(limbs "$1" "$2")" = 0 ]
}

start_watch()
{
	rm -f "$DIR/watch.log"
	kredact watch "$@" >"$DIR/watch.log" 2>&1 &
	watch=$!
	wait_for 30 grep -qs '^watching$' "$DIR/watch.log"
}

stop_watch()
{
	kill -TERM "$watch"
	wait "$watch"
	status=$?
	comment <"$DIR/watch.log"
	[ $status -eq 0 ]
}

tagged_some()
{
	grep -q '^tagged [1-9]' "$DIR/watch.log" && ! grep -q 'failed' "$DIR/watch.log" &&
		! grep -q 'NOT tagged' "$DIR/watch.log"
}
