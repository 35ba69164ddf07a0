"""What kubectl says in sentences: rollouts, permissions, versions, addresses, the resources of a server.

Sources: k8s.io/kubectl v0.34.4 pkg/polymorphichelpers/rollout_status.go and history.go, pkg/cmd/auth/cani.go,
pkg/cmd/version/version.go, pkg/cmd/clusterinfo/clusterinfo.go, pkg/cmd/apiresources/apiresources.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kwhy.facts import objects as api
from kwhy.facts.kubectl import KubectlError, Permission, ServerVersion
from kwhy.facts.objects import ApiObject, ObjectMeta, Observation
from kwhy.ingest.kubectl.command import KubectlCommand, parse_command
from kwhy.ingest.kubectl.text import FAILED
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed

_NAME = r'"(?P<name>[^"\s]{1,253})"'
#: Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...
_UPDATED = expression(
    rf"Waiting for (?P<kind>deployment|daemon set) {_NAME} rollout to finish: "
    r"(?P<updated>\d{1,9}) out of (?P<desired>\d{1,9}) new (?:replicas|pods) have been updated\.\.\.(?: ?\[.*)?"
)
#: Waiting for deployment "web" rollout to finish: 0 of 3 updated replicas are available...
_AVAILABLE = expression(
    rf"Waiting for (?P<kind>deployment|daemon set) {_NAME} rollout to finish: "
    r"(?P<available>\d{1,9}) of (?P<updated>\d{1,9}) updated (?:replicas|pods) are available\.\.\."
)
#: deployment "web" successfully rolled out
_ROLLED_OUT = expression(rf"(?P<kind>deployment|daemon set) {_NAME} successfully rolled out")
#: error: deployment "web" exceeded its progress deadline
_LATE = expression(rf"error: (?P<kind>deployment) {_NAME} exceeded its progress deadline")
#: Sentences about a rollout that name nothing or count nothing of use.
_ON_ITS_WAY = expression(
    r"Waiting for (?:deployment|daemon set|statefulset) spec update to be observed\.\.\."
    r'|Waiting for deployment "[^"]+" rollout to finish: \d+ old replicas are pending termination\.\.\.'
    r"|Waiting for \d+ pods to be ready\.\.\."
    r"|Waiting for partitioned roll out to finish: \d+ out of \d+ new pods have been updated\.\.\."
    r"|partitioned roll out complete: \d+ new pods have been updated\.\.\."
    r"|waiting for statefulset rolling update to complete \d+ pods at revision \S+?\.\.\."
    r"|statefulset rolling update complete \d+ pods at revision \S+?\.\.\."
    r"|(?:deployment|daemonset|statefulset)\.apps/\S+ (?:restarted|rolled back|paused|resumed|scaled|patched)"
)
#: "deployment.apps/web ", "REVISION  CHANGE-CAUSE", "3         kubectl set image …"
_HISTORY = expression(r"(?:deployment|daemonset|statefulset)s?\.apps/\S+ ?|REVISION +CHANGE-CAUSE|\d+ +(?:<none>|\S.*)")
#: "Client Version: v1.34.4"; before 1.28: Client Version: version.Info{Major:"1", … GitVersion:"v1.20.4" …}
_VERSION = expression(
    r"(?P<which>Client|Server|Kustomize) Version: "
    r"(?:(?P<version>v\d\S*)|(?:version\.)?Info\{.*GitVersion:\"(?P<git>v[^\"]+)\".*\})"
)
_VERSION_WARNING = expression(
    r"WARNING: (?:version difference between client|This version information is deprecated).*"
)
#: "Kubernetes control plane is running at https://10.0.0.1:6443"; "master" before 1.20.
_RUNNING_AT = expression(
    r"\S(?:.{0,200}\S)? is running at https?://\S+|To further debug and diagnose cluster problems.*"
)
#: "yes", "no", "no - no RBAC policy matched"
_ANSWER = expression(r"(?P<answer>yes|no)(?: - (?P<reason>.*))?")
#: "pods   []   []   [get list]" (auth can-i --list)
_ALLOWED = expression(
    r"Resources\s+Non-Resource URLs\s+Resource Names\s+Verbs|(?:\S+\s+)?\[[^\[\]]*\]\s+\[[^\[\]]*\]\s+\[[^\[\]]*\]"
)
_CAN_I_NOTE = expression(r"Warning: (?:resource|the server doesn't have a resource type) .*")
#: "configmaps   cm   v1   true   ConfigMap" (api-resources; APIGROUP in place of APIVERSION before 1.20)
_RESOURCE = expression(
    r"(?P<name>[a-z][a-z0-9.-]*)(?:[ \t]+(?P<short>[a-z0-9,]+))??[ \t]+(?P<version>[a-z0-9./-]*)[ \t]+"
    r"(?P<namespaced>true|false)[ \t]+(?P<kind>[A-Z]\w*)(?:[ \t]+\S.*)?"
)
_RESOURCES_HEADER = expression(r"NAME\s+SHORTNAMES\s+API(?:VERSION|GROUP)\s+NAMESPACED\s+KIND(?:\s+VERBS.*)?")
_VERSIONS = expression(r"(?:[a-z0-9.-]+/)?v\d+(?:(?:alpha|beta)\d+)?")

#: What kubectl and helm say alike of a kind that nobody serves (apimachinery v0.34 pkg/api/meta/errors.go,
#: NoKindMatchError): "error: …", "Error: INSTALLATION FAILED: unable to build kubernetes objects from release manifest:
#: …"; kubectl before 1.24 prints several of them without "error: ".
_NO_KIND = expression(
    r"(?:[Ee]rror: )?(?P<message>(?:[A-Z ]{1,40}: )?(?:unable to build kubernetes objects[^:]{0,60}: )?"
    r"(?:unable to recognize|resource mapping not found for name:) .{0,700}no matches for kind .{1,300})"
)
#: A command that was pasted without its prompt.
_TYPED = expression(r"(?:kubectl|helm) [a-z].*")
#: The advice that follows meta.NoKindMatchError (cli-runtime v0.34 pkg/resource/mapper.go).
_ADVICE = expression(r"ensure CRDs are installed first")
#: "deployment.apps/web created", "service/web unchanged (server dry run)"
_DONE = expression(
    r"[a-z][a-z0-9.-]*/\S+ (?:created|configured|unchanged|deleted|replaced|patched|edited|scaled|labeled|annotated)"
    r"(?: \([a-z ]+\))?"
)

#: So many characters of a line are looked at.
_LONGEST = 2000


def reads_as_said(lines: list[str], command: KubectlCommand | None) -> float:
    """How sure it is that kubectl speaks here."""
    if not any(_is_known(line.strip(), command) for line in lines[:2]):
        return 0.0
    known = [line for line in lines[:60] if _is_known(line.strip(), command)]
    if not lines or len(known) < 0.8 * min(len(lines), 60):
        return 0.0
    if command is not None and command.verb in _VERBS | _CHANGING:
        return 0.97
    telling = any(
        pattern.fullmatch(line.strip())
        for line in known
        for pattern in (*_ROLLOUTS, _VERSION, _RUNNING_AT, _RESOURCES_HEADER, _NO_KIND)
    )
    return 0.9 if telling else 0.0


_ROLLOUTS = (_UPDATED, _AVAILABLE, _ROLLED_OUT, _LATE, _ON_ITS_WAY)
#: One of these stands in each line that is known whatever the command was.
_SIGNS = (
    *(" rollout to finish: ", "rolled out", "its progress deadline", "Waiting for ", "roll out complete: "),
    *("statefulset rolling update ", ".apps/", "Version: ", "WARNING: ", " is running at http", "To further debug "),
    *("true", "false", "SHORTNAMES", "no matches for kind ", "ensure CRDs ", "kubectl ", "helm "),
)
_VERBS = frozenset({"rollout", "auth", "version", "cluster-info", "api-resources", "api-versions"})
#: Verbs that change objects: they say what they did, or why they could not.
_CHANGING = frozenset(
    {"apply", "create", "replace", "patch", "delete", "edit", "scale", "label", "annotate", "expose", "run", "set"}
)


def _is_known(line: str, command: KubectlCommand | None) -> bool:
    line = line[:_LONGEST]
    patterns: list[re.Pattern[str]] = []
    if any(sign in line for sign in _SIGNS):
        patterns += [*_ROLLOUTS, _VERSION, _VERSION_WARNING, _RUNNING_AT, _RESOURCE, _RESOURCES_HEADER, _NO_KIND]
        patterns += [_ADVICE, _TYPED]
    if command is not None and command.verb == "auth":
        patterns += [_ANSWER, _CAN_I_NOTE, _ALLOWED]
    if command is not None and command.verb == "rollout":
        patterns.append(_HISTORY)
    if command is not None and command.verb == "api-versions":
        patterns.append(_VERSIONS)
    if command is not None and command.verb in _CHANGING:
        patterns += [FAILED, _DONE]
    return any(pattern.fullmatch(line) for pattern in patterns) or line.startswith("REVISION ")


def parse(document: Document) -> Iterator[Parsed]:
    """What each sentence states; those that state nothing of use are passed over, unknown ones are told."""
    command = parse_command(document.command)
    last: dict[tuple[str, str], Observation] = {}
    for number, raw in document.lines():
        line = raw.strip()[:_LONGEST]
        if not line:
            continue
        rollout = _rollout(line, number, document, command)
        if rollout is not None:  # `rollout status` goes on: its last word counts
            last[rollout.kind, rollout.object.metadata.name] = rollout
        elif (version := _VERSION.fullmatch(line)) is not None:
            if version["which"] == "Server":
                yield ServerVersion(version["version"] or version["git"], document.at(number, excerpt=line))
        elif (answer := _ANSWER.fullmatch(line)) is not None and command is not None and command.verb == "auth":
            yield from _permission(answer, number, document)
        elif (unknown := _NO_KIND.fullmatch(line)) is not None:
            yield KubectlError("", unknown["message"], document.command, document.at(number, excerpt=line))
        elif (failed := FAILED.fullmatch(line)) is not None and command is not None and command.verb in _CHANGING:
            at = document.at(number, excerpt=line)
            yield KubectlError(failed["reason"] or "", failed["message"], document.command, at)
        elif not _is_known(line, command):
            yield Unparsed(document.at(number, excerpt=line[:200]), "a sentence of kubectl that is not known here")
    yield from last.values()


_KINDS = {"deployment": "Deployment", "daemon set": "DaemonSet"}


def _rollout(line: str, number: int, document: Document, command: KubectlCommand | None) -> Observation | None:
    for pattern in (_UPDATED, _AVAILABLE, _ROLLED_OUT, _LATE):
        matched = pattern.fullmatch(line)
        if matched is not None:
            kind = _KINDS[matched["kind"]]
            namespace = command.namespace_of(kind) if command is not None else ""
            observed = _workload(kind, ObjectMeta(name=matched["name"], namespace=namespace), pattern, matched)
            lines = {"status.conditions": number, "status.conditions[0]": number}
            return Observation(
                observed, document, whole=False, line=number, lines=lines, printed={"ROLLOUT": line},
                observed=document.captured,
            )  # fmt: skip
    return None


def _workload(kind: str, metadata: ObjectMeta, pattern: re.Pattern[str], matched: re.Match[str]) -> ApiObject:
    """The fields that the sentence counts. Of a DaemonSet "updated" pods are all that are desired."""
    counted = {key: int(text) for key, text in matched.groupdict().items() if key in _COUNTS and text is not None}
    if kind == "DaemonSet":
        desired = counted.get("desired", counted.get("updated") if pattern is _AVAILABLE else None)
        status = api.WorkloadStatus()
        if desired is not None:
            status = api.WorkloadStatus(desired_number_scheduled=desired)
        if "available" in counted and desired is not None:
            status = api.WorkloadStatus(desired_number_scheduled=desired, number_available=counted["available"])
        return api.DaemonSet(metadata, status=status)
    if pattern is _LATE:
        late = api.Condition("Progressing", "False", "ProgressDeadlineExceeded", None)
        return api.Deployment(metadata, status=api.WorkloadStatus(conditions=[late]))
    if pattern is _UPDATED:
        spec = api.WorkloadSpec(replicas=counted["desired"])
        return api.Deployment(metadata, spec, api.WorkloadStatus(updated_replicas=counted["updated"]))
    if pattern is _AVAILABLE:
        status = api.WorkloadStatus(updated_replicas=counted["updated"], available_replicas=counted["available"])
        return api.Deployment(metadata, status=status)
    return api.Deployment(metadata)


_COUNTS = frozenset({"updated", "desired", "available"})

#: kubectl auth can-i list secrets/web --as=system:serviceaccount:shop:web -n shop
_CAN_I = expression(r"\bauth\s+can-i\b(?P<rest>.*)")


def _permission(answer: re.Match[str], number: int, document: Document) -> Iterator[Permission]:
    asked = _CAN_I.search(document.command or "")
    if asked is None or "--list" in asked["rest"]:
        return
    words, flags = _words(asked["rest"].split())
    namespace = flags.get("--namespace", flags.get("-n"))
    if len(words) < 2:
        return
    resource, _, name = words[1].partition("/")
    yield Permission(
        allowed=answer["answer"] == "yes",
        who=flags.get("--as"),
        verb=words[0],
        resource=resource,
        name=words[2] if len(words) > 2 else name,
        namespace=None if "-A" in flags or "--all-namespaces" in flags else namespace,
        reason=answer["reason"] or "",
        at=document.at(number, excerpt=answer[0]),
    )


_VALUED = frozenset(
    {"-n", "--namespace", "--as", "--as-group", "--context", "--kubeconfig", "--subresource", "--cluster"}
)


def _words(rest: list[str]) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    flags: dict[str, str] = {}
    waiting = ""
    for word in rest:
        flag, equals, value = word.partition("=")
        if waiting:
            flags[waiting], waiting = word, ""
        elif word.startswith("-"):
            flags[flag] = value
            waiting = flag if flag in _VALUED and not equals else ""
        else:
            words.append(word)
    return words, flags
