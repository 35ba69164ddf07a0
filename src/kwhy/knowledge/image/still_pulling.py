"""A container's image is still being pulled."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ContainerRun, ask, runs_of
from kwhy.knowledge.image.answers import IMAGE_EVENTS, WITHOUT_IMAGE
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.recency import newer
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

STILL_PULLING = Condition(
    code="image.still-pulling",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} waits for image {image}, which is still being pulled",
    summary="The pull has begun and neither ended nor failed: the image is large, or the way to the registry is slow.",
)

# Pulling image "registry.lab.example/shop/web:2.0.1" (pkg/kubelet/images/image_manager.go, since v1.1)
_PULLING = expression(r'^[Pp]ulling image "(?P<image>[^"]{1,1000})"')


@rule(STILL_PULLING, rows=("P1",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def still_pulling(pod: PodView, runs: tuple[ContainerRun, ...] = given(runs_of)) -> Verdict:
    """The image is still being pulled.

    What it means: Nothing has failed: the kubelet waits for the runtime. Images are pulled one after another by
    default (serializeImagePulls), so another pod's large image may be in front.
    How it shows: The container waits in ContainerCreating, and the pod's newest image event is Pulling.
    What looks like it: A pull that failed says so (ErrImagePull). Before Pulling, volumes and the sandbox are made.
    Source: Kubernetes v1.34 pkg/kubelet/images/image_manager.go (EnsureImageExists), puller.go (serialImagePuller).
    """
    events = pod.scene.events_about(pod.subject)
    begun = next((event for event in events if event.reason == "Pulling"), None)
    waiting = [run for run in runs if run.waiting in ("ContainerCreating", "PodInitializing")]
    if any(run.waiting in WITHOUT_IMAGE for run in runs) or (runs and not waiting):
        return Absent((Evidence(runs[-1].state_at(""), "no container waits for a pull that goes on"),))
    match = _PULLING.match(begun.message) if begun is not None else None
    if begun is None or match is None:
        return unsure(f"the events of {pod.subject}", ask(pod))
    since = [e for e in events if e.reason in ("Pulled", "Started", *IMAGE_EVENTS) and not newer(begun, e)]
    if since:
        return Absent((Evidence(since[0].at, f"{since[0].reason}: {since[0].message}"),))
    return Present((Evidence(begun.at, begun.message),), {"image": match["image"]}, since=by(begun.first))
