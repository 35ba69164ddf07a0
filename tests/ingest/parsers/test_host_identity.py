"""How hosts name themselves. The form of hostnamectl is that of systemd 252 (hostnamectl(1))."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.hosts import HostName, KernelRelease, MachineId
from kwhy.ingest.parsers.host_identity import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

UNAME = "Linux vm 6.18.44-lab #1 SMP PREEMPT_DYNAMIC @0 x86_64 GNU/Linux\n"
HOSTNAMECTL = """ Static hostname: n1
       Icon name: computer-vm
         Chassis: vm
      Machine ID: 3d1219c7c4c5404aaa1f6d2a48adfda4
         Boot ID: 0e5b3f1a4a7246a2b7a3c0f1d2e3f4a5
  Virtualization: kvm
Operating System: Debian GNU/Linux 12 (bookworm)
          Kernel: Linux 6.1.0-18-amd64
    Architecture: x86-64
"""


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"), command=command)))


def score(text: str, command: str | None = None) -> float:
    return FORMAT.recognise(Head(text, len(text), command))


@pytest.mark.parametrize("command", ["hostname", "hostname -f", "uname -n", "cat /etc/hostname", "sudo hostname"])
def test_a_lone_word_is_a_host_name_only_by_its_command(command: str) -> None:
    assert score("node-a.example\n", command) > 0.9
    (fact,) = parsed("node-a.example\n", command)
    assert isinstance(fact, HostName)
    assert fact.name == "node-a.example"
    assert score("node-a.example\n") == 0.0


def test_setting_the_name_is_not_asking_for_it() -> None:
    assert score("", "hostname node-b") == 0.0


def test_uname_is_recognised_by_content() -> None:
    assert score(UNAME) >= 0.9
    name, kernel = parsed(UNAME)
    assert isinstance(name, HostName)
    assert isinstance(kernel, KernelRelease)
    assert (name.name, kernel.release, kernel.machine) == ("vm", "6.18.44-lab", "x86_64")


def test_hostnamectl_gives_name_machine_id_and_kernel() -> None:
    assert score(HOSTNAMECTL) >= 0.9
    facts = parsed(HOSTNAMECTL, "hostnamectl")
    assert [fact.name for fact in facts if isinstance(fact, HostName)] == ["n1"]
    assert [fact.id for fact in facts if isinstance(fact, MachineId)] == ["3d1219c7c4c5404aaa1f6d2a48adfda4"]
    assert [(fact.release, fact.machine) for fact in facts if isinstance(fact, KernelRelease)] == [
        ("6.1.0-18-amd64", "x86_64")
    ]


def test_a_machine_id_needs_its_command() -> None:
    (fact,) = parsed("3d1219c7c4c5404aaa1f6d2a48adfda4\n", "cat /etc/machine-id")
    assert isinstance(fact, MachineId)


def test_what_is_no_name_is_reported() -> None:
    (problem,) = parsed("hostname: command not found\n", "hostname")
    assert isinstance(problem, Unparsed)


@given(st.text(), st.sampled_from([None, "hostname", "uname -a", "cat /etc/machine-id", "hostnamectl", "uname -r"]))
def test_any_text_is_survived(text: str, command: str | None) -> None:
    score(text, command)
    parsed(text, command)
