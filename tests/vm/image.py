#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build what a test machine boots from.

image.py initramfs KERNEL_DIR INIT OUTPUT
    PID 1, and the modules that reach the root disk, in order of insertion.
image.py rootfs STAGE OUTPUT [--lib DIR] [--base ROOT]
    An ext4 image: the stage, busybox with its applets, and the shared
    libraries that the programs in the stage need, taken from this system (or
    from DIR, when the stage has them). With ROOT, a root file system that has
    programs and libraries of its own, only what is missing in it is added.

image.py modules KERNEL_DIR OUTPUT NAME...
    A folder with these modules and those that they need, of names that sort in the
    order of insertion. What the kernel does not have is left out.

Needs no privileges. An output is complete or absent.
"""

import argparse
import lzma
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

# What stands between the kernel and /dev/vda, where it is not built in.
DISK_MODULES = ("virtio_pci", "virtio_blk")

# Size of the root disk. The file is sparse: it takes what the guest writes.
DISK_SIZE = "8G"

# Loaded by the C library at run time, so no program names it as needed.
EXTRA_LIBS = ("/usr/lib/x86_64-linux-gnu/libgcc_s.so.1",)

# Of busybox, where there is another system: what the tests' scripts use and Debian does not have.
BASE_APPLETS = ("usleep", "cttyhack")

ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\n"
              "user:x:1000:1000:user:/tmp:/bin/sh\n"
              "nobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n",
    "hostname": "kredact-test\n",
}


def fail(text: str) -> None:
    sys.exit(f"image: {text}")


class Cpio:
    """Writer of a "newc" archive, the format of an initramfs."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.inode = 0

    def add(self, name: str, mode: int, body: bytes = b"") -> None:
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name) + 1, 0)
        self.data += b"070701" + b"".join(b"%08X" % field for field in fields)
        self.data += name.encode() + b"\0"
        self._pad()
        self.data += body
        self._pad()

    def finish(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return bytes(self.data)

    def _pad(self) -> None:
        self.data += bytes(-len(self.data) % 4)


def module_name(path: str) -> str:
    return re.sub(r"\.ko(\.[a-z0-9]+)?$", "", os.path.basename(path)).replace("-", "_")


def resolve_modules(directory: Path, wanted: tuple[str, ...]) -> list[str]:
    """Paths of modules in an order in which they can be inserted.

    depmod lists all dependencies of a module, those that others need last.
    """
    depends: dict[str, list[str]] = {}
    for line in (directory / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        depends[module_name(path)] = [path, *rest.split()]
    builtin = {module_name(line)
               for line in (directory / "modules.builtin").read_text().splitlines()}

    order: list[str] = []
    for name in wanted:
        if name not in depends:
            if name not in builtin:
                fail(f"{directory}: no module {name}")
            continue
        for path in reversed(depends[name]):
            if path not in order:
                order.append(path)
    return order


def read_module(path: Path) -> bytes:
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix != ".ko":
        fail(f"{path}: cannot unpack this")
    return path.read_bytes()


def replace(output: Path, body: bytes) -> None:
    tmp = output.with_name(output.name + ".tmp")
    tmp.write_bytes(body)
    tmp.rename(output)


def add_modules(archive: Cpio, kernel: Path) -> None:
    """The modules that reach the root disk, and /modules.list, which has their order."""
    modules = kernel / "modules"
    names = []
    for path in resolve_modules(modules, DISK_MODULES):
        name = module_name(path) + ".ko"
        archive.add(name, stat.S_IFREG | 0o644, read_module(modules / path))
        names.append(f"/{name}\n")
    archive.add("modules.list", stat.S_IFREG | 0o644, "".join(names).encode())


def build_modules(kernel: Path, output: Path, names: list[str]) -> None:
    modules = kernel / "modules"
    there = {module_name(line.partition(":")[0])
             for line in (modules / "modules.dep").read_text().splitlines()}
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".modules.") as tmp:
        folder = Path(tmp) / "modules"
        folder.mkdir()
        wanted = tuple(name for name in names if name in there)
        for number, path in enumerate(resolve_modules(modules, wanted)):
            to = folder / f"{number:02}-{module_name(path)}.ko"
            to.write_bytes(read_module(modules / path))
        shutil.rmtree(output, ignore_errors=True)
        folder.rename(output)


def build_initramfs(kernel: Path, init: Path, output: Path) -> None:
    archive = Cpio()
    archive.add("dev", stat.S_IFDIR | 0o755)
    archive.add("init", stat.S_IFREG | 0o755, init.read_bytes())
    add_modules(archive, kernel)
    replace(output, archive.finish())


def is_dynamic(path: Path) -> bool:
    """Whether a file is an ELF program or library (64-bit, little-endian)."""
    with open(path, "rb") as file:
        head = file.read(20)
    return head[:6] == b"\x7fELF\x02\x01" and head[16] in (2, 3)


def needed_libraries(files: list[Path], libdir: Path | None) -> set[str]:
    """Absolute paths of all libraries that the files need, as ldd resolves them."""
    env = dict(os.environ, LC_ALL="C")
    env.pop("LD_PRELOAD", None)
    if libdir:
        env["LD_LIBRARY_PATH"] = str(libdir.resolve())
    found: set[str] = set()
    for path in files:
        result = subprocess.run(["ldd", str(path.resolve())], env=env, text=True,
                                capture_output=True, check=False)
        if "not a dynamic executable" in result.stderr or "statically linked" in result.stdout:
            continue
        if result.returncode:
            fail(f"ldd {path}: {result.stderr.strip()}")
        for line in result.stdout.splitlines():
            if "not found" in line:
                fail(f"{path}: {line.strip()}")
            match = re.search(r"(/\S+) \(0x", line)
            if match:
                found.add(match.group(1))
    return found


def install(source: Path, root: Path, destination: str) -> None:
    target = root / destination.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy2(source, target)


def install_libraries(root: Path, stage: Path, libdir: Path | None) -> None:
    files = [path for path in stage.rglob("*")
             if path.is_file() and not path.is_symlink() and path.suffix != ".ko"
             and is_dynamic(path)]
    wanted = needed_libraries(files, libdir)
    wanted.update(lib for lib in EXTRA_LIBS if os.path.exists(lib))
    for lib in sorted(wanted):
        if libdir and Path(lib).parent == libdir.resolve():
            continue    # part of the stage
        where = os.path.dirname(lib)
        if where.startswith(("/lib/", "/lib64")):
            where = "/usr" + where
        install(Path(lib).resolve(), root, f"{where}/{os.path.basename(lib)}")


def install_busybox(root: Path, only: tuple[str, ...] = ()) -> None:
    busybox = shutil.which("busybox")
    if not busybox:
        fail("busybox is missing")
    install(Path(busybox), root, "/usr/bin/busybox")
    for applet in subprocess.run([busybox, "--list"], text=True, capture_output=True,
                                 check=True).stdout.split():
        link = root / "usr/bin" / applet
        if not os.path.lexists(link) and applet != "busybox" and (not only or applet in only):
            link.symlink_to("busybox")


def populate_bare(root: Path, stage: Path) -> None:
    for name in ("dev", "proc", "sys", "tmp", "root", "run", "out", "etc", "var",
                 "usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for name, text in ETC.items():
        (root / "etc" / name).write_text(text)
    shutil.copytree(stage, root, symlinks=True, dirs_exist_ok=True)
    install_busybox(root)


def populate(root: Path, stage: Path, libdir: Path | None, base: Path | None) -> None:
    if base:
        shutil.copytree(base, root, symlinks=True, dirs_exist_ok=True)
        overlay(root, stage)
        install_busybox(root, BASE_APPLETS)
    else:
        populate_bare(root, stage)
    install_libraries(root, stage, libdir)
    (root / "tmp").chmod(0o1777)
    (root / "out").chmod(0o1777)


def overlay(root: Path, stage: Path) -> None:
    """Copy a stage over a root whose /lib and its like are links."""
    for folder, folders, files in os.walk(stage):
        to = root / Path(folder).relative_to(stage)
        for name in [*folders, *files]:
            path = Path(folder) / name
            if path.is_dir() and not path.is_symlink():
                (to / name).mkdir(exist_ok=True)
            else:
                (to / name).unlink(missing_ok=True)
                shutil.copy2(path, to / name, follow_symlinks=False)


def give_to_root(image: Path, root: Path) -> None:
    """What a user has built without privileges is root's in the machine."""
    names = [path.relative_to(root) for path in root.rglob("*")]
    commands = "".join(f'sif "/{name}" {field} 0\n' for name in names for field in ("uid", "gid"))
    subprocess.run([tool("debugfs"), "-w", "-f", "-", str(image)], input=commands, text=True,
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def tool(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        fail(f"{name} is missing")
    return path


def build_rootfs(stage: Path, output: Path, libdir: Path | None, base: Path | None) -> None:
    image = output.with_name(output.name + ".tmp")
    image.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".rootfs.") as tmp:
        root = Path(tmp) / "root"
        root.mkdir(mode=0o755)
        populate(root, stage, libdir, base)
        subprocess.run([tool("mke2fs"), "-q", "-t", "ext4", "-d", str(root), "-L", "root", "-m", "0",
                        "-N", "65536", "-O", "^has_journal,^metadata_csum",
                        "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0",
                        str(image), DISK_SIZE], check=True, stdout=subprocess.DEVNULL)
        if os.geteuid() != 0:
            give_to_root(image, root)
    image.rename(output)


def main() -> None:
    parser = argparse.ArgumentParser(description="build what a test machine boots from")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("initramfs")
    command.add_argument("kernel", type=Path)
    command.add_argument("init", type=Path)
    command.add_argument("output", type=Path)
    command = commands.add_parser("modules")
    command.add_argument("kernel", type=Path)
    command.add_argument("output", type=Path)
    command.add_argument("names", nargs="+")
    command = commands.add_parser("rootfs")
    command.add_argument("stage", type=Path)
    command.add_argument("output", type=Path)
    command.add_argument("--lib", type=Path)
    command.add_argument("--base", type=Path)
    args = parser.parse_args()

    args.output.parent.mkdir(parents=True, exist_ok=True)
    if args.command == "initramfs":
        build_initramfs(args.kernel, args.init, args.output)
    elif args.command == "modules":
        build_modules(args.kernel, args.output, args.names)
    else:
        build_rootfs(args.stage, args.output, args.lib, args.base)


if __name__ == "__main__":
    main()
