#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Module and kredactd start, stop, crash and start again in any order, while servers
# start, load their keys and crash: what was tagged stays so, and what is made while
# there is no kredactd is tagged, too.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh
# shellcheck source=tests/daemon/daemon-lib.sh
. /kredact/bin/daemon-lib.sh

DIR=/tmp/restart_test
ROUNDS=${KREDACT_ROUNDS:-4}
begin
watch_begin
kredact key generate $DIR/seal.key >/dev/null
configure "key = \"$DIR/seal.key\"; seals = \"$DIR/seals\";" \
	'watch = ( { comm = "openssl"; library = "libcrypto.so.3"; } );'

verified()
{
	quietly kredact-verify --key $DIR/seal.key --detect $PRIVATE_KEYS $DIR/core
}

# caught_up: what is in the ring has been read (6.1), so that no more tags come
caught_up()
{
	old=$(ranges)
	usleep 300000
	[ "$old" -gt 0 ] && [ "$old" = "$(ranges)" ]
}

# churn: end and start kredactd, in all ways, until $DIR/churn is gone
churn()
{
	while [ -e $DIR/churn ]; do
		for how in KILL TERM HUP KILL; do
			kredactd --config $DIR/kredactd.conf >>$DIR/churn.log 2>&1 &
			usleep $(($(od -An -N2 -tu2 /dev/urandom) * 12))
			kill "-$how" $! 2>/dev/null
			[ $how = HUP ] && usleep 200000 && kill -TERM $! 2>/dev/null
			wait $!
			echo $how >>$DIR/churned
		done
	done
}

ok "kredactd is at work" start_daemon
crashes_clean "with kredactd"

ok "a server loads its key" start_server 4432
kept=$server
ok "its tags are made" wait_for 20 caught_up
tagged=$(ranges)
ok "kredactd is killed" stop_daemon KILL
ok "the tags stay" [ "$(ranges)" -ge "$tagged" ]
case $(uname -r) in
6.1.*)
	ok "without kredactd: a server loads its key" start_server 4434
	late=$server
	ok "kredactd starts again" start_daemon
	ok "what was made without it is tagged" wait_for 20 caught_up
	ok "that server is killed and leaves a core" end_server "$late" $DIR/core
	ok "its key is not in the core" clean $DIR/core
	;;
*)
	crashes_clean "without kredactd"
	ok "kredactd starts again" start_daemon
	;;
esac
ok "the first server is killed and leaves a core" end_server "$kept" $DIR/core
ok "its key is not in the core" clean $DIR/core

ok "the module stays while it is in use" fails_with . rmmod kredact
ok "kredactd ends" stop_daemon TERM

# The servers are there before, during and after: 6.1 has no tag while nobody makes it.
touch $DIR/churn
churn &
churner=$!
round=0
while [ $round -lt "$ROUNDS" ]; do
	round=$((round + 1))
	ok "round $round: a server loads its key" start_server $((4440 + round))
	case $(uname -r) in
	6.1.*) ok "round $round: it is tagged" wait_for 30 caught_up ;;
	esac
	ok "round $round: it is killed and leaves a core" end_server "$server" $DIR/core
	ok "round $round: its key is not in the core" clean $DIR/core
done
rm $DIR/churn
wait $churner
comment <$DIR/churn.log
ok "kredactd was started and ended $(wc -l <$DIR/churned) times meanwhile" [ -s $DIR/churned ]

# The module comes and goes.
ok "the probes are taken away" kredactd --detach
ok "the module comes out" wait_for 10 rmmod kredact
ok "without the module: kredactd is at work" start_daemon
ok "without the module: by BPF alone" said 'mechanism: tags are made without the module'
crashes_clean "without the module"
ok "without the module: a server is killed and leaves a core" crash_server $DIR/core
ok "without the module: its key is not in the core" clean $DIR/core
ok "without the module: the core gets a seal beside it" wait_for 20 [ -e $DIR/core.kredact-seal ]
ok "without the module: it is verified" verified
ok "without the module: a server loads its key" start_server 4435
kept=$server
ok "without the module: kredactd is killed" stop_daemon KILL
ok "without the module: another server loads its key" start_server 4436
late=$server
ok "without the module: kredactd starts again" start_daemon
ok "the module goes in while it runs" insmod /kredact/kredact.ko
ok "kredactd takes it" wait_for 20 said 'mechanism: tags are made by'
ok "the server from before: killed, leaves a core" end_server "$kept" $DIR/core
ok "its key is not in the core" clean $DIR/core
ok "the one from when nothing ran: killed, leaves a core" end_server "$late" $DIR/core
ok "its key is not in the core" clean $DIR/core
ok "with the module: a server loads its key" start_server 4437
ok "its tags are made" wait_for 20 caught_up
ok "with the module: it is killed and leaves a core" end_server "$server" $DIR/core
ok "with the module: its key is not in the core" clean $DIR/core
ok "with the module: the core has a seal" grep -q '^seal ' $DIR/found
ok "kredactd ends" stop_daemon TERM
ok "the probes are taken away" kredactd --detach
ok "the module comes out" wait_for 10 rmmod kredact
ok "the module goes in" insmod /kredact/kredact.ko
plan
