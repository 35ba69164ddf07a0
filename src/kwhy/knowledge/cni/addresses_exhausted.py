"""A node has no pod address left."""

from __future__ import annotations

from kwhy.knowledge.runtime.sandbox_fails_at_once import SANDBOX_FAILS, sandbox_errors_on, saying
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene

ADDRESSES_EXHAUSTED = Condition(
    code="cni.addresses-exhausted",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has no pod address left{pool}",
    summary="The address pool of the node's pods is used up, or holds reservations of pods that are gone.",
    remedies=(
        Remedy(
            id="free-leaked-addresses",
            title="Free reservations of pods that no longer exist",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Count the pods with addresses of their own.",
                    "kubectl get pods -A -o wide --field-selector spec.nodeName={name}",
                ),
                Step(
                    "Compare with the reservations on {name} (host-local keeps one file each).",
                    "ls /var/lib/cni/networks/*",
                ),
                Step(
                    "Where there are many more files than pods, drain the node, remove the files of addresses that no "
                    "pod has, and uncordon it.",
                    "kubectl drain {name} --ignore-daemonsets --delete-emptydir-data",
                ),
            ),
            verify=(
                Step("Pods on the node start.", "kubectl get pods -A -o wide --field-selector spec.nodeName={name}"),
            ),
            undo=(Step("Uncordon the node.", "kubectl uncordon {name}"),),
        ),
        Remedy(
            id="fewer-pods-or-a-larger-pool",
            title="Keep the number of pods below the pool, or enlarge it",
            when="lasting",
            risk="medium",
            steps=(
                Step("Set maxPods of the kubelet below the number of addresses of the node's pool."),
                Step("Or give nodes larger pod CIDRs, or the cloud's network more addresses."),
            ),
            verify=(
                Step(
                    "Capacity pods is below the pool's size.",
                    "kubectl get node {name} -o jsonpath={{.status.capacity.pods}}",
                ),
            ),
            undo=(Step("Set the former value."),),
        ),
    ),
)

RESERVATIONS = Probe(
    "ls -la /var/lib/cni/networks/*", unlocks="which addresses the node has reserved", where="node {node}"
)

# Texts that mean that the pool is empty, and nothing else.
# 'failed to allocate for range 0: no IP addresses available in range set: 10.1.56.1-10.1.56.254'
# (containernetworking/plugins plugins/ipam/host-local/backend/allocator/allocator.go Get; canonical/microk8s#1147)
# 'unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure  range is full'
# (cilium pkg/ipam, ipallocator.ErrFull; cilium#10627)
_EXHAUSTED = expression(
    r"no IP addresses available in range set: (?P<pool>[0-9a-fA-F.:-]{3,100})"
    r"|no IP addresses available in network: (?P<network>[\w.-]{1,100})"
    r"|postIpamFailure\s+(?:[^\n]{0,200}?)range is full"
)


def exhausted(scene: Scene, node: Subject) -> tuple[tuple[str, Evidence], ...]:
    """Sandbox errors of the node's pods that say that no address is left"""
    return tuple(
        (match["pool"] or match["network"] or "", evidence)
        for message, evidence in sandbox_errors_on(scene, node)
        if (match := _EXHAUSTED.search(message))
    )


@rule(ADDRESSES_EXHAUSTED, rows=("N24",), leads=(leads_to(SANDBOX_FAILS, via=saying(_EXHAUSTED)),))
def addresses_exhausted(node: Subject, told: tuple[tuple[str, Evidence], ...] = given(exhausted)) -> Verdict:
    """The node has no pod address left.

    What it means: The plugin's pool for this node is used up: more pods than addresses, or addresses that were never
    given back when pods ended.
    How it shows: The plugin's own words: "no IP addresses available in range set", "range is full".
    What looks like it: AWS's "failed to assign an IP address to container" has other causes too (permissions, ipamd not
    ready); its ipamd log tells. A single static address that is taken: "requested IP address … is not available".
    Source: containernetworking/plugins v1.1 host-local allocator.go (IPAllocator.Get); cilium v1.15 pkg/ipam.
    """
    if not told:
        return unsure(f"the pod addresses that {node.name} has reserved", RESERVATIONS.of(node=node.name))
    pool = told[0][0]
    return Present(tuple(evidence for _, evidence in told), {"pool": f" in {pool}" if pool else ""})
