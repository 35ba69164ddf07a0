"""A program cannot read the configuration that a ConfigMap gives it."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import CONFIG_REFUSED
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.config.texts import Defect, File, defects, files_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

TEXT_INVALID = Condition(
    code="config.text-invalid",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} holds a text that its program cannot read: key {key}, line {line}, column {column}: {what}",
    summary="The ConfigMap is mounted as it should be, and the text in it is not what the program can parse.",
    remedies=(
        Remedy(
            id="correct-the-text",
            title="Correct the text and start the program anew",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Correct line {line} of key {key}; better in the file or chart that the ConfigMap is made from.",
                    "kubectl edit configmap {name} -n {namespace}",
                ),
                Step("A program that reads its configuration only at its start must be started again."),
            ),
            verify=(Step("The pods stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Apply the former ConfigMap again."),),
        ),
        Remedy(
            id="check-before-applying",
            title="Check configuration before it is applied",
            when="lasting",
            risk="none",
            steps=(Step("Let the pipeline parse every configuration file (yamllint, jq, nginx -t).", None),),
            verify=(Step("The pipeline refuses the broken text."),),
            undo=(Step("Remove the check."),),
        ),
    ),
)

# invalid PORT "8080\r"; /bin/sh^M; $'\r': command not found
_CARRIAGE_RETURN = expression(r"\\r|\^M|\r")
# nginx: [emerg] unexpected "}" in /etc/nginx/conf.d/default.conf:12 — the program itself says where
_STATED_PLACE = expression(r"\[emerg\]|syntax error|unknown directive|[Cc]annot parse|[Pp]arse error")


def refused_texts(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that a configuration cannot be read, newest first"""
    return last_words(scene, pod, CONFIG_REFUSED)


@rule(
    TEXT_INVALID,
    rows=("P8", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(CONFIG_REFUSED))),
)
def text_invalid(pod: PodView, words: list[OwnWord] = given(refused_texts)) -> Verdict:
    """The program cannot read the text of a ConfigMap.

    What it means: The object to fix is the ConfigMap: reference, key and mount are right.
    How it shows: The log's last lines complain of a syntax error, and the text of the ConfigMap that is mounted there,
    parsed again here, is broken at a certain line: a tab or wrong indentation in YAML, a comma too many in JSON,
    template text that was never filled in, a byte order mark, Windows line ends; or the program itself names the line.
    What looks like it: A file of the image, or from a Secret (whose text nobody should read). A text that parses and
    holds a wrong value. Data that the program got from elsewhere and cannot parse. A text that was corrected meanwhile.
    Source: YAML 1.2 6.1 (tabs); RFC 8259 (JSON, 8.1 byte order mark); Kubernetes v1.34 pkg/volume/configmap.
    """
    if not words:
        return unsure(f"the log of {pod.subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    verdicts = [_judge(pod, word) for word in words]
    for kind in (Present, Unsure, Absent):
        for verdict in verdicts:
            if isinstance(verdict, kind):
                return verdict
    raise AssertionError("every line was judged")


def _judge(pod: PodView, word: OwnWord) -> Verdict:
    files = files_of(pod.scene, pod.subject, word.container)
    named = word.hit.key.get("file")
    meant = [file for file in files if file.holds(named)] if named else files
    if not meant:
        what = f"which ConfigMap holds {named}" if named else f"what {pod.subject} reads"
        return unsure(what, OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace))
    hidden = [file for file in meant if file.text is None]
    broken = [(file, defect) for file in meant if file.text is not None for defect in _fitting(word, file)]
    if broken and (named or len({file.key for file, _ in broken}) == 1):
        return _present(word, *broken[0])
    if hidden:
        probes = tuple(
            OBJECT.of(kind="configmap", name=file.config_map.name, namespace=pod.namespace) for file in hidden[:2]
        )
        return Unsure((Gap(f"the text of {hidden[0].config_map}", probes),), (word.evidence,))
    if broken:
        return unsure(f"which of {', '.join(file.key for file, _ in broken)} the program complains of")
    stated = word.hit.last.fields.get("at")
    if named and stated and _STATED_PLACE.search(word.text):
        return _present(word, meant[0], Defect("the program cannot read it", int(stated), 1))
    file = meant[0]
    return Absent((Evidence(file.at, f"key {file.key} reads well"),) if file.at is not None else (word.evidence,))


def _fitting(word: OwnWord, file: File) -> list[Defect]:
    """The defects of the text that explain the complaint: line ends do so only where the log shows one."""
    found = defects(file.key, file.text or "")
    returns = _CARRIAGE_RETURN.search(word.text) is not None
    return [defect for defect in found if returns or "carriage return" not in defect.what]


def _present(word: OwnWord, file: File, defect: Defect) -> Present:
    says = f"key {file.key}, line {defect.line}, column {defect.column}: {defect.what}"
    proof = (Evidence(file.at, says),) if file.at is not None else ()
    values = {"key": file.key, "line": defect.line, "column": defect.column, "what": defect.what}
    because = (word.evidence, *proof)
    return Present(because, values, basis=Basis.RECOMPUTED, blames=file.config_map)
