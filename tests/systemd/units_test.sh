#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What is installed: systemd has nothing to say against the units, and their sandboxes are
# as tight as they have to be.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/systemd/lib.sh
. /kredact/bin/lib.sh

DIR=/tmp/units_test
mkdir -p $DIR
trap 'rm -rf $DIR' EXIT

# What systemd-analyze says of what a service could do: 0 nothing, 10 all.
BEST=2.0

# exposure UNIT: $exposure
exposure()
{
	systemd-analyze security --no-pager "$1" >"$DIR/security" || return 1
	exposure=$(sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p' "$DIR/security")
	[ -n "$exposure" ]
}

tight()
{
	exposure "$1" || return 1
	echo "# $1: exposure $exposure"
	awk -v e="$exposure" -v best=$BEST 'BEGIN { exit !(e <= best) }' && return
	grep -e '^.\[' -e '✗' "$DIR/security" | comment
	return 1
}

verified()
{
	systemd-analyze verify --man=no "$1" >"$DIR/verify" 2>&1
	status=$?
	comment <"$DIR/verify"
	[ $status -eq 0 ] && [ ! -s "$DIR/verify" ]
}

booted()
{
	systemctl --failed --no-legend --plain >"$DIR/failed"
	comment <"$DIR/failed"
	[ ! -s "$DIR/failed" ]
}

ok "no unit of the machine has failed" booted
ok "the module is in" [ -d /sys/module/kredact ]
units=0
for path in /lib/systemd/system/kredact*; do
	unit=${path##*/}
	ok "$unit: nothing is wrong with it" verified "$unit"
	case "$unit" in
	*.service)
		units=$((units + 1))
		ok "$unit: its exposure is $BEST or less" tight "$unit"
		;;
	esac
done

# What kdump-tools has saved is judged in that sandbox: no dump at all is quarantined, by the
# verifier's word.
saved=/var/crash/202601010000
judges()
{
	mkdir -p $saved && cp /bin/true $saved/dump.202601010000 || return 1
	# It fails, since something had to be quarantined.
	systemctl start kredact-kdump.service
	report=/var/crash/kredact-quarantine/${saved##*/}/dump.202601010000.kredact-report.json
	[ ! -e $saved ] && grep -q '"status": 2' "$report" && grep -q '"sandboxed": true' "$report" &&
		return
	journalctl --unit=kredact-kdump.service --output=cat | comment
	return 1
}
ok "kredact-kdump judges what kdump-tools has saved" judges
rm -rf /var/crash/kredact-quarantine
systemctl reset-failed kredact-kdump.service

ok "there are units" [ $units -gt 0 ]
ok "control: a service without a sandbox is exposed" exposure systemd-hostnamed.service
plan
