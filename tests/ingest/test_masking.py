"""No secret of the evidence reaches a report, in whatever format."""

from __future__ import annotations

import pytest

from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence
from kwhy.reports import html, json, markdown, sarif, text

#: The form of a recorded application log under `kubectl logs --timestamps`, with a password in the URL
#: and a bearer token, as client libraries print them.
LOG = """2026-11-21T21:36:54.617164664Z 2026-11-21T21:36:54.615Z ERROR upstream call failed: Get \
"http://admin:hunter2hunter2@web/": dial tcp 10.96.206.168:80: connect: connection refused
2026-11-21T21:36:55.617164664Z 2026-11-21T21:36:55.615Z ERROR upstream call failed: Get "http://web/": \
Authorization: Bearer abcdefghijklmnopqrstuvwxyz: connect: connection refused
"""


@pytest.mark.parametrize("render", [text.render, json.render, markdown.render, html.render, sarif.render])
def test_a_password_and_a_token_in_a_log_are_masked(render: object) -> None:
    diagnosis = diagnose_evidence(read_document(Document("logs/shop_web-1_app.log", LOG.encode())))
    assert diagnosis.findings, "the log's errors are a finding, so its lines are quoted"
    report = render(diagnosis)  # type: ignore[operator]  # each renderer takes a diagnosis
    assert "connection refused" in report
    assert "hunter2" not in report
    assert "abcdefghijklmnop" not in report
