"""Looks alike: an upstream that answers others, a pod without network, a loop, a Corefile that is not shown."""

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

SILENT = ("dns.upstream-not-answering", "NameServer/10.55.0.10:5354")
LOOP = "dns.forwards-to-itself"
ANSWERS = """$ dig @10.55.0.10 -p 5354 rates.example.com

; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> @10.55.0.10 -p 5354 rates.example.com
; (1 server found)
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 59267
;; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1

;; QUESTION SECTION:
;rates.example.com.		IN	A

;; ANSWER SECTION:
rates.example.com.	0	IN	A	10.55.0.10

;; Query time: 0 msec
;; SERVER: 10.55.0.10#5354(10.55.0.10) (UDP)
"""


def refused() -> Files:
    return objects_and_logs(recorded("dns/upstream_not_answering/refuses"))


def looping() -> Files:
    return objects_and_logs(recorded("dns/forwards_to_itself"))


def log_of_coredns(files: Files) -> str:
    return next(name for name in files if name.startswith("logs/kube-system_coredns"))


def with_corefile(files: Files, old: str, new: str) -> Files:
    def edit(items: list[Any]) -> None:
        data = named(items, "coredns")["data"]
        assert old in data["Corefile"]
        data["Corefile"] = data["Corefile"].replace(old, new)

    change(files, "objects/configmaps.json", edit)
    return files


def test_an_upstream_that_answers_when_asked_directly_is_not_blamed(tmp_path: Path) -> None:
    diagnosis = diagnosed(refused() | {"dig.txt": ANSWERS.encode()}, tmp_path)
    assert SILENT not in roots(diagnosis)
    assert "dns.upstream-fails" in found(diagnosis)


def test_a_direct_question_that_is_refused_too_is_proof(tmp_path: Path) -> None:
    said = (
        b"$ dig @10.55.0.10 -p 5354 rates.example.com\n;; communications error to 10.55.0.10#5354: connection refused\n"
    )
    diagnosis = diagnosed(refused() | {"dig.txt": said}, tmp_path)
    assert roots(diagnosis) == [SILENT]
    assert any(e.at.source == "dig.txt" for e in diagnosis.root_causes[0].finding.evidence)


def test_without_the_corefile_the_log_is_enough(tmp_path: Path) -> None:
    files = refused()
    del files["objects/configmaps.json"]
    assert roots(diagnosed(files, tmp_path)) == [SILENT]


def test_a_pod_that_loses_the_api_server_too_does_not_blame_the_upstream(tmp_path: Path) -> None:
    files = refused()
    name = log_of_coredns(files)
    line = (
        b"2026-11-22T05:46:20.296760220Z [INFO] plugin/kubernetes: "
        b"k8s.io/client-go@v0.31.2/tools/cache/reflector.go:243: "
        b'failed to list *v1.Service: Get "https://10.96.0.1:443/api/v1/services?limit=500&resourceVersion=0": '
        b"dial tcp 10.96.0.1:443: i/o timeout\n"
    )
    files[name] = line + files[name].replace(b"read: connection refused", b"i/o timeout")
    diagnosis = diagnosed(files, tmp_path)
    assert SILENT not in roots(diagnosis)
    assert "dns.server-cut-off" in found(diagnosis)


def test_a_corefile_that_names_the_clusters_own_dns_is_blamed_for_the_loop(tmp_path: Path) -> None:
    files = with_corefile(looping(), "/etc/resolv.conf", "10.96.0.10")
    assert roots(diagnosed(files, tmp_path)) == [(LOOP, "ConfigMap/kube-system/coredns")]


def test_it_is_seen_before_the_program_ends(tmp_path: Path) -> None:
    files = with_corefile(looping(), "/etc/resolv.conf", "10.96.0.10")
    for name in [name for name in files if name.startswith("logs/kube-system_coredns")]:
        del files[name]
    assert roots(diagnosed(files, tmp_path)) == [(LOOP, "ConfigMap/kube-system/coredns")]


def test_a_loop_through_an_unknown_upstream_is_not_guessed(tmp_path: Path) -> None:
    files = with_corefile(looping(), "/etc/resolv.conf", "10.9.9.9")
    assert roots(diagnosed(files, tmp_path)) == []


def test_without_the_corefile_nobody_is_blamed_for_the_loop(tmp_path: Path) -> None:
    files = looping()
    del files["objects/configmaps.json"]
    assert roots(diagnosed(files, tmp_path)) == []


def test_what_was_logged_long_before_is_over(tmp_path: Path) -> None:
    files = refused()
    name = log_of_coredns(files)
    files[name] = files[name].replace(b"2026-11-22T05:", b"2026-11-22T01:")
    diagnosis = diagnosed(files, tmp_path)
    assert SILENT not in roots(diagnosis)
    assert "dns.upstream-fails" not in found(diagnosis)


def test_an_upstream_that_is_a_service_of_the_cluster_is_not_taken_for_an_outside_server(tmp_path: Path) -> None:
    files = {name: data.replace(b"10.55.0.10:5354", b"10.96.99.7:53") for name, data in refused().items()}

    def edit(items: list[Any]) -> None:
        named(items, "web")["spec"]["clusterIP"] = "10.96.99.7"

    change(files, "objects/services.json", edit)
    assert not [root for root in roots(diagnosed(files, tmp_path)) if root[0] == SILENT[0]]
