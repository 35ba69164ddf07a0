from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kwhy import __version__
from kwhy.cli.main import main

KWHY = [sys.executable, "-m", "kwhy"]


def kwhy(
    *arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*KWHY, *arguments], input=stdin, capture_output=True, env={**os.environ, **(environment or {})}, check=False
    )


def test_version_is_printed_before_anything_is_imported() -> None:
    code = "import sys; from kwhy.cli.main import main; main(['--version']); print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    version, modules = out.splitlines()
    assert version == f"kwhy {__version__}"
    assert not {"'argparse'", "'msgspec'", "'rich'", "'numpy'", "'yaml'"} & set(modules.strip("[]").split(", "))


def test_without_source_and_without_a_kubeconfig_it_says_what_to_name_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    assert main(["diagnose"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "there is no kubeconfig" in printed.err
    assert "SOURCE" in printed.err


def test_two_clusters_are_not_thrown_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "cluster", "cluster:staging"]) == 2
    assert "one cluster at a time" in capsys.readouterr().err


def test_without_the_client_library_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['kubernetes'] = None; from kwhy.cli.main import main; sys.exit(main(['diagnose']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'kwhy[live]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_source_that_does_not_exist_is_status_2(tmp_path: Path) -> None:
    done = kwhy("diagnose", str(tmp_path / "missing"))
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"missing" in done.stderr


def test_the_report_alone_goes_to_standard_output_and_has_no_colour_in_a_pipe() -> None:
    done = kwhy("demo")
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    assert b"READ" in done.stdout


def test_output_goes_to_the_named_file(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = kwhy("demo", "--format", "html", "-o", str(report))
    assert (done.returncode, done.stdout) == (0, b"")
    assert report.read_text("utf-8").startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = kwhy("demo", "-o", str(tmp_path / "no" / "such" / "folder"))
    assert done.returncode == 2
    assert b"could not be written" in done.stderr


def test_a_reader_that_stops_early_is_no_error() -> None:
    process = subprocess.Popen([*KWHY, "explain", "--list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert complaint == b""


@pytest.mark.skipif(not Path("/proc/self/wchan").exists(), reason="needs /proc to see that the program waits for input")
def test_ctrl_c_ends_with_130() -> None:
    process = subprocess.Popen(
        [*KWHY, "diagnose", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    # A compiled module that is being imported may swallow the interrupt: wait until the program waits for its input.
    waits_in = Path(f"/proc/{process.pid}/wchan")
    deadline = time.monotonic() + 30
    while "pipe_read" not in waits_in.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate()
    assert process.returncode == 130
    assert complaint == b"kwhy: interrupted\n"


def test_explain_prints_the_page_of_a_condition(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "node.not-ready"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# node.not-ready\n")
    assert "## What it means" in page


def test_explain_offers_what_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "node.notready"]) == 2
    assert "node.not-ready" in capsys.readouterr().err


def test_explain_needs_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 2
    assert "--list" in capsys.readouterr().err


def test_an_unknown_demo_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "nothing"]) == 2
    assert "node-notready, pleg-cni-hang" in capsys.readouterr().err


def test_the_list_of_demos_says_where_each_was_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list"]) == 0
    assert "recorded on Kubernetes 1.34.4" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in ("diagnose", "explain", "inspect", "demo"))


def test_inspect_shows_the_facts_of_a_document(tmp_path: Path) -> None:
    done = kwhy("inspect", "-", stdin=b"garbage that no parser knows\n")
    assert done.returncode == 0
    assert b"no parser recognises its contents" in done.stdout


def test_a_latin_terminal_does_not_break_the_report() -> None:
    done = kwhy("demo", environment={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert done.returncode == 0


POLICY_TABLE_LOST = Path(__file__).resolve().parents[1] / "cases/net/policy_table_empty/table_lost/evidence"


def test_inspect_says_where_packets_go() -> None:
    done = kwhy(
        "inspect", str(POLICY_TABLE_LOST), "--route-to", "10.176.46.4", "--from", "10.176.44.23", "--iif", "veth1"
    )
    assert done.returncode == 0
    assert (
        b"Packets to 10.176.46.4 from 10.176.44.23 that arrive on veth1\n  go via 10.176.40.1 out of eth0"
        in done.stdout
    )
    assert max(len(line) for line in done.stdout.decode().splitlines()) <= 80


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--route-to", "nonsense"], b"does not appear to be an IPv4 or IPv6 address"),
        (["--iif", "eth0"], b"--route-to ADDRESS, which is missing"),
        (["--route-to", "10.0.0.1", "--mark", "x"], b"not a firewall mark"),
    ],
)
def test_inspect_refuses_questions_that_mean_nothing(arguments: list[str], complaint: bytes) -> None:
    done = kwhy("inspect", str(POLICY_TABLE_LOST), *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_inspect_says_that_no_document_holds_routes() -> None:
    done = kwhy("inspect", "-", "--route-to", "10.0.0.1", stdin=b"node-a\n")
    assert done.returncode == 2
    assert b"no document holds rules or routes" in done.stderr
