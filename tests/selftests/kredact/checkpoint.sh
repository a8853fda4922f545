#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# CRIU writes a process to files and starts it again from them. One of which nothing is tagged
# comes back as it was, with the module and without it. Of one that has tags no image has the
# secret: it is refused, or has zeros, until an administrator unseals the process.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/checkpoint
FROZEN=/kredact/tests/frozen
begin

# start RUN HOW: a process that has what it is to keep; its pid
start()
{
	run=$DIR/$1
	mkdir -p "$run/images"
	setsid "$FROZEN" "$2" "$run" </dev/null >"$run/out" 2>"$run/err" &
	pid=$!
	wait_for 20 [ -e "$run/ready" ]
}

# criu_log NAME COMMAND...: criu, with the end of its log if it fails
criu_log()
{
	log=$1
	shift
	criu "$@" -v4 -o "$log.log" -D "$run/images" >"$run/$log.said" 2>&1 && return 0
	comment <"$run/$log.said"
	tail -n 12 "$run/images/$log.log" | comment
	return 1
}

# dumped: it ends by that
dumped()
{
	criu_log dump dump -t "$pid" && ! kill -0 "$pid" 2>/dev/null
}

# refused REGEX: CRIU's log says so, and the process goes on
refused()
{
	! criu dump -t "$pid" -v4 -o dump.log -D "$run/images" >"$run/dump.said" 2>&1 &&
		kill -0 "$pid" && grep -q "$1" "$run/images/dump.log" && return 0
	grep Error "$run/images/dump.log" | comment
	return 1
}

# Images of a process that has not been stopped for it.
dumped_ahead()
{
	criu_log ahead pre-dump -t "$pid" --pre-dump-mode=read && kill -0 "$pid"
}

restored()
{
	criu_log restore restore -d && kill -0 "$pid"
}

# kept: it ends, and says that it has all
kept()
{
	: >"$run/go"
	wait_for 20 [ -e "$run/said" ]
	comment <"$run/said"
	[ "$(cat "$run/said")" = "$(printf '%s kept\n' memory secret pipe thread file; echo end)" ]
}

# Only that one of the images holds memory.
shown()
{
	"$FROZEN" shows "$run/images/pages-1.img"
}

not_shown()
{
	for image in "$run"/images/*.img; do
		! "$FROZEN" shows "$image" || return 1
	done
}

logged()
{
	dmesg | grep -q "kredact: process $pid (frozen) is traced, and gives no tagged memory"
}

# comes_back RUN: an untagged process, as CRIU has it
comes_back()
{
	ok "$1: it runs" start "$1" untagged
	ok "$1: CRIU writes its image" dumped
	ok "$1: the secret is in it" shown
	ok "$1: CRIU starts it again" restored
	ok "$1: it has what it had" kept
	for image in "$run"/images/*.img; do
		basename "$image" | sed 's/[0-9][0-9]*/N/'
	done | sort >"$run/list"
}

untagged()
{
	[ "$(kredact show "$pid")" = "nothing is tagged" ]
}

remove()
{
	rmmod kredact 2>"$DIR/error"
}

set -- /kredact/criu/*nf_tables.ko
if [ ! -e "$1" ]; then
	echo "1..0 # SKIP this kernel has no nf_tables, which CRIU asks for"
	exit 4
fi
for module in /kredact/criu/*.ko; do
	insmod "$module"
done

ok "criu check" quietly criu check
comes_back with
ok "tagged: it runs" start tagged tagged
ok "tagged: CRIU is refused its memory" refused "Can't splice pages to pipe (-1/"
ok "tagged: the kernel's log says so" logged
ok "tagged: no image has the secret" not_shown
ok "tagged: CRIU reads it ahead" dumped_ahead
ok "tagged: there is a file of its memory" [ -s "$run/images/pages-1.img" ]
ok "tagged: no image has the secret" not_shown
ok "tagged: it has what it had" kept
ok "open: it runs" start open open
ok "open: CRIU does not know the device" refused "Can't dump file.*chr"
ok "open: no image has the secret" not_shown
ok "open: it has what it had" kept
ok "unsealed: it runs" start unsealed tagged
ok "unsealed: by an administrator" quietly kredact unseal --pid "$pid" --reason move --for 5m
ok "unsealed: CRIU writes its image" dumped
ok "unsealed: the secret is in it" shown
ok "unsealed: CRIU starts it again" restored
ok "unsealed: it is not tagged any more" untagged
ok "unsealed: it has what it had" kept

ok "kredact.ko comes out" wait_for 10 remove
comes_back without
ok "CRIU writes the same images without the module" cmp "$DIR/with/list" "$DIR/without/list"
ok "kredact.ko goes in" insmod /kredact/kredact.ko
plan
