"""Ends that a program's last lines explain: variables, arguments, missing parts, defects, heaps.

The lines were recorded from real programs (named in facts/log_patterns/own_program.py) and stand here in the log of a
recorded pod whose container ends with exit code 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

from kwhy.model.diagnosis import Diagnosis

BANNERS = "Deployment/banners/banners"
PODS, CONFIGS = "objects/pods.json", "objects/configmaps.json"
STAMP = "2026-11-22T02:50:44.255101612Z "

GO_NIL = """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a9930]

goroutine 1 [running]:
main.main()
	/src/main.go:7 +0xf0"""
PYTHON_VARIABLE = """Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    url = os.environ["DATABASE_URL"]
          ~~~~~~~~~~^^^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'DATABASE_URL'"""
PYTHON_KEY = """Traceback (most recent call last):
  File "/app/main.py", line 9, in <module>
    print(prices["DATABASE_URL"])
KeyError: 'DATABASE_URL'"""
NODE_MODULE = """node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module '/app/server.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v20.20.2"""


def logging(text: str, spec: Mapping[str, Any] | None = None) -> Files:
    """The recorded crashing pod, its log replaced; ``spec`` are fields of its container."""
    files = objects_and_logs(recorded("config/text_invalid/json_trailing_comma"))
    files = {name: data for name, data in files.items() if name != CONFIGS}
    for name in [name for name in files if name.startswith("logs/")]:
        files[name] = "".join(f"{STAMP}{line}\n" for line in text.split("\n")).encode()
    change(files, PODS, lambda items: [pod["spec"]["containers"][0].update(spec or {}) for pod in items])
    return files


def title(diagnosis: Diagnosis) -> str:
    return diagnosis.root_causes[0].finding.title


@pytest.mark.parametrize(
    ("text", "condition", "says"),
    [
        ("sh: 1: DATABASE_URL: parameter not set", "container.variable-missing", "variable DATABASE_URL"),
        ("2026/11/22 06:07:22 required key DATABASE_URL missing value", "container.variable-missing", "DATABASE_URL"),
        (PYTHON_VARIABLE, "container.variable-missing", "variable DATABASE_URL"),
        ("flag provided but not defined: -prot\nUsage of ./x:", "container.argument-refused", "-prot"),
        (
            "usage: server [-h]\nserver: error: unrecognized arguments: --prot 80",
            "container.argument-refused",
            "--prot",
        ),
        ('Error: unknown command "rnu" for "server"', "container.argument-refused", "rnu"),
        (
            "./l2: error while loading shared libraries: libbar.so.1: cannot open shared object file: No such file",
            "container.part-missing",
            "library libbar.so.1",
        ),
        (NODE_MODULE, "container.part-missing", "/app/server.js"),
        ("Error: Unable to access jarfile /app/app.jar", "container.part-missing", "archive /app/app.jar"),
        (GO_NIL, "container.program-defect", "nil pointer dereference"),
        (
            'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat H.main(H.java:1)',
            "container.heap-exhausted",
            "Java heap space",
        ),
    ],
)
def test_the_last_lines_name_the_cause(text: str, condition: str, says: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(logging(text), tmp_path)
    assert roots(diagnosis) == [(condition, BANNERS)]
    assert says in title(diagnosis)


def test_a_key_of_another_dictionary_is_no_variable(tmp_path: Path) -> None:
    assert roots(diagnosed(logging(PYTHON_KEY), tmp_path)) == []


def test_a_variable_that_is_given_is_not_missing(tmp_path: Path) -> None:
    files = logging(PYTHON_VARIABLE, {"env": [{"name": "DATABASE_URL", "value": "mysql://db"}]})
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_misspelt_variable_is_told(tmp_path: Path) -> None:
    files = logging(PYTHON_VARIABLE, {"env": [{"name": "DATABSE_URL", "value": "mysql://db"}]})
    assert "it is given DATABSE_URL" in title(diagnosed(files, tmp_path))


def test_a_source_of_variables_that_was_not_shown_leaves_it_open_and_is_asked_for(tmp_path: Path) -> None:
    files = logging(PYTHON_VARIABLE, {"envFrom": [{"configMapRef": {"name": "banners-env"}}]})
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    open_ones = {item.condition.code: item for item in diagnosis.undetermined}
    probes = [probe.command for gap in open_ones["container.variable-missing"].gaps for probe in gap.probes]
    assert "kubectl get configmap banners-env -n banners -o yaml" in probes


def test_a_volume_over_the_program_is_told(tmp_path: Path) -> None:
    mounts = [{"name": "conf", "mountPath": "/app"}]
    diagnosis = diagnosed(logging(NODE_MODULE, {"volumeMounts": mounts}), tmp_path)
    assert "volume conf is mounted over /app" in title(diagnosis)


def test_a_defect_after_a_refused_connection_stays_open(tmp_path: Path) -> None:
    text = "2026/11/22 02:50:44 ERROR dial tcp 10.96.0.7:3306: connect: connection refused\n" + GO_NIL
    diagnosis = diagnosed(logging(text), tmp_path)
    assert "container.program-defect" not in found(diagnosis)
    assert "container.program-defect" in {item.condition.code for item in diagnosis.undetermined}


def test_without_the_log_every_one_of_them_is_open(tmp_path: Path) -> None:
    files = {name: data for name, data in logging(GO_NIL).items() if not name.startswith("logs/")}
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    asked = {item.condition.code for item in diagnosis.undetermined}
    assert asked >= {
        *("container.variable-missing", "container.argument-refused", "container.part-missing"),
        *("container.program-defect", "container.heap-exhausted"),
    }


def test_a_program_that_goes_on_after_such_a_line_has_no_such_end(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("healthy/nothing_wrong/single_node"))
    name = next(name for name in files if name.startswith("logs/homepage"))
    files[name] += f"{STAMP}DATABASE_URL is not set\n{STAMP}listening on :8080\n".encode()
    assert roots(diagnosed(files, tmp_path)) == []
