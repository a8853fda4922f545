#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredactd whose configuration has nothing to watch, or not any more: nothing that tags is
# left in the kernel, by whomever it was set, and what was tagged without the module is still
# left out of dumps.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh
# shellcheck source=tests/daemon/daemon-lib.sh
. /kredact/bin/daemon-lib.sh

DIR=/tmp/empty_test
PINS=/sys/fs/bpf/kredactd/probes
begin
watch_begin
kredact key generate $DIR/seal.key >/dev/null

watch_openssl()
{
	configure "key = \"$DIR/seal.key\"; seals = \"$DIR/seals\";" \
		'watch = ( { comm = "openssl"; library = "libcrypto.so.3"; } );'
}

# reload WHAT
reload()
{
	begin_reload
	kill -HUP "$daemon"
	ok "$1" wait_for 20 reloaded
}

at_work()
{
	"$BIN/probes" >$DIR/probes
	read -r links programs <$DIR/probes
	pins=$(find $PINS -type f 2>/dev/null | wc -l)
	echo "# $links links, $programs programs, $pins pins"
	[ "$links" -gt 0 ] && [ "$programs" -ge 2 ] && [ "$pins" -eq "$links" ]
}

# gone: it takes the kernel a while
gone()
{
	[ ! -e $PINS ] && [ "$("$BIN/probes")" = "0 0" ]
}

# untagged WHAT: a server that starts now has no tag, and its key in its core
untagged()
{
	ok "$1: no link, no program and no pin is left" wait_for 60 gone
	ok "$1: a server loads its key" start_server 4433
	# Many times what a daemon takes to make a tag on 6.1
	usleep 500000
	ok "$1: nothing is tagged" [ "$(ranges)" -eq 0 ]
	ok "$1: the server is killed and leaves a core" end_server "$server" $DIR/core
	ok "$1: control: its key is in the core" dirty $DIR/core
	rm -f $DIR/core
}

left_nothing()
{
	! said 'the probes stay'
}

tagged()
{
	[ "$(ranges)" -gt 0 ]
}

watch_openssl
ok "kredactd is at work" start_daemon
ok "its probes are in the kernel" at_work
ok "a server loads its key" start_server 4433
ok "its tags are made" wait_for 20 tagged
ok "it is killed and leaves a core" end_server "$server" $DIR/core
ok "its key is not in the core" clean $DIR/core

configure "key = \"$DIR/seal.key\";" 'watch = ();'
reload "a configuration with nothing to watch is read"
untagged "SIGHUP"
watch_openssl
reload "one with something to watch is read"
ok "its probes are in the kernel" at_work
crashes_clean "watched again"

configure 'mechanism = "library";' 'watch = ( { comm = "openssl"; } );'
reload "one that wants no tags is read"
untagged "without a mechanism"
watch_openssl
reload "one with something to watch is read"
ok "kredactd ends" stop_daemon TERM
ok "its probes do not" at_work
# On 6.1 they tell nobody.
case $(uname -r) in
6.1.*) ;;
*) crashes_clean "without kredactd" ;;
esac

configure "key = \"$DIR/seal.key\";"
ok "kredactd starts, with nothing to watch" start_daemon
untagged "a new start"
ok "kredactd ends" stop_daemon TERM
ok "and does not say that it left something" left_nothing
ok "nothing is left in the kernel that uses the module" wait_for 10 rmmod kredact

watch_openssl
ok "without the module: kredactd is at work" start_daemon
ok "without the module: by BPF alone" said 'mechanism: tags are made without the module'
ok "without the module: its probes are in the kernel" at_work
ok "without the module: a server loads its key" start_server 4434
kept=$server
configure "key = \"$DIR/seal.key\";"
reload "without the module: a configuration with nothing to watch is read"
ok "without the module: no link, no program and no pin is left" wait_for 60 gone
ok "without the module: a server from before is killed, leaves a core" \
	end_server "$kept" $DIR/core
ok "without the module: its key is not in the core" clean $DIR/core
ok "without the module: another is killed and leaves a core" crash_server $DIR/core
ok "without the module: control: its key is in the core" dirty $DIR/core
ok "kredactd ends" stop_daemon TERM
ok "the rest is taken away" kredactd --detach
ok "the module goes in" insmod /kredact/kredact.ko
plan
