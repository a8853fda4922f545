#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What kredact watch costs nginx, and what libkredact-preload.so does. A figure only where the
# clock counts instructions, in "make bench", which says how many rounds it wants.
set -u
# shellcheck source=tests/demo/guest-lib.sh
. /kredact/bin/guest-lib.sh

DIR=/tmp/handshakes_test
LIBRARY=libkredact-preload.so
# Or it ends before it begins.
export KREDACT_REQUIRE=module
# A wipe is one instruction for most processors (rep stosb). Where instructions are counted it
# would count as one for each byte.
export GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=0x7fffffff
begin

run()
{
	quietly "$BIN/handshakes" /usr/sbin/nginx /kredact/programs/keys/tls "$@"
}

if [ -n "${KREDACT_ROUNDS-}" ]; then
	ok "nginx makes at most 3 % fewer handshakes when it is watched" run "$KREDACT_ROUNDS" 40
	ok "likewise with the library" run "$KREDACT_ROUNDS" 40 "$LIBRARY"
else
	run 1 10
	ok "an RSA key and its handshakes were watched" \
		grep -q '^RSA .*  *[1-9][0-9]*\.[0-9] ' $DIR/output
	ok "likewise an ECDSA key" grep -q '^ECDSA .*  *[1-9][0-9]*\.[0-9] ' $DIR/output
	run 1 10 "$LIBRARY"
	ok "nginx with the library makes handshakes" grep -q '^ECDSA ' $DIR/output
fi
plan
