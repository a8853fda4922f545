#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# How exposed the units are, as systemd sees it: 2.0 or less; kredactd, which needs much, has
# a limit of its own. And what they and the example of capture.conf name is what there is.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${1:-build}
tests=0 failed=0

ok()
{
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tests" "$2"
	else
		printf 'not ok %d - %s\n' "$tests" "$2"
		failed=1
	fi
}

# In tenths. A unit that systemd does not understand in all is not counted as one.
exposure()
{
	systemd-analyze security --offline=yes --threshold=100 "$1" 2>&1 |
	awk '/Unknown|Failed|ignoring/ { bad = 1 }
		/Overall exposure level/ { n = $(NF - 2) }
		END { print bad || n == "" ? 1000 : n * 10 }'
}

command -v systemd-analyze >/dev/null || {
	echo "1..0 # SKIP there is no systemd-analyze"
	exit 0
}

for unit in packaging/systemd/*.service; do
	level=$(exposure "$unit")
	[ "$level" -le 20 ]
	ok $? "${unit##*/}: $level tenths of exposure, of at most 20"
done
level=$(exposure packaging/kredactd.service)
[ "$level" -le 25 ]
ok $? "kredactd.service: $level tenths, of at most 25"

# A unit without a sandbox must be seen as one.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
grep -v -e Protect -e Restrict -e SystemCall packaging/systemd/kredact-dumps.service \
	>"$dir/kredact-open.service"
level=$(exposure "$dir/kredact-open.service")
[ "$level" -gt 20 ] && [ "$level" -lt 1000 ]
ok $? "a unit without most of that: $level tenths"
sed 's/^SystemCallFilter=@system-service.*/& @nonsense/' \
	packaging/systemd/kredact-dumps.service >"$dir/kredact-open.service"
[ "$(exposure "$dir/kredact-open.service")" -eq 1000 ]
ok $? "a unit that systemd does not understand"

# The example has no setting that is not known.
sed -e "s|/var/lib/kredact|$dir|" packaging/capture.conf >"$dir/capture.conf"
mkdir -m 750 "$dir/store" "$dir/quarantine"
"$B/bin/kredact" capture --config "$dir/capture.conf" --recover >"$dir/out" 2>&1
ok $? "packaging/capture.conf is understood"
sed 's/^#//; s/^[A-Z ].*//' "$dir/capture.conf" >"$dir/all.conf"
"$B/bin/kredact" capture --config "$dir/all.conf" --recover >"$dir/out" 2>&1
ok $? "... with all that is a comment in it"
pattern=$(sed -n 's/^kernel.core_pattern=//p' packaging/kredact-capture.sysctl)
[ ${#pattern} -gt 0 ] && [ ${#pattern} -lt 128 ]
ok $? "core_pattern has ${#pattern} bytes, of at most 127"

echo "1..$tests"
exit $failed
