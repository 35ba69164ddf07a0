"""Probes that ask the wrong thing, and programs that are rightly found wanting."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knowledge.recorded_pods import (
    changed,
    commands,
    deepest,
    diagnosed,
    excluded,
    liveness,
    liveness_log,
    roots,
    undecided,
    without_lines,
)

from kwhy.knowledge.container.runs import Statement
from kwhy.knowledge.probe.failures import Failing, read_failure
from kwhy.model.document import Document

NOWHERE = Document("message.txt", b"").at(line=1)
REFUSED = 'Liveness probe failed: Get "http://10.244.0.35:8081/healthz": dial tcp 10.244.0.35:8081: connect: connection refused'

#: Messages as people reported them, and how they are to be read.
MESSAGES = [
    ("recorded, v1.34", REFUSED, Failing.REFUSED, 8081),
    (
        "kubernetes/kubernetes#63192 (v1.9)",
        "Liveness probe failed: Get https://10.241.0.6/healthz: dial tcp 10.241.0.6:443: getsockopt: connection refused",
        Failing.REFUSED,
        443,
    ),
    (
        "kubernetes/kubernetes#9866",
        'Readiness probe failed: Get http://10.1.2.3:8443/healthz/ready: malformed HTTP response "\\x15\\x03\\x01\\x00\\x02\\x02"',
        Failing.SCHEME,
        8443,
    ),
    (
        "controller-runtime#2283",
        'Readiness probe failed: Get "https://10.244.1.10:8088/readyz": http: server gave HTTP response to HTTPS client',
        Failing.SCHEME,
        8088,
    ),
    (
        "v1.34 pkg/probe/http/http.go",
        "Liveness probe failed: HTTP probe failed with statuscode: 503",
        Failing.STATUS,
        None,
    ),
    (
        "elasticsearch-operator#199",
        "Liveness probe failed: Get https://192.168.119.89:5601/: net/http: TLS handshake timeout",
        Failing.TIMEOUT,
        None,
    ),
]


@pytest.mark.parametrize(("text", "failing", "port"), [m[1:] for m in MESSAGES], ids=[m[0] for m in MESSAGES])
def test_the_kubelets_message_tells_how_the_probe_failed(text: str, failing: Failing, port: int | None) -> None:
    failure = read_failure(Statement(text, NOWHERE))
    assert failure is not None
    assert (failure.failing, failure.port) == (failing, port)


@given(st.text(max_size=3000))
def test_any_message_is_read_without_an_error(text: str) -> None:
    read_failure(Statement("Liveness probe failed: " + text, NOWHERE))
    read_failure(Statement(text, NOWHERE))


def test_the_log_shows_the_port_on_which_the_program_listens() -> None:
    diagnosis = diagnosed(liveness(), liveness_log())
    assert roots(diagnosis) == {
        "probe.wrong-port": "The liveness probe of Deployment gallery/gallery asks port 8081, and the program listens on 8080"
    }
    assert diagnosis.root_causes[0].confidence > 0.9


def test_the_command_alone_makes_it_likely() -> None:
    diagnosis = diagnosed(liveness())
    assert "probe.wrong-port" in roots(diagnosis)
    assert diagnosis.root_causes[0].confidence < 0.9


def test_a_declared_port_makes_it_likely_too() -> None:
    text = changed(
        liveness(), ("Port:          <none>", "Port:          9000/TCP"), ("      serve\n      8080\n", "      run\n")
    )
    assert "listens on 9000" in roots(diagnosed(text))["probe.wrong-port"]


def test_without_a_port_to_compare_with_the_log_is_asked_for() -> None:
    diagnosis = diagnosed(changed(liveness(), ("      serve\n      8080\n", "      run\n")))
    assert not roots(diagnosis)
    assert "probe.liveness-kills" in deepest(diagnosis)
    assert "kubectl logs gallery-5484487556-zzv2h" in commands(diagnosis)


def test_a_number_that_is_no_port_to_listen_on_is_none() -> None:
    assert not roots(diagnosed(changed(liveness(), ("      serve\n      8080\n", "      sleep\n      3600\n"))))


def test_a_program_that_listens_on_the_probes_own_port_is_asked_rightly() -> None:
    name, log = liveness_log()
    diagnosis = diagnosed(liveness(), (name, changed(log, (":8080", ":8081"))))
    assert "probe.wrong-port" in excluded(diagnosis)


def test_a_program_that_listens_after_the_probe_has_given_up_starts_too_late() -> None:
    # The recorded run, with the line about listening moved to four seconds after the start; the probe allows three.
    name, log = liveness_log()
    late = changed(log, (":8080", ":8081"), ("21:38:33.", "21:38:37."))
    diagnosis = diagnosed(liveness(), (name, late))
    assert list(roots(diagnosis)) == ["probe.starts-too-late"]


def test_without_the_events_nobody_knows_that_the_kubelet_stopped_it() -> None:
    diagnosis = diagnosed(without_lines(liveness(), "Unhealthy", "Killing"), liveness_log())
    assert not roots(diagnosis)
    assert "probe.liveness-kills" in undecided(diagnosis)


def test_a_path_that_is_not_served_is_named() -> None:
    text = changed(liveness(), (REFUSED, "Liveness probe failed: HTTP probe failed with statuscode: 404"))
    assert "/healthz" in roots(diagnosed(text, liveness_log()))["probe.wrong-path"]


def test_a_program_that_says_it_is_not_well_has_no_wrong_probe() -> None:
    text = changed(liveness(), (REFUSED, "Liveness probe failed: HTTP probe failed with statuscode: 503"))
    diagnosis = diagnosed(text, liveness_log())
    assert not roots(diagnosis)
    assert deepest(diagnosis) == {"probe.liveness-kills"}


def test_a_probe_of_another_scheme_is_named() -> None:
    text = changed(
        liveness(),
        ("http-get http://:8081", "http-get https://:8081"),
        (
            REFUSED,
            'Liveness probe failed: Get "https://10.244.0.35:8081/healthz": http: server gave HTTP response to HTTPS client',
        ),
    )
    assert "speaks HTTPS to a program that speaks HTTP" in roots(diagnosed(text, liveness_log()))["probe.wrong-scheme"]


def unready() -> str:
    """The recorded pod as it would look with a readiness probe: it runs, and nothing restarts it."""
    text = without_lines(liveness(), "Killing", "Back-off", "Last State:", "Exit Code:", "Finished:", "Completed")
    return changed(
        text,
        ("    State:          Waiting\n      Reason:       CrashLoopBackOff\n", "    State:          Running\n"),
        ("Restart Count:  5", "Restart Count:  0"),
        ("Liveness:", "Readiness:"),
        ("Liveness probe failed", "Readiness probe failed"),
    )


def test_a_readiness_probe_with_a_wrong_port_keeps_the_pod_from_traffic_and_restarts_nothing() -> None:
    diagnosis = diagnosed(unready(), liveness_log())
    assert list(roots(diagnosis)) == ["probe.wrong-port"]
    assert "probe.readiness-fails" in {finding.condition.code for finding in diagnosis.findings}
    assert "probe.liveness-kills" not in {finding.condition.code for finding in diagnosis.findings}
    assert "restart" not in " ".join(finding.title for finding in diagnosis.findings)


def test_a_pod_that_is_ready_has_no_finding() -> None:
    text = changed(
        without_lines(unready(), "Unhealthy"),
        ("Ready:          False", "Ready:          True"),
        ("Ready                       False", "Ready                       True"),
    )
    assert not diagnosed(text).findings
