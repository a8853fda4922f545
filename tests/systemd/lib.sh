# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the scripts that run in the machine with systemd. After guest-lib.sh.

STORE=/var/lib/systemd/coredump

# active UNIT
active()
{
	[ "$(systemctl is-active "$1")" = active ] && return
	systemctl status --no-pager --full --lines=20 "$1" 2>&1 | comment
	return 1
}

# property UNIT NAME
property()
{
	systemctl show --property="$2" --value "$1"
}

# server NAME PORT: a service that knows nothing of kredact
server()
{
	cat >"/run/systemd/system/$1.service" <<-END
		[Service]
		ExecStart=/usr/bin/openssl s_server -quiet -www -accept 127.0.0.1:$2 \\
			-key $KEYS/rsa.pem -cert $KEYS/rsa.crt
	END
	systemctl daemon-reload
}

# serves PORT: it has signed, so its Montgomery contexts are made
serves()
{
	echo Q | openssl s_client -connect "127.0.0.1:$1" -CAfile "$KEYS/rsa.crt" \
		-verify_return_error >"$DIR/client.log" 2>&1
}

# starts NAME PORT
starts()
{
	systemctl start "$1.service" && wait_for 20 serves "$2" && return
	systemctl status --no-pager --full "$1.service" 2>&1 | comment
	comment <"$DIR/client.log"
	return 1
}

# crashes NAME: $crashed is the process that it was
crashes()
{
	crashed=$(property "$1.service" MainPID)
	kill -SEGV "$crashed" && wait_for 20 ended "$1"
}

ended()
{
	[ "$(property "$1.service" Result)" = core-dump ]
}

# stored PID: systemd-coredump has its core, which is $core then
stored()
{
	for core in "$STORE"/core.*."$1".*; do
		case "$core" in
		*.tmp | *\**)
			;;
		*)
			return 0
			;;
		esac
	done
	return 1
}

# What an administrator does once: keys, whose signatures count, and the configurations.
set_up()
{
	mkdir -p /etc/kredact/trust/log /var/lib/kredact/debugging /var/lib/kredact/gate
	chmod 700 /var/lib/kredact/gate
	for key in attest log other; do
		openssl genpkey -algorithm ed25519 -out "/etc/kredact/$key.key" || return 1
		chmod 600 "/etc/kredact/$key.key"
	done
	for key in attest.pem log/log.pem; do
		openssl pkey -in "/etc/kredact/$(basename $key .pem).key" -pubout \
			-out /etc/kredact/trust/$key || return 1
	done
	chown kredact-log /etc/kredact/log.key
	echo 'key = "attest.pem"; roles = "attest";' >/etc/kredact/trust/attest.conf
	kredact key generate /etc/kredact/seal.key && kredact key install /etc/kredact/seal.key || return 1
	cat >/etc/kredact/kredactd.conf <<-END
		key = "/etc/kredact/seal.key";
		watch = ( { unit = "watched.service"; library = "libcrypto.so.3"; } );
	END
	echo 'key = "/etc/kredact/log.key";' >/etc/kredact/logd.conf
	cat >/etc/kredact/capture.conf <<-END
		sign = "/etc/kredact/attest.key";
		key = "/etc/kredact/seal.key";
	END
	cat >/etc/kredact/gate.conf <<-END
		destinations = [ "/var/lib/kredact/debugging" ];
		seal_key = "/etc/kredact/seal.key";
		verifier = { user = "kredact-capture"; };
		who = { users = [ "root" ]; };
	END
}

# judged DUMP: it has an attestation, which is trusted and of these bytes
judged()
{
	[ -s "$1.intoto.jsonl" ] &&
		quietly kredact verify-attestation "$1.intoto.jsonl" --dump "$1"
}

# one_in FOLDER PID: the dump of a process, complete, is $dump
one_in()
{
	dump=$(find "$1" -name "core.*.$2.*.zst" ! -name '.*')
	[ -n "$dump" ]
}

# logged EVENT TEXT: a line of the log
logged()
{
	kredact log --event "$1" --json >"$DIR/lines" && grep -qF -- "$2" "$DIR/lines" && return
	comment <"$DIR/lines"
	return 1
}

# captured FOLDER PID: likewise, and nobody works on it any more
captured()
{
	one_in "$1" "$2" && ! pgrep -x kredact-capture >/dev/null
}
