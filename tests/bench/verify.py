#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""verify.py BUILD: what kredact-verify finds and how fast, beside other tools.

Makes its inputs (cores of a service of OpenSSL, random data, programs, text), runs all
tools over the same files in turns, beside a plain read of them, prints a table, writes
BUILD/bench/verify.json, and exits with 1 if a limit is not kept.

Rates are bytes of input by seconds of processor time, user and system, so that they are
those of one core whatever else the machine does; wall time is in the JSON as well.

VERIFY_MIB   size of core, programs and text; random data is four times that (1024);
             below 512 the time to start counts, and limits may not be kept
VERIFY_RUNS  runs of each tool but the slowest (3)
VERIFY_TEXT  detectors that look for text, for the comparison with yara and grep
"""
import glob
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

MIB = int(os.environ.get("VERIFY_MIB", "1024"))
RUNS = int(os.environ.get("VERIFY_RUNS", "3"))
TEXT = os.environ.get("VERIFY_TEXT", "pem")
HERE = os.path.dirname(os.path.abspath(__file__))
CHUNK = 1 << 20
PUBLIC = bytes(range(32))  # of the derivation function of SP 800-90A

LIMIT_RANGES = 5.0      # GB/s
LIMIT_SCAN = 1.5        # GB/s, all detectors
LIMIT_AESKEYFIND = 100  # times as fast, for the same: AES schedules
LIMIT_RSAKEYFIND = 5    # likewise: RSA private keys in DER
LIMIT_CERT = 60.0       # seconds of processor time for 1 GiB: 30 on two processors

PEM = ["-----BEGIN %sPRIVATE KEY" % kind
       for kind in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP ")]


class Bench:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.verify = self.build + "/bin/kredact-verify"
        self.rows = []
        self.failures = []
        self.missing = []

    # What is measured.

    def run(self, argv, runs=1):
        """The least time of some runs, and the output."""
        best = None
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            begin = time.monotonic()
            out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 check=False)
            wall = time.monotonic() - begin
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
            if not best or cpu < best[0]:
                best = (cpu, wall, out)
        return best

    def row(self, what, path, cpu, wall, size=None):
        size = size or os.path.getsize(path)
        rate = size / max(cpu, 1e-9) / 1e9
        self.rows.append({"tool": what, "input": os.path.basename(path), "bytes": size,
                          "cpu_seconds": round(cpu, 4), "wall_seconds": round(wall, 4),
                          "gb_per_cpu_second": round(rate, 3)})
        print("  %-34s %-12s %8.2f GB/s a core   %8.2f s wall" %
              (what, os.path.basename(path), rate, wall), flush=True)
        return rate

    def check(self, good, what):
        print("  %-4s %s" % ("ok" if good else "FAIL", what), flush=True)
        if not good:
            self.failures.append(what)

    def plain_read(self, path):
        buffer = bytearray(CHUNK)
        best = None
        for _ in range(RUNS):
            with open(path, "rb", buffering=0) as file:
                begin, cpu = time.monotonic(), time.process_time()
                while file.readinto(buffer):
                    pass
                cpu, wall = time.process_time() - cpu, time.monotonic() - begin
            best = min(best or (cpu, wall), (cpu, wall))
        return self.row("plain read", path, *best)

    def scan(self, path, *options):
        """The rate of a scan by one thread, and its report."""
        argv = [self.verify, "--no-key", "--json", "--threads", "1", *options, path]
        cpu, wall, out = self.run(argv, RUNS)
        if out.returncode not in (0, 1, 2) or not out.stdout:
            raise SystemExit("verify.py: kredact-verify failed: %d %s" %
                             (out.returncode, out.stderr.decode()))
        name = " ".join(["kredact-verify", *options])
        return self.row(name, path, cpu, wall), json.loads(out.stdout)

    # What is searched.

    def grow(self, path, size, sources):
        """Concatenates files, again from the first if there are not enough."""
        made = rounds = 0
        with open(path, "wb") as to:
            while made < size:
                rounds += 1
                before = made
                for source in sources:
                    try:
                        with open(source, "rb") as file:
                            data = file.read(size - made)
                    except OSError:
                        continue
                    to.write(data)
                    made += len(data)
                    if made >= size:
                        break
                if made == before:
                    raise SystemExit("verify.py: nothing to make %s of" % path)
        if rounds > 1:
            print("  note: %s is made of its files %d times" %
                  (os.path.basename(path), rounds))

    def files(self, roots, wanted):
        for root in roots:
            for where, dirs, names in os.walk(root):
                dirs.sort()
                for name in sorted(names):
                    path = os.path.join(where, name)
                    if os.path.isfile(path) and not os.path.islink(path) and wanted(path):
                        yield path

    @staticmethod
    def packaged():
        """Files of packages: others may well have tokens in them, and Google's command line
        has two of its own."""
        owned = set()
        for name in glob.glob("/var/lib/dpkg/info/*.list"):
            if "/google-cloud-" in name:
                continue
            with open(name, encoding="utf-8") as file:
                owned.update(file.read().split("\n"))
        return owned

    def make_inputs(self, work):
        owned = self.packaged()

        def program(path):
            if path not in owned and path[4:] not in owned:
                return False
            try:
                with open(path, "rb") as file:
                    return file.read(4) == b"\x7fELF"
            except OSError:
                return False

        def text(path):
            return ((path in owned or path[4:] in owned) and
                    re.search(r"\.(h|c|py|pm|pl|txt|rst|html|sh|md)$|/copyright$", path))

        size = MIB << 20
        self.grow(work + "/programs", size,
                  list(self.files(["/usr/bin", "/usr/sbin", "/usr/lib"], program)))
        self.grow(work + "/text", size, list(self.files(["/usr/include", "/usr/share",
                                                         "/usr/lib", "/usr/src"], text)))
        with open(work + "/random", "wb") as to:
            for _ in range(4 * MIB):
                to.write(os.urandom(CHUNK))
        subprocess.run([self.build + "/tests/bench/verify_sealed", work + "/sealed",
                        str(MIB)], check=True)

    def core(self, work, name, mib, keys):
        """A core of the service, and its private numbers by offset: name, first, bytes."""
        service = subprocess.Popen([self.build + "/tests/bench/verify_service", str(mib),
                                    work + "/text", keys], stdout=subprocess.PIPE, text=True)
        numbers = []
        for line in service.stdout:
            if line == "ready\n":
                break
            what, address, length = line.split()
            numbers.append((what, int(address, 16), int(length)))
        subprocess.run(["gcore", "-o", work + "/gcore", str(service.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        service.kill()
        service.wait()
        path = work + "/" + name
        os.rename("%s/gcore.%d" % (work, service.pid), path)
        out = subprocess.run(["readelf", "-lW", path], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
        loads = [[int(word, 16) for word in line.split()[1:5]]
                 for line in out.splitlines() if line.split()[:1] == ["LOAD"]]
        return path, [(what, address - vaddr + offset, length)
                      for what, address, length in numbers
                      for offset, vaddr, _, filesz in loads
                      if vaddr <= address < vaddr + filesz]

    # What is compared.

    @staticmethod
    def covered(report, offset):
        return any(key["offset"] <= offset < key["offset"] + key["bytes"]
                   for key in report["keys"])

    @staticmethod
    def begins(report, offset):
        """What is secret of a key begins behind its header, modulus and public exponent."""
        return any(offset - key["bytes"] < key["offset"] < offset + 1024
                   for key in report["keys"])

    def compare_aeskeyfind(self, path, full):
        ours, report = self.scan(path, "--detect", "aes")
        cpu, wall, out = self.run(["aeskeyfind", "-q", path])
        rate = self.row("aeskeyfind", path, cpu, wall)
        keys = {bytes.fromhex(line) for line in out.stdout.decode().split()}
        seen = set()
        with open(path, "rb") as file:
            for key in report["keys"]:
                if key["kind"] in ("aes-schedule", "drbg-state"):
                    file.seek(key["offset"])
                    start = file.read(key["bytes"])
                    # a schedule for decryption ends with the key
                    seen |= {start[:16], start[:24], start[:32], start[-16:],
                             start[-16:] + start[-32:-16]}
        missed = [key for key in keys if key not in seen and key != PUBLIC[:len(key)]]
        self.check(not missed and len(keys) > 2, "all %d keys that aeskeyfind finds in %s are "
                   "found" % (len(keys), os.path.basename(path)))
        self.check(ours >= LIMIT_AESKEYFIND * rate, "AES alone is %.0f times as fast as "
                   "aeskeyfind (limit %d), the full scan %.0f times" %
                   (ours / rate, LIMIT_AESKEYFIND, full / rate))

    def compare_rsakeyfind(self, path, full):
        ours, report = self.scan(path, "--detect", "rsa-der")
        cpu, wall, out = self.run(["rsakeyfind", path])
        rate = self.row("rsakeyfind", path, cpu, wall)
        places = [int(place, 16) for place in
                  re.findall(rb"FOUND PRIVATE KEY AT ([0-9a-f]+)", out.stdout)]
        missed = [place for place in places if not self.begins(report, place)]
        self.check(not missed and places, "all %d keys that rsakeyfind finds in %s are found" %
                   (len(places), os.path.basename(path)))
        self.check(ours >= LIMIT_RSAKEYFIND * rate, "RSA keys in DER alone are found %.1f times as "
                   "fast as by rsakeyfind (limit %d), with all else %.1f times" %
                   (ours / rate, LIMIT_RSAKEYFIND, full / rate))

    def compare_yara(self, path, report):
        cpu, wall, out = self.run(["yara", "-s", "-p", "1", HERE + "/verify.yar", path], RUNS)
        self.row("yara, key rules", path, cpu, wall)
        places = [int(place, 16) for place in re.findall(rb"(?m)^0x([0-9a-f]+):", out.stdout)]
        missed = [place for place in places if not self.begins(report, place)]
        self.check(not missed and places, "all %d places that yara finds in %s are found" %
                   (len(places), os.path.basename(path)))

    def compare_text(self, path):
        """The detectors of text alone, beside yara and grep with the same literals."""
        rules = os.path.dirname(path) + "/pem.yar"
        with open(rules, "w", encoding="ascii") as to:
            to.write("rule pem { strings: %s condition: any of them }\n" % " ".join(
                '$s%d = "%s"' % (i, word) for i, word in enumerate(PEM)))
        cpu, wall, _ = self.run(["yara", "-p", "1", rules, path], RUNS)
        peers = [self.row("yara, PEM alone", path, cpu, wall)]
        grep = ["grep", "-c", "-a", "-F"]
        for word in PEM:
            grep += ["-e", word]
        os.environ["LC_ALL"] = "C"
        cpu, wall, _ = self.run(grep + [path], RUNS)
        peers.append(self.row("grep -c, PEM alone", path, cpu, wall))
        known = [name for name in TEXT.split(",") if subprocess.run(
            [self.verify, "--detect", name, "--no-key", "-q", "/dev/null"],
            stderr=subprocess.DEVNULL, check=False).returncode != 3]
        if not known:
            self.missing.append("detectors of text (%s)" % TEXT)
            return
        rate, _ = self.scan(path, "--detect", ",".join(known))
        self.check(rate >= max(peers), "text alone: no slower than yara and grep (%.2f, %.2f "
                   "GB/s)" % tuple(peers))

    def compare_cert(self, path):
        """Proof of absence: one key of RSA-3072 and one of P-256 that are not there."""
        argv = [self.verify, "--no-key", "--unsealed", "--json", "--threads", "1"]
        for name, options in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
                              ("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])):
            key = subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", *options],
                                 stdout=subprocess.PIPE, check=True).stdout
            public = path + "." + name
            subprocess.run(["openssl", "pkey", "-pubout", "-out", public], input=key,
                           check=True)
            argv += ["--cert", public]
        cpu, wall, out = self.run([*argv, path])
        report = json.loads(out.stdout)
        certs = {check["name"]: check["state"] for check in report["checks"]}["certs"]
        self.row("kredact-verify --cert, two keys", path, cpu, wall)
        cpu *= (1 << 30) / os.path.getsize(path)
        self.check(certs == "passed", "no private half of two other keys is in the core")
        self.check(cpu <= LIMIT_CERT, "RSA-3072 and P-256 of --cert: %.1f s of processor time "
                   "for 1 GiB (limit %.0f)" % (cpu, LIMIT_CERT))

    def found(self, what, report, numbers):
        for name, offset, length in numbers:
            self.check(self.covered(report, offset) and
                       self.covered(report, offset + length - 1),
                       "%s: the private number %s is found" % (what, name))

    def bench(self, work):
        print("inputs: %d MiB each, random data %d MiB" % (MIB, 4 * MIB), flush=True)
        self.make_inputs(work)

        print("seal and ranges", flush=True)
        sealed = work + "/sealed"
        self.plain_read(sealed)
        argv = [self.verify, "--key", sealed + ".key", "--no-scan", "-q", sealed]
        cpu, wall, out = self.run(argv, RUNS)
        rate = self.row("kredact-verify --no-scan", sealed, cpu, wall)
        self.check(out.returncode == 0, "the sealed core is clean")
        self.check(rate >= LIMIT_RANGES, "seal and ranges: %.2f GB/s (limit %.1f)" %
                   (rate, LIMIT_RANGES))
        os.unlink(sealed)

        for name in ("random", "programs", "text"):
            print(name, flush=True)
            path = work + "/" + name
            self.plain_read(path)
            rate, report = self.scan(path)
            self.check(report["keys_total"] == 0, "nothing is found in %s" % name)
            for key in report["keys"][:5]:
                print("       %s, %s, at %#x" % (key["kind"], key["detail"], key["offset"]))
            self.check(rate >= LIMIT_SCAN, "full scan of %s: %.2f GB/s a core (limit %.1f)" %
                       (name, rate, LIMIT_SCAN))
            if name == "text":
                self.compare_text(path)
            if name != "text":
                os.unlink(path)

        print("core of a service, keys as big numbers", flush=True)
        path, numbers = self.core(work, "core", MIB, "bignum")
        self.plain_read(path)
        rate, report = self.scan(path)
        self.check(rate >= LIMIT_SCAN, "full scan of a core: %.2f GB/s a core (limit %.1f)" %
                   (rate, LIMIT_SCAN))
        cpu, wall, _ = self.run([self.verify, "--no-key", "-q", path], RUNS)
        self.row("kredact-verify, all processors", path, cpu, wall)
        kinds = [key["kind"] for key in report["keys"]]
        self.check(kinds.count("aes-schedule") >= 5, "the AES schedules are found (%d)" %
                   kinds.count("aes-schedule"))
        self.found("big numbers", report, numbers)
        self.compare_cert(path)
        os.unlink(path)

        print("core of a service, keys in DER and PEM too", flush=True)
        path, numbers = self.core(work, "serial", max(MIB // 4, 16), "serial")
        rate, report = self.scan(path)
        # which takes the longest of all: on the smaller core
        self.compare_aeskeyfind(path, rate)
        self.compare_rsakeyfind(path, rate)
        self.compare_yara(path, report)

    def end(self):
        result = {"mib": MIB, "rows": self.rows, "failures": self.failures,
                  "not_built": self.missing, "processors": os.cpu_count(),
                  "load": os.getloadavg()[0]}
        os.makedirs(self.build + "/bench", exist_ok=True)
        with open(self.build + "/bench/verify.json", "w", encoding="ascii") as to:
            json.dump(result, to, indent=1)
        print("bulk_extractor is not in Debian 12, and was not compared")
        if MIB < 512:
            print("small inputs: the time to start counts, the limits are for 512 MiB and more")
        print("load average %.1f on %d processors" % (os.getloadavg()[0], os.cpu_count()))
        for what in self.missing:
            print("not built: %s" % what)
        print("%d limits not kept" % len(self.failures) if self.failures else
              "all limits are kept")
        return 1 if self.failures or self.missing else 0


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    for tool in ("aeskeyfind", "rsakeyfind", "yara", "gcore", "readelf"):
        if not shutil.which(tool):
            raise SystemExit("verify.py: needs %s" % tool)
    bench = Bench(sys.argv[1])
    os.makedirs(bench.build + "/bench", exist_ok=True)
    free = shutil.disk_usage(bench.build).free >> 20
    if free < 9 * MIB:
        raise SystemExit("verify.py: needs %d MiB of disk, there are %d" % (9 * MIB, free))
    with tempfile.TemporaryDirectory(dir=bench.build + "/bench") as work:
        bench.bench(work)
    return bench.end()


if __name__ == "__main__":
    sys.exit(main())
