"""Manifests of the control plane's static pods (/etc/kubernetes/manifests) that are not valid YAML.

Valid ones are read as what they are, objects of kind Pod. What makes a text such a manifest stands in it: kind Pod, and
the command or the label of a component. Source: kubeadm cmd/kubeadm/app/phases/controlplane/manifests.go (v1.34).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kwhy.facts.static_pods import ManifestFault, StartRefused
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

if TYPE_CHECKING:
    import yaml

# "    - kube-apiserver", "    component: etcd"
_PROGRAM = expression(
    r"^\s{0,20}(?:-\s{1,10}[\"']?(?:/\S{1,100}/)?|component:\s{0,10}[\"']?)"
    r"(?P<program>kube-apiserver|kube-scheduler|kube-controller-manager|etcd)[\"']?\s{0,10}$",
    8,
)
# "kind: Pod" (re.MULTILINE is 8, as above); anything like it, for a typing error in the kind is one of the faults
_KIND = expression(r"^kind:\s{0,10}[\"']?Pod[\"']?\s{0,10}$", 8)
_VERSION = expression(r"^apiVersion:\s{0,10}[\"']?v1[\"']?\s{0,10}$", 8)
#: No manifest of a pod is longer (bytes).
_LONGEST = 64 << 10


def recognise(head: Head) -> float:
    """Only what is broken: a manifest that is YAML is an object like others."""
    text = head.text
    if head.size > _LONGEST or "kind:" not in text:
        return 0.0
    if not (_KIND.search(text) and _VERSION.search(text) and _PROGRAM.search(text)):
        return 0.0
    return 0.99 if _fault(text) is not None else 0.0


def _fault(text: str) -> yaml.MarkedYAMLError | None:
    import yaml  # takes 20 ms to import

    try:
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        return error
    except (yaml.YAMLError, RecursionError):
        return None
    return None


def parse(document: Document) -> Iterator[Parsed]:
    text = document.text[:_LONGEST]
    error = _fault(text)
    mark = error.problem_mark if error is not None else None
    program = _PROGRAM.search(text)
    if error is None or mark is None or program is None:
        yield Unparsed(document.at(document.first_line), "a manifest of a static pod that is no YAML was expected")
        return
    number = document.first_line + mark.line
    line = document.line(number)
    yield ManifestFault(
        program=program["program"],
        line=number,
        column=mark.column + 1,
        problem=str(error.problem or "it is no YAML"),
        text=_worded(line, str(error.problem or "")),
        at=document.at(number, excerpt=line.strip()),
    )


def _worded(line: str, problem: str) -> str:
    """What is wrong, in words that help to find it."""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        return "the line is indented with a tab; YAML allows blanks only"
    if "did not find expected key" in problem:
        return "this line, or the one before it, is indented by the wrong number of blanks"
    return problem


# Error: unknown flag: --bogus-flag;  Error: invalid argument "maybe" for "--allocate-node-cidrs" flag: …
_REFUSED = expression(
    r"(?:Error|error): (?P<error>unknown (?:shorthand )?flag: .{1,200}"
    r"|invalid argument \"[^\"]{0,400}\" for \"[^\"]{1,100}\" flag: .{1,400}|flag needs an argument: .{1,200})"
)
# "  kube-controller-manager [flags]"
_USAGE = expression(r"^\s{2,4}(?P<program>kube-[a-z-]{5,30}|kubelet|etcd)(?: \[flags\])?\s*$", 8)
# kube-apiserver.log, kube-system_kube-scheduler-node-a_kube-scheduler.log
_NAMED = expression(r"(?P<program>kube-apiserver|kube-scheduler|kube-controller-manager|kube-proxy|kubelet|etcd)")


def _recognise_usage(head: Head) -> float:
    lines = head.whole_lines
    is_refusal = any(_REFUSED.fullmatch(line.strip()[:1000]) for line in (*lines[:2], *lines[-2:]))
    has_usage = any(line.startswith("Usage:") for line in lines[:40]) and _USAGE.search(head.text[:4000]) is not None
    return 0.97 if has_usage or (is_refusal and len(lines) <= 2) else 0.0


def _parse_usage(document: Document) -> Iterator[Parsed]:
    text = bytes(document.data[:_LONGEST]).decode("utf-8", "replace")
    usage = _USAGE.search(text)
    named = _NAMED.search(document.source.rpartition("/")[2])
    program = usage["program"] if usage else named["program"] if named else ""
    for number, line in document.lines():
        refused = _REFUSED.fullmatch(line.strip()[:1000])
        if refused is not None:
            yield StartRefused(program, refused["error"], document.at(number, excerpt=line.strip()))
            return
    yield Unparsed(document.at(document.first_line), "the usage of a component, and not why it was printed")


FORMATS = (
    Format("static-pod-manifest", recognise, parse),
    Format("component-usage", _recognise_usage, _parse_usage),
)
