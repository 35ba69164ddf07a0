"""Diagnoses built by hand over the real lines of the embedded incident: reports are tested without the engine."""

from __future__ import annotations

import tarfile
from collections.abc import Callable

import msgspec
import pytest

from kwhy.demo_incidents import NODE_NOTREADY
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.diagnosis import (
    Coverage,
    Diagnosis,
    DocumentCoverage,
    Finding,
    Hypothesis,
    Link,
    NextStep,
    Outcome,
    RootCause,
    RuledOut,
    Undetermined,
)
from kwhy.model.document import Document
from kwhy.model.probe import Probe
from kwhy.model.subject import Subject
from kwhy.model.time import no_later_than
from kwhy.model.verdict import Basis, Evidence, Gap

NODE = Subject("Node", "n1")
TERWAYD = Subject("Process", "terwayd", node="n1")
AS_OF = 1564420303.0

RESTART = Remedy(
    id="restart-cni-daemon",
    title="Restart {name} on {node}",
    when="now",
    risk="medium",
    steps=(
        Step("Keep the dump, it is the only trace."),
        Step("Restart the daemon's pod.", "kubectl -n kube-system delete pod {daemon_pod}"),
    ),
    verify=(Step("The node stays Ready for more than ten minutes.", "kubectl get node {node} -w"),),
    undo=(Step("Nothing to undo: its DaemonSet starts it again."),),
)
TIMEOUT = Remedy(
    id="netlink-receive-timeout",
    title="Give netlink sockets a receive timeout",
    when="lasting",
    risk="low",
    steps=(Step("Update the CNI daemon to a version that sets one."),),
    verify=(),
    undo=(),
)
STUCK = Condition(
    "cni.daemon-stuck-in-netlink",
    "Process",
    Nature.ROOT,
    "{name} on node {node} waits for a netlink answer since {minutes} min",
    "A CNI daemon waits for the kernel.",
    (RESTART, TIMEOUT),
)
PLUGINS = Condition("cni.plugins-wait", "Node", Nature.EFFECT, "CNI plugins wait", "CNI plugins wait for their daemon.")
NOT_READY = Condition("node.pleg-stuck", "Node", Nature.EFFECT, "PLEG is stuck", "One relist does not return.")
RUNTIME_HUNG = Condition("runtime.hung", "Node", Nature.ROOT, "The runtime hangs", "The runtime answers no call.")
DISK_SLOW = Condition("node.disk-slow", "Node", Nature.ROOT, "The disk is slow", "Writes take seconds.")
IOSTAT = Probe("iostat -x 1 5", unlocks="how long writes take", where="node {node}")


@pytest.fixture(scope="session")
def line() -> Callable[[str, int, str], Evidence]:
    """Evidence at a real line of the incident."""
    with tarfile.open(NODE_NOTREADY.archive) as archive:
        documents = {
            member.name: Document(member.name, archive.extractfile(member).read())  # type: ignore[union-attr]  # all are files
            for member in archive.getmembers()
        }

    def at(source: str, number: int, says: str) -> Evidence:
        text = dict(documents[source].lines())[number]
        return Evidence(documents[source].at(line=number, excerpt=text), says)

    return at


@pytest.fixture(scope="session")
def explained(line: Callable[[str, int, str], Evidence]) -> Diagnosis:
    """The incident as it should come out: one root cause, two effects, one of each other section."""
    root = Finding(
        id="f3",
        condition=STUCK,
        subject=TERWAYD,
        title="terwayd on node n1 waits for a netlink answer since 1595 min and holds the lock that every pod needs",
        evidence=(
            line("4-terwayd-goroutine.txt", 1, "goroutine 67570 has been in a system call for 1595 minutes"),
            line("5-crash-bt.txt", 8, "its kernel stack ends in netlink_recvmsg"),
        ),
        symptom=False,
        since=no_later_than(AS_OF - 1595 * 60),
        affected=(Subject("Pod", "web-1", "shop"), Subject("Pod", "web-2", "shop")),
        values={"minutes": "1595"},
    )
    plugins = Finding(
        id="f2",
        condition=PLUGINS,
        subject=NODE,
        title="the CNI plugin terway waits for terwayd",
        evidence=(line("3-terway-sigabrt.txt", 1, "the plugin waits in an RPC"),),
        symptom=False,
        basis=Basis.INFERRED,
    )
    pleg = Finding(
        id="f1",
        condition=NOT_READY,
        subject=NODE,
        title="one PLEG relist had not returned after 3m26s",
        evidence=(line("1-kubelet.log", 11, "the age grows by a second per second"),),
        symptom=True,
    )
    return Diagnosis(
        as_of=AS_OF,
        outcome="explained",
        root_causes=(RootCause(1, "root-cause", root, 0.96, ("f1", "f2"), ("f3", "f2", "f1"), STUCK.remedies),),
        findings=(pleg, plugins, root),
        contributing=(),
        links=(Link("f3", "f2", "waits-for"), Link("f2", "f1", "waits-for", plugins.evidence)),
        ruled_out=(
            RuledOut(RUNTIME_HUNG, NODE, (line("2-kubelet-sigabrt-cni-exec.txt", 11, "RunPodSandbox runs a plugin"),)),
        ),
        undetermined=(
            Undetermined(DISK_SLOW, NODE, (Gap("how long writes to the disk take", (IOSTAT.of(node="n1"),)),)),
        ),
        unexplained=(),
        hypotheses=(Hypothesis(((DISK_SLOW, NODE),), ("f1",)),),
        next_steps=(
            NextStep(
                "dmesg -T | tail", "node n1", "why the kernel did not answer", ("node.disk-slow",), "seconds", "none"
            ),
        ),
        coverage=Coverage(
            documents=(
                DocumentCoverage("1-kubelet.log", "klog", 11, 0),
                DocumentCoverage("4-terwayd-goroutine.txt", "goroutine-dump", 1, 1, ("line 9 holds two frames",)),
            ),
            unrecognised=("picture.png: binary data of no known format",),
            bytes_read=7263,
        ),
        notes=("times of 1-kubelet.log have no date",),
    )


@pytest.fixture(scope="session")
def healthy() -> Diagnosis:
    return nothing("healthy")


def nothing(outcome: Outcome) -> Diagnosis:
    return Diagnosis(
        as_of=None,
        outcome=outcome,
        root_causes=(),
        findings=(),
        contributing=(),
        links=(),
        ruled_out=(),
        undetermined=(),
        unexplained=(),
        hypotheses=(),
        next_steps=(),
        coverage=Coverage(),
    )


@pytest.fixture(scope="session")
def insufficient() -> Diagnosis:
    step = NextStep(
        "kubectl get nodes,pods -A -o json", "anywhere with kubectl", "shows the scope", (), "seconds", "none"
    )
    return msgspec.structs.replace(nothing("insufficient-evidence"), next_steps=(step,))


@pytest.fixture(scope="session")
def unexplained(explained: Diagnosis) -> Diagnosis:
    return msgspec.structs.replace(
        explained, outcome="unexplained", root_causes=(), unexplained=("f1",), links=(), next_steps=()
    )


HOSTILE = "\x1b[31mred\x1b[0m [bold]b[/bold] <script>alert(1)</script> **x** `y`\u202e {name} \ud800\nsecond | line"


@pytest.fixture(scope="session")
def hostile(explained: Diagnosis) -> Diagnosis:
    """The same diagnosis with an attacker's text wherever evidence reaches a report."""
    document = Document(HOSTILE, b"")
    evidence = (Evidence(document.at(line=1, excerpt=HOSTILE), HOSTILE), Evidence(document.at(path=HOSTILE), ""))
    cause = explained.root_causes[0]
    finding = msgspec.structs.replace(
        cause.finding,
        title=HOSTILE,
        evidence=evidence,
        subject=Subject("Pod", HOSTILE, HOSTILE),
        affected=(Subject("Pod", HOSTILE, HOSTILE),),
        values={"daemon_pod": "x; rm -rf /", "node": "$(reboot)", "minutes": HOSTILE},
    )
    return msgspec.structs.replace(
        explained,
        root_causes=(msgspec.structs.replace(cause, finding=finding, assumed=(HOSTILE,)),),
        ruled_out=(RuledOut(RUNTIME_HUNG, Subject("Pod", HOSTILE), evidence),),
        undetermined=(Undetermined(DISK_SLOW, Subject("Pod", HOSTILE), (Gap(HOSTILE),)),),
        coverage=Coverage(documents=(DocumentCoverage(HOSTILE, "klog", 1, 1, (HOSTILE,)),), unrecognised=(HOSTILE,)),
        notes=(HOSTILE,),
    )
