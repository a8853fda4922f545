# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the scripts that run in the machine: TAP, the service and its crash.

BIN=/kredact/bin
KEYS=/kredact/keys
# shellcheck disable=SC2034 # used by the scripts that read this
COMPONENTS="rsa-d rsa-p rsa-q rsa-dp rsa-dq rsa-qinv ec-d"

# Detectors of private keys. Watching does not claim to tag secrets of TLS connections.
# shellcheck disable=SC2034
PRIVATE_KEYS=pem,openssh,pgp,sexp,pkcs12,jwk,rsa-der,ec-der,raw,bignum,rsa-pieces,known

number=0

# ok DESCRIPTION COMMAND...: one TAP line, by the command's exit status
ok()
{
	number=$((number + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $number $what"
	else
		echo "not ok $number $what"
	fi
}

plan()
{
	echo "1..$number"
}

comment()
{
	sed 's/^/# /'
}

bail()
{
	echo "Bail out! $*"
	exit 1
}

# quietly COMMAND...: what it prints becomes comments
quietly()
{
	"$@" >"$DIR/output" 2>&1
	status=$?
	comment <"$DIR/output"
	return $status
}

# fails_with REGEX COMMAND...: and says so
fails_with()
{
	regex=$1
	shift
	! quietly "$@" && grep -q "$regex" "$DIR/output"
}

# absent REGEX: without the module, everyone says so, and "kredact status" why
absent()
{
	ok "without the module: there is no device" [ ! -e /dev/kredact ]
	ok "without the module: kredact status says why" fails_with "$1" kredact status
	ok "without the module: and that nothing is redacted" \
		grep -q 'nothing is redacted' "$DIR/output"
	ok "without the module: kredact watch refuses" fails_with 'not in the kernel' \
		kredact watch --backend module
	ok "without the module: a service that requires it does not start" \
		fails_with 'kredact.ko cannot be used' "$BIN/signer" --rsa "$KEYS/rsa.pem" \
		--ec "$KEYS/ec.pem" --socket /tmp/signer.sock --kredact=library --require-module
}

# begin: a test with a folder of its own, $DIR, that leaves no trace
begin()
{
	pattern=$(cat /proc/sys/kernel/core_pattern)
	mkdir -p "$DIR"
	trap 'echo "$pattern" >/proc/sys/kernel/core_pattern; rm -rf "$DIR"' EXIT
}

# find_in CORE REPORT COMPONENTS: where an independent search sees them
find_in()
{
	# shellcheck disable=SC2046 # words are wanted
	"$BIN/corefind" "$1" $(for c in $3; do echo "$KEYS/secret/$c.bin"; done) >"$2"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for()
{
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 100000
	done
}

# cores_to FILE: where the next core goes
cores_to()
{
	rm -f "$1"
	echo "$1" >/proc/sys/kernel/core_pattern
}

# crash_service CORE LOG OPTION...
#
# Start the service, load it, make it crash while it works (in the way that
# $CRASH says), and wait for the core. Succeeds if the service signed correctly,
# died of SIGSEGV and left CORE.
crash_service()
{
	core=$1
	log=$2
	shift 2
	cores_to "$core"
	rm -f "$log"
	"$BIN/signer" --rsa "$KEYS/rsa.pem" --ec "$KEYS/ec.pem" --socket /tmp/signer.sock \
		--with-bug "$@" >"$log" 2>&1 &
	signer=$!
	if ! wait_for 20 grep -qs ' ready, ' "$log"; then
		kill $signer 2>/dev/null
		return 1
	fi
	# shellcheck disable=SC2086 # words are wanted
	"$BIN/load" --socket /tmp/signer.sock --rsa-pub "$KEYS/rsa.pub" --ec-pub "$KEYS/ec.pub" \
		--connections 8 ${CRASH:---crash-after 3} >>"$log" 2>&1
	loaded=$?
	if [ $loaded -ne 0 ]; then
		kill $signer 2>/dev/null
	fi
	wait $signer
	[ $? -eq 139 ] && [ $loaded -eq 0 ] && [ -s "$core" ]
}
