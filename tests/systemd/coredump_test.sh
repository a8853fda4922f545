#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kredactd in its unit watches a service by its unit's name; systemd-coredump stores the
# service's core as it is, seal and all.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/systemd/lib.sh
. /kredact/bin/lib.sh

DIR=/tmp/coredump_test
mkdir -p $DIR /etc/kredact
trap 'rm -rf $DIR' EXIT

# The message that systemd-coredump writes for each core.
MESSAGE=fc2e22bc6ee647b6b90729ab34a250b1

# numbers_in CORE: how many of the key's numbers an independent search sees
numbers_in()
{
	zstd -dcq "$1" >"$DIR/core" || return 1
	# shellcheck disable=SC2046 # words are wanted
	"$BIN/corefind" "$DIR/core" "$KEYS"/secret/rsa-*.bin >"$DIR/found" || return 1
	rm -f "$DIR/core"
	awk '$1 != "seal" { n += $2 + $3 } END { print n + 0 }' "$DIR/found"
}

clean()
{
	[ "$(numbers_in "$1")" = 0 ] && return
	comment <"$DIR/found"
	return 1
}

# verify STATUS CORE OPTION...
verify()
{
	wanted=$1
	shift
	kredact-verify "$@" >"$DIR/report" 2>&1
	status=$?
	[ $status -eq "$wanted" ] && return
	head -n 60 "$DIR/report" | comment
	return 1
}

# journal PID: what the journal has of its core
journal()
{
	journalctl --sync
	journalctl --output=json "MESSAGE_ID=$MESSAGE" "COREDUMP_PID=$1" >"$DIR/journal"
}

# said REGEX: by kredactd
said()
{
	journalctl --sync
	journalctl --unit=kredactd.service --output=cat >"$DIR/said"
	grep -q "$1" "$DIR/said" && return
	comment <"$DIR/said"
	return 1
}

# What it says of what it cannot do has errno's text.
complains_of_nothing()
{
	! grep 'denied\|permitted\|Read-only\|No such\|cannot be' "$DIR/said"
}

kredact key generate $DIR/seal.key >/dev/null
mv $DIR/seal.key /etc/kredact/seal.key
cat >/etc/kredact/kredactd.conf <<-END
	key = "/etc/kredact/seal.key";
	watch = ( { unit = "watched.service"; library = "libcrypto.so.3"; } );
END
ok "kredactd starts in its unit" systemctl start kredactd.service
ok "and is at work" active kredactd.service
ok "by the module" said 'mechanism: tags are made'
ok "and complains of nothing" complains_of_nothing
server watched 4433
server other 4434

ok "a service that is watched starts" starts watched 4433
ok "it crashes" crashes watched
ok "systemd-coredump stores its core" wait_for 60 stored "$crashed"
echo "# ${core##*/}"
ok "packed" sh -c "case '$core' in *.zst) ;; *) exit 1 ;; esac"
ok "the packed core is sealed and clean" verify 0 --key /etc/kredact/seal.key \
	--detect "$PRIVATE_KEYS" "$core"
ok "no number of its key is in it" clean "$core"
ok "the journal has it" journal "$crashed"
ok "with the name of the core" grep -qF "\"COREDUMP_FILENAME\":\"$core\"" $DIR/journal
ok "and of the unit" grep -q '"COREDUMP_UNIT":"watched.service"' $DIR/journal
ok "coredumpctl finds it" sh -c "coredumpctl --output=$DIR/dumped dump $crashed >$DIR/info 2>&1"
zstd -dcq "$core" >$DIR/core
ok "as it was stored" cmp $DIR/core $DIR/dumped
rm -f $DIR/dumped $DIR/core

ok "control: a service that is not watched starts" starts other 4434
ok "control: it crashes" crashes other
ok "control: systemd-coredump stores its core" wait_for 60 stored "$crashed"
ok "control: its key is in it" verify 1 --key /etc/kredact/seal.key --detect bignum "$core"
ok "control: an independent search finds it" [ "$(numbers_in "$core")" -gt 0 ]

rm -f "$STORE"/core.*
systemctl reset-failed
systemctl stop kredactd.service
ok "kredactd ends" [ "$(property kredactd.service Result)" = success ]
ok "its probes do not" said 'the probes stay in the kernel'
ok "they are in the kernel" sh -c 'kredact status | grep "^kredactd *has ended, [1-9][0-9]* links"'
ok "until they are taken away" kredactd --detach
rm -rf /etc/kredact
plan
