#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# show_test.sh: "make demo" shows what the README says, also in a build folder that tests use.
set -u
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT

tests/demo/demo --make make --build "${B:-build}" >"$log" 2>&1
status=$?
sed 's/^/# /' "$log"
echo 1..2
[ $status -eq 0 ] || printf 'not '
echo "ok 1 - it ends well"
seen=$(sed -n '/^== What was seen/,$p' "$log")
if [ "$(echo "$seen" | grep -c '^  ok   ')" -ne 8 ] || echo "$seen" | grep -q '^  FAIL'; then
	printf 'not '
fi
echo "ok 2 - all of its claims hold"
