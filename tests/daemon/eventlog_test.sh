#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the module does is in the audit log, through kredactd: also what happens while the log,
# or kredactd, is away; once, and without a gap in its numbers.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/daemon/daemon-lib.sh
. /kredact/bin/daemon-lib.sh

DIR=/tmp/eventlog_test
LOG=$DIR/log
begin
mkdir $LOG
printf 'dir = "%s";\nsocket = "%s";\n' $LOG $DIR/log.sock >$DIR/logd.conf

# wrong REGEX LINE: a configuration that is refused
wrong()
{
	configure "$2"
	fails_with "$1" kredactd --check --config $DIR/kredactd.conf
}

start_log()
{
	kredact-logd --config $DIR/logd.conf >>$DIR/logd.log 2>&1 &
	logd=$!
	wait_for 20 [ -S $DIR/log.sock ]
}

stop_log()
{
	kill "$logd"
	wait "$logd"
	rm -f $DIR/log.sock
}

# lines EVENT [TEXT]: what the log has of it
lines()
{
	cat $LOG/* | grep -a "\"event\":\"$1\"" | grep -F -- "${2-}"
}

has()
{
	lines "$@" >$DIR/line
}

# there EVENT [TEXT]: so it is, soon, and in $DIR/line
there()
{
	wait_for 30 has "$@"
}

# crash CORE HOW: a process that registers, in a unit
crash()
{
	cores_to "$1"
	mkdir -p /sys/fs/cgroup/eventlog.service
	sh -c 'echo $$ >/sys/fs/cgroup/eventlog.service/cgroup.procs
		exec /kredact/tests/victim "$0"' "$2"
	[ -s "$1" ]
}

# hmac CORE: of its seal
hmac()
{
	tail -c 32 "$1" | od -An -tx1 | tr -d ' \n'
}

# logged CORE: its dump is in the log
logged()
{
	there dump.redacted "$(hmac "$1")"
}

line_has()
{
	grep -qF -- "$1" $DIR/line || { comment <$DIR/line; false; }
}

# without_gap: every number from the first to the last is in one line, or in two that are the same
without_gap()
{
	cat $LOG/* | sed -n 's/.*"kernel":{"first":\([0-9]*\),"seq":\([0-9]*\),.*/\1 \2/p' |
		sort -nu | awk 'NR > 1 && $1 != last + 1 { print "# " last " then " $1; gap = 1 }
				{ last = $2 } END { exit gap || NR < 4 }'
}

ok "a setting of audit that nobody knows" wrong 'sokcet is not known' 'audit = { sokcet = 1; };'
ok "a socket that is no path" wrong 'absolute path' 'audit = { socket = "x"; };'

kredact key generate $DIR/seal.key >$DIR/key
configure "key = \"$DIR/seal.key\";" "audit = { socket = \"$DIR/log.sock\"; };"
ok "the log begins" start_log
ok "kredactd begins" start_daemon
ok "that it begins is there" there events.begun
ok "and the key that it installs" there key.installed "$(sed 's/.* //' $DIR/key)"

ok "a process crashes" crash $DIR/one regs
ok "the dump is in the log, with the seal's HMAC" logged $DIR/one
ok "with the process" line_has '"comm":"victim"'
ok "with its unit" line_has '"unit":"eventlog.service"'
ok "with what came of it" line_has '"outcome":"sealed"'
ok "and with the key of the seal" line_has "\"key_id\":\"$(sed 's/.* //' $DIR/key)\""
ok "so are its registrations" there registration.batch '"comm":"victim"'
ok "as what they are" line_has '"what":"registered"'
ok "and their end" there registration.batch '"what":"ended"'
ok "a process that has nothing tagged crashes" crash $DIR/plain untagged
ok "of which there is nothing to tell" [ "$(lines dump.redacted | wc -l)" -eq 1 ]

/kredact/tests/victim regs $DIR/secret >$DIR/where &
tagged=$!
ok "a process waits" wait_for 20 [ -s $DIR/where ]
ok "it is unsealed" kredact unseal --pid $tagged --reason 'ticket 4711' --for 1m
ok "that is in the log, with the reason" there unseal.granted '"reason":"ticket 4711"'
ok "with who did it" line_has '"person":{"uid":0,'
ok "and whose memory it is" line_has "\"process\":{\"pid\":$tagged,"
ok "that it is not any more" kredact unseal --pid $tagged --reason 'done' --end
ok "is there as well" there unseal.ended '"reason":"done"'
kill $tagged
ok "a policy is changed" quietly kredact policy --run 20
ok "that is in the log" there policy.changed '"run":20'
quietly kredact policy --run 16

stop_log
ok "a process crashes while the log is away" crash $DIR/two regs
ok "kredactd says so" wait_for 20 said 'audit log cannot be written'
ok "the log begins again" start_log
ok "and has it" logged $DIR/two

ok "the module stays while it is read" sh -c '! rmmod kredact 2>/dev/null'
ok "kredactd is killed" stop_daemon KILL
ok "a process crashes meanwhile" crash $DIR/three regs
ok "kredact events knows of it" sh -c "kredact events --json | grep -q $(hmac $DIR/three)"
ok "in words as well" sh -c 'kredact events | grep -q "dump, sealed"'
ok "kredactd begins again" start_daemon
ok "and the log has that, too" logged $DIR/three
ok "each event is there, by its number" without_gap
ok "and nothing was lost" [ "$(lines log.lost | wc -l)" -eq 0 ]

ok "kredactd ends" stop_daemon TERM
ok "nothing is kept any more" quietly kredactd --detach
ok "so that there is nothing to tell" [ "$(kredact events | wc -l)" -eq 1 ]
ok "who may not read" fails_with 'CAP_SYS_ADMIN' \
	start-stop-daemon -S -q -p $DIR/none -c 65534:65534 -a /usr/bin/kredact -- events
ok "wrong usage" fails_with Usage kredact events --no-such
stop_log
comment <$DIR/logd.log
plan
