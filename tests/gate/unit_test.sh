#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# unit_test.sh: the unit of kredact-gated is sandboxed as well as it claims; systemd says how well.
set -u
cd "$(dirname "$0")/../.." || exit 1
unit=packaging/systemd/kredact-gated.service

# The score of a unit: tenths, 100 is the worst.
score()
{
	systemd-analyze security --offline=yes "$1" 2>/dev/null |
		sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p'
}

if ! command -v systemd-analyze >/dev/null; then
	echo "1..0 # SKIP no systemd-analyze"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -v -e ^Protect -e ^SystemCallFilter -e ^CapabilityBoundingSet $unit >"$work/kredact-gated.service"
good=$(score $unit)
bad=$(score "$work/kredact-gated.service")
status=0
if [ "${good:-100}" -le 20 ]; then
	echo "ok 1 - the score is $good tenths, at most 20"
else
	echo "not ok 1 - the score is $good tenths, at most 20"
	status=1
fi
if [ "${bad:-0}" -gt 20 ]; then
	echo "ok 2 - without half of that it is $bad"
else
	echo "not ok 2 - without half of that it is $bad"
	status=1
fi
echo "1..2"
exit $status
