#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# keys.sh DIR SECRETS
#
# Make fresh keys for the signing service in DIR: rsa.pem (RSA-3072) and ec.pem
# (P-256), their public halves rsa.pub and ec.pub, a certificate of the RSA key
# (rsa.crt), the keys as DER, and in DIR/secret their secret numbers, which the program
# SECRETS writes, and keys of ciphers. Keys are made anew where they are needed and are
# never kept.
set -eu

[ $# -eq 2 ] || { echo "usage: keys.sh DIR SECRETS" >&2; exit 2; }
umask 077
rm -rf "$1"
mkdir -p "$1/secret"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1/rsa.pem" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1/ec.pem"
for key in rsa ec; do
	openssl pkey -in "$1/$key.pem" -pubout -out "$1/$key.pub"
	openssl pkey -in "$1/$key.pem" -outform DER -out "$1/$key.der"
	"$2" "$1/$key.pem" "$1/secret"
done
for key in gcm chacha ed25519; do
	openssl rand -out "$1/secret/$key.bin" 32
done
openssl rand -out "$1/secret/cbc.bin" 16
openssl req -x509 -new -key "$1/rsa.pem" -days 30 -subj /CN=kredact-demo -out "$1/rsa.crt"
