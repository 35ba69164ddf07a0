"""A container has no image."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ContainerRun, ask, printed_status, printed_well, runs_of
from kwhy.knowledge.image.answers import WITHOUT_IMAGE, Refusal, refusals
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.recency import newer
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

NOT_PULLED = Condition(
    code="image.not-pulled",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} waits for image {image}: {word}",
    summary="The kubelet cannot get the image of a container, so the container never starts.",
)


@rule(NOT_PULLED, rows=("P1",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def not_pulled(
    pod: PodView,
    runs: tuple[ContainerRun, ...] = given(runs_of),
    answers: list[Refusal] = given(refusals),
) -> Verdict:
    """The image is not pulled.

    What it means: The container has never started; the program has no part in it.
    How it shows: A container waits with ErrImagePull, ImagePullBackOff, InvalidImageName, ErrImageNeverPull or
    ImageInspectError; or the newest image event of the pod is a failure that no later "Pulled" or "Started" ends.
    What looks like it: ContainerCreating with "Pulling image" is a pull that still runs. CrashLoopBackOff has its
    image.
    Source: Kubernetes v1.34 pkg/kubelet/images/types.go, image_manager.go (EnsureImageExists).
    """
    waiting = [run for run in runs if run.waiting in WITHOUT_IMAGE]
    if waiting:
        because = tuple(_evidence(run) for run in waiting)
        first = waiting[0]
        return Present(because, {"image": _image(first, answers), "word": first.waiting})
    if runs:
        place = runs[-1].state_at("")
        return Absent((Evidence(place, "no container waits for its image"),))
    printed = printed_status(pod)
    if printed is not None and printed[0] in WITHOUT_IMAGE:
        image = answers[0].image if answers else "of one of its containers"
        return Present((Evidence(printed[1], f"kubectl prints {printed[0]}"),), {"image": image, "word": printed[0]})
    well = printed_well(pod)
    if well is not None:
        return Absent((Evidence(well[1], f"kubectl prints {well[0]} with all containers ready"),))
    return _judge_events(pod, answers)


def _judge_events(pod: PodView, answers: list[Refusal]) -> Verdict:
    """From events alone."""
    events = pod.scene.events_about(pod.subject)
    failed = next((e for e in events if e.reason == "Failed" and "image" in e.message.lower()), None)
    if failed is None or not answers:
        return unsure(f"the states of the containers of {pod.subject}", ask(pod))
    done = next((e for e in events if e.reason in ("Pulled", "Started") and newer(e, failed)), None)
    if done is not None:
        return Absent((Evidence(done.at, f"{done.reason}: {done.message}"),))
    values = {"image": answers[0].image, "word": "pulls fail"}
    return Present((Evidence(failed.at, failed.message),), values, since=by(failed.first))


def _evidence(run: ContainerRun) -> Evidence:
    says = f"container {run.name} waits: {run.waiting}"
    return Evidence(run.state_at(run.message or says), f"{says} ({run.message})" if run.message else says)


def _image(run: ContainerRun, answers: list[Refusal]) -> str:
    if run.spec is not None and isinstance(run.spec.image, str):
        return run.spec.image
    return answers[0].image if answers else "of one of its containers"
