#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The main claim: the key's numbers are in the core of a service that crashes,
# and with kredact they are not. Both times the same program, keys, load and bug.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/demo_test
begin

# secrets: the files, as options of kredact-verify
secrets()
{
	for c in $COMPONENTS; do
		printf ' --secret %s' "$KEYS/secret/$c.bin"
	done
}

# copies REPORT COMPONENT: how often corefind found it, in either order of bytes
copies()
{
	awk -v name="$2.bin" '$1 == name { print $2 + $3; found = 1 }
			      END { if (!found) print "none" }' "$1"
}

is_there()
{
	n=$(copies "$1" "$2")
	[ "$n" != none ] && [ "$n" -gt 0 ]
}

# No copy lies in memory that the seal names.
is_not_registered()
{
	awk -v name="$2.bin" '$1 == name && $4 == 0 { good = 1 } END { exit !good }' "$1"
}

# What remains elsewhere: OpenSSL has the EC key on the stack for some
# microseconds of each ECDSA signature, and kredact does not hunt copies yet.
remains()
{
	awk '$1 != "seal" { sum += $2 + $3 } END { print sum + 0 }' "$1"
}

# seal RANGES > 0, BYTES > 0, nothing in them that is not zero
seal_is_zero()
{
	awk '$1 == "seal" && $2 > 0 && $3 > 0 && $5 == 0 { good = 1 } END { exit !good }' "$1"
}

# verifies STATUS CORE
verifies()
{
	# shellcheck disable=SC2046 # words are wanted
	kredact-verify --key $DIR/seal.key $(secrets) "$2" >$DIR/verify 2>&1
	status=$?
	[ $status -eq "$1" ] && return 0
	comment <$DIR/verify
	echo "# exit status $status instead of $1"
	return 1
}

kredact key generate $DIR/seal.key >/dev/null || bail "no seal key"
kredact key install $DIR/seal.key >/dev/null || bail "the seal key does not go in"

ok "without kredact: it signs, crashes and leaves a core" \
	crash_service $DIR/without.core $DIR/without.log --kredact=off
comment <$DIR/without.log
ok "without kredact: the core can be read" find_in $DIR/without.core $DIR/without.found "$COMPONENTS"
for c in $COMPONENTS; do
	ok "without kredact: $c is in the core" is_there $DIR/without.found "$c"
done
ok "without kredact: kredact-verify finds the key" verifies 1 $DIR/without.core
rm -f $DIR/without.core

ok "with kredact: it signs, crashes and leaves a core" \
	crash_service $DIR/with.core $DIR/with.log --kredact=library --require-module
comment <$DIR/with.log
ok "with kredact: the core can be read" find_in $DIR/with.core $DIR/with.found "$COMPONENTS"
comment <$DIR/with.found
for c in $COMPONENTS; do
	ok "with kredact: $c is not in registered memory" is_not_registered $DIR/with.found "$c"
done
ok "with kredact: the seal names ranges, and all of them are zero" seal_is_zero $DIR/with.found
ok "with kredact: kredact-verify says clean" \
	kredact-verify --quiet --key $DIR/seal.key $DIR/with.core
remain=$(remains $DIR/with.found)
echo "# $remain copies of the key outside of registered memory"
ok "with kredact: kredact-verify counts the same copies elsewhere" \
	verifies $((remain > 0)) $DIR/with.core

# Later tests shall find a module without an installed key.
ok "the module comes out" wait_for 5 rmmod kredact
ok "the module goes in again" insmod /kredact/kredact.ko
plan
