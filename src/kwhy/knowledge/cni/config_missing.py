"""A node has no CNI configuration."""

from __future__ import annotations

from kwhy.facts.files import DirectoryListing, PathProblem
from kwhy.facts.log_patterns.cni import NO_CONFIG
from kwhy.facts.logs import LogHit
from kwhy.facts.runtime import CniSettings
from kwhy.knowledge.cni.not_initialized import CNI_NOT_INITIALIZED, load_failure
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CNI_CONFIG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CONFIG_MISSING = Condition(
    code="cni.config-missing",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has no CNI configuration in {directory}",
    summary="The directory from which the runtime reads its pod networks holds none.",
    remedies=(
        Remedy(
            id="write-the-configuration",
            title="Let the network plugin's DaemonSet write the configuration again",
            when="now",
            risk="low",
            steps=(
                Step("See what is there.", "ls -la {directory}"),
                Step(
                    "Find the plugin's pod on {name}: its start writes the file.",
                    "kubectl get pods -A -o wide --field-selector spec.nodeName={name}",
                ),
                Step(
                    "Where it runs, delete it: its DaemonSet starts a new one.",
                    "kubectl delete pod PLUGIN -n NAMESPACE",
                ),
                Step("Where no plugin was ever installed, install one; kubeadm installs none."),
            ),
            verify=(
                Step("The file is there.", "ls -la {directory}"),
                Step("The node is Ready; the runtime reads the directory by itself.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Remove the file again."),),
        ),
    ),
)

#: Where containerd and CRI-O read it by default (containerd v1.6 pkg/cri/config/config_unix.go NetworkPluginConfDir).
DEFAULT_DIRECTORY = "/etc/cni/net.d"
#: What libcni loads (containernetworking/cni libcni/conf.go ConfFiles callers; go-cni opts.go loadFromConfDir).
_SUFFIXES = (".conf", ".conflist", ".json")
SAYS_NONE = "no network config found"


def no_config(scene: Scene, node: Subject) -> tuple[tuple[Evidence, str], ...]:
    """The runtime's log or status, or a listing of the configuration directory, that shows no configuration"""
    found = []
    failure = load_failure(scene, node)
    for hit in scene.facts_on(node, LogHit):
        if hit.pattern == NO_CONFIG and (failure is None or SAYS_NONE in failure[0]):
            directory = hit.last.fields.get("directory", DEFAULT_DIRECTORY)
            found.append(
                (Evidence(hit.locate(hit.last), f"no network configuration was found in {directory}"), directory)
            )
    found += [
        (Evidence(settings.at, settings.last_error), settings.config_directory)
        for settings in scene.facts_on(node, CniSettings)
        if not settings.networks and SAYS_NONE in settings.last_error
    ]
    found += [
        (Evidence(listing.at, "the directory holds no configuration"), listing.path)
        for listing in scene.facts_on(node, DirectoryListing)
        if listing.path == DEFAULT_DIRECTORY and listing.complete and not _configurations(listing)
    ]
    found += [
        (Evidence(problem.at, "the directory does not exist"), problem.path)
        for problem in scene.facts_on(node, PathProblem)
        if problem.path == DEFAULT_DIRECTORY and problem.missing
    ]
    return tuple(found)


def _configurations(listing: DirectoryListing) -> list[str]:
    return [name for name in listing.names if name.endswith(_SUFFIXES)]


def config_there(scene: Scene, node: Subject) -> Evidence | None:
    """A listing of the configuration directory, or the runtime's status, that shows a configuration"""
    for settings in scene.facts_on(node, CniSettings):
        if settings.networks:
            return Evidence(settings.at, f"the runtime has loaded {', '.join(settings.networks)}")
    for listing in scene.facts_on(node, DirectoryListing):
        if listing.path == DEFAULT_DIRECTORY and _configurations(listing):
            return Evidence(listing.at, f"the directory holds {', '.join(_configurations(listing))}")
    return None


@rule(CONFIG_MISSING, rows=("N23",), leads=(leads_to(CNI_NOT_INITIALIZED, via=ITSELF),))
def config_missing(
    node: Subject,
    missing: tuple[tuple[Evidence, str], ...] = given(no_config),
    there: Evidence | None = given(config_there),
) -> Verdict:
    """The CNI configuration is missing.

    What it means: The runtime has nothing to set up pod networks with. The network plugin's DaemonSet normally writes
    the file when its pod starts on the node.
    How it shows: The runtime's log says "no network config found in /etc/cni/net.d"; the directory is empty or gone.
    What looks like it: A file that is there and cannot be parsed, or whose plugin's binary is missing: other words in
    the runtime's log. At the runtime's start the message is normal, until the plugin's pod has written the file.
    Source: github.com/containerd/go-cni v1.1 opts.go (loadFromConfDir); containerd v1.6
    pkg/cri/server/cni_conf_syncer.go.
    """
    if there is not None:
        return Absent((there,))
    if missing:
        return Present(tuple(evidence for evidence, _ in missing), {"directory": missing[0][1].rstrip("/")})
    return unsure(f"the directory {DEFAULT_DIRECTORY} of {node.name}", CNI_CONFIG.of(node=node.name))
