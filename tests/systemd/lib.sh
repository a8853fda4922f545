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
		ExecStart=/usr/bin/openssl s_server -quiet -www -accept 127.0.0.1:$2 -key $KEYS/rsa.pem -cert $KEYS/rsa.crt
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
