"""CNI plugin processes run and do not end."""

from __future__ import annotations

from kwhy.knowledge.runtime.cri_call_hangs import CRI_CALL_HANGS
from kwhy.knowledge.runtime.sandbox_not_set_up import SANDBOX_NOT_SET_UP
from kwhy.knowledge.runtime.sandbox_not_torn_down import SANDBOX_NOT_TORN_DOWN
from kwhy.knowledge.waits.graph import distinct
from kwhy.knowledge.waits.host import HostWaits, host_waits, is_plugin_process, lasting, minutes, nodes_where
from kwhy.knowledge.waits.kubernetes import cni_exec, cni_plugin_call, each
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CONTAINERD_DUMP, PROCESSES
from kwhy.scene.relations import ITSELF, RUNS_ON
from kwhy.scene.scene import Scene

PLUGINS_WAIT = Condition(
    code="cni.plugins-wait",
    kind="Node",
    nature=Nature.EFFECT,
    title="On {subject} CNI plugin processes{plugin} do not end{count}",
    summary="Plugins that set up or tear down pod networks wait, and with them whoever executed them.",
)

#: A plugin that is older than this waits (seconds): ADD and DEL take well under a second unless something hangs; the
#: kubelet gives the whole sandbox call two or four minutes (runtimeRequestTimeout 2 m, RunPodSandbox twice that).
WAITS_AFTER = 60.0
#: So many plugins at once are a queue, where their ages are not shown.
CROWD = 20


def _waiting(scene: Scene) -> list[Subject]:
    """Hosts where plugins have waited for minutes, as dumps or process lists show."""
    return nodes_where(
        scene,
        lambda host: (
            any(lasting(call.wait) for call in each(host.groups, cni_plugin_call))
            or any(lasting(call.wait) for call in each(host.groups, cni_exec))
            or any(is_plugin_process(p) and (p.elapsed or 0.0) >= WAITS_AFTER for p in host.processes)
        ),
    )


def _goroutines(count: int) -> str:
    return f"{count} goroutines wait" if count > 1 else "a goroutine waits"


@rule(
    PLUGINS_WAIT,
    rows=("N6",),
    leads=(
        leads_to(CRI_CALL_HANGS, via=ITSELF),
        leads_to(SANDBOX_NOT_SET_UP, via=RUNS_ON),
        leads_to(SANDBOX_NOT_TORN_DOWN, via=RUNS_ON),
    ),
    among=_waiting,
    symptom=True,
)
def plugins_wait(node: Subject, host: HostWaits = given(host_waits)) -> Verdict:
    """CNI plugin processes wait.

    What it means: The runtime executes one plugin process per ADD and DEL and waits for it; when plugins hang, no pod
    network is set up or torn down.
    How it shows: Plugin processes that live for minutes in ps; goroutines of the runtime in exec Wait under libcni;
    the plugin's own stack inside cmdAdd or cmdDel.
    What looks like it: Plugins that fail at once (IPAM exhausted, missing binary) leave errors, not processes.
    Source: containernetworking/cni v1 libcni/api.go (AddNetworkList, DelNetworkList), pkg/invoke/raw_exec.go.
    """
    groups = distinct(host.groups)
    plugins = each(groups, cni_plugin_call)
    executed = each(groups, cni_exec)
    rows = [p for p in host.processes if is_plugin_process(p) and p.tid in (None, p.pid)]
    old = [p for p in rows if p.elapsed is not None and p.elapsed >= WAITS_AFTER]
    because = [
        *(Evidence(c.group.at, f"a plugin waits in {c.operation} for {c.wait.on}{minutes(c.wait)}") for c in plugins),
        *(
            Evidence(c.group.at, f"{_goroutines(c.group.count)} for the plugin of CNI {c.operation}{minutes(c.wait)}")
            for c in executed
        ),
    ]
    if old or len(rows) >= CROWD:
        oldest = max(rows, key=lambda p: p.elapsed or 0.0)
        because.insert(0, Evidence(oldest.at, f"{len(rows)} plugin processes run, this is the oldest"))
    if because:
        name = f" ({', '.join(host.plugin_names)})" if host.plugin_names else ""
        waiting = sum(c.group.count for c in executed)
        known = len(rows) or waiting
        count = f", {known} of them" if known > 1 else ""
        return Present(tuple(because), {"plugin": name, "count": count})
    if host.listings and not rows:
        return Absent((Evidence(host.listings[0].at, "no process runs from the plugin directory"),))
    return unsure(f"the processes of {node.name}", PROCESSES.of(node=node.name), CONTAINERD_DUMP.of(node=node.name))
