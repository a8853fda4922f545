#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the machine whose power is cut afterwards: what is stored, on a disk of which every
# write is recorded.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/systemd/lib.sh
. /kredact/bin/lib.sh

DIR=/tmp/powercut
DISK=/dev/vdb
CUT=/cut
CHAIN_SECONDS=${KREDACT_CHAIN:-20}
SECONDS_EACH=${KREDACT_SECONDS:-2}
mkdir -p $DIR $CUT

ok "the disk is mounted" mount -t ext4 $DISK $CUT
ok "files are stored" quietly "$BIN/keep" $CUT/keep $DISK "$SECONDS_EACH"
for step in data line link folder order; do
	ok "control: files are stored without $step" quietly "$BIN/keep" $CUT/without-$step \
		$DISK 2 --without $step
done
# Their cuts come before this.
rm -rf $CUT/keep $CUT/without-*

# The programs themselves: what they keep is on that disk, and what verifies it.
chain_set_up()
{
	mkdir -p $CUT/chain/lib $CUT/chain/log /var/lib/kredact /var/log/kredact &&
		mount --bind $CUT/chain/lib /var/lib/kredact &&
		mount --bind $CUT/chain/log /var/log/kredact &&
		systemd-tmpfiles --create --prefix=/var/lib/kredact --prefix=/var/log/kredact || return 1
	set_up || return 1
	cat >>/etc/kredact/logd.conf <<-END
		rotate = { bytes = 65536; };
		checkpoint = { lines = 50; seconds = 1; };
	END
	cat >>/etc/kredact/capture.conf <<-END
		store = { folder = "/var/lib/kredact/store"; bytes = "32M"; files = 100;
			keep_free = "4M"; age = "1d"; };
		quarantine = { folder = "/var/lib/kredact/quarantine"; bytes = "32M"; files = 100;
			keep_free = "4M"; age = "1d"; };
	END
	cp -r /etc/kredact $CUT/chain/etc && sync &&
		/lib/systemd/systemd-sysctl /usr/share/doc/kredact/examples/60-kredact-capture.conf &&
		systemctl start kredact-logd.service
}

mark()
{
	"$BIN/put" $DISK "chain $*"
}

# Crashes, their captures and the gate, while others write to the log.
chain()
{
	mark begin
	"$BIN/put" $DISK chain "$CHAIN_SECONDS" &
	first=$!
	"$BIN/put" $DISK chain "$CHAIN_SECONDS" &
	second=$!
	end=$(($(date +%s) + CHAIN_SECONDS))
	dumps=0
	while [ "$(date +%s)" -lt $end ]; do
		"$BIN/crash" &
		process=$!
		wait $process
		wait_for 60 captured /var/lib/kredact/store $process || return 1
		mark "dump ${dump##*/}"
		kredact gate "$dump" /var/lib/kredact/debugging || return 1
		mark "gated ${dump##*/}"
		dumps=$((dumps + 1))
	done
	wait $first && wait $second && mark end && echo "$dumps dumps" && [ $dumps -gt 0 ]
}

ok "the programs are set up" quietly chain_set_up
ok "dumps are captured, and pass the gate" quietly chain
find $CUT/chain -type f -printf "%s %P\n" | comment
systemctl stop kredact-logd.service
umount /var/lib/kredact /var/log/kredact
ok "the disk is unmounted" umount $CUT
plan
