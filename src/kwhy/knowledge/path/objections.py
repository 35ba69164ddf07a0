"""What the cluster's objects say against a packet: the pod does not run, a policy forbids it, nothing listens."""

from __future__ import annotations

import msgspec

from kwhy.facts.sockets import Socket, SocketListing
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.policy.enforcing import enforcement
from kwhy.knowledge.policy.evaluating import Answer, Direction, End, Packet, decide
from kwhy.knowledge.policy.flows import end_of, policies_in
from kwhy.knowledge.service.listening import ports_of
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.trace import TraceNeed, TraceStep, TraceVerdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

ANYWHERE = "anywhere with kubectl"


class Objection(msgspec.Struct, frozen=True):
    """``verdict`` None: nothing stops the packet here. ``steps`` say what was found, ``needs`` what is missing."""

    verdict: TraceVerdict | None = None
    why: str = ""
    by: Locator | None = None
    steps: tuple[TraceStep, ...] = ()
    depends_on: tuple[TraceNeed, ...] = ()
    not_checked: tuple[TraceNeed, ...] = ()


def pod_objection(scene: Scene, pod: Subject) -> Objection:
    """Whether the pod can take part in any connection."""
    if not scene.exists(pod):
        listing = scene.listing("Pod", pod.namespace, pod.name)
        if listing is not None:
            return Objection("dropped", f"{pod} does not exist", listing.at)
        need = TraceNeed(str(pod), f"kubectl get pod {pod.name} -n {pod.namespace} -o yaml", ANYWHERE)
        return Objection(not_checked=(need,))
    phase = PodView(scene, pod).phase
    if phase.observed and phase.value not in ("Running", ""):
        return Objection("dropped", f"{pod} does not run: it is {phase.value}", phase.place)
    return Objection()


def policy_objection(
    scene: Scene, sender: Subject | None, sender_addresses: tuple[str, ...], receiver: Subject | None, address: str,
    port: int | None, protocol: str,
) -> Objection:  # fmt: skip
    """What network policies say: out of the sender, into the receiver."""
    plugin = scene.derive_once(enforcement)
    if plugin.enforced is False:
        return Objection(steps=tuple(TraceStep("cluster", "policy", each.says, each.at) for each in plugin.evidence))
    here = end_of(scene, sender) if sender is not None else End(None, addresses=sender_addresses)
    there = end_of(scene, receiver) if receiver is not None else End(None, addresses=(address,))
    packet = Packet(port, protocol.upper())
    steps: list[TraceStep] = []
    depends: list[TraceNeed] = []
    open_ones: list[TraceNeed] = []
    ways: tuple[tuple[Direction, Subject | None, End, End], ...] = (
        ("egress", sender, here, there),
        ("ingress", receiver, there, here),
    )
    for direction, pod, end, other in ways:
        if pod is None or (direction == "ingress" and sender is None and not sender_addresses):
            continue
        policies, all_shown = scene.derive(policies_in, Subject("Namespace", pod.namespace or ""))
        decision = decide(direction, end, other, packet, policies, all_shown=all_shown)
        names = ", ".join(str(policy.subject) for policy in decision.isolating)
        if decision.answer is Answer.ALLOWED and decision.rule is not None:
            allowing, index = decision.rule
            at = scene.observations(allowing.subject)[0].field_at(f"spec.{direction}[{index}]", "")
            steps.append(TraceStep("cluster", "policy", f"{allowing.subject} allows it ({direction} of {pod})", at))
        elif decision.answer is Answer.ALLOWED:
            steps.append(TraceStep("cluster", "policy", f"no network policy isolates {pod} for {direction}"))
        elif decision.answer is Answer.DENIED:
            at = scene.observations(decision.isolating[0].subject)[0].field_at("spec", "")
            why = f"{names} isolates {pod} and no policy allows this {direction}"
            steps.append(TraceStep("cluster", "policy", why, at))
            if plugin.enforced:
                return Objection("refused" if plugin.refuses else "dropped", why, at, tuple(steps))
            command = "kubectl get daemonsets -A -o wide"
            depends.append(TraceNeed("that no network plugin enforces policies here", command, ANYWHERE))
        elif decision.open:
            about = ", ".join(str(policy.subject) for policy in decision.open)
            command = f"kubectl get networkpolicies,pods -n {pod.namespace} -o yaml; kubectl get namespaces -o yaml"
            depends.append(TraceNeed(f"that {about} allows it ({direction} of {pod})", command, ANYWHERE))
        else:
            command = f"kubectl get networkpolicies -n {pod.namespace} -o yaml"
            open_ones.append(TraceNeed(f"network policies of namespace {pod.namespace}", command, ANYWHERE))
    return Objection(None, "", None, tuple(steps), tuple(depends), tuple(dict.fromkeys(open_ones)))


def listening_objection(
    scene: Scene, network: Network | None, pod: Subject | None, address: str, port: int | None, protocol: str
) -> Objection:
    """Whether anything listens: by the sockets of the namespace, else by what the pod logs and is probed at."""
    if port is None or protocol == "icmp":
        return Objection()
    name = str(pod) if pod is not None else (network.name if network is not None else address)
    if network is not None and (answer := _by_sockets(network, name, address, port, protocol)) is not None:
        return answer
    if pod is None or protocol != "tcp":
        return Objection()
    known = ports_of(scene, pod)
    same = [each for each in known if each.port == port]
    if any(each.loopback for each in same):
        at = next(each.at for each in same if each.loopback)
        return Objection("refused", f"{name} listens on port {port} of its loopback address only", at)
    proof = next((each for each in same if each.by in ("logged", "probed")), None)
    if proof is not None:
        step = TraceStep(name, "receiver", f"it listens on port {port} ({proof.by})", proof.at)
        return Objection(steps=(step,))
    other = next((each for each in known if each.by in ("logged", "probed") and not each.loopback), None)
    steps: tuple[TraceStep, ...] = ()
    if other is not None:
        says = f"it listens on port {other.port} ({other.by}); nothing shows port {port}"
        steps = (TraceStep(name, "receiver", says, other.at),)
    need = TraceNeed(
        f"that {name} listens on port {port}", f"kubectl exec {pod.name} -n {pod.namespace} -- ss -ltn", ANYWHERE
    )
    return Objection(steps=steps, not_checked=(need,))


def _by_sockets(network: Network, name: str, address: str, port: int, protocol: str) -> Objection | None:
    for socket in network.facts.get(Socket, ()):
        if not isinstance(socket, Socket) or not socket.listening or (socket.protocol, socket.port) != (protocol, port):
            continue
        if socket.on_all_addresses or socket.address == address:
            return Objection(steps=(TraceStep(name, "receiver", f"it listens on port {port}", socket.at),))
    for listing in network.facts.get(SocketListing, ()):
        if isinstance(listing, SocketListing) and protocol in listing.protocols:
            return Objection("refused", f"nothing listens on {protocol} port {port} of {address} in {name}", listing.at)
    return None
