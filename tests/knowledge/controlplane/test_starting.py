"""Components of the control plane that do not start (tests/ingest/parsers/data/static_pods/ORIGIN.txt)."""

from __future__ import annotations

from pathlib import Path

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

DATA = Path(__file__).parents[2] / "ingest" / "parsers" / "data" / "static_pods"
SCHEDULER = "".join(line for line in (DATA / "kubelet.log").open() if "kube-scheduler.yaml" in line)
REFUSED = "The connection to the server 10.0.0.5:6443 was refused - did you specify the right host or port?\n"


def diagnosed(tmp_path: Path, **texts: str) -> Diagnosis:
    for name, text in texts.items():
        (tmp_path / name.replace("__", ".").replace("_", "-")).write_text(text)
    return diagnose([str(tmp_path)])


def roots(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(c.finding.condition.code, c.finding.subject.name) for c in diagnosis.root_causes if c.role == "root-cause"]


def test_the_kubelet_names_each_manifest_that_it_cannot_use(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, kubelet__log=(DATA / "kubelet.log").read_text())
    programs = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
    assert sorted(roots(diagnosis)) == [("controlplane.manifest-broken", program) for program in programs]


def test_manifest_and_kubelets_log_together_give_path_line_and_column(tmp_path: Path) -> None:
    diagnosis = diagnosed(
        tmp_path,
        kubelet__log=SCHEDULER,
        kube_scheduler__yaml=(DATA / "kube-scheduler.yaml").read_text(),
    )
    (cause,) = diagnosis.root_causes
    assert (
        "/etc/kubernetes/manifests/kube-scheduler.yaml, line 15, column 1: the line is indented" in cause.finding.title
    )


def test_a_complaint_that_the_kubelet_does_not_repeat_is_mended(tmp_path: Path) -> None:
    later = 'I1122 06:44:20.812779     913 kubelet.go:2500] "SyncLoop ADD" source="file" pods=["kube-system/x"]\n'
    assert roots(diagnosed(tmp_path, kubelet__log=SCHEDULER + later)) == []


def test_an_api_server_that_ends_for_a_flag_explains_why_kubectl_is_refused(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, kube_apiserver__log="Error: unknown flag: --bogus-flag\n", kubectl__txt=REFUSED)
    assert roots(diagnosis) == [("controlplane.not-starting", "kube-apiserver")]
    assert diagnosis.outcome == "explained"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    text = (DATA / "kube-apiserver-missing-file.log").read_text()
    (cause,) = diagnosed(tmp_path, kube_apiserver__log=text).root_causes
    assert "open /etc/kubernetes/pki/sa.key: no such file or directory" in cause.finding.title


def test_last_words_of_a_run_that_went_on_are_not_last_words(tmp_path: Path) -> None:
    text = (DATA / "kube-apiserver-missing-file.log").read_text()
    more = "".join(f"I1122 06:31:0{n}.5     1 controller.go:1] started {n}\n" for n in range(6))
    assert roots(diagnosed(tmp_path, kube_apiserver__log=text + more)) == []


def test_an_api_server_without_etcd_is_an_effect_whose_cause_lies_deeper(tmp_path: Path) -> None:
    diagnosis = diagnosed(tmp_path, kube_apiserver__log=(DATA / "without-etcd.log").read_text(), kubectl__txt=REFUSED)
    assert roots(diagnosis) == []
    assert diagnosis.root_causes[0].finding.condition.code == "controlplane.api-server-without-etcd"


def test_a_broken_manifest_of_etcd_explains_an_api_server_without_it(tmp_path: Path) -> None:
    diagnosis = diagnosed(
        tmp_path,
        kube_apiserver__log=(DATA / "without-etcd.log").read_text(),
        etcd__yaml=(DATA / "kube-scheduler.yaml").read_text().replace("kube-scheduler", "etcd"),
        kubectl__txt=REFUSED,
    )
    assert roots(diagnosis) == [("controlplane.manifest-broken", "etcd")]
    assert diagnosis.outcome == "explained"


def test_a_component_that_was_told_to_stop_is_not_one_that_does_not_start(tmp_path: Path) -> None:
    # recorded: kube-scheduler 1.34.4 after SIGTERM
    stopped = (
        'I1122 03:25:01.666416     207 server.go:265] "[graceful-termination] secure server is exiting"\n'
        'E1122 03:25:01.666442     207 run.go:72] "command failed" err="finished without leader elect"\n'
    )
    assert roots(diagnosed(tmp_path, kube_scheduler__log=stopped)) == []


def test_a_component_that_ran_for_an_hour_did_start(tmp_path: Path) -> None:
    text = (DATA / "kube-apiserver-missing-file.log").read_text()
    before = "I1122 05:30:40.641621   30288 serving.go:380] Generated self-signed cert\n"
    assert roots(diagnosed(tmp_path, kube_apiserver__log=before + text)) == []
