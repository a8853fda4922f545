#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredact custody where bpf is not among the security modules: by fanotify, and it
# says so, and what it does not see.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/root/nobpf_test
begin
# shellcheck source=tests/custody/custody-lib.sh
. /kredact/bin/custody-lib.sh

UNIT=/system.slice/nginx.service

two_dumps
mkdir -p /sys/fs/cgroup$UNIT
kredact custody mark $DUMP >/dev/null
ID=$(id_of $DUMP)

cannot()
{
	kredact custody watch --backend bpf --dir $DUMPS >$DIR/output 2>&1
	refused=$?
	comment <$DIR/output
	[ $refused -eq 2 ] && grep -q 'not among the active security modules' $DIR/output
}

ok "control: bpf is not active" eval "! grep -q bpf /sys/kernel/security/lsm"
ok "bpf is refused, with the reason" cannot
umount /sys/kernel/security
kredact custody watch --backend bpf --dir $DUMPS >$DIR/output 2>&1
ok "also where nobody says which are active" [ $? -eq 2 ]
comment <$DIR/output
mount -t securityfs securityfs /sys/kernel/security

ok "the watch is at work" watch --dir $DUMPS
ok "the log's first line says how, why, and what is not seen" eval \
	"head -n 1 $LOG | grep '\"backend\":\"fanotify\"' | grep 'not bpf: bpf is not among' |
	 grep -q '\"cannot_see\":\\[\"'"
head -n 1 "$LOG" | comment
ok "the marked file is known" logged known "\"dump\":\"$ID\""

$ACT hold $DUMP </dev/null >/dev/null
ok "one that lives: opened, by whom" logged open "\"dump\":\"$ID\"" '"comm":"act"' \
	"\"path\":\"$DUMP\"" "\"exe\":\"$ACT\"" '"uid":0,' '"identified":true'
ok "and read" logged read "\"dump\":\"$ID\"" '"comm":"act"' '"identified":true'
cat $DUMP $OTHER >/dev/null
ok "one that is gone at once is logged all the same" eval \
	"wait_for 5 eval '[ \$(count open) = 2 ] && [ \$(count read) = 2 ]'"
ok "the control, which is not marked, is not in the log" [ -z "$(lines $OTHER)" ]
child=$($ACT inherit $DUMP)
ok "a child that was given the open file is seen" logged read "\"pid\":$child," \
	'"identified":true'
before=$(count open)
$ACT mmap $DUMP
ok "mmap: opened" eval "wait_for 5 eval '[ \$(count open) = $((before + 1)) ]'"

chmod 600 $DUMP
ok "chmod" logged attrib "\"dump\":\"$ID\""
ln $DUMP $DIR/link
ok "ln" logged link "\"path\":\"$DUMP\""
mv $DUMP $DIR/moved
ok "mv" logged rename "\"path\":\"$DUMP\"" "\"new_path\":\"$DIR/moved\""
rm $DIR/link
ok "rm of one name" logged unlink "\"dump\":\"$ID\"" '"deleted":false'
cat $DIR/moved >/dev/null
ok "it is known by its new name" logged open "\"path\":\"$DIR/moved\""
a_dump $DUMPS/strip
kredact custody mark $DUMPS/strip >/dev/null
ok "a mark made in the folder is seen" logged known "\"path\":\"$DUMPS/strip\""
$ACT strip $DUMPS/strip
ok "removing the mark is logged" logged unmark "\"path\":\"$DUMPS/strip\""
$ACT linger $DIR/moved
ok "rm of the last name, by one that lives" logged unlink '"comm":"act"' '"deleted":true' \
	'"identified":true'
ok "the watch ends" end_watch
ok "every line is an object" every_line_is_json

ok "a watch that adopts" watch --dir $DUMPS --adopt
a_dump $DUMPS/core.2
ok "a new file is marked" logged adopt "\"path\":\"$DUMPS/core.2\""
cat $DUMPS/core.2 >/dev/null
ok "and what is done to it is logged" logged open "\"path\":\"$DUMPS/core.2\""

ok "that watch ends" end_watch

# Openers wait
ok "a watch that lets openers wait" watch --dir $DUMPS --ask
cat $DUMPS/core.2 $OTHER >/dev/null
ok "asked: one that is gone at once is identified" logged open '"comm":"cat"' \
	"\"path\":\"$DUMPS/core.2\"" '"exe":"/usr/bin/busybox"' '"identified":true'
ok "asked: what it read is said to be read by who opened it, or by it" logged read '"comm":"cat"'
$ACT as 1000 1001 $UNIT cat $DUMPS/core.2 >/dev/null
ok "asked: another user, logged in, in a unit" logged open '"uid":1000,"euid":1000' \
	'"login_uid":1001' '"unit":"nginx.service"' '"identified":true'
$ACT sendfile $DUMPS/core.2 $DIR/copy
ok "asked: sendfile" logged read '"comm":"act"'
cp $DUMPS/core.2 $DIR/copy
ok "asked: cp" logged open '"comm":"cp"'
kill -STOP "$watcher"
cat $DUMPS/core.2 >$DIR/waited &
waiting=$!
sleep 1
ok "an opener waits for a watch that is stopped" [ ! -s $DIR/waited ]
kill -KILL "$watcher"
wait $waiting
ok "and goes on when it dies" [ -s $DIR/waited ]

# More notices than the queue holds
echo 4 >/proc/sys/fs/fanotify/max_queued_events
ok "a watch with a small queue" watch --dir $DUMPS
kill -STOP "$watcher"
for i in 1 2 3 4 5 6 7 8; do
	chmod 60$((i % 2 * 4)) $DUMPS/core.2
	mv $DUMPS/core.2 $DUMPS/core.3
	mv $DUMPS/core.3 $DUMPS/core.2
done
kill -CONT "$watcher"
ok "that something is missing is in the log" logged lost '"count":null'
ok "that watch ends" end_watch
echo 16384 >/proc/sys/fs/fanotify/max_queued_events

bare=$($ACT cost 20000 /etc/hostname)
watch --dir $DUMPS
watched=$($ACT cost 20000 /etc/hostname)
known=$($ACT cost 500 $DUMPS/core.2)
end_watch
echo "# ns for an open and a close: $bare without, $watched with a watch, $known if known"
ok "an open of an unknown file stays below four times the time" [ "$watched" -lt $((4 * bare)) ]

rmdir /sys/fs/cgroup$UNIT /sys/fs/cgroup/system.slice
plan
