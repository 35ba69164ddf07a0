"""What a command line asks kubectl for."""

from __future__ import annotations

import pytest

from kwhy.ingest.kubectl.command import echoed_command, parse_command


@pytest.mark.parametrize(
    ("line", "verb", "kinds", "namespace", "all_namespaces"),
    [
        ("kubectl get pods -n shop", "get", ("Pod",), "shop", False),
        ("sudo /usr/local/bin/kubectl --kubeconfig /etc/a get po,svc -A", "get", ("Pod", "Service"), None, True),
        ("k get deploy -nkube-system -owide", "get", ("Deployment",), "kube-system", False),
        ("kg svc consul-web", "get", ("Service",), None, False),
        ("k3s kubectl describe no", "describe", ("Node",), None, False),
        ("KUBECONFIG=a kubectl get sts --all-namespaces", "get", ("StatefulSet",), None, True),
        ("minikube kubectl -- get pv", "get", ("PersistentVolume",), None, False),
        ("kubectl events --for pod/web", "events", ("Event",), None, False),
        ("oc adm top nodes", "top", ("Node",), None, False),
        ("+ kubectl get ev -Ao wide", "get", ("Event",), None, True),
        ("kubectl get certificate.cert-manager.io", "get", ("certificate.cert-manager.io",), None, False),
    ],
)
def test_a_command_is_understood(
    line: str, verb: str, kinds: tuple[str, ...], namespace: str | None, all_namespaces: bool
) -> None:
    command = parse_command(line)
    assert command is not None
    assert (command.verb, command.kinds, command.namespace, command.all_namespaces) == (
        verb,
        kinds,
        namespace,
        all_namespaces,
    )


@pytest.mark.parametrize("line", ["", "ls -l", "grep kubectl x", "# kubectl", None, "docker ps", "echo 'unbalanced"])
def test_other_commands_are_none(line: str | None) -> None:
    assert parse_command(line) is None


@pytest.mark.parametrize("output", ["json", "yaml", "jsonpath={.items}", "go-template=x", "name"])
def test_output_that_is_no_table_is_known(output: str) -> None:
    command = parse_command(f"kubectl get pods -A -o {output}")
    assert command is not None
    assert command.prints_text == (output == "name")


def test_redirections_do_not_filter_and_pipes_do() -> None:
    kept, piped = (
        parse_command("kubectl get pods -A > pods.txt 2>&1"),
        parse_command("kubectl get pods -A 2>&1 | grep web"),
    )
    assert kept is not None
    assert piped is not None
    assert kept.lists() == (("Pod", None),)
    assert piped.lists() == ()


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("$ kubectl get pods -A", "kubectl get pods -A"),
        ("[root@n1 ~]# k get no", "k get no"),
        ("~ kg svc consul-web", "kg svc consul-web"),
        ("➜  ~ kubectl describe node n1", "kubectl describe node n1"),
        ("user@host:~/work$ kubectl get events", "kubectl get events"),
        ("PS C:\\> kubectl get nodes", "kubectl get nodes"),
        ("+ kubectl top pods", "kubectl top pods"),
        ("NAME   READY", None),
        ("kubectl is a program", None),
        ("default   k 1/1 Running", None),
        ("Normal  Pulled  kubelet, k get", None),
    ],
)
def test_an_echoed_command_is_told_from_other_lines(line: str, command: str | None) -> None:
    assert echoed_command(line) == command
