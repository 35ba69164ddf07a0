"""Typed commands are told from prose, and aliases are written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.session.prompts import prompt_of
from kwhy.ingest.session.words import is_command, normalised_command, reads_as_command


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kg svc consul-web", "kubectl get svc consul-web"),
        ("kex codis-server-3 sh", "kubectl exec -it codis-server-3 sh"),
        ("k get po", "kubectl get po"),
        ("kd no n1", "kubectl describe no n1"),
        ("oc get pods", "kubectl get pods"),
        ("sudo k get po", "sudo kubectl get po"),
        ("/usr/local/bin/kubectl get po", "kubectl get po"),
        ("KUBECONFIG=/tmp/k kgp -A", "KUBECONFIG=/tmp/k kubectl get pods -A"),
        ("k3s kubectl get po", "k3s kubectl get po"),
        ("ip route", "ip route"),
        ("echo k get", "echo k get"),
        ("", ""),
    ],
)
def test_an_alias_is_written_out(typed: str, meant: str) -> None:
    assert normalised_command(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "kubectl get pods",
        "kg svc",
        "ip route",
        "ps aux",
        "dmesg -T",
        "cat /etc/resolv.conf",
        "ping consul",
        "sudo ip r",
        "df -h",
    ],
)
def test_a_command_reads_as_one(text: str) -> None:
    assert reads_as_command(text)
    assert is_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "kubectl is used to look at the cluster",
        "ip addresses of nodes",
        "free software for all",
        "date of the incident:",
        "nodes are down",
        "cat in the hat",
    ],
)
def test_a_sentence_does_not_read_as_a_command(text: str) -> None:
    assert not reads_as_command(text)


@given(st.text(max_size=200))
def test_any_line_is_judged(line: str) -> None:
    prompt_of(line)
    reads_as_command(line)
    normalised_command(line)


@pytest.mark.parametrize(
    "line", ["[" * 3000, "~ " * 2000, "a@b:~/" + "x" * 3900, "PS C:\\" + "\\" * 3900, "+" * 3999, "[a@b " + "]" * 3900]
)
def test_no_line_takes_long(line: str) -> None:
    for _ in range(50):
        prompt_of(line)
