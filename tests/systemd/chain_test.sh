#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The chain, from the crash to the debugging environment: a service crashes, and with no
# further command there is an attested clean dump. The gate lets it pass, and refuses what is
# wrong in any way, each with its own reason; all that is in the log.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh
# shellcheck source=tests/systemd/lib.sh
. /kredact/bin/lib.sh

DIR=/tmp/chain_test
QUARANTINE=/var/lib/kredact/quarantine
CLEAN=/var/lib/kredact/store
DEBUGGING=/var/lib/kredact/debugging
LABEL='signing key 2026'
mkdir -p $DIR
trap 'rm -rf $DIR' EXIT

# $crashed is the process that it was
signer_crashes()
{
	wait_for 20 [ -S /run/signer.sock ] || return 1
	crashed=$(property signer.service MainPID)
	quietly "$BIN/load" --socket /run/signer.sock --rsa-pub $KEYS/rsa.pub --ec-pub $KEYS/ec.pub \
		--connections 4 --crash-after 3
	wait_for 60 ended signer
}

# $crashed: a small process, with its secret registered
sealed_crash()
{
	"$BIN/crash" &
	crashed=$!
	wait $crashed
}

unsealed_crash()
{
	sh -c 'kill -SEGV $$' &
	crashed=$!
	wait $crashed
}

# judged_in_store PID: systemd-coredump's, and judged where it lies
judged_in_store()
{
	stored "$1" && judged "$core"
}

# or_end WHAT COMMAND...: what the rest is about
or_end()
{
	about=$1
	shift
	"$@"
	result=$?
	ok "$about" [ $result -eq 0 ]
	[ $result -ne 0 ] || return
	systemctl --failed --no-legend --plain | comment
	journalctl --boot --lines=300 --no-pager --grep="kredact|logd" | comment
	exit 1
}

# gate DUMP: what it says is in $DIR/gate
gate()
{
	kredact gate "$1" $DEBUGGING >"$DIR/gate" 2>&1
}

# refused RULE DUMP: by this rule and no other; in the log; nothing has passed
refused()
{
	gate "$2"
	status=$?
	comment <"$DIR/gate"
	[ $status -eq 1 ] && [ "$(grep -c 'refused: ' "$DIR/gate")" -eq 1 ] &&
		grep -q "refused: $1: " "$DIR/gate" && [ ! -e "$DEBUGGING/${2##*/}" ] &&
		logged gate.refused "\"rule\":\"$1\",\"passed\":false"
}

# copy NAME: of the clean dump, with its attestation; $copy
copy()
{
	copy=$DIR/$1.zst
	cp "$good" "$copy" && cp "$good.intoto.jsonl" "$copy.intoto.jsonl"
}

# attest_as KEY DUMP OPTION...
attest_as()
{
	rm -f "$2.intoto.jsonl"
	key=$1
	shift
	quietly kredact attest "$@" --key "/etc/kredact/$key.key" --seal-key /etc/kredact/seal.key
}

passes()
{
	gate "$1" && cmp -s "$1" "$DEBUGGING/${1##*/}" && [ -s "$DEBUGGING/${1##*/}.intoto.jsonl" ] &&
		logged gate.allowed "${1##*/}" && return
	comment <"$DIR/gate"
	return 1
}

ok "keys and configurations are made" quietly set_up
# Also what the module does, which kredactd tells the log.
echo 'audit = { };' >>/etc/kredact/kredactd.conf
sed -n '/^senders/,/^);/p' /usr/share/doc/kredact/examples/logd.conf >>/etc/kredact/logd.conf
cat >/run/systemd/system/signer.service <<-END
	[Service]
	ExecStart=$BIN/signer --rsa $KEYS/rsa.pem --ec $KEYS/ec.pem --socket /run/signer.sock \\
		--with-bug --kredact=library --require-module
END
systemctl daemon-reload
or_end "the units start" quietly systemctl start kredact-logd.socket kredact-logd.service \
	kredactd.service kredact-coredump.path
or_end "the log is kept" active kredact-logd.service

# systemd-coredump, and the path unit behind it
ok "a signing service starts" systemctl start signer.service
or_end "it crashes while it works" signer_crashes
or_end "its core is judged where systemd-coredump stores it" wait_for 100 judged_in_store "$crashed"
signed=$core
ok "the journal says so" sh -c "journalctl --sync; journalctl COREDUMP_FILENAME='$signed' \
	KREDACT_VERDICT=clean --output=cat --quiet | grep ."
unsealed_crash
or_end "a core without a seal is moved to the quarantine" wait_for 60 one_in $QUARANTINE "$crashed"
ok "nothing of it is left in the store" sh -c "! ls $STORE/core.*.$crashed.* 2>/dev/null"
systemctl stop kredact-coredump.path

# kredact-capture, to which the kernel gives cores
ok "kredact-capture becomes the handler" quietly /lib/systemd/systemd-sysctl \
	/usr/share/doc/kredact/examples/60-kredact-capture.conf
sealed_crash
or_end "a sealed core is in the store" wait_for 60 captured $CLEAN "$crashed"
good=$dump
ok "it is judged" judged "$good"
unsealed_crash
or_end "a core without a seal is in the quarantine" wait_for 60 captured $QUARANTINE "$crashed"
bad=$dump

# The gate
ok "the dump of the signing service passes" passes "$signed"
ok "that of the handler passes" passes "$good"
rm -f $DEBUGGING/*
ok "a replayed attestation is refused" refused attestation-replayed "$good"
ok "what is in the quarantine is refused" refused quarantine "$bad"
ln -s "$good" $DIR/link.zst
cp "$good.intoto.jsonl" $DIR/link.zst.intoto.jsonl
ok "a symbolic link is refused" refused source $DIR/link.zst

copy changed
ok "a dump is attested" attest_as attest "$copy"
printf '\377' | dd of="$copy" bs=1 seek=4096 conv=notrunc 2>/dev/null
ok "a changed byte is refused" refused attestation-other-bytes "$copy"
copy unattested
rm "$copy.intoto.jsonl"
ok "a dump without an attestation is refused" refused attestation-missing "$copy"

copy foreign
ok "a stranger attests" attest_as other "$copy"
ok "a foreign signature is refused" refused attestation-untrusted "$copy"
copy expired
ok "an attestation was made three days ago, for a day" faketime -f -3d kredact attest "$copy" \
	--key /etc/kredact/attest.key --seal-key /etc/kredact/seal.key --valid-for 1 \
	-o "$copy.intoto.jsonl.new"
mv -f "$copy.intoto.jsonl.new" "$copy.intoto.jsonl"
ok "an expired signature is refused" refused attestation-expired "$copy"

# Someone trusted was careless, or bribed: the gate looks by itself.
copy planted
zstd -dcq "$good" >$DIR/core
cat $KEYS/rsa.der >>$DIR/core
size=$(stat -c %s $DIR/core)
dd if=$KEYS/rsa.der of=$DIR/core bs=1 seek=$((size / 3)) conv=notrunc 2>/dev/null
truncate -s "$((size - $(stat -c %s $KEYS/rsa.der)))" $DIR/core
zstd -qf $DIR/core -o "$copy"
ok "a key is planted, and attested by who does not look for keys" attest_as attest "$copy" \
	--detect session
ok "a planted key is refused" refused findings "$copy"
ok "as a private key" grep -q rsa-private-key $DIR/gate
copy unsealed
seal=$(kredact-verify --detect session "$good" | sed -n 's/.* bytes at offset \([0-9]*\)$/\1/p')
zstd -dcq "$good" >$DIR/core
truncate -s "$seal" $DIR/core
zstd -qf $DIR/core -o "$copy"
ok "the seal is removed, and that attested" attest_as attest "$copy" --unsealed
ok "a removed seal is refused" refused seal "$copy"
rm -f $DIR/core

# Others write while the gate reads.
copy growing
while :; do
	printf x >>"$copy"
done &
writer=$!
ok "a dump that grows is refused" refused source-changed "$copy"
kill $writer
wait $writer 2>/dev/null
copy raced
ok "a dump is attested" attest_as attest "$copy"
cp "$bad" $DIR/bad.zst
(
	ln -s $DIR/bad.zst $DIR/swap.link
	cp "$copy" $DIR/swap.file
	while :; do
		cp -P $DIR/swap.link $DIR/swap
		mv -T $DIR/swap "$copy"
		cp $DIR/swap.file $DIR/swap
		mv -T $DIR/swap "$copy"
	done
) 2>/dev/null &
racer=$!
raced()
{
	for _ in 1 2 3 4; do
		gate "$copy" || grep -q refused "$DIR/gate" || return 1
		! cmp -s $DIR/bad.zst "$DEBUGGING/${copy##*/}" || return 1
	done
}
ok "of a dump that is swapped for a link, no other bytes pass" raced
kill $racer
wait $racer 2>/dev/null

# The log
ok "it has the registration of the key" logged registration.batch "$LABEL"
ok "and what the kernel redacted" logged dump.redacted "$LABEL"
ok "the log is as it was written" quietly kredact log verify
ok "kredact report names the dump" sh -c "kredact report --label '$LABEL' | tee $DIR/report |
	grep -qF '${good##*/}'"
comment <$DIR/report
ok "the log is kept until the end" active kredact-logd.service
quietly systemctl reset-failed
quietly systemctl stop kredactd.service kredact-logd.socket kredact-logd.service
kredactd --detach
quietly /lib/systemd/systemd-sysctl /usr/lib/sysctl.d/50-coredump.conf
plan
