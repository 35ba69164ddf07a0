"""A program's image lacks a part of it: a library, a module, a class, the program file itself."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_program import PART_MISSING
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import place_of
from kwhy.knowledge.container.own_end import explained_end
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

LACKS_PART = Condition(
    code="container.part-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program of {subject} lacks {part} in its container{hidden}",
    summary="A library, module or class that the program loads when it starts is not in the container's file system.",
    remedies=(
        Remedy(
            id="go-back-or-build-anew",
            title="Go back to the image that worked, or build one with the missing part",
            when="now",
            risk="low",
            steps=(
                Step("If an earlier revision worked, go back.", "kubectl rollout undo {kind}/{name} -n {namespace}"),
                Step(
                    "Compare the path in command and args with what the image has, and volumes that are mounted over "
                    "it: a mount hides what the image has there.",
                    "kubectl get {kind} {name} -n {namespace} -o yaml",
                ),
                Step(
                    "GLIBC_… not found: the program was built on a newer system than the image's base; build it there, "
                    "or link it statically."
                ),
            ),
            verify=(Step("The container stays up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Roll out the newer revision again."),),
        ),
    ),
)

_WORDS = {
    "glibc": "library {0}",
    "musl": "library {0}",
    "symbol": "a C library with {0}",
    "python": "Python module {0}",
    "node": "Node.js module {0}",
    "main": "class {0}",
    "java": "class {0}",
    "version": "a Java version that runs {0}",
    "jar": "archive {0}",
    "manifest": "a main class in {0}",
    "ruby": "Ruby library {0}",
    "perl": "Perl module {0}",
    "dotnet": "the .NET version that it was built for",
}


@rule(
    LACKS_PART,
    rows=("P2",),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(PART_MISSING))),
)
def part_missing(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The program cannot load a part of itself.

    What it means: The image was built without it, the command names another path, or a volume that is mounted over the
    directory hides what the image has there.
    How it shows: The loader of the language or of the system names the part in the last lines of the log, and the
    container ended with an error.
    What looks like it: A command that is not there at all: the runtime says so and the program never starts. A class
    that a program looks for and does without: it goes on. A file of data or configuration is no part of a program.
    Source: glibc 2.36 elf/dl-load.c, musl ldso/dynlink.c, CPython 3.11 importlib, Node.js 20 cjs/loader.js, OpenJDK 17
    libjli/java.c and LauncherHelper.java.
    """
    word = explained_end(pod, PART_MISSING, endings)
    if not isinstance(word, OwnWord):
        return word
    language, part = next((name, value) for name, value in word.hit.key.items() if value)
    because = [word.evidence]
    place = place_of(pod.scene, pod.subject, word.container, part) if part.startswith("/") else None
    hidden = ""
    if place is not None and place.mounted is not None:
        because.append(Evidence(place.mounted.at, f"{place.mounted.mount_path} is a volume"))
        hidden = f"; volume {place.mounted.volume} is mounted over {place.mounted.mount_path} and hides the image's"
    values = {"part": _WORDS[language].format(part), "hidden": hidden}
    return Present(tuple(because), values, since=word.hit.first.when)
