"""A node that does not forward, and what looks like it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, recorded, roots

HERE = ("net.forwarding-off", "Node/node-a")


def _recorded() -> Files:
    return recorded("net/forwarding_off/pods_reach_their_node_only")


def _changed(files: Files, old: str, new: str) -> Files:
    text = files["node-a.txt"].decode()
    assert old in text
    files["node-a.txt"] = text.replace(old, new).encode()
    return files


def test_the_file_that_is_applied_last_is_named(tmp_path: Path) -> None:
    files = _recorded()
    files["node-a/grep.txt"] = (
        b"/etc/sysctl.d/99-kubernetes.conf:net.ipv4.ip_forward = 1\n"
        b"/usr/lib/sysctl.d/99-zz-hardening.conf:net.ipv4.ip_forward = 0\n"
        b"/etc/sysctl.d/10-network.conf:net.ipv4.ip_forward = 1\n"
    )
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "as /usr/lib/sysctl.d/99-zz-hardening.conf asks" in diagnosis.root_causes[0].finding.title


def test_a_file_that_asks_for_forwarding_shows_that_it_was_switched_off_since(tmp_path: Path) -> None:
    files = _recorded()
    files["node-a/grep.txt"] = b"/etc/sysctl.d/99-kubernetes.conf:net.ipv4.ip_forward = 1\n"
    title = diagnosed(files, tmp_path).root_causes[0].finding.title
    assert "although /etc/sysctl.d/99-kubernetes.conf asks for 1" in title


def test_forwarding_that_is_on_is_cleared_and_a_filter_stays_possible(tmp_path: Path) -> None:
    files = _changed(_recorded(), "net.ipv4.ip_forward = 0", "net.ipv4.ip_forward = 1")
    for device in ("all", "cni0", "eth0", "flannel/1"):
        _changed(files, f"net.ipv4.conf.{device}.forwarding = 0", f"net.ipv4.conf.{device}.forwarding = 1")
    diagnosis = diagnosed(files, tmp_path)
    assert HERE not in roots(diagnosis)
    assert "net.forwarding-off" in {each.condition.code for each in diagnosis.ruled_out}


def test_one_device_of_the_pods_that_does_not_forward_is_enough(tmp_path: Path) -> None:
    files = _changed(_recorded(), "net.ipv4.ip_forward = 0", "net.ipv4.ip_forward = 1")
    _changed(files, "net.ipv4.conf.all.forwarding = 0", "net.ipv4.conf.all.forwarding = 1")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [HERE]
    assert "come in by cni0" in diagnosis.root_causes[0].finding.title


def test_without_the_parameters_they_are_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    lines = files["node-a.txt"].splitlines(keepends=True)
    files["node-a.txt"] = b"".join(lines[10:])
    diagnosis = diagnosed(files, tmp_path)
    assert HERE not in roots(diagnosis)
    assert any("sysctl -a" in step.command for step in diagnosis.next_steps)


def test_the_parameters_of_a_pod_say_nothing_about_its_node(tmp_path: Path) -> None:
    files = _changed(_recorded(), "]# sysctl -a --pattern", "]# nsenter -t 2523 -n sysctl -a --pattern")
    assert HERE not in roots(diagnosed(files, tmp_path))


def test_what_the_node_itself_cannot_reach_has_another_cause(tmp_path: Path) -> None:
    files = _recorded()
    text = files["node-a.txt"].decode()
    wrapper = text[text.index("nsenter -t ") : text.index(" ping")]
    files["node-a.txt"] = text.replace(f"{wrapper} nc", "nc").encode()
    assert HERE not in roots(diagnosed(files, tmp_path))
