#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Keys in the hands of libraries as Debian packages them: programs that know nothing of
# kredact crash with them. With kredact watch they are not in the core, without it they are;
# and when the library has wiped and freed them their tags have ended.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/demo/watch-lib.sh
. /kredact/bin/watch-lib.sh

DIR=/tmp/libraries_test
begin

# crash PROGRAM held|freed CORE
crash()
{
	cores_to "$3"
	"/kredact/libraries/$1" $KEYS "$2" >$DIR/log 2>&1
	status=$?
	comment <$DIR/log
	[ $status -eq 139 ] && [ -s "$3" ]
}

# copies REPORT SECRET: in either order
copies()
{
	awk -v name="$2.bin" '$1 == name { print $2 + $3; found = 1 }
		END { if (!found) print "none" }' "$1"
}

present()
{
	n=$(copies "$1" "$2")
	[ "$n" != none ] && [ "$n" -gt 0 ]
}

absent()
{
	[ "$(copies "$1" "$2")" = 0 ]
}

verified()
{
	quietly kredact-verify --key $DIR/seal.key --detect $PRIVATE_KEYS "$1"
}

# ranges REPORT: of the seal, all of them zero
ranges()
{
	awk '$1 == "seal" && $5 == 0 { print $2; found = 1 } END { if (!found) print 0 }' "$1"
}

# watched PROGRAM held|freed: crash it under the watcher
watched()
{
	ok "$1, $2: watch is at work" start_watch --comm "$1" --thorough --exact
	ok "$1, $2: it crashes and leaves a core" crash "$1" "$2" $DIR/core
	ok "$1, $2: watch ends" stop_watch
	ok "$1, $2: buffers were tagged, and nothing failed" tagged_some
	ok "$1, $2: the core can be read" find_in $DIR/core $DIR/found "$secrets"
	comment <$DIR/found
	ok "$1, $2: kredact-verify finds the core clean" verified $DIR/core
	rm -f $DIR/core
}

# library PROGRAM LEFT SECRET...: so many tags are left when its keys are freed
library()
{
	program=$1
	left=$2
	shift 2
	secrets=$*
	ok "$program, control: it crashes and leaves a core" crash "$program" held $DIR/core
	ok "$program, control: the core can be read" find_in $DIR/core $DIR/found "$secrets"
	comment <$DIR/found
	for c in "$@"; do
		ok "$program, control: $c is in the core" present $DIR/found "$c"
	done
	watched "$program" held
	held=$(ranges $DIR/found)
	ok "$program, held: there is a range of zeroes for each key ($held)" [ "$held" -ge $# ]
	for c in "$@"; do
		ok "$program, held: $c is not in the core" absent $DIR/found "$c"
	done
	watched "$program" freed
	n=$(ranges $DIR/found)
	ok "$program, freed: the tags of its keys have ended ($n are left)" [ "$n" -eq "$left" ]
	for c in "$@"; do
		ok "$program, freed: $c is not in the core" absent $DIR/found "$c"
	done
}

ok "a key for the seals" kredact key generate $DIR/seal.key
ok "it is installed" kredact key install $DIR/seal.key

library hold_openssl 0 gcm cbc chacha
library hold_own 0 gcm cbc chacha
# shellcheck disable=SC2086 # words are wanted
{
	# The schedule of its random generator
	library hold_mbedtls 1 gcm $RSA ec-d
	library hold_wolfssl 0 $RSA ec-d ed25519
}
plan
