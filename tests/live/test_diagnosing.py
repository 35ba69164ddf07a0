"""A live cluster is diagnosed as its bundle and as the same objects in a folder are; nothing is ever written to it."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.live.recorded_api import RecordedApi, as_caller, recorded

from kwhy.cli.main import main
from kwhy.ingest.manifest import MANIFEST_NAME
from kwhy.ingest.reading import NothingReadable
from kwhy.live.bundle import save
from kwhy.live.options import LiveOptions
from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import collect, diagnose


def said(diagnosis: Diagnosis) -> dict[str, object]:
    """What a diagnosis says, without places and sizes."""
    return {
        "outcome": diagnosis.outcome,
        "as_of": diagnosis.as_of,
        "causes": [
            (c.role, c.finding.condition.code, str(c.finding.subject), c.confidence) for c in diagnosis.root_causes
        ],
        "findings": [(f.id, f.condition.code, str(f.subject), f.title) for f in diagnosis.findings],
        "links": [(link.cause, link.effect, link.via) for link in diagnosis.links],
        "undetermined": [
            (u.condition.code, str(u.subject), [gap.what for gap in u.gaps]) for u in diagnosis.undetermined
        ],
        "ruled_out": [(r.condition.code, str(r.subject)) for r in diagnosis.ruled_out],
        "unread": diagnosis.coverage.unrecognised,
        "notes": diagnosis.notes,
    }


def roots(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [
        (cause.finding.condition.code, str(cause.finding.subject))
        for cause in diagnosis.root_causes
        if cause.role == "root-cause"
    ]


def test_a_live_cluster_is_diagnosed_as_its_bundle_is(cluster: RecordedApi, tmp_path: Path) -> None:
    live = diagnose(["cluster"])
    bundle = tmp_path / "incident.tgz"
    save(collect("cluster"), str(bundle))
    assert ("config.run-as-non-root", "Deployment avatars/avatars") in roots(live)
    assert said(diagnose([str(bundle)])) == said(live)


def test_a_live_cluster_is_diagnosed_as_its_objects_and_logs_in_a_folder_are(
    cluster: RecordedApi, tmp_path: Path
) -> None:
    live = diagnose(["cluster"])
    collected = {file.source for file in collect("cluster")}
    for number, ((caller, path, query), answer) in enumerate(recorded().items()):
        named = dict(query)
        document = f"{path.lstrip('/')}.json"
        if path.endswith("/log"):
            _, _, _, namespace, _, pod, _ = path.strip("/").split("/")
            previous = "_previous" if "previous" in named else ""
            document = f"logs/{namespace}_{pod}_{named['container']}{previous}.log"
        if caller != "admin" or answer.status != 200 or document not in collected or named.get("limit") == "500":
            continue
        file = tmp_path / document
        if "continue" in named:
            file = file.with_stem(f"{file.stem}-{number}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer.body)
    assert roots(diagnose([str(tmp_path)], as_of=live.as_of)) == roots(live)


def test_nothing_but_get_is_ever_sent(cluster: RecordedApi) -> None:
    diagnose(["cluster"])
    assert len(cluster.seen) > 50
    assert {method for method, _ in cluster.seen} == {"GET"}


def test_a_cluster_is_read_together_with_other_evidence(cluster: RecordedApi, tmp_path: Path) -> None:
    (tmp_path / "date.txt").write_text("$ kubectl get nodes\nNAME   STATUS   ROLES   AGE   VERSION\n", encoding="utf-8")
    diagnosis = diagnose(["cluster", str(tmp_path)])
    sources = {document.source for document in diagnosis.coverage.documents}
    assert {"cluster/api/v1/pods.json", f"cluster/{MANIFEST_NAME}", f"{tmp_path.name}/date.txt"} <= sources
    assert ("config.run-as-non-root", "Deployment avatars/avatars") in roots(diagnosis)


def test_a_named_context_is_the_one_that_is_read(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = api.kubeconfig(tmp_path, "nobody"), api.kubeconfig(tmp_path, "admin")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}")
    assert ("config.run-as-non-root", "Deployment avatars/avatars") in roots(diagnose(["cluster:admin"]))


def test_an_account_of_one_namespace_gets_that_namespace_and_is_told_what_it_lacks(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_caller(api, tmp_path, monkeypatch, "restricted", namespace="banners")
    diagnosis = diagnose(["cluster"])
    assert {cause.finding.subject.namespace for cause in diagnosis.root_causes} == {"banners"}
    assert diagnosis.notes[0].startswith(
        "This account may not list pods in the whole cluster, so that only namespace banners"
    )
    unread = "\n".join(diagnosis.coverage.unrecognised)
    assert "cluster: not read in namespace banners: configmaps, limitranges, " in unread
    assert "cluster: not read in the whole cluster: namespaces, nodes, persistentvolumes, " in unread
    assert unread.count("(the account may not list)") == 2
    assert diagnosis.outcome not in ("healthy", "explained")


def test_what_a_missing_permission_leaves_open_names_the_permission(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_caller(api, tmp_path, monkeypatch, "restricted", namespace="banners")
    gaps = [gap.what for item in diagnose(["cluster"]).undetermined for gap in item.gaps]
    assert [gap for gap in gaps if "(the account may not list " in gap], gaps


def test_a_bundle_of_a_restricted_account_says_the_same(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_caller(api, tmp_path, monkeypatch, "restricted", namespace="banners")
    save(collect("cluster"), str(tmp_path / "b.tgz"))
    assert said(diagnose([str(tmp_path / "b.tgz")])) == said(diagnose(["cluster"]))


def test_only_the_namespaces_that_were_asked_for_are_read(cluster: RecordedApi) -> None:
    diagnosis = diagnose(["cluster"], live=LiveOptions(namespaces=("banners",)))
    assert {cause.finding.subject.namespace for cause in diagnosis.root_causes} - {None} == {"banners"}
    assert "/api/v1/namespaces/banners/pods" in cluster.paths()
    assert "/api/v1/pods" not in cluster.paths()
    assert "/api/v1/nodes" in cluster.paths()
    assert diagnosis.notes[0] == "Of what lies in namespaces, only banners was read, as asked."


def test_logs_are_read_of_suspicious_containers_and_of_what_the_question_names(cluster: RecordedApi) -> None:
    diagnose(["cluster"])
    logs = [path for path in cluster.paths() if path.endswith("/log")]
    assert any("/namespaces/banners/" in path for path in logs)
    assert not any("/namespaces/np-open/" in path for path in logs)
    cluster.seen.clear()
    diagnose(["cluster"], symptom="shop front of np-open is slow")
    assert any("/namespaces/np-open/" in path and path.endswith("/log") for path in cluster.paths())


def test_refused_credentials_are_said_plainly(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_caller(api, tmp_path, monkeypatch, "nobody")
    with pytest.raises(NothingReadable, match="refuses the credentials: Unauthorized"):
        diagnose(["cluster"])


def test_collect_writes_a_bundle_that_only_its_owner_may_read(
    cluster: RecordedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["collect"]) == 0
    (bundle,) = tmp_path.glob("kwhy-20261122T*Z.tgz")
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert f"written to {bundle.name}" in capsys.readouterr().err
    with tarfile.open(bundle) as archive:
        names = archive.getnames()
    assert {"api/v1/pods.json", "apis/apps/v1/deployments.json", MANIFEST_NAME} <= set(names)
    assert any(name.startswith("logs/banners_banners-") and name.endswith("_previous.log") for name in names)


def test_no_secret_that_was_planted_in_the_cluster_leaves_it(
    cluster: RecordedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = b"".join(answer.body for (caller, _, _), answer in recorded().items() if caller == "admin")
    assert served.count(b"PLANTED") > 10
    assert main(["diagnose", "--format", "json", "--top", "0"]) == 0
    assert main(["collect", "-o", str(tmp_path / "b.tgz")]) == 0
    with tarfile.open(tmp_path / "b.tgz") as archive:
        contents = b"".join(file.read() for member in archive if (file := archive.extractfile(member)) is not None)
    assert b"db-login" in contents
    assert b"DB_PASSWORD" in contents
    for marker in (b"PLANTED", b"cGxhbnRlZ"):  # and base64 of "planted"
        assert marker not in contents
        assert marker.decode() not in capsys.readouterr().out


def test_secrets_are_asked_for_without_the_values_of_releases(cluster: RecordedApi) -> None:
    files = {file.source: file for file in collect("cluster")}
    asked = [dict(parse_qsl(urlsplit(url).query)) for _, url in cluster.seen if urlsplit(url).path == "/api/v1/secrets"]
    assert [query["fieldSelector"] for query in asked] == ["type!=helm.sh/release.v1", "type=helm.sh/release.v1"]
    secrets = json.loads(bytes(files["api/v1/secrets.json"].data))
    keys = {item["metadata"]["name"]: item["data"] for item in secrets["items"]}
    assert keys["db-login"] == {"password": "", "username": ""}
    assert {value for data in keys.values() for value in data.values()} == {""}
    assert secrets["metadata"] == {}


def test_progress_is_shown_on_a_terminal_only(cluster: RecordedApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose"]) == 0
    assert capsys.readouterr().err == ""
    steps: list[str] = []
    diagnose(["cluster"], progress=steps.append)
    assert "cluster: connecting" in steps
    assert "cluster: pods" in steps


def test_what_was_not_read_is_told_and_not_counted_as_a_file(
    api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_caller(api, tmp_path, monkeypatch, "restricted", namespace="banners")
    assert main(["diagnose"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    counted = re.search(r"READ (\d+) files, .{1,20} · (\d+) recognised", words)
    assert counted is not None
    assert counted[1] == counted[2]
    assert "(the account may not list)" in words
