"""A network namespace of its own for a test, removed afterwards whatever happens."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


def missing() -> str | None:
    """Why network namespaces cannot be made here; None if they can."""
    if shutil.which("ip") is None:
        return "the program ip (iproute2) is not installed"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    name = f"kwhy-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"ip netns add: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


def run(*command: str, stdin: str | None = None) -> str:
    """Standard output and error of a command together, as a terminal shows them."""
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    return done.stdout


def within(namespace: str, *command: str, stdin: str | None = None) -> str:
    return run("ip", "netns", "exec", namespace, *command, stdin=stdin)


def batch(namespace: str, lines: Sequence[str], *options: str) -> str:
    """Many `ip` commands in one process; a refused one does not stop the rest."""
    return run("ip", *options, "-n", namespace, "-force", "-batch", "-", stdin="\n".join(lines) + "\n")


@contextmanager
def namespace(name: str) -> Iterator[str]:
    full = f"kwhy-{name}-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", full], check=True, capture_output=True)
    try:
        yield full
    finally:
        subprocess.run(["ip", "netns", "del", full], check=True, capture_output=True)
