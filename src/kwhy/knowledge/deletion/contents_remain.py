"""A deleted namespace still holds objects."""

from __future__ import annotations

from kwhy.knowledge.deletion.deleted import NAMESPACE_ITSELF
from kwhy.knowledge.deletion.stuck import DELETION_STUCK
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.views import ObjectView

CONTENTS_REMAIN = Condition(
    code="deletion.contents-remain",
    kind="Namespace",
    nature=Nature.EFFECT,
    title="{subject} still holds objects: {said}",
    summary="The namespace goes when its last object is gone; its conditions say which are left.",
)

_SAID = ("NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionContentFailure")


@rule(CONTENTS_REMAIN, rows=("C9",), leads=(leads_to(DELETION_STUCK, via=NAMESPACE_ITSELF),))
def contents_remain(namespace: ObjectView) -> Verdict:
    """Objects of a deleted namespace are left.

    What it means: What keeps them keeps the namespace.
    How it shows: NamespaceContentRemaining counts them by resource, NamespaceFinalizersRemaining by finalizer.
    What looks like it: A namespace whose contents cannot even be listed (NamespaceDeletionDiscoveryFailure).
    Source: Kubernetes v1.34 pkg/controller/namespace/deletion/status_condition_utils.go (ProcessContentTotals).
    """
    said = []
    for kind in _SAID:
        condition = namespace.condition(kind)
        if condition.observed and condition.value is not None and condition.value.status == "True":
            said.append(Evidence(condition.place, condition.value.message or kind))
    if said:
        return Present(tuple(said), {"said": "; ".join(evidence.says for evidence in said)})
    remaining = namespace.condition("NamespaceContentRemaining")
    if remaining.observed and remaining.value is not None:
        return Absent((Evidence(remaining.place, "all its contents are gone"),))
    return unsure(f"the conditions of {namespace.subject}", *namespace.probes())
