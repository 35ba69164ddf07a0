"""The pod bridge of a node has another address than the plugin wants."""

from __future__ import annotations

from kwhy.knowledge.runtime.sandbox_fails_at_once import SANDBOX_FAILS, sandbox_errors_on, saying
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.node import LINKS
from kwhy.scene.scene import Scene

BRIDGE_ADDRESS_DIFFERS = Condition(
    code="cni.bridge-address-differs",
    kind="Node",
    nature=Nature.ROOT,
    title="On {subject} bridge {bridge} has another address than {wanted}, which its plugin wants",
    summary="The bridge is left over from another pod network of the node.",
    remedies=(
        Remedy(
            id="remove-the-stale-bridge",
            title="Remove the bridge of the former pod network; the plugin makes it anew",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Drain the node: its running pods lose their network.", "kubectl drain {name} --ignore-daemonsets"
                ),
                Step("See the address that it has.", "ip -d addr show {bridge}"),
                Step("Remove it on {name}.", "ip link delete {bridge}"),
                Step("Let pods come back.", "kubectl uncordon {name}"),
            ),
            verify=(
                Step("Pods on the node start.", "kubectl get pods -A -o wide --field-selector spec.nodeName={name}"),
            ),
            undo=(Step("Give the bridge its former address.", "ip addr add FORMER-ADDRESS dev {bridge}"),),
        ),
    ),
)

# 'failed to set bridge addr: "cni0" already has an IP address different from 10.244.1.1/24'
# (containernetworking/plugins v1.1 plugins/main/bridge/bridge.go ensureAddr)
_DIFFERS = expression(
    r'"(?P<bridge>[\w.-]{1,15})\\{0,7}" already has an IP address different from (?P<wanted>[0-9a-fA-F.:/]{3,50})'
)


def differing(scene: Scene, node: Subject) -> tuple[tuple[str, str, Evidence], ...]:
    """Sandbox errors of the node's pods that name a bridge with another address"""
    return tuple(
        (match["bridge"], match["wanted"], evidence)
        for message, evidence in sandbox_errors_on(scene, node)
        if (match := _DIFFERS.search(message))
    )


@rule(BRIDGE_ADDRESS_DIFFERS, rows=("N24",), leads=(leads_to(SANDBOX_FAILS, via=saying(_DIFFERS)),))
def bridge_address_differs(node: Subject, told: tuple[tuple[str, str, Evidence], ...] = given(differing)) -> Verdict:
    """The bridge has another address.

    What it means: The node got another pod CIDR (it was joined anew, the plugin was exchanged) and the bridge of the
    former one is still there.
    How it shows: '"cni0" already has an IP address different from 10.244.1.1/24' for every new pod of the node.
    What looks like it: "could not add IP address to "cni0": file exists" is a race of several first pods, and passes.
    Source: containernetworking/plugins v1.1 plugins/main/bridge/bridge.go (ensureAddr).
    """
    if not told:
        return unsure(f"the devices of {node.name}", LINKS.of(node=node.name))
    bridge, wanted, _ = told[0]
    return Present(tuple(evidence for _, _, evidence in told), {"bridge": bridge, "wanted": wanted})
