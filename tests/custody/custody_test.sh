#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredact custody by BPF: what is done to a marked file is in the log, with who
# did it; what is done to another file is not.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/root/custody_test
begin
# shellcheck source=tests/custody/custody-lib.sh
. /kredact/bin/custody-lib.sh

CONTAINER=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
CGROUPS="/system.slice /system.slice/nginx.service /system.slice/docker-$CONTAINER.scope"

two_dumps
for g in $CGROUPS; do
	mkdir "/sys/fs/cgroup$g"
done

# The mark
ok "a file is marked" quietly kredact custody mark $DUMP
ID=$(id_of $DUMP)
ok "it is listed by an id of 32 digits" eval "echo '$ID' | grep -qE '^[0-9a-f]{32}$'"
ok "marking it again keeps the id" eval "kredact custody mark $DUMP | grep -q '^$ID .*before'"
ok "a file that is not marked is not listed" [ -z "$(id_of $OTHER)" ]
ok "another user sees no mark" eval \
	"[ -z \"\$($ACT as 1000 - - kredact custody list $DUMPS)\" ]"
ok "another user cannot mark" fails_with 'not permitted' \
	$ACT as 1000 - - kredact custody mark $OTHER
ok "another user cannot remove the mark" fails_with 'No data available\|not permitted' \
	$ACT as 1000 - - $ACT strip $DUMP
ok "a folder cannot be marked" fails_with 'not a regular file' kredact custody mark $DUMPS
ok "a file system without such attributes is named" fails_with 'no extended attributes' \
	kredact custody mark /proc/version

# A watch
ok "the watch is at work" watch --dir $DUMPS --backend bpf
ok "the log's first line says how" eval \
	"head -n 1 $LOG | grep '\"op\":\"start\"' | grep '\"backend\":\"bpf\"' | grep -q cannot_see"
ok "the marked file is known from the start" logged known "\"dump\":\"$ID\""
ok "the watcher's own look at it is not logged" [ "$(count open)" = 0 ]

sh -c "cat $DUMP $OTHER >/dev/null; echo \$\$ >$DIR/shell"
ok "cat: opened" logged open "\"dump\":\"$ID\"" '"comm":"cat"' "\"path\":\"$DUMP\"" \
	'"exe":"/usr/bin/busybox"' "\"ppid\":$(cat $DIR/shell)," '"identified":true'
ok "cat: read" logged read "\"dump\":\"$ID\"" '"comm":"cat"' '"uid":0,' '"euid":0,'
ok "nobody has logged in" logged read '"login_uid":null,"session":null'
ok "the log has the moment, by both clocks" logged read "\"time\":\"$(date -u +%Y-%m-%dT%H)" \
	'"realtime_ns":' '"boot_ns":'
ok "the control, which is not marked, is not in the log" [ -z "$(lines $OTHER)" ]

for how in copy-range splice sendfile; do
	$ACT $how $DUMP $DIR/copy
	ok "$how: read" logged read "\"dump\":\"$ID\"" '"comm":"act"'
	before=$(count read '"comm":"act"')
done
ok "each of the three is a read" [ "$before" = 3 ]
cp $DUMP $DIR/copy
ok "cp: opened and read" logged read '"comm":"cp"'
$ACT mmap $DUMP
ok "a mapping" logged mmap "\"dump\":\"$ID\"" '"comm":"act"' '"detail":1,'
before=$(count read)
$ACT twice $DUMP
ok "two reads through one open file: one line" eval \
	"logged read && sleep 1 && [ \$(count read) = $((before + 1)) ]"
child=$($ACT inherit $DUMP)
ok "a child that was given the open file is seen" logged read "\"pid\":$child,"

$ACT as 1000 1001 /system.slice/nginx.service cat $DUMP >/dev/null
ok "another user, logged in, in a unit" logged read '"uid":1000,"euid":1000,"gid":1000' \
	'"login_uid":1001' '"cgroup":"/system.slice/nginx.service"' '"unit":"nginx.service"'
ok "it has a session" eval "! lines '\"login_uid\":1001' | grep -q '\"session\":null'"
ok "it is in no container" logged read '"unit":"nginx.service"' '"container":null'
$ACT as 0 - "/system.slice/docker-$CONTAINER.scope" unshare -p -m -f cat $DUMP >/dev/null
ok "in a container" logged read "\"container\":\"$CONTAINER\"" '"ns_pid":1,'
ok "its namespaces are its own" eval "lines '\"ns_pid\":1,' | grep '\"op\":\"read\"' |
	grep -vq '\"mnt_ns\":$(readlink /proc/self/ns/mnt | tr -dc 0-9)'"

chmod 600 $DUMP
ok "chmod" logged attrib '"comm":"chmod"' '"result":0,'
$ACT as 1000 - - cat $DUMP 2>/dev/null
$ACT as 1000 - - chmod 644 $DUMP 2>/dev/null
ok "chmod by another user fails, and is logged" logged attrib '"comm":"chmod"' '"result":-1,' \
	'"uid":1000,'
chmod 644 $DUMP
: >>$DUMP
ok "opened for writing" logged open '"comm":"custody"' '"detail":'

ln $DUMP $DIR/link
ok "ln" logged link "\"path\":\"$DUMP\"" "\"new_path\":\"$DIR/link\"" '"result":0,'
mv $DUMP $DIR/moved
ok "mv" logged rename "\"path\":\"$DUMP\"" "\"new_path\":\"$DIR/moved\"" '"result":0,'
cat $DIR/moved >/dev/null
ok "it is known by its new name" logged read "\"path\":\"$DIR/moved\"" "\"dump\":\"$ID\""
ok "and has its mark" [ "$(id_of $DIR/moved)" = "$ID" ]
$ACT as 1000 - - mv $DIR/moved $DIR/stolen 2>/dev/null
$ACT as 1000 - - rm -f $DIR/moved 2>/dev/null
ok "a rename that is refused" logged rename '"uid":1000' '"result":-13,'
ok "a removal that is refused" logged unlink '"uid":1000' '"result":-13,'
$ACT exchange $DIR/moved $OTHER
ok "two names are swapped" logged rename "\"path\":\"$DIR/moved\"" "\"new_path\":\"$OTHER\""
$ACT exchange $OTHER $DIR/moved
ok "and swapped back" logged rename "\"path\":\"$OTHER\"" "\"new_path\":\"$DIR/moved\""
rm $DIR/link
ok "rm of one name" logged unlink "\"path\":\"$DIR/link\"" '"result":0,'
a_dump $DUMPS/cover
mv $DUMPS/cover $DIR/moved
ok "something else takes its name" logged rename "\"replaced\":\"$ID\"" '"result":0,'

# Marks while it is at work
a_dump $DIR/late
kredact custody mark $DIR/late >/dev/null
LATE=$(id_of $DIR/late)
ok "a mark is logged, wherever the file is" logged mark "\"dump\":\"$LATE\"" '"comm":"kredact"'
cat $DIR/late >/dev/null
ok "and the file is known from then on" logged read "\"dump\":\"$LATE\"" '"comm":"cat"'
rm $DIR/late
ok "rm of the last name" logged unlink "\"dump\":\"$LATE\""
i=0
while [ $i -lt 20 ]; do
	a_dump $DIR/again.$i
	i=$((i + 1))
done
cat $DIR/again.* >/dev/null
ok "a file with its inode number is another file" [ "$(count open again.)" = 0 ]
a_dump $DIR/strip
kredact custody mark $DIR/strip >/dev/null
$ACT strip $DIR/strip
ok "removing the mark is logged" logged unmark "\"path\":\"$DIR/strip\"" '"comm":"act"' \
	'"result":0,'
cat $DIR/strip >/dev/null
ok "and ends it" eval "sleep 1; [ \$(count read $DIR/strip) = 0 ]"
ok "the watch ends" end_watch
ok "no line was lost" grep -q '"op":"stop".*"lost":0' "$LOG"
ok "every line is an object" every_line_is_json
lines '"op":"read"' | head -n 1 | comment

# Opened before the watch began
a_dump $DUMP
kredact custody mark $DUMP >/dev/null
mkfifo $DIR/go
$ACT hold $DUMP <$DIR/go >$DIR/held &
holder=$!
exec 8>$DIR/go
wait_for 5 grep -q open $DIR/held
ok "a second watch" watch --dir $DUMPS --adopt
exec 8>&-
ok "a read through a file opened before" logged read '"comm":"act"' "\"path\":\"$DUMP\""
wait $holder
ok "adopt: what was there is marked" logged adopt "\"path\":\"$OTHER\""
a_dump $DUMPS/core.2
ok "adopt: a new file is marked" logged adopt "\"path\":\"$DUMPS/core.2\""
mkdir -p $DUMPS/sub/sub
sleep 1
a_dump $DUMPS/sub/sub/core.3
ok "adopt: also in a new folder" logged adopt "\"path\":\"$DUMPS/sub/sub/core.3\""
cat $DUMPS/core.2 >/dev/null
ok "and what is done to it is logged" logged read "\"path\":\"$DUMPS/core.2\""
ok "the second watch ends" end_watch

# More than the ring holds
ok "a watch with a small ring" watch --dir $DUMPS --ring 16
kill -STOP "$watcher"
$ACT storm 100 $DUMP
kill -CONT "$watcher"
ok "what does not fit is counted" logged lost '"text":"the ring was full"'
ok "it ends" end_watch
got=$(count open)
lost=$(sed -n 's/.*"op":"lost".*"count":\([0-9]*\).*/\1/p' "$LOG" | awk '{ n += $1 } END { print n }')
echo "# of 100 opens $got are in the log, $lost are said to be lost"
ok "and nothing is missing from the sum" [ $((got + lost)) = 100 ]

# A log that is full
mkdir $DIR/small
mount -t tmpfs -o size=8k tmpfs $DIR/small
LOG=$DIR/small/log
watch --dir $DUMPS
$ACT storm 100 $DUMP
sleep 1
kill -TERM "$watcher"
wait "$watcher"
ok "a full log is a failure" [ $? -eq 1 ]
ok "it is told, with how many lines" grep -q 'lines could not be written' $DIR/watch.out
comment <$DIR/watch.out
umount $DIR/small
LOG=$DIR/custody.log

# Another mount of the same file system
if [ -s $BIN/loop.ko ]; then
	insmod $BIN/loop.ko 2>/dev/null
	dd if=/dev/zero of=$DIR/disk bs=1M count=8 2>/dev/null
	# By its path: the shell has an applet of that name.
	ok "a file system is made" quietly /usr/sbin/mke2fs -F -t ext4 \
		-O ^has_journal,^metadata_csum $DIR/disk
	mkdir $DIR/mnt
	ok "and mounted" quietly mount -t ext4 -o loop $DIR/disk $DIR/mnt
	a_dump $DIR/mnt/core
	kredact custody mark $DIR/mnt/core >/dev/null
	mv $DIR/mnt/core $DIR/mnt/renamed
	ID=$(id_of $DIR/mnt/renamed)
	ok "it is unmounted" quietly umount $DIR/mnt
	ok "so nothing is there" [ ! -e $DIR/mnt/renamed ]
	ok "and mounted again" quietly mount -t ext4 -o loop $DIR/disk $DIR/mnt
	ok "the mark is there after a rename and another mount" eval \
		"[ -n '$ID' ] && [ '$(id_of $DIR/mnt/renamed)' = '$ID' ]"
	ok "a watch of that" watch --dir $DIR/mnt
	cat $DIR/mnt/renamed >/dev/null
	ok "it is known, by the path of its mount" logged read "\"path\":\"$DIR/mnt/renamed\"" \
		"\"dump\":\"$ID\""
	ok "the file system can be unmounted under the watch" umount $DIR/mnt
	ok "that watch ends" end_watch
	rmmod loop
fi

# What it costs the others: an open and a close of a file that is not known
bare=$($ACT cost 20000 $OTHER)
kredact custody unmark $OTHER
bare=$($ACT cost 20000 $OTHER)
watch --dir $DUMPS
watched=$($ACT cost 20000 $OTHER)
known=$($ACT cost 500 $DUMP)
end_watch
again=$($ACT cost 20000 $OTHER)
echo "# ns for an open and a close: $bare and $again without, $watched with a watch, $known if known"
# The wall clock of an emulated machine is no measure of less: see --icount.
ok "an open of an unknown file stays below four times the time" [ "$watched" -lt $((4 * bare)) ]

for g in $CGROUPS; do
	echo "$g"
done | sort -r | while read -r g; do
	rmdir "/sys/fs/cgroup$g"
done
plan
