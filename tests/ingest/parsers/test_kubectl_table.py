"""Formats of kubectl's text: recognised among others, and never disturbed by any input."""

# ruff: noqa: E501 - text is as wide as programs print it

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kwhy.facts.objects import Event, Listing, Observation
from kwhy.ingest.parsers import kubectl_describe, kubectl_drain, kubectl_events, kubectl_table
from kwhy.model.document import Document
from kwhy.model.parsing import Head

DATA = Path(__file__).parent.parent / "kubectl" / "data"
FORMATS = (kubectl_table.FORMAT, kubectl_describe.FORMAT, kubectl_events.FORMAT, kubectl_drain.FORMAT)


def recorded() -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in ("recorded.tar.xz", "described.tar.xz"):
        with tarfile.open(DATA / name) as members:
            for member in members:
                file = members.extractfile(member)
                if file is not None and member.name.endswith(".txt"):
                    texts[member.name] = file.read().decode()
    return texts | {path.name: path.read_text() for path in (DATA / "field-reports").glob("*.txt")}


TEXTS = recorded()
#: By what the file of a recorded answer is called.
EXPECTED = {"get-": "kubectl-table", "events-": "kubectl-events", "drain-": "kubectl-drain"}


def best(text: str, command: str | None = None) -> tuple[str, float]:
    head = Head(text[:65536], len(text), command)
    scores = {item.name: item.recognise(head) for item in FORMATS}
    name = max(scores, key=lambda key: scores[key])
    return name, scores[name]


@pytest.mark.parametrize("name", [name for name in TEXTS if "/" in name])
def test_a_recorded_answer_is_recognised_with_and_without_its_command(name: str) -> None:
    command, _, output = TEXTS[name].partition("\n")
    file = name.rpartition("/")[2]
    expected = next((form for start, form in EXPECTED.items() if file.startswith(start)), "kubectl-describe")
    assert best(output, command.removeprefix("$ ")) == (expected, 0.97)
    if not output.startswith("No resources"):
        alone, score = best(output)
        assert (alone, score >= 0.9) == (expected, True)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("image-gc-events.txt", "kubectl-events"),
        ("image-stats-event.txt", "kubectl-events"),
        ("node-pleg-27h.txt", "kubectl-describe"),
        ("evicted-message.txt", "kubectl-describe"),
        ("probe-cgroup-message.txt", "kubectl-describe"),
        ("loadbalancer-pending.txt", "kubectl-table"),
    ],
)
def test_scraps_are_recognised(name: str, form: str) -> None:
    assert best(TEXTS[name]) == (form, 0.9 if form == "kubectl-events" else 0.7)


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n",
        '{"apiVersion": "v1", "kind": "List", "items": []}',
        "NAME\tNAMESPACE\tREVISION\tUPDATED\tSTATUS\tCHART\tAPP VERSION\nweb\tshop\t1\t2026\tdeployed\tweb-1\t1\n",
        "  PID TTY          TIME CMD\n    1 ?        00:00:03 init\n",
        "CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID\n1f73f2d81bf98       7a9cd4f6ba          2 hours ago         Running             app                 0                   87d3992f84f74\n",
        "/ # nslookup consul\n\nName:      consul\nAddress 1: 172.30.15.52 consul.default.svc.cluster.local\n",
        "NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\nsda      8:0    0   20G  0 disk\n",
        "COMMAND   PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\nbash        1 root  cwd    DIR   8,1     4096    2 /\n",
        "",
    ],
)
def test_other_text_is_not_claimed(text: str) -> None:
    assert best(text)[1] < 0.5


def check(data: bytes, command: str | None) -> None:
    lines = data.count(b"\n") + 1
    for fact in kubectl_table.FORMAT.parse(Document("x", data, command=command)):
        line = fact.first_line if isinstance(fact, Document) else fact.at.line
        assert isinstance(line, int)
        assert 1 <= line <= lines
    text = data.decode("utf-8", "replace")
    for form in FORMATS:
        assert 0.0 <= form.recognise(Head(text[:65536], len(data), command)) <= 1.0


COMMANDS = st.sampled_from(
    [
        None,
        "kubectl get pods -A -o wide",
        "kubectl describe nodes",
        "kubectl get events",
        "kubectl drain n1",
        "kubectl get all",
    ]
)


@given(st.binary(max_size=2000), COMMANDS)
@settings(deadline=None)
def test_arbitrary_bytes_are_survived(data: bytes, command: str | None) -> None:
    check(data, command)


@given(st.data())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_recorded_text_is_survived(data: st.DataObject) -> None:
    lines = TEXTS[data.draw(st.sampled_from(sorted(TEXTS)))].splitlines()[:150]
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, max(0, len(lines) - 1)))
        kind = data.draw(
            st.sampled_from(["drop", "repeat", "cut", "text", "blank", "indent", "dedent", "carriage return", "swap"])
        )
        if not lines:
            break
        line = lines[position]
        match kind:
            case "drop":
                del lines[position]
            case "repeat":
                lines.insert(position, line)
            case "cut":
                lines[position] = line[: data.draw(st.integers(0, len(line)))]
            case "text":
                lines[position] = data.draw(st.text(max_size=120))
            case "blank":
                lines.insert(position, "")
            case "indent":
                lines[position] = "    " + line
            case "dedent":
                lines[position] = line.lstrip()
            case "carriage return":
                lines[position] = line + "\r"
            case _:
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[position], lines[other] = lines[other], lines[position]
    check("\n".join(lines).encode("utf-8", "surrogatepass"), data.draw(COMMANDS))


@given(st.text(alphabet=" \t:-=,/()[]<>ABCabc019.\n", max_size=600), COMMANDS)
@settings(deadline=None)
def test_text_that_looks_like_kubectl_s_is_survived(text: str, command: str | None) -> None:
    check(text.encode(), command)


def test_a_huge_line_is_reported_and_the_rest_is_read() -> None:
    data = (
        b"NAME    READY   STATUS    RESTARTS   AGE\n"
        + b"x" * 3_000_000
        + b"\nweb-1   1/1     Running   0          5m\n"
    )
    found = list(kubectl_table.FORMAT.parse(Document("x", data)))
    assert sum(isinstance(fact, Observation) for fact in found) == 1
    assert len(found) == 2


def test_the_formats_read_the_same_facts() -> None:
    data = TEXTS["node-pleg-27h.txt"].encode()
    kinds = {form.name: [type(fact) for fact in form.parse(Document("x", data))] for form in FORMATS}
    assert len({tuple(types) for types in kinds.values()}) == 1
    assert kinds["kubectl-table"] == [Observation, Event]
    assert Listing not in kinds["kubectl-table"]
