"""Why a container's first process could not be started, and what only looks like it."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knowledge.recorded_pods import changed, command_missing, deepest, diagnosed, roots, without_lines

from kwhy.knowledge.container.runs import Statement
from kwhy.knowledge.container.start_errors import StartError, read_start_error
from kwhy.model.document import Document

NOWHERE = Document("message.txt", b"").at(line=1)

MESSAGES = [
    (
        "asterisk-k8s-demo#25 (runc 1.1, containerd)",
        'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/app": stat /app: no such file or directory: unknown',
        StartError.NOT_FOUND,
    ),
    (
        "storageos/cluster-operator#141 (docker)",
        'Error: failed to start container "storageos": Error response from daemon: OCI runtime create failed: container_linux.go:345: starting container process caused "exec: \\"storageos\\": executable file not found in $PATH": unknown',
        StartError.NOT_FOUND,
    ),
    (
        "vdesabou/kafka-docker-playground#8515 (empty command)",
        'OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "": executable file not found in $PATH',
        StartError.NOT_FOUND,
    ),
    (
        "denverdino/lxcfs-admission-webhook#22 (in the log)",
        'standard_init_linux.go:211: exec user process caused "no such file or directory"',
        StartError.NOT_FOUND,
    ),
    (
        "overhangio/tutor-mfe#84 (in the log)",
        "standard_init_linux.go:228: exec user process caused: exec format error",
        StartError.WRONG_FORMAT,
    ),
    (
        "runc v1.1 libcontainer/standard_init_linux.go",
        'unable to start container process: exec: "/entrypoint.sh": permission denied: unknown',
        StartError.NOT_EXECUTABLE,
    ),
    (
        "crun src/libcrun/linux.c",
        "executable file `invoicer` not found in $PATH: No such file or directory",
        StartError.NOT_FOUND,
    ),
]

#: Errors of starts that are not about the command.
OTHERS = [
    'unable to start container process: chdir to cwd ("/srv/app") set in config.json failed: no such file or directory: unknown',
    'error mounting "/etc/app.conf" to rootfs at "/app/app.conf": mount … not a directory: unknown',
    "mkdir /var/lib/app: permission denied",
    "open /etc/app/settings.yaml: no such file or directory",
]


@pytest.mark.parametrize(("text", "error"), [(t, e) for _, t, e in MESSAGES], ids=[o for o, _, _ in MESSAGES])
def test_the_runtimes_message_tells_why_the_command_was_not_started(text: str, error: StartError) -> None:
    start = read_start_error(Statement(text, NOWHERE))
    assert start is not None
    assert start.error is error


@pytest.mark.parametrize("text", OTHERS)
def test_errors_that_are_not_about_the_command_are_left_alone(text: str) -> None:
    assert read_start_error(Statement(text, NOWHERE)) is None


@given(st.text(max_size=3000))
def test_any_message_is_read_without_an_error(text: str) -> None:
    read_start_error(Statement(text, NOWHERE))


RECORDED = 'exec: "/usr/local/bin/invoicer": stat /usr/local/bin/invoicer: no such file or directory'


def test_a_missing_command_is_named() -> None:
    assert "/usr/local/bin/invoicer" in roots(diagnosed(command_missing()))["container.command-not-found"]


def test_a_command_without_permission_is_another_cause() -> None:
    text = changed(command_missing(), (RECORDED, 'exec: "/usr/local/bin/invoicer": permission denied'))
    assert list(roots(diagnosed(text))) == ["container.command-not-executable"]


def test_without_the_runtimes_words_the_cause_stays_open() -> None:
    text = changed(without_lines(command_missing(), "Error: failed to create", "Message:"), ("StartError", "Error"))
    diagnosis = diagnosed(text)
    assert not roots(diagnosis)
    assert "container.exits-with-error" in deepest(diagnosis)


def test_the_log_of_a_container_of_another_platform_tells() -> None:
    text = changed(without_lines(command_missing(), "Error: failed to create", "Message:"), ("StartError", "Error"))
    log = (
        "$ kubectl logs -n billing invoicer-77c7bf9d64-7vcf8\n"
        "standard_init_linux.go:228: exec user process caused: exec format error\n"
    )
    assert list(roots(diagnosed(text, log))) == ["container.command-not-executable"]


def test_a_command_that_a_shell_does_not_find_needs_the_shells_words() -> None:
    text = changed(
        without_lines(command_missing(), "Error: failed to create", "Message:"),
        ("StartError", "Error"),
        ("Exit Code:    128", "Exit Code:    127"),
    )
    assert not roots(diagnosed(text))
    log = ("billing_invoicer-77c7bf9d64-7vcf8_invoicer_previous.log", "error: /bin/sh: invoicer: not found\n")
    assert list(roots(diagnosed(text, log))) == ["container.command-not-found"]
