#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredactd: what its configuration says is done, for services that start later, are
# updated, or are in a unit; what is wrong is said; and custody is kept.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh
# shellcheck source=tests/daemon/daemon-lib.sh
. /kredact/bin/daemon-lib.sh

DIR=/tmp/daemon_test
begin
watch_begin

# wrong REGEX LINE...: a configuration that is refused, with the line of the error
wrong()
{
	regex=$1
	shift
	configure "$@"
	fails_with "kredactd.conf:$regex" kredactd --check --config $DIR/kredactd.conf
}

# in_cgroup NAME COMMAND...
in_cgroup()
{
	mkdir -p "/sys/fs/cgroup/$1" && echo $$ >"/sys/fs/cgroup/$1/cgroup.procs" || return 1
	shift
	"$@"
	status=$?
	echo $$ >/sys/fs/cgroup/cgroup.procs
	return $status
}

status_says()
{
	kredact status >$DIR/status && grep -q "$1" $DIR/status
}

verified()
{
	quietly kredact-verify --key $DIR/seal.key --detect $PRIVATE_KEYS "$1"
}

ok "a setting that nobody knows" wrong '2: wtach is not known' '' 'wtach = ();'
ok "a mechanism that nobody knows" wrong '1: mechanism has no value' 'mechanism = "magic";'
ok "a unit that is a path" wrong '1: a unit is' 'watch = ( { unit = "a/b.service"; } );'
ok "a name that is too long" wrong '1: the name of a process' \
	'watch = ( { comm = "0123456789abcdef"; } );'
ok "a list that is none" wrong '1: watch is a list' 'watch = "nginx";'
ok "a policy out of range" wrong '2: run is a number' 'policy = { hunt = "all";' 'run = 100; };'
ok "custody without a log" wrong '1: custody needs' 'custody = { dirs = "/tmp"; };'
ok "the example is right" quietly kredactd --check --config /kredact/kredactd.conf
ok "no configuration" fails_with 'nowhere' kredactd --check --config /nowhere
ok "wrong usage" fails_with usage kredactd --no-such

mount | grep -q ' type cgroup2 ' || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p $DIR/dumps /etc/kredact
kredact key generate $DIR/seal.key >/dev/null
configure "key = \"$DIR/seal.key\";" 'policy = { run = 12; };' \
	'watch = ( { unit = "signer.service"; library = "libcrypto.so.3"; },' \
	'          { comm = "nobody"; exe = "/usr/bin/not-there-yet"; } );' \
	"custody = { dirs = \"$DIR/dumps\"; log = \"$DIR/custody.log\"; adopt = true; };"
ok "the configuration is right" kredactd --check --config $DIR/kredactd.conf
ok "kredactd is at work" start_daemon
ok "a second one is not" fails_with 'another one is at work' \
	kredactd --config $DIR/kredactd.conf
ok "nor are its probes taken away meanwhile" fails_with 'another one' kredactd --detach
ok "kredact status tells of it" status_says "^kredactd *process $daemon, [1-9]"
ok "the policy is the one of the configuration" status_says 'runs of 12 bytes'
ok "and so is the key" status_says 'seal key .* installed'

ok "a unit that starts later: killed, leaves a core" \
	in_cgroup system.slice/signer.service crash_server $DIR/core
ok "its key is not in the core" clean $DIR/core
ok "the core is verified with the key" verified $DIR/core
ok "the unit in another place: killed, leaves a core" \
	in_cgroup other.slice/signer.service crash_server $DIR/core
ok "its key is not in the core" clean $DIR/core
ok "another unit: killed, leaves a core" in_cgroup other.service crash_server $DIR/core
ok "control: its key is in the core" dirty $DIR/core

# Custody
ok "custody is at work" wait_for 20 grep -qs '"op":"ready"' $DIR/custody.log
cp $DIR/core $DIR/dumps/core.1
ok "a dump is adopted" wait_for 10 grep -q '"op":"adopt".*core.1' $DIR/custody.log
cat $DIR/dumps/core.1 >/dev/null
ok "who reads it is recorded" wait_for 10 grep -q '"op":"open".*core.1' $DIR/custody.log
read -r custody <"/proc/$daemon/task/$daemon/children"
# shellcheck disable=SC2086 # the kernel has a space behind it
ok "custody is killed" kill -KILL $custody
ok "kredactd says so" wait_for 5 said 'custody has died of signal 9'
before=$(wc -l <$DIR/custody.log)
again()
{
	[ "$(tail -n +$((before + 1)) $DIR/custody.log | grep -c '"op":"ready"')" = 1 ]
}
ok "and custody begins again" wait_for 20 again
rm -f $DIR/dumps/core.1 $DIR/core

# A configuration that is wrong leaves everything as it was; a new one is taken.
cp $DIR/kredactd.conf $DIR/good.conf
configure 'watch = 1;'
begin_reload
kill -HUP "$daemon"
ok "a wrong configuration is refused while it runs" \
	wait_for 10 said 'the configuration stays as it was'
ok "its probes are set again" wait_for 20 reloaded
ok "the unit is still watched" in_cgroup system.slice/signer.service crash_server $DIR/core
ok "its key is not in the core" clean $DIR/core
configure "key = \"$DIR/seal.key\";" 'watch = ( { comm = "openssl"; } );'
begin_reload
kill -HUP "$daemon"
ok "a new one is read" wait_for 20 reloaded
crashes_clean "another service"

# An update of the library: another file, with the same name
library=$(readlink -f /usr/lib/x86_64-linux-gnu/libcrypto.so.3)
cp "$library" "$library.dpkg-new"
begin_reload
mv "$library.dpkg-new" "$library"
ok "the library is replaced, and probed again" wait_for 20 reloaded
crashes_clean "the new library"

ok "kredactd ends" stop_daemon TERM
ok "its probes do not" said 'the probes stay in the kernel'
ok "kredact status tells" status_says '^kredactd *has ended, [1-9][0-9]* links'
ok "they are taken away" kredactd --detach
ok "kredact status tells" status_says '^kredactd *is not at work$'
ok "control: a server is killed and leaves a core" crash_server $DIR/core
ok "control: its key is in the core" dirty $DIR/core

configure 'mechanism = "library";' 'watch = ( { comm = "openssl"; } );'
ok "kredactd starts without tagging" start_daemon
ok "and says what is left" said 'mechanism: MADV_DONTDUMP by the library'
ok "it ends" stop_daemon INT
rm -rf /etc/kredact
plan
