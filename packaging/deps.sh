#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Install what building and testing kredact needs on Debian 12.
#
# deps.sh            install what is missing; nothing to do takes well below a second
# deps.sh PACKAGE... likewise, and these packages
# deps.sh --update   refresh apt's package lists
# deps.sh --list     print the packages, one a line
#
# Runs as root, or as a user who may use sudo.
set -eu

# Compilers and what the kernel's own build needs: its headers ask for
# x86_64-linux-gnu-gcc-12, which is Debian 12's default compiler.
BUILD="gcc gcc-12 binutils make libc6-dev zlib1g-dev pkg-config bc
libelf-dev libdw-dev libssl-dev libjson-c-dev libconfig-dev libseccomp-dev libsodium-dev libbpf-dev
libmicrohttpd-dev
liblz4-dev liblzma-dev liblzo2-dev libsnappy-dev libzstd-dev
bpftool clang llvm dwarves"

# Virtual machines, their disks, and the packages of the kernels that run in them.
TEST="qemu-system-x86 busybox-static e2fsprogs kmod xz-utils zstd lz4 bzip2 dpkg-dev cpio
libclang-rt-dev
python3 python3-jsonschema gdb libc6-dbg openssl curl strace linux-perf
libbsd0 libnet1 libnftables1 libnl-3-200 libprotobuf-c1"

# Libraries and programs that tests crash, besides OpenSSL and libsodium.
CRASHED="libgcrypt20-dev libgnutls28-dev nettle-dev libmbedtls-dev libwolfssl-dev gpg gpg-agent
openssh-client libpcre2-8-0 libcrypt1 liblua5.3-0 libopentracing-c-wrapper0 libwrap0 libsystemd0 libgssapi-krb5-2 libldap-2.5-0
liblz4-1 libpam0g libicu72 libxml2 libxslt1.1 libzstd1 libuuid1 util-linux"


PACKAGES="$BUILD $TEST $CRASHED"

say()
{
	printf 'deps: %s\n' "$*"
}

die()
{
	printf 'deps: %s\n' "$*" >&2
	exit 1
}

# Print those packages that dpkg does not have as installed.
missing()
{
	# shellcheck disable=SC2086 # the list is words
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' $PACKAGES 2>/dev/null |
	awk -v want="$PACKAGES" '
		$2 == "installed" { have[$1] = 1 }
		END {
			n = split(want, w)
			for (i = 1; i <= n; i++)
				if (!(w[i] in have))
					print w[i]
		}'
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to run: $*"
	fi
}

apt()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 "$@"
}

update()
{
	say "refreshing the package lists"
	apt update || die "apt-get update failed"
}

# Output of a quiet installation is of interest only when it fails. Package
# lists that are too old name files that the archive no longer has.
install()
{
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	trap 'exit 130' INT TERM
	# shellcheck disable=SC2086
	if ! apt install -y --no-install-recommends $1 </dev/null >"$log" 2>&1; then
		update
		# shellcheck disable=SC2086
		apt install -y --no-install-recommends $1 </dev/null >"$log" 2>&1 || {
			cat "$log" >&2
			die "apt-get could not install: $(echo "$1" | tr '\n' ' ')"
		}
	fi
}

case "${1-}" in
--list)
	# shellcheck disable=SC2086
	printf '%s\n' $PACKAGES
	exit 0
	;;
--update)
	command -v apt-get >/dev/null || die "no apt-get here: this script is for Debian 12"
	update
	exit 0
	;;
-*)
	die "usage: deps.sh [--list | --update | PACKAGE...]"
	;;
*)
	PACKAGES="$PACKAGES $*"
	;;
esac

command -v dpkg-query >/dev/null || die "no dpkg here: this script is for Debian 12"
todo=$(missing)
[ -n "$todo" ] || exit 0
say "installing $(echo "$todo" | tr '\n' ' ')"
install "$todo"
todo=$(missing)
[ -z "$todo" ] || die "still missing: $(echo "$todo" | tr '\n' ' ')"
say "done"
