"""The binary of a CNI plugin is missing on a node."""

from __future__ import annotations

from kwhy.facts.files import DirectoryListing
from kwhy.knowledge.runtime.sandbox_fails_at_once import SANDBOX_FAILS, sandbox_errors_on, saying
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CNI_CONFIG
from kwhy.scene.scene import Scene

PLUGIN_MISSING = Condition(
    code="cni.plugin-missing",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} lacks the CNI plugin {plugin} in {path}",
    summary="The CNI configuration names a plugin whose binary the runtime does not find.",
    remedies=(
        Remedy(
            id="install-the-plugin",
            title="Install the plugin's binary on {name}",
            when="now",
            risk="low",
            steps=(
                Step("See which plugins are there.", "ls -la {path}"),
                Step(
                    "bridge, host-local, loopback, portmap, bandwidth and their like come from the package "
                    "containernetworking-plugins (kubernetes-cni, cni-plugins); others are copied by their DaemonSet's "
                    "init container: delete its pod on {name}."
                ),
            ),
            verify=(
                Step("The binary is there.", "ls -la {path}/{plugin}"),
                Step("Pods on the node start.", "kubectl get pods -A -o wide --field-selector spec.nodeName={name}"),
            ),
            undo=(Step("Remove the binary again.", "rm {path}/{plugin}"),),
        ),
    ),
)

# 'failed to find plugin "bridge" in path [/opt/cni/bin]' (containernetworking/cni v1.3 pkg/invoke/find.go FindInPath)
_MISSING = expression(
    r'failed to find plugin \\{0,7}"(?P<plugin>[\w.-]{1,80})\\{0,7}" in path \[?(?P<path>[^\]\s"\\]{1,300})'
)


def missing_plugins(scene: Scene, node: Subject) -> tuple[tuple[str, str, Evidence], ...]:
    """Sandbox errors of the node's pods that name a plugin that was not found"""
    return tuple(
        (match["plugin"], match["path"], evidence)
        for message, evidence in sandbox_errors_on(scene, node)
        if (match := _MISSING.search(message))
    )


def plugin_files(scene: Scene, node: Subject) -> dict[str, Evidence]:
    """Listings of plugin directories of the node"""
    return {
        f"{listing.path}/{name}": Evidence(listing.at, f"{listing.path} holds {name}")
        for listing in scene.facts_on(node, DirectoryListing)
        for name in listing.names
    }


@rule(PLUGIN_MISSING, rows=("N23", "N24"), leads=(leads_to(SANDBOX_FAILS, via=saying(_MISSING)),))
def plugin_missing(
    node: Subject,
    missing: tuple[tuple[str, str, Evidence], ...] = given(missing_plugins),
    files: dict[str, Evidence] = given(plugin_files),
) -> Verdict:
    """A CNI plugin's binary is missing.

    What it means: The runtime executes the plugins that the configuration names, one after another; one is not there.
    How it shows: 'failed to find plugin "X" in path [/opt/cni/bin]' for every new pod of the node.
    What looks like it: A plugin that is there and fails says "plugin type=X failed (add)". No configuration at all:
    "cni plugin not initialized".
    Source: containernetworking/cni v1.3 pkg/invoke/find.go (FindInPath).
    """
    if not missing:
        return unsure(f"the CNI plugins and configuration of {node.name}", CNI_CONFIG.of(node=node.name))
    plugin, path, _ = missing[0]
    there = files.get(f"{path.rstrip('/')}/{plugin}")
    if there is not None:
        return Absent((there,))
    because = tuple(evidence for name, _, evidence in missing if name == plugin)
    return Present(because, {"plugin": plugin, "path": path.rstrip("/")})
