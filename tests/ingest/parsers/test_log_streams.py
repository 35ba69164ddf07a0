"""A text with the lines of several pods gives a log per pod."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.logs import AppErrors, LogFile
from kwhy.ingest.parsers.log_streams import FORMAT, parse
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

#: `kubectl logs -l app=web --prefix --timestamps` (kubectl 1.34 pkg/cmd/logs/logs.go, addPrefixIfNeeded), with lines of
#: the recorded fault service-wrong-selector.
PREFIXED = """\
[pod/frontend-66bcdb54dc-mjjq9/frontend] 2026-11-21T21:36:46.705Z ERROR upstream call failed: Get "http://orders-api/": dial tcp 10.96.228.70:80: connect: connection refused
[pod/orders-api-59c88b5b56-6gk47/orders-api] 2026-11-21T21:36:48.458Z INFO listening on :8080
[pod/frontend-66bcdb54dc-mjjq9/frontend] 2026-11-21T21:36:49.712Z ERROR upstream call failed: Get "http://orders-api/": dial tcp 10.96.228.70:80: connect: connection refused
"""  # noqa: E501
#: The same as stern 1.30 prints it (stern/stern cmd/cmd.go, default template; stern/target.go, marks).
STERN = """\
+ frontend-66bcdb54dc-mjjq9 › frontend
+ orders-api-59c88b5b56-6gk47 › orders-api
frontend-66bcdb54dc-mjjq9 frontend 2026-11-21T21:36:46.705Z ERROR upstream call failed: Get "http://orders-api/": dial tcp 10.96.228.70:80: connect: connection refused
orders-api-59c88b5b56-6gk47 orders-api 2026-11-21T21:36:48.458Z INFO listening on :8080
frontend-66bcdb54dc-mjjq9 frontend 2026-11-21T21:36:49.712Z ERROR upstream call failed: Get "http://orders-api/": dial tcp 10.96.228.70:80: connect: connection refused
"""  # noqa: E501
WITHOUT_MARKS = "".join(f"{line}\n" for line in STERN.splitlines()[2:])


@pytest.mark.parametrize("text", [PREFIXED, STERN, WITHOUT_MARKS * 2])
def test_each_pod_has_its_own_log(text: str) -> None:
    evidence = read_document(Document("logs.txt", text.encode()))
    pods = [log.pod.pod for log in evidence.of(LogFile) if log.pod is not None]
    assert pods == ["frontend-66bcdb54dc-mjjq9", "orders-api-59c88b5b56-6gk47"]
    assert evidence.unparsed == ()


def test_lines_keep_their_numbers() -> None:
    (first, second) = [
        document for document in parse(Document("logs.txt", PREFIXED.encode())) if isinstance(document, Document)
    ]
    assert first.line(3).startswith("2026-11-21T21:36:49.712Z ERROR")
    assert second.first_line == 2


def test_errors_are_those_of_the_pod_that_wrote_them() -> None:
    evidence = read_document(Document("logs.txt", PREFIXED.encode()))
    (errors,) = evidence.of(AppErrors)
    assert errors.pod is not None
    assert errors.pod.pod == "frontend-66bcdb54dc-mjjq9"
    assert errors.count == 2


def test_the_namespace_of_the_command_is_that_of_its_pods() -> None:
    document = Document("logs.txt", PREFIXED.encode(), command="kubectl logs -n orders -l app --prefix")
    evidence = read_document(document)
    assert {log.pod.namespace for log in evidence.of(LogFile) if log.pod is not None} == {"orders"}


@pytest.mark.parametrize(
    "text",
    [
        "web server started on 8080\nweb server again on 9090\nfailed to bind port\n",
        "error: something went wrong here\nutf-8 codec cannot decode\nthe end of it all\n",
        "total 8\ndrwxr-xr-x 2 root root 4096 Nov 22 02:11 .\n",
    ],
)
def test_other_texts_are_no_logs_of_several_pods(text: str) -> None:
    document = Document("x.txt", text.encode())
    read_document(document)
    assert document.format != FORMAT.name


@given(st.text(max_size=300), st.sampled_from([PREFIXED, STERN, ""]))
def test_any_text_is_taken_apart_without_complaint(text: str, before: str) -> None:
    for item in parse(Document("logs.txt", (before + text).encode())):
        if isinstance(item, Document):
            assert item.first_line >= 1
