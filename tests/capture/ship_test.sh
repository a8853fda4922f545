#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The examples of packaging/fleet on loopback: lines of the audit log go to a collector over
# TLS as they are; none is lost when it is killed; who has no certificate of its own brings
# nothing.
set -u
cd "$(dirname "$0")/../.." || exit 1
examples=$PWD/packaging/fleet
tests=0 failed=0
dir=$(mktemp -d)
sender='' collector=''
trap 'stop $sender; stop $collector; rm -rf "$dir"' EXIT

ok()
{
	text=$1
	shift
	tests=$((tests + 1))
	if "$@"; then
		printf 'ok %d - %s\n' $tests "$text"
	else
		printf 'not ok %d - %s\n' $tests "$text"
		tail -qn 5 "$dir"/*.out | sed 's/^/# /'
		failed=1
	fi
}

stop()
{
	[ $# -eq 0 ] || { kill -9 "$1" && wait "$1"; } 2>/dev/null
}

certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
		-out "$1.csr" -subj "/CN=$1.example"
	printf 'subjectAltName=DNS:%s.example\n' "$1" >ext
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
		-extfile ext -out "$1.pem"
}

# A folder for each, a port of our own, and what /etc/rsyslog.conf has besides.
configure()
{
	mkdir -p "spool-$1"
	{
		printf 'global(workDirectory="%s/spool-%s" maxMessageSize="128k")\n' "$dir" "$1"
		sed -e "s|/etc/kredact/tls|$dir|g; s|/var/log/kredact-fleet|$dir/fleet|
			s|/var/log/kredact|$dir/log|; s|/var/spool/rsyslog|$dir/spool-$1|
			s|target=\"collector.example\" port=\"6514\"|target=\"127.0.0.1\" port=\"$port\"|
			s|port=\"6514\"|port=\"$port\" address=\"127.0.0.1\"|" \
			"$examples/rsyslog-$1.conf"
	} >"$1.conf"
}

start()
{
	rsyslogd -n -f "$1.conf" -i "$dir/$1.pid" >>"$1.out" 2>&1 &
}

lines()
{
	i=$2
	while [ "$i" -le "$3" ]; do
		printf '{"seq":%d,"event":"dump.stored","data":{"name":"core %% \\u00e4"}}\n' "$i"
		i=$((i + 1))
	done >>"log/segment-$1.jsonl"
}

# What has come, each line once.
# shellcheck disable=SC2317 # ok calls it
same()
{
	for segment in log/*; do
		awk '!seen[$0]++' "fleet/localhost/${segment##*/}" 2>/dev/null |
			cmp -s - "$segment" || return 1
	done
}

# shellcheck disable=SC2317 # likewise
comes()
{
	for _ in $(seq 100); do
		same && return
		sleep 0.1
	done
	return 1
}

cd "$dir" || exit 1
port=$((20000 + $$ % 10000))
mkdir log fleet
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
		-out ca.pem -subj /CN=ca -days 2
	certificate collector
	certificate sender
	certificate other
} >openssl.out 2>&1
configure collector
configure sender
ok "the examples are understood" sh -c 'rsyslogd -N1 -f collector.conf && rsyslogd -N1 -f sender.conf' \
	2>rsyslogd.out
lines 0000000001 1 200
lines 0000000002 201 210
start collector
collector=$!
start sender
sender=$!
ok "lines come as they are, in segments of their names" comes
stop $collector
lines 0000000002 211 300
start collector
collector=$!
# The sender sees with the next line that nobody answers; the log has one at intervals.
sleep 1
lines 0000000002 301 301
ok "none is lost when the collector is killed" comes
stop $sender
lines 0000000003 302 310
mkdir mine && mv sender.pem sender.key mine && cp other.pem sender.pem && cp other.key sender.key
start sender
sender=$!
sleep 2
ok "another certificate is not taken" test ! -e fleet/localhost/segment-0000000003.jsonl
ok "... of which the collector tells" grep -q 'not permitted\|authentication\|authorized' collector.out
# Which writes to its queue what it could not send.
kill $sender
wait $sender
cp mine/* .
start sender
sender=$!
ok "the right one is, and brings the rest" comes
echo "1..$tests"
exit $failed
