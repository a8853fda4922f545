#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""capture.py INIT KERNEL_DIR OUTPUT SECRET...: the initramfs of a capture kernel.

PID 1, the modules that reach the disk, and files of secret numbers, masked: the kernel that
will crash reads them.
"""

import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "vm"))
import image    # noqa: E402 (it is there)

# SECRET_MASK in capture.c
MASK = 0x5A


def main() -> None:
    init, kernel, output, *secrets = map(Path, sys.argv[1:])
    archive = image.Cpio()
    archive.add("dev", stat.S_IFDIR | 0o755)
    archive.add("secret", stat.S_IFDIR | 0o755)
    archive.add("init", stat.S_IFREG | 0o755, init.read_bytes())
    image.add_modules(archive, kernel)
    for path in secrets:
        archive.add(f"secret/{path.name}", stat.S_IFREG | 0o644,
                    bytes(byte ^ MASK for byte in path.read_bytes()))
    image.replace(output, archive.finish())


if __name__ == "__main__":
    main()
