"""A node's CNI configuration cannot be loaded."""

from __future__ import annotations

from kwhy.knowledge.cni.config_missing import SAYS_NONE
from kwhy.knowledge.cni.not_initialized import CNI_NOT_INITIALIZED, load_failure
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CNI_CONFIG, RUNTIME_STATUS
from kwhy.scene.relations import ITSELF

CONFIG_UNUSABLE = Condition(
    code="cni.config-unusable",
    kind="Node",
    nature=Nature.ROOT,
    title="The runtime of {subject} cannot load its CNI configuration: {error}",
    summary="The configuration directory holds files, and the runtime can use none of them.",
    remedies=(
        Remedy(
            id="correct-the-configuration",
            title="Correct the configuration, or let the network plugin write it again",
            when="now",
            risk="low",
            steps=(
                Step("Look at the files; the runtime takes the first by name.", "ls -la /etc/cni/net.d"),
                Step("Move aside what the network plugin did not write."),
                Step(
                    "Delete the plugin's pod on {name}; its start writes the file anew.",
                    "kubectl delete pod PLUGIN -n NS",
                ),
            ),
            verify=(Step("The node is Ready.", "kubectl get node {name} -w"),),
            undo=(Step("Put the files back."),),
        ),
    ),
)


@rule(CONFIG_UNUSABLE, rows=("N23",), leads=(leads_to(CNI_NOT_INITIALIZED, via=ITSELF),))
def config_unusable(node: Subject, failure: tuple[str, Evidence] | None = given(load_failure)) -> Verdict:
    """The CNI configuration cannot be loaded.

    What it means: The runtime reads the directory, and what it finds is not valid.
    How it shows: The runtime's log: "cni config load failed" with another reason than that no file was found.
    What looks like it: An empty directory: "no network config found".
    Source: github.com/containerd/go-cni v1.1 opts.go (loadFromConfDir); containerd v1.6
    pkg/cri/server/cni_conf_syncer.go.
    """
    if failure is None:
        return unsure(
            f"why the runtime of {node.name} loads no network",
            RUNTIME_STATUS.of(node=node.name),
            CNI_CONFIG.of(node=node.name),
        )
    error, evidence = failure
    if SAYS_NONE in error:
        return Absent((evidence,))
    return Present((evidence,), {"error": error})
