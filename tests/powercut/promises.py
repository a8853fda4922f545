# SPDX-License-Identifier: GPL-2.0
"""What has to hold of a file system after a power cut, whenever that was.

Each checker gets the folder that a load wrote to, as the cut left it, and the marks
that came before the cut: what the load had been promised by then. It returns what is
wrong, as lines for a person.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path


def check_keep(folder: Path, marks: list[str]) -> list[str]:
    """What tests/powercut/keep.c stored: see there."""
    if "begin" not in marks:
        return []
    wrong = []
    log = (folder / "log").read_bytes().split(b"\n")
    lines = {line.decode() for line in log[:-1] if re.fullmatch(rb"line \d+", line)}
    for mark in marks:
        if mark.startswith("line ") and mark not in lines:
            wrong.append(f"{mark} was acknowledged and is not in the log")
        if mark.startswith("file ") and not (folder / mark.replace(" ", ".")).exists():
            wrong.append(f"{mark} was stored and is not there")
    for path in sorted(folder.glob("file.*")):
        if path.suffix == ".about":
            continue
        data = path.read_bytes()
        about = path.with_name(f"{path.name}.about")
        if len(data) < 32 or hashlib.sha256(data[32:]).digest() != data[:32]:
            wrong.append(f"{path.name} is incomplete")
        elif not about.exists():
            wrong.append(f"{path.name} has nothing that belongs to it")
        elif about.read_bytes() != data[:32]:
            wrong.append(f"{about.name} is not what belongs to {path.name}")
        if f"line {path.name.partition('.')[2]}" not in lines:
            wrong.append(f"{path.name} is there, and its line is not in the log")
    return wrong


BUILD = Path(os.environ.get("B", Path(__file__).resolve().parent.parent.parent / "build"))
# What kredact-logd may take to take up a log, in seconds.
START_LIMIT = 20.0


def _kredact(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([str(BUILD / "bin/kredact"), *map(str, arguments)],
                          capture_output=True, text=True, check=False)


def _take_up(folder: Path) -> str | None:
    """Start and stop kredact-logd, as a boot does. What it says if it cannot."""
    conf, socket = folder / "logd.conf", folder / "sock"
    conf.write_text(f'dir = "{folder / "log"}"; key = "{folder / "etc/log.key"}";'
                    f' socket = "{socket}";\n')
    with subprocess.Popen([str(BUILD / "bin/kredact-logd"), "--config", str(conf)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        end = time.monotonic() + START_LIMIT
        while not socket.exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        came = socket.exists()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=START_LIMIT)[0]
    return None if came and not process.returncode else f"kredact-logd: {said.strip()}"


def _check_log(folder: Path, marks: list[str]) -> list[str]:
    if why := _take_up(folder):
        return [why]
    wrong = []
    verified = _kredact("log", "verify", "--dir", folder / "log", "--trust",
                        folder / "etc/trust/log/log.pem")
    if verified.returncode:
        wrong += [f"kredact log verify: exit status {verified.returncode}",
                  *verified.stdout.splitlines(), *verified.stderr.splitlines()]
    lines = _kredact("log", "--dir", folder / "log", "--json").stdout.splitlines(keepends=True)
    hashes = {f"{json.loads(line)['seq']} {hashlib.sha256(line.encode()).hexdigest()}"
              for line in lines}
    for mark in marks:
        kind, _, rest = mark.partition(" ")
        if kind == "line" and rest not in hashes:
            wrong.append(f"{mark} was acknowledged and is not in the log")
    return wrong


def _check_dump(path: Path, trust: Path) -> list[str]:
    """A dump under its final name, in a folder where all are attested."""
    about = path.with_name(f"{path.name}.intoto.jsonl")
    if not about.exists():
        return [f"{path} has no attestation"]
    seen = _kredact("verify-attestation", about, "--dump", path, "--trust", trust, "--quiet")
    return [f"{path}: {seen.stdout}{seen.stderr}"] if seen.returncode else []


def _dumps(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("core.*"))
            if not path.name.endswith(".intoto.jsonl")]


def _expired(folder: Path, name: str) -> bool:
    """Whether the log says that a dump was removed to make room."""
    return name in _kredact("log", "--dir", folder / "log", "--json", "--event",
                            "dump.expired").stdout


def check_chain(folder: Path, marks: list[str]) -> list[str]:
    """What kredact-capture, kredact gate and kredact-logd kept: see load.sh."""
    if "begin" not in marks:
        return []
    wrong = _check_log(folder, marks)
    for name in ("store", "debugging"):
        for path in _dumps(folder / "lib" / name):
            wrong += _check_dump(path, folder / "etc/trust")
    for path in _dumps(folder / "lib/quarantine"):
        # Complete, or by its name cut off; whether it was judged is another matter.
        if ".cut." not in path.name and subprocess.run(
                ["zstd", "-tq"], stdin=path.open("rb"), check=False).returncode:
            wrong.append(f"{path} is incomplete")
    for mark in marks:
        kind, _, name = mark.partition(" ")
        if kind == "dump" and not (folder / "lib/store" / name).exists() and \
                not _expired(folder, name):
            wrong.append(f"{name} was stored and is not there")
        if kind == "gated" and not (folder / "lib/debugging" / name).exists():
            wrong.append(f"{name} has passed and is not there")
    return wrong
