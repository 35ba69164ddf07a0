"""The C library asks what we foretell, and dig is read as it prints, in a namespace with a name server that logs."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kwhy.facts.dns import Lookup, ResolvConf
from kwhy.ingest.parsers import dig, resolv_conf
from kwhy.knowledge.dns.searching import questions
from kwhy.model.document import Document, Unparsed

#: One name exists, all others do not.
EXISTS = "hit.b.example"
SERVE = """
set -e
ip link set lo up
mount --bind "$1/resolv.conf" /etc/resolv.conf
dnsmasq -k -C /dev/null -p 53 --no-resolv --no-hosts -a 127.0.0.1 --bind-interfaces --local=/#/ \\
    --host-record=hit.b.example,10.0.0.1 --log-queries --log-facility="$1/queries.log" -x "$1/pid" &
for _ in $(seq 50); do grep -q started "$1/queries.log" 2>/dev/null && break; sleep 0.1; done
. "$1/script"
kill "$(cat "$1/pid")"
"""


def missing() -> str | None:
    """Why the lab cannot be made here; None if it can."""
    for program in ("dnsmasq", "dig", "getent", "unshare", "ip"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"the program {program} is not installed"
    if os.geteuid() != 0:
        return "making namespaces needs root"
    tried = subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"unshare: {tried.stderr.strip()}"


WHY_NOT = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]


def served(folder: Path, script: str) -> str:
    """What a script prints that asks the name server."""
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (folder / "script").write_text(script)
    done = subprocess.run(
        ["unshare", "-n", "-m", "bash", "-c", SERVE, "lab", str(folder)],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_glibc_asks_what_is_foretold(tmp_path: Path) -> None:
    chance = random.Random(53)
    trials: list[tuple[str, str]] = []
    for _ in range(24):
        searches = chance.sample(["a.example", "b.example", "c.d.example", "svc.cluster.local"], chance.randint(0, 4))
        search = f"search {' '.join(searches)}\n" if searches else ""
        conf = f"{search}nameserver 127.0.0.1\noptions ndots:{chance.randint(0, 6)}\n"
        name = chance.choice(
            ["hit", "web", "web.shop", "web.shop.svc", "www.example.org", "a.b.c.d.e", "web.", "hit.b"]
        )
        trials.append((conf, name))
    lines = []
    for number, (conf, name) in enumerate(trials):
        lines.append(f"printf '{conf.encode('unicode_escape').decode()}' > /etc/resolv.conf")
        lines.append(f"echo 'trial {number}' >> '{tmp_path}/queries.log'; getent ahosts '{name}' >/dev/null || true")
    served(tmp_path, "\n".join(lines))
    asked = re.split(r"^trial (\d+)$", (tmp_path / "queries.log").read_text(), flags=re.MULTILINE)
    agreed = 0
    for trial, log in zip(asked[1::2], asked[2::2], strict=True):
        conf, name = trials[int(trial)]
        (read,) = resolv_conf.FORMAT.parse(Document("resolv.conf", conf.encode()))
        assert isinstance(read, ResolvConf)
        foretold = [(q.type, q.name.rstrip(".")) for q in questions(name, read, {f"{EXISTS}."})]
        seen = re.findall(r"query\[(A|AAAA)\] (\S+) from", log)
        assert seen == foretold, (conf, name)
        agreed += len(seen)
    print(f"{agreed} questions of glibc, all foretold")


def test_dig_is_read_as_it_answers(tmp_path: Path) -> None:
    refused = "dig @127.0.0.1 -p 5399 +tries=1 +time=1 x.example || true"
    text = served(tmp_path, f"dig @127.0.0.1 {EXISTS}; dig @127.0.0.1 none.example; {refused}")
    found = list(dig.FORMAT.parse(Document("dig.txt", text.encode())))
    assert not [item for item in found if isinstance(item, Unparsed)]
    told = [(item.outcome, item.status, item.addresses) for item in found if isinstance(item, Lookup)]
    assert told == [
        ("answered", "NOERROR", ("10.0.0.1",)), ("answered", "NXDOMAIN", ()), ("refused", None, ()),
    ]  # fmt: skip
