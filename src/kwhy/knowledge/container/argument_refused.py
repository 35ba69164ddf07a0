"""A program refuses an argument of its command line."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_program import ARGUMENT_REFUSED
from kwhy.facts.objects import Pod
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import specs
from kwhy.knowledge.container.own_end import explained_end
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.knowledge.container.runs import quoted
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

REFUSED = Condition(
    code="container.argument-refused",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program of {subject} refuses its command line{argument}: {words}",
    summary="The program read its arguments, found one that it does not know or a value that it cannot use, and ended.",
    remedies=(
        Remedy(
            id="mend-the-arguments",
            title="Give the program arguments that this version of it knows",
            when="now",
            risk="low",
            steps=(
                Step("See which revision had other arguments.", "kubectl rollout history {kind}/{name} -n {namespace}"),
                Step(
                    "Correct args (or command) of the container; a flag may be gone or new with the image's version.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The container stays up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


def written_arguments(scene: Scene, pod: Subject) -> dict[str, tuple[str, Evidence]]:
    """The command line that the pod gives to each container"""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod):
            continue
        found: dict[str, tuple[str, Evidence]] = {}
        for field, index, container in specs(struct):
            for part, listed in (("args", container.args), ("command", container.command)):
                if isinstance(listed, list) and listed:
                    text = " ".join(listed)
                    at = quoted(observation.field_at(f"spec.{field}[{index}].{part}"), f"{part}: {text}")
                    before = found.get(container.name)
                    shown = before[1] if before is not None else Evidence(at, f"the pod gives these {part}")
                    found[container.name] = (f"{before[0]} {text}" if before is not None else text, shown)
        if found:
            return found
    return {}


@rule(
    REFUSED,
    rows=("P2",),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(ARGUMENT_REFUSED))),
)
def argument_refused(
    pod: PodView,
    endings: list[Ending] = given(endings_of),
    written: dict[str, tuple[str, Evidence]] = given(written_arguments),
) -> Verdict:
    """The program refuses an argument.

    What it means: A flag is misspelt, gone in this version, or has a value of another type; a sub-command is unknown.
    How it shows: The last lines of the log are those of the library that reads arguments, and name it; the container
    ended with an error.
    What looks like it: A tool that a script of the container calls wrongly: the script's own arguments are not the
    pod's, and the image is what must be mended. A file of configuration that is refused names a file or a key.
    Source: Go flag (FlagSet.failf), github.com/spf13/pflag v1.0, CPython 3.11 argparse (error), click 8.1, glibc
    getopt_long, OpenJDK 17 arguments.cpp, Node.js 20 src/node.cc.
    """
    word = explained_end(pod, ARGUMENT_REFUSED, endings)
    if not isinstance(word, OwnWord):
        return word
    refused = next(value for value in word.hit.key.values() if value)
    because = [word.evidence]
    container = word.container or (next(iter(written)) if len(written) == 1 else "")
    line = written.get(container)
    name = refused.split()[0].lstrip("-").partition("=")[0]
    if line is not None and name in line[0]:
        because.append(line[1])
        argument = f" ({refused})"
    else:
        argument = f" ({refused}, which the pod does not give: its image's own command does)" if line is None else ""
    values = {"argument": argument, "words": word.hit.last.fields.get("message") or word.text[-160:]}
    return Present(tuple(because), values, since=word.hit.first.when)
