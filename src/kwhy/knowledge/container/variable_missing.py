"""A program ends because an environment variable that it needs is not there."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from kwhy.facts.log_patterns.own_program import ENVIRON_LOOKED_UP, VARIABLE_MISSING
from kwhy.facts.objects import Container, Pod
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import specs
from kwhy.knowledge.container.own_end import explained_end
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.knowledge.container.runs import quoted
from kwhy.knowledge.dependency.settings import Setting, settings_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

VARIABLE_NOT_GIVEN = Condition(
    code="container.variable-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="Container {container} is not given the environment variable {variable}{hint}",
    summary="The program reads a variable when it starts and gives up where it is not set.",
    remedies=(
        Remedy(
            id="give-the-variable",
            title="Give the container the variable",
            when="now",
            risk="low",
            steps=(
                Step("See which revision still had it.", "kubectl rollout history {kind}/{name} -n {namespace}"),
                Step(
                    "Add it to env, or its key to the ConfigMap or Secret of envFrom; values that are secret belong "
                    "into a Secret. Pods take a changed ConfigMap or Secret into their environment only when they "
                    "are made anew.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The container stays up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Take the variable out again.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)

#: KeyError stands at most so many lines below the line of os.py (the source line is printed where there is a file).
_BELOW = 2


class Given(msgspec.Struct, frozen=True):
    """What a container's environment is made of. ``hidden`` are sources of all their keys that were not shown."""

    at: Locator
    names: dict[str, Setting]
    hidden: tuple[Subject, ...]


def environment_of(scene: Scene, pod: Subject) -> dict[str, Given]:
    """The environment of each container"""
    settings = scene.derive(settings_of, pod)
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod):
            continue
        found = {}
        for field, index, container in specs(struct):
            if not observation.whole and not isinstance(container.env, list):
                continue
            own = {s.name: s for s in settings if s.container == container.name and not s.file}
            at = quoted(observation.field_at(f"spec.{field}[{index}].env"), f"env of {container.name}")
            found[container.name] = Given(at, own, tuple(_hidden(scene, pod, container)))
        if found:
            return found
    return {}


def _hidden(scene: Scene, pod: Subject, container: Container) -> list[Subject]:
    found = []
    for source in container.env_from if isinstance(container.env_from, list) else ():
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            reference = source.get(field)
            name = reference.get("name") if isinstance(reference, dict) else None
            held = Subject(kind, str(name), pod.namespace)
            if name and not any(isinstance(getattr(o.object, "data", None), dict) for o in scene.observations(held)):
                found.append(held)
    return found


@rule(
    VARIABLE_NOT_GIVEN,
    rows=("P2", "P19"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(VARIABLE_MISSING))),
)
def variable_missing(
    pod: PodView,
    endings: list[Ending] = given(endings_of),
    environment: dict[str, Given] = given(environment_of),
) -> Verdict:
    """The program's environment lacks a variable that it needs.

    What it means: A manifest, a chart's value or a ConfigMap's key is missing or misspelt; often a newer image wants a
    variable that the older one did not.
    How it shows: The last lines of the log name the variable as not set; the container ended with an error; and its
    env and envFrom, computed from the pod, ConfigMaps and Secrets, do not hold that name.
    What looks like it: A variable that is set, while the log is that of an older run; one that an entrypoint unsets. A
    KeyError of some dictionary that is no environment: the line of os.py is missing above it. A ConfigMap or key that
    does not exist keeps the container from starting at all, and the kubelet says so.
    Source: POSIX.1-2017 XCU 2.6.2; CPython 3.11 Lib/os.py (_Environ); Kubernetes v1.34
    pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables: keys of envFrom that are no names are skipped).
    """
    word = explained_end(pod, VARIABLE_MISSING, endings)
    if not isinstance(word, OwnWord):
        return word
    variable = next(name for name in word.hit.key.values() if name)
    if word.hit.key.get("python") and not _of_environment(pod, word):
        return Absent((Evidence(word.hit.locate(word.hit.last), "the key is one of some other dictionary"),))
    container = word.container or (next(iter(environment)) if len(environment) == 1 else None)
    shown = environment.get(container or "")
    if shown is None or container is None:
        return unsure(
            f"the environment of {pod.subject}", OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace)
        )
    there = shown.names.get(variable)
    if there is not None and there.value != "":
        return Absent((Evidence(there.at, f"{variable} is set"),))
    if shown.hidden:
        probes = tuple(OBJECT.of(kind=s.kind.lower(), name=s.name, namespace=s.namespace) for s in shown.hidden)
        return Unsure((Gap(f"the keys of {', '.join(map(str, shown.hidden))}", probes),), (word.evidence,))
    because = [word.evidence]
    near = next((shown.names[n] for n in get_close_matches(variable, list(shown.names), n=1, cutoff=0.8)), None)
    if there is not None:
        because.append(Evidence(there.at, f"{variable} is set to nothing"))
        hint = ": it is set to an empty value"
    elif near is not None:
        because.append(Evidence(near.at, f"it is given {near.where}"))
        hint = f"; it is given {near.where}"
    else:
        because.append(Evidence(shown.at, f"{len(shown.names)} variables are given, and {variable} is none of them"))
        hint = ""
    values = {"container": container, "variable": variable, "hint": hint}
    blames = near.source if there is None and near is not None and near.source.kind == "ConfigMap" else None
    return Present(tuple(because), values, since=word.hit.first.when, basis=Basis.RECOMPUTED, blames=blames)


def _of_environment(pod: PodView, word: OwnWord) -> bool:
    lines = {
        sample.line
        for above in last_words(pod.scene, pod.subject, ENVIRON_LOOKED_UP)
        if above.hit.document is word.hit.document
        for sample in above.hit.samples
    }
    return any(word.hit.last.line - line in range(1, _BELOW + 1) for line in lines)
