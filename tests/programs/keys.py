#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make fresh keys for the programs whose cores are searched.

keys.py DIRECTORY

rsa, ec, ed25519, symmetric   numbers as files, for the load programs of ours
ssh                           private keys for ssh-add
gnupg                         a home for gpg-agent, with keys made by gpg
nginx                         a key and a certificate
tls                           two of each, RSA and EC, and both parts in one file
secret/PROGRAM                what must not be in a core of that daemon: numbers, and for some
                              also their text, as it is in the file that it reads

Numbers are big-endian and as long as they are. Keys are made anew where they
are needed and are never kept.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RSA_NAMES = ("n", "e", "d", "p", "q", "dp", "dq", "qinv")
RSA_SECRET = RSA_NAMES[2:]


def run(*words: str, **keywords) -> bytes:
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, **keywords).stdout


class Der:
    """The values of a DER sequence, one after another."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def next(self) -> bytes:
        length, start = self.data[1], 2
        if length & 0x80:
            start += length & 0x7f
            length = int.from_bytes(self.data[2:start], "big")
        value = self.data[start:start + length]
        self.data = self.data[start + length:]
        return value

    def inner(self) -> "Der":
        return Der(self.next())


def pem_body(path: Path) -> str:
    return path.read_text().split("-----")[2].lstrip("\n")


def pem(path: Path) -> bytes:
    return base64.b64decode(pem_body(path))


def number(value: bytes) -> bytes:
    return value.lstrip(b"\0")


def pem_text(path: Path, value: bytes) -> bytes:
    """The text of a PEM file, as far as it is that of one number of the key."""
    at = pem(path).index(value)
    start, end = (at + 2) // 3 * 4, (at + len(value)) // 3 * 4
    return pem_body(path)[start + start // 64:end + end // 64].encode()


def store(folder: Path, **values: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name).write_bytes(value)


def rsa(path: Path) -> dict[str, bytes]:
    """A new RSA-2048 key as a PEM file, and its numbers."""
    run("openssl", "genrsa", "-traditional", "-out", str(path), "2048")
    der = Der(pem(path)).inner()
    der.next()
    return {name: number(der.next()) for name in RSA_NAMES}


def ec(path: Path) -> dict[str, bytes]:
    """A new P-256 key as a PEM file, and its numbers at full length."""
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))
    der = Der(pem(path)).inner()
    der.next()
    scalar = der.next()
    der.next()
    point = Der(der.next()).next()[2:]
    return {"d": scalar.rjust(32, b"\0"), "x": point[:32], "y": point[32:64]}


def ed25519(work: Path) -> dict[str, bytes]:
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(work))
    public = run("openssl", "pkey", "-in", str(work), "-pubout", "-outform", "DER")
    der = Der(pem(work)).inner()
    der.next()
    der.next()
    return {"seed": Der(der.next()).next(), "pub": public[-32:]}


def secrets(values: dict[str, bytes], prefix: str = "") -> dict[str, bytes]:
    return {prefix + name: value for name, value in values.items() if name in (*RSA_SECRET, "seed")}


def ssh(top: Path) -> None:
    folder = top / "ssh"
    folder.mkdir()
    store(top / "secret/ssh-agent", **secrets(rsa(folder / "id_rsa"), "rsa-"))
    store(top / "secret/ssh-agent", **{"ec-d": ec(folder / "id_ecdsa")["d"]})
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / "id_ed25519"))
    # openssh-key-v1: the private part ends with seed and public half, then the padded comment.
    data = pem(folder / "id_ed25519")
    both = data[data.rindex(b"\0\0\0\x40") + 4:][:64]
    if data.count(both[32:]) < 2:
        raise ValueError("no key where OpenSSH's format has it")
    store(top / "secret/ssh-agent", **{"ed25519-seed": both[:32]})


def gnupg(top: Path) -> None:
    """Keys that gpg makes, without a passphrase; their numbers are in libgcrypt's format.

    What is secret is each number, and its digits as the file has them.
    """
    # The path of a socket in it must be short.
    home = Path(tempfile.mkdtemp(prefix="kredact-gnupg."))
    environment = dict(os.environ, GNUPGHOME=str(home))
    try:
        for name, algorithm in (("rsa@example.org", "rsa2048"), ("ed@example.org", "ed25519")):
            run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", name, algorithm, "sign",
                "never", env=environment)
        run("gpgconf", "--kill", "gpg-agent", env=environment)
        keys = top / "gnupg/private-keys-v1.d"
        shutil.copytree(home / "private-keys-v1.d", keys)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    grips = []
    for path in sorted(keys.iterdir()):
        data = path.read_text()
        kind, wanted = ("ed25519", "d") if "(ecc" in data else ("rsa", "dpqu")
        grips.append(path.stem)
        found = {}
        for name, value in re.findall(r"\((\w)\s*#([0-9A-F\s]+)#\)", data):
            if name in wanted:
                found[f"{kind}-{name}"] = number(bytes.fromhex("".join(value.split())))
                found[f"{kind}-{name}-text"] = value.strip().encode()
        if len(found) != 2 * len(wanted):
            raise ValueError(f"{path.name} is no unprotected key as libgcrypt writes it")
        store(top / "secret/gpg-agent", **found)
    (top / "gnupg/grips").write_text("".join(f"{grip}\n" for grip in grips))


def certificate(path: Path) -> None:
    """One for the key in PATH.pem, in PATH.crt, and both in PATH.both."""
    key, cert = path.with_suffix(".pem"), path.with_suffix(".crt")
    run("openssl", "req", "-x509", "-new", "-key", str(key), "-days", "30", "-subj",
        "/CN=localhost", "-out", str(cert))
    path.with_suffix(".both").write_text(cert.read_text() + key.read_text())


def tls(top: Path) -> None:
    folder = top / "tls"
    folder.mkdir()
    found = {**secrets(rsa(folder / "rsa.pem"), "rsa-"), "ec-d": ec(folder / "ec.pem")["d"]}
    for name, value in found.items():
        store(top / "secret/tls", **{name: value, f"{name}-text": pem_text(
            folder / f"{name.partition('-')[0]}.pem", value)})
    certificate(folder / "rsa")
    certificate(folder / "ec")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    top = Path(sys.argv[1])
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    scratch = top / "scratch"
    store(top / "rsa", **rsa(scratch))
    store(top / "ec", **ec(scratch))
    store(top / "ed25519", **ed25519(scratch))
    scratch.unlink()
    store(top / "symmetric", aes=os.urandom(32), box=os.urandom(32))
    ssh(top)
    gnupg(top)
    (top / "nginx").mkdir()
    store(top / "secret/nginx", **secrets(rsa(top / "nginx/rsa.pem")))
    certificate(top / "nginx/rsa")
    tls(top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
