"""What the registry, or the way to it, answered when the kubelet asked for an image.

Sources: Kubernetes v1.34 pkg/kubelet/images/image_manager.go (EnsureImageExists, pullImage) and types.go; containerd
v1.6 remotes/docker/resolver.go and images/image.go; moby v20.10 distribution/errors.go; containers/image v5
docker/errors.go, docker/docker_image_src.go; OCI distribution specification v1.1, "Error Codes".
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

import re
from enum import Enum

import msgspec

from kwhy.facts.objects import Pod
from kwhy.knowledge.container.runs import Statement, ask, event_messages, quoted, runs_of, state_messages
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView


class Answer(Enum):
    """Why no image came."""

    NEVER_PRESENT = "the image is not on the node, and it may not be pulled"
    NAME_INVALID = "the image name cannot be parsed"
    RATE_LIMITED = "the registry limits the rate of pulls"
    PLATFORM_MISSING = "the image does not exist for the node's platform"
    PLAIN_HTTP = "the registry speaks plain HTTP"
    CERTIFICATE = "the registry's certificate is not trusted"
    UNRESOLVABLE = "the registry's name does not resolve"
    UNREACHABLE = "the registry cannot be reached"
    DENIED = "the registry denies access"
    NOT_FOUND = "the registry does not have the image"
    NO_SPACE = "the node's disk is full"


#: In the order in which they decide: denied answers of registries that hide names also speak of "does not exist".
_ANSWERS: tuple[tuple[Answer, re.Pattern[str]], ...] = (
    # Container image "shop/web:1" is not present with pull policy of Never (image_manager.go imageNotPresentOnNeverPolicyError)
    (Answer.NEVER_PRESENT, expression(r"is not present with pull policy of Never")),
    # Failed to apply default image tag "shop/Web:1": couldn't parse image reference …: invalid reference format: …
    (Answer.NAME_INVALID, expression(r"Failed to apply default image tag|couldn't parse image (?:reference|name)|invalid reference format")),
    # failed to extract layer sha256:…: write /var/lib/containerd/…: no space left on device: unknown (containerd)
    (Answer.NO_SPACE, expression(r"no space left on device")),
    # 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. (Docker Hub)
    (Answer.RATE_LIMITED, expression(r"429 Too Many Requests|toomanyrequests|TOOMANYREQUESTS|pull rate limit")),
    # no match for platform in manifest: not found (containerd images/image.go)
    # no matching manifest for linux/arm64/v8 in the manifest list entries (moby distribution/pull_v2.go)
    # no image found in manifest list for architecture arm64, variant "v8", OS linux (containers/image)
    (
        Answer.PLATFORM_MISSING,
        expression(
            r"no match for (?:current )?platform|no matching manifest for |does not match the specified platform"
            r"|no image found in (?:manifest list|image index) for architecture"
        ),
    ),
    # http: server gave HTTP response to HTTPS client (Go net/http transport.go)
    (Answer.PLAIN_HTTP, expression(r"server gave HTTP response to HTTPS client")),
    # tls: failed to verify certificate: x509: certificate signed by unknown authority (Go crypto/x509)
    (Answer.CERTIFICATE, expression(r"x509: |certificate signed by unknown authority|certificate has expired or is not yet valid")),
    # dial tcp: lookup registry.example on 10.0.0.2:53: no such host (Go net)
    (
        Answer.UNRESOLVABLE,
        expression(r"\blookup \S{1,255}(?: on \S{1,80})?: .{0,200}?(?:no such host|server misbehaving|i/o timeout|Temporary failure|connection refused|Try again)"),
    ),
    # dial tcp 10.0.0.9:443: i/o timeout; connect: connection refused; net/http: TLS handshake timeout;
    # net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)
    (
        Answer.UNREACHABLE,
        expression(
            r"dial tcp \S{1,80}: (?:i/o timeout|connect: (?:connection refused|no route to host|network is unreachable|connection timed out))"
            r"|TLS handshake timeout|Client\.Timeout exceeded while awaiting headers|request canceled while waiting for connection"
        ),
    ),
    # pull access denied, repository does not exist or may require authorization (containerd docker/fetcher.go, moby)
    # unexpected status code [manifests 1.0]: 401 Unauthorized; failed to fetch anonymous token: … 403 Forbidden
    # unauthorized: access to the requested resource is not authorized (quay); no basic auth credentials (docker, ECR)
    (
        Answer.DENIED,
        expression(
            r"pull access denied|401 Unauthorized|403 Forbidden|authorization failed|requested access to the resource is denied"
            r"|no basic auth credentials|no scope specified for token auth challenge|authentication required|unauthorized: |UNAUTHORIZED|DENIED\b|denied: "
        ),
    ),
    # failed to resolve reference "r.example/web:2": r.example/web:2: not found (containerd docker/resolver.go)
    # manifest for web:2 not found: manifest unknown (moby distribution/errors.go); reading manifest 2 in r.example/web:
    # manifest unknown (containers/image); name unknown: repository shop/web not found (OCI NAME_UNKNOWN)
    (
        Answer.NOT_FOUND,
        expression(
            r"manifest unknown|MANIFEST_UNKNOWN|name unknown|NAME_UNKNOWN|manifest for \S{1,400} not found"
            r"|failed to resolve (?:reference|image)\b.{0,1200}?: not found|repository (?:name )?\S{0,300} ?(?:does not exist|not found|not known)"
        ),
    ),
)  # fmt: skip

# 'Failed to pull image "registry.lab.example/shop/web:2.0.1": rpc error: …' (image_manager.go pullImage)
_FAILED = expression(r'^Failed to (?:pull|inspect) image "(?P<image>[^"]{1,1000})": (?P<error>.{1,4000})', re.DOTALL)
# 'Back-off pulling image "r.example/web:2": ErrImagePull: rpc error: …' (image_manager.go, since v1.31)
_BACK_OFF = expression(r'^Back-off pulling image "(?P<image>[^"]{1,1000})": (?P<error>.{1,4000})', re.DOTALL)
#: Waiting reasons of a container without its image (types.go; v1.18 also knew RegistryUnavailable).
WITHOUT_IMAGE = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
#: Reasons of events about an image that does not come (pkg/kubelet/events/event.go).
IMAGE_EVENTS = ("Failed", "InspectFailed", "ErrImageNeverPull")


class Refusal(msgspec.Struct, frozen=True):
    """One failed attempt as it was reported: which image, what came back, how it is read (None: no known answer)."""

    image: str
    said: Statement
    answer: Answer | None


def answer_in(text: str) -> Answer | None:
    """How an error text of a pull is read."""
    return next((answer for answer, pattern in _ANSWERS if pattern.search(text)), None)


def refusals(scene: Scene, pod: Subject) -> list[Refusal]:
    """Reported errors of pulls: of waiting states first, then of events, newest first"""
    runs = [run for run in runs_of(scene, pod) if run.waiting in WITHOUT_IMAGE]
    images = {run.name: run.spec.image for run in runs if run.spec is not None and isinstance(run.spec.image, str)}
    waiting = set(images.values())
    found = []
    for said in state_messages(runs):
        match = _FAILED.search(said.text) or _BACK_OFF.search(said.text)
        image = match["image"] if match else images.get(said.container or "", "")
        if match or answer_in(said.text) is not None or not said.text.startswith("Back-off pulling image"):
            found.append(Refusal(image or _quoted(said.text), said, answer_in(said.text)))
    for said in event_messages(scene, pod, *IMAGE_EVENTS):
        match = _FAILED.search(said.text)
        answer = answer_in(said.text)
        image = match["image"] if match else _quoted(said.text)
        if (match is None and answer not in (Answer.NEVER_PRESENT, Answer.NAME_INVALID)) or (
            waiting and image not in waiting
        ):
            continue
        found.append(Refusal(image, said, answer))
    return found


# The first quoted word of a message: 'Container image "shop/web:1" is not present …'
_QUOTED = expression(r'"([^"]{1,1000})"')


def _quoted(text: str) -> str:
    match = _QUOTED.search(text)
    return match[1] if match else ""


def judged(pod: PodView, found: list[Refusal], answer: Answer, **values: object) -> Verdict:
    """Whether the newest answer is this one."""
    if not found:
        return unsure(f"what the registry answers when {pod.subject} asks for its image", ask(pod))
    newest = next((refusal for refusal in found if refusal.answer is not None), found[0])
    if newest.answer is None:
        return unsure(f"what “{newest.said.text[:160]}” comes from", ask(pod))
    if newest.answer is not answer:
        return Absent((Evidence(newest.said.at, f"{newest.answer.value}: {newest.said.text}"),))
    filled = {"image": newest.image, "registry": registry_of(newest.image), "hint": "", **values}
    because = (Evidence(newest.said.at, newest.said.text),)
    return Present(because, filled, since=newest.said.since)


def newest_answer(found: list[Refusal]) -> Refusal | None:
    return next((refusal for refusal in found if refusal.answer is not None), None)


def registry_of(image: str) -> str:
    """The registry that an image reference names; docker.io where it names none (distribution/reference v0.5)."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def repository_of(image: str) -> str:
    """The reference without tag and digest."""
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _running_images(scene: Scene) -> dict[str, dict[str, Locator]]:
    """Repository → image references that containers which are up run with, and where that stands."""
    first: dict[str, tuple[Subject, int]] = {}
    for pod, lone in scene.lone_structs("Pod"):
        struct = lone or next((observation.object for observation in scene.observations(pod)), None)
        statuses = struct.status.container_statuses if isinstance(struct, Pod) else None
        specs = struct.spec.containers if isinstance(struct, Pod) else None
        if not isinstance(statuses, list) or not isinstance(specs, list):
            continue
        for position, container in enumerate(specs):
            image = container.image
            if image in first or not isinstance(image, str):
                continue
            if any(status.name == container.name and status.ready is True for status in statuses):
                first[image] = (pod, position)
    index: dict[str, dict[str, Locator]] = {}
    for image, (pod, position) in first.items():
        field = scene.observations(pod)[0].field_at(f"spec.containers[{position}].image")
        index.setdefault(repository_of(image), {})[image] = quoted(field, f"image: {image}")
    return index


def running_siblings(scene: Scene, image: str) -> dict[str, Locator]:
    """Other tags of the same repository that run elsewhere in the evidence."""
    found = scene.derive_once(_running_images).get(repository_of(image), {})
    return {name: place for name, place in found.items() if name != image}


def running_registries(scene: Scene) -> dict[str, Locator]:
    """Registries from which images of containers that are up come, and where that stands."""
    return scene.derive_once(_running_registries)


def _running_registries(scene: Scene) -> dict[str, Locator]:
    found: dict[str, Locator] = {}
    for images in scene.derive_once(_running_images).values():
        for image, place in images.items():
            found.setdefault(registry_of(image), place)
    return found
