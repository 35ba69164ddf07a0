#!/usr/bin/env python3
"""Writes a container image out of programs and folders of this machine, with the libraries the programs load.

packtree.py OUT.tar NAME:TAG PATH[=PATH_IN_IMAGE]… [-- ENTRYPOINT…]

The base image's busybox is put in /bin, so that the image has a shell.
"""

import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

arguments = sys.argv[1:]
entrypoint = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
out, tag, *paths = arguments[: arguments.index("--")] if "--" in arguments else arguments
LOADS = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)  # ldd: "	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)"


def is_program(file):
    with file.open("rb") as opened:
        return opened.read(4) == b"\x7fELF"


def libraries(file):
    shown = subprocess.run(["ldd", file], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return [Path(p) for p in LOADS.findall(shown.stdout)]


def entry(name, **fields):
    info = tarfile.TarInfo(name.lstrip("/"))
    info.mtime = 1767225600
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def text(tar, name, content):
    tar.addfile(entry(name, size=len(content), mode=0o644), io.BytesIO(content))


def packed(tar):
    for folder in ("bin", "etc", "tmp", "proc", "sys", "dev", "root", "home", "var", "run", "data"):
        tar.addfile(entry(folder, type=tarfile.DIRTYPE, mode=0o1777 if folder in ("tmp", "data", "run") else 0o755))
    text(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/home:/bin/sh\n")
    text(tar, "etc/group", b"root:x:0:\napp:x:1000:\n")
    text(tar, "etc/nsswitch.conf", b"hosts: files dns\n")
    applets = subprocess.run(["busybox", "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    tar.add("/bin/busybox", "bin/busybox")
    for applet in applets:
        if applet != "busybox":
            tar.addfile(entry(f"bin/{applet}", type=tarfile.SYMTYPE, linkname="/bin/busybox"))
    needed, there = set(), set()
    for given in paths:
        path, _, inside = given.partition("=")
        source, inside = Path(path).resolve(), inside or path
        for file in [source, *source.rglob("*")] if source.is_dir() else [source]:
            if file.name == "__pycache__":
                continue
            tar.add(file, inside + str(file)[len(str(source)) :], recursive=False)
            if file.is_file() and not file.is_symlink() and is_program(file):
                needed.update(libraries(file))
    for library in sorted(needed):
        if str(library) not in there:
            there.add(str(library))
            tar.add(library.resolve(), str(library), recursive=False)


def image(layer, config, name, diff):
    with tarfile.open(out, "w") as tar:
        text(tar, name, config)
        text(tar, f"{diff}/layer.tar", layer)
        text(tar, "manifest.json", json.dumps([{"Config": name, "RepoTags": [tag], "Layers": [f"{diff}/layer.tar"]}]).encode())


memory = io.BytesIO()
with tarfile.open(fileobj=memory, mode="w") as tar:
    packed(tar)
diff = hashlib.sha256(memory.getvalue()).hexdigest()
settings = {"Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "WorkingDir": "/", "Entrypoint": entrypoint or None}
config = {
    "created": "2026-01-01T00:00:00Z",
    "architecture": "amd64",
    "os": "linux",
    "config": settings,
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff]},
    "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "packtree.py"}],
}
written = json.dumps(config).encode()
image(memory.getvalue(), written, hashlib.sha256(written).hexdigest() + ".json", diff)
