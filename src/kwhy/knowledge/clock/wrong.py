"""The clock of a node is wrong."""

from __future__ import annotations

from kwhy.knowledge.clock.offsets import Clock, clock_of, described
from kwhy.knowledge.clock.pulls import PULLS_BY_CLOCK
from kwhy.knowledge.clock.witnesses import Witness, witness_of
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.validity import CLOCK_IN_QUESTION
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Present, Verdict, unsure
from kwhy.probes.tls import CLOCK

CLOCK_WRONG = Condition(
    code="clock.wrong",
    kind="Node",
    nature=Nature.ROOT,
    title="The clock of {subject} is {off} the true time: certificates that are valid look {look} there",
    summary="The node's clock is so far off that it judges certificates and tokens by the wrong time.",
    remedies=(
        Remedy(
            id="set-the-clock",
            title="Set the clock by its time servers",
            when="now",
            risk="medium",
            steps=(
                Step("See the time servers, and whether they answer.", "chronyc sources -v"),
                Step("chrony: step the clock at once.", "chronyc makestep"),
                Step(
                    "systemd-timesyncd: switch it on.",
                    "timedatectl set-ntp true && systemctl restart systemd-timesyncd",
                ),
                Step("Restart the kubelet, so that it connects anew.", "systemctl restart kubelet"),
            ),
            verify=(
                Step("The clock is right within a second.", "chronyc tracking"),
                Step("The node is Ready.", "kubectl get nodes"),
            ),
            undo=(
                Step("None: a right clock needs none. Timers of programs may fire at once when the clock is stepped."),
            ),
        ),
        Remedy(
            id="keep-the-clock",
            title="Keep it right",
            when="lasting",
            risk="low",
            steps=(
                Step("Enable chronyd with several servers and makestep 1.0 3.", "systemctl enable --now chronyd"),
                Step("Open UDP port 123 to them; alert on node_timex_offset_seconds."),
            ),
            verify=(Step("A source is selected (^*).", "chronyc sources"),),
            undo=(Step("Restore the former configuration."),),
        ),
    ),
)


@rule(
    CLOCK_WRONG,
    rows=("N27", "T2"),
    leads=(leads_to(HANDSHAKE_FAILS, via=CLOCK_IN_QUESTION), leads_to(NOT_PULLED, via=PULLS_BY_CLOCK)),
)
def clock_wrong(node: Subject, clock: Clock = given(clock_of), witness: Witness | None = given(witness_of)) -> Verdict:
    """A node's clock is wrong.

    What it means: Whatever compares times on the node errs: certificates are "not yet valid" where it is behind, and
    "expired" where it is ahead; tokens, Leases and log lines carry wrong times.
    How it shows: chronyc, ntpq or chronyd say how far it is off; the kubelet starts pods before the API server created
    them; its log says that it is now before the beginning of a certificate that other nodes accept.
    What looks like it: A certificate that really expired, or that was issued for the future: then every client refuses
    it. Time zones: kwhy compares moments, not hours of the day. `chronyc sources` shows small offsets beside a clock
    that chronyd does not correct; tracking tells.
    Source: chrony 4.3 client.c (process_cmd_tracking), reference.c; Kubernetes v1.34 pkg/kubelet/kubelet_pods.go.
    """
    if clock.off:
        worst = max(clock.off, key=lambda one: (one.stated, abs(one.seconds)))
        because = (*(one.evidence for one in clock.off[:3]), *clock.unkept[:1])
        basis = Basis.STATED if worst.stated else Basis.RECOMPUTED
        values = _values(worst.seconds, at_least=worst.bound)
        return Present(because, values, basis=basis)
    if clock.right:
        return Absent(clock.right)
    if witness is not None:
        values = _values(-witness.behind, at_least=True)
        return Present((*witness.because, *clock.unkept[:1]), values, basis=Basis.INFERRED)
    if clock.unkept:
        return unsure(f"how far the clock of {node.name} is off", CLOCK.of(node=node.name))
    return unsure(f"whether the clock of {node.name} is right", CLOCK.of(node=node.name))


def _values(seconds: float, *, at_least: bool) -> dict[str, object]:
    off = described(seconds)
    return {"off": f"at least {off}" if at_least else off, "look": "expired" if seconds > 0 else "not yet valid"}
