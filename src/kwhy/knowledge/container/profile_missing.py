"""A container wants a security profile that its node does not have."""

from __future__ import annotations

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.creation_errors import Refusal, Refused, creation_refusals, judged_refusal
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.not_created import NOT_CREATED
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF, ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

PROFILE_MISSING = Condition(
    code="container.profile-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} wants {what}, which its node does not have",
    summary="A Localhost profile of seccomp or AppArmor is a file, or an entry of the kernel, of each node by itself.",
    remedies=(
        Remedy(
            id="bring-the-profile-to-the-nodes",
            title="Put the profile on every node, or use RuntimeDefault",
            when="now",
            risk="low",
            steps=(
                Step(
                    "seccomp: put the file below /var/lib/kubelet/seccomp on every node; localhostProfile is relative "
                    "to that directory.",
                ),
                Step("AppArmor: load the profile on every node.", "apparmor_parser -r PROFILE"),
                Step(
                    "Or ask for RuntimeDefault in the pod's securityContext.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(
    PROFILE_MISSING,
    rows=("P6",),
    leads=(
        leads_to(NOT_CREATED, via=ITSELF),
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
        leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),
    ),
)
def profile_missing(pod: PodView, found: list[Refused] = given(creation_refusals)) -> Verdict:
    """The node lacks the security profile.

    What it means: The pod may run only under this profile, so it does not run at all.
    How it shows: 'cannot load seccomp profile "PATH": … no such file or directory'; 'Cannot enforce AppArmor:
    profile "X" is not loaded'; "apparmor failed to apply profile".
    What looks like it: A profile that is there and forbids what the program does: then the program runs and says
    "operation not permitted" or "permission denied". Pods of one workload may run on nodes that have the profile.
    Source: containerd v1.6 pkg/cri/server/container_create_linux.go; Kubernetes v1.22
    pkg/security/apparmor/validate.go; runc v1.1 libcontainer/apparmor.
    """
    own = next((refused for refused in found if refused.refusal is Refusal.PROFILE), None)
    details = own.details if own is not None else {}
    if "path" in details:
        what = f"seccomp profile {details['path']}"
    elif "off" in details:
        what = "AppArmor"
    else:
        what = f"AppArmor profile {details.get('profile', '')}".strip()
    return judged_refusal(pod, found, Refusal.PROFILE, what=what)
