# SPDX-License-Identifier: GPL-2.0
"""Crash states of a disk, from the log of what was written to it.

QEMU's blklogwrites records each write and flush of a guest in the order in which it
completed, in the format of the kernel's dm-log-writes. What a disk with a volatile
cache has after a power cut is then known: all that was complete before the last
flush; and of what came after that, any part, in any order, down to sectors.
"""

import random
import struct
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4
# What a disk writes whole, or not at all.
SECTOR = 512

# What becomes of the writes that no flush has brought to the disk: nothing is lost (the
# machine dies, the disk does not), all is, or each its own part.
KEEPS = ("all", "none", "some", "some", "torn")


@dataclass(frozen=True)
class Entry:
    """A write of the guest, or a flush, which has no bytes."""

    index: int
    offset: int         # on the disk, in bytes
    length: int
    flags: int
    where: int          # of its bytes in the log


class WriteLog:
    """The log, read once."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        magic, version, count, size = struct.unpack("<QQQI", self.file.read(28))
        if magic != MAGIC or version != 1:
            raise ValueError(f"{path} is no log of writes")
        self.entries = list(self._read(size, path.stat().st_size))
        if len(self.entries) < count:
            raise ValueError(f"{path} has {len(self.entries)} entries of {count}")

    def _read(self, size: int, end: int) -> Iterator[Entry]:
        where, index = size, 0
        while where + 32 <= end:
            self.file.seek(where)
            sector, sectors, flags, _ = struct.unpack("<QQQQ", self.file.read(32))
            length = 0 if flags & DISCARD else sectors * size
            where += size
            if where + length > end:
                return
            yield Entry(index, sector * size, length, flags, where)
            where += length
            index += 1

    def data(self, entry: Entry) -> bytes:
        self.file.seek(entry.where)
        return self.file.read(entry.length)

    def flush_before(self, cut: int) -> int:
        """The index of the last flush before a cut; 0 if there is none."""
        return next((entry.index for entry in reversed(self.entries[:cut])
                     if entry.flags & FLUSH), 0)


class Crashes:
    """Disks as power cuts leave them. The cuts have to come in ascending order."""

    def __init__(self, log: WriteLog, disk: Path, work: Path, rng: random.Random) -> None:
        self.log = log
        self.base = work / "base.img"
        self.image = work / "crash.img"
        self.rng = rng
        self.done = 0
        _copy(disk, self.base)

    def cut(self, at: int, keep: str) -> tuple[Path, str]:
        """The disk when the power fails before entry AT, and what was lost, for a person."""
        flush = self.log.flush_before(at)
        with self.base.open("r+b") as file:
            self._apply(file, ((entry, None) for entry in self.log.entries[self.done:flush]))
        self.done = max(self.done, flush)
        _copy(self.base, self.image)
        loose = [entry for entry in self.log.entries[flush:at] if entry.length]
        kept = [(entry, part) for entry in loose if (part := self._part(entry, keep)) != []]
        with self.image.open("r+b") as file:
            self._apply(file, kept)
        whole = sum(part is None for _, part in kept)
        return self.image, (f"{keep}: {len(loose)} writes since the last flush, {whole} kept, "
                            f"{len(kept) - whole} in part")

    def _part(self, entry: Entry, keep: str) -> list[int] | None:
        """Sectors that are on the disk; None for all of them."""
        if keep == "all" or entry.flags & FUA:
            return None
        if keep == "none":
            return []
        if keep == "some" or entry.length <= SECTOR:
            return None if self.rng.random() < 0.5 else []
        return [sector for sector in range(0, entry.length, SECTOR) if self.rng.random() < 0.5]

    def _apply(self, file, writes: Iterable[tuple[Entry, list[int] | None]]) -> None:
        for entry, part in writes:
            if not entry.length:
                continue
            data = self.log.data(entry)
            if part is None:
                file.seek(entry.offset)
                file.write(data)
                continue
            for sector in part:
                file.seek(entry.offset + sector)
                file.write(data[sector:sector + SECTOR])


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)],
                   check=True)
