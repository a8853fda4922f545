#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the machine whose power is cut afterwards: what is stored, on a disk of which every
# write is recorded.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/powercut
DISK=/dev/vdb
CUT=/cut
SECONDS_EACH=${KREDACT_SECONDS:-2}
mkdir -p $DIR $CUT

ok "the disk is mounted" mount -t ext4 $DISK $CUT
ok "files are stored" quietly "$BIN/keep" $CUT/keep $DISK "$SECONDS_EACH"
for step in data line link folder order; do
	ok "control: files are stored without $step" quietly "$BIN/keep" $CUT/without-$step \
		$DISK 2 --without $step
done
ok "the disk is unmounted" umount $CUT
plan
