"""Sessions of any shell become one document per command; prose, configuration and stacks do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.objects import Listing, Observation
from kwhy.ingest.parsers.terminal_session import FORMAT
from kwhy.ingest.reading import read_document
from kwhy.ingest.recognise import head_of
from kwhy.ingest.session.prompts import prompt_of
from kwhy.model.document import Document

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
SESSIONS = FIXTURES / "sessions"
TABLE = "NAME   STATUS   AGE\nn1     Ready    2d\n"


def score(text: str | bytes) -> float:
    return FORMAT.recognise(head_of(Document("x", text.encode() if isinstance(text, str) else text)))


def commands(text: str | bytes) -> list[Document]:
    data = text.encode() if isinstance(text, str) else text
    nested = [item for item in FORMAT.parse(Document("session.txt", data)) if isinstance(item, Document)]
    lines = data.split(b"\n")
    for item in nested:  # every document says where it stands
        assert b"\n".join(lines[item.first_line - 1 :]).startswith(bytes(item.data).split(b"\n")[0])
    return nested


def shown(text: str | bytes) -> list[tuple[str | None, str | None, str]]:
    return [(item.command, item.host, bytes(item.data).decode()) for item in commands(text)]


PROMPTS = [
    ("$ ", None),
    ("# ", None),
    ("% ", None),
    ("[root@n1 ~]# ", "n1"),
    ("[root@cn-shenzhen.i-wz9 kubernetes]# ", "cn-shenzhen.i-wz9"),
    ("[user@bastion ~]$ ", "bastion"),
    ("root@node-a:/# ", "node-a"),
    ("root@node-a:~/src/app# ", "node-a"),
    ("user@host:~$ ", "host"),
    ("user@host ~ % ", "host"),
    ("user@host ~/src> ", "host"),
    ("root@n1 ~ # ", "n1"),
    ("n1:~ # ", "n1"),
    ("n1# ", "n1"),
    ("/ # ", None),
    ("/app $ ", None),
    ("~ $ ", None),
    ("~ ", None),
    ("➜  ~ ", None),
    ("➜  app git:(main) ✗ ", None),
    ("❯ ", None),
    ("~/src ❯ ", None),
    ("λ ", None),
    ("╰─$ ", None),
    ("└─# ", None),
    ("sh-4.2$ ", None),
    ("bash-5.1# ", None),
    ("PS C:\\Users\\me> ", None),
    ("PS> ", None),
    ("C:\\Users\\me>", None),
    ("+ ", None),
    ("(venv) [root@n1 ~]# ", "n1"),
    ("17:11:43 root@node-a:/# ", "node-a"),
    ("[17:11:43] user@host:~$ ", "host"),
]


@pytest.mark.parametrize(("prompt", "host"), PROMPTS)
@pytest.mark.parametrize("command", ["kubectl get nodes -o wide", "kg no", "ip route show table all"])
def test_every_style_of_prompt_is_understood(prompt: str, host: str | None, command: str) -> None:
    text = f"{prompt}{command}\n{TABLE}{prompt}systemctl status kubelet\nactive\n"
    assert score(text) >= 0.97
    assert shown(text) == [(command, host, TABLE), ("systemctl status kubelet", host, "active\n")]


def test_recorded_files_begin_with_their_command() -> None:
    text = (SESSIONS / "get-nodes.txt").read_bytes()
    (nodes,) = commands(text)
    assert score(text) == 1.0
    assert (nodes.command, nodes.first_line) == ("kubectl get nodes -o wide", 2)
    assert bytes(nodes.data) == text.partition(b"\n")[2]


def test_a_drain_is_one_command() -> None:
    (drain,) = commands((SESSIONS / "drain-output.txt").read_bytes())
    assert (drain.command or "").startswith("kubectl drain node-a ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clusterip-session.txt", ["nslookup consul"]),
        ("headless-session.txt", ["nslookup consul", "ping consul", "ping consul"]),
        ("exec-fails.txt", ["kex codis-server-3 sh"]),
        ("loadbalancer-pending.txt", ["kg svc consul-web"]),
    ],
)
def test_sessions_of_published_reports_are_split(name: str, expected: list[str]) -> None:
    text = (SESSIONS / name).read_bytes()
    assert score(text) >= 0.85
    assert [item.command for item in commands(text)] == expected


def test_a_command_without_output_is_an_empty_document() -> None:
    text = "[root@n1 ~]# ip rule\n[root@n1 ~]# ip route\ndefault via 10.0.0.1 dev eth0\n[root@n1 ~]# \n"
    assert shown(text) == [("ip rule", "n1", ""), ("ip route", "n1", "default via 10.0.0.1 dev eth0\n")]


def test_text_before_the_first_prompt_is_kept() -> None:
    text = "Last login: Mon Jul 29 17:00:01 2019 from 10.0.0.9\n[root@n1 ~]# uptime\n 17:11:43 up 3 days\n"
    assert shown(text)[0] == (None, None, "Last login: Mon Jul 29 17:00:01 2019 from 10.0.0.9\n")


def test_ssh_changes_the_host_until_it_is_left() -> None:
    text = (
        "$ ssh n1\n$ ps aux\nPID\n$ exit\nConnection to n1 closed.\n$ ps aux\nPID\n"
        "$ ssh -p 2222 root@n2 ip route show\ndefault\n$ ip rule list\n0:\n"
    )
    assert [(c, h) for c, h, _ in shown(text)] == [
        ("ssh n1", None),
        ("ps aux", "n1"),
        ("exit", "n1"),
        ("ps aux", None),
        ("ssh -p 2222 root@n2 ip route show", "n2"),
        ("ip rule list", None),
    ]


def test_a_prompt_that_names_its_host_is_believed_over_ssh() -> None:
    text = "[user@bastion ~]$ ssh n1\n[root@n1 ~]# ip route\n[root@n1 ~]# exit\n[user@bastion ~]$ ip route\n"
    assert [h for _, h, _ in shown(text)] == ["bastion", "n1", "n1", "bastion"]


def test_commands_inside_a_container_belong_to_the_exec_that_opened_it_and_to_no_node() -> None:
    text = (
        "[root@n1 ~]# kubectl exec -it web-0 -n shop -- sh\n/ # nslookup db\nserver\n/ # exit\n[root@n1 ~]# ip route\n"
    )
    opened, inside, _, after = commands(text)
    assert inside.parent is opened
    assert inside.host is None
    assert (after.host, after.parent is opened) == ("n1", False)


def test_a_command_over_several_lines_is_one_command() -> None:
    text = "$ kubectl get pods \\\n>   -n shop \\\n  -o wide\nNAME\n"
    assert shown(text) == [("kubectl get pods -n shop -o wide", None, "NAME\n")]


def test_a_here_document_is_part_of_its_command() -> None:
    text = "$ kubectl apply -f - <<EOF\napiVersion: v1\nkind: Pod\nEOF\npod/x created\n"
    assert shown(text) == [("kubectl apply -f - <<EOF", None, "pod/x created\n")]


def test_an_aborted_input_is_no_command() -> None:
    text = "[root@n1 ~]# kubectl get po^C\n[root@n1 ~]# ip route\ndefault\n"
    assert [c for c, _, _ in shown(text)] == ["ip route"]


def test_an_output_without_line_end_does_not_hide_the_next_prompt() -> None:
    text = '[root@n1 ~]# curl -s localhost/healthz\n{"ok":true}[root@n1 ~]# ip route\ndefault\n'
    assert shown(text) == [
        ("curl -s localhost/healthz", "n1", '{"ok":true}'),
        ("ip route", "n1", "default\n"),
    ]


def test_set_x_echoes_are_commands() -> None:
    text = "+ kubectl get nodes\n" + TABLE + "++ date +%s\n+ ip route\ndefault\n"
    assert [c for c, _, _ in shown(text)] == ["kubectl get nodes", "date +%s", "ip route"]


def test_commands_after_a_date_were_run_after_it_and_before_the_next() -> None:
    text = (
        "$ date\nMon Jul 29 09:11:43 UTC 2019\n$ ip route\ndefault\n"
        "$ date -u\nMon Jul 29 09:15:00 UTC 2019\n$ ip rule list\n0:\n"
    )
    _, route, _, rule = commands(text)
    assert (route.captured.earliest, route.captured.latest) == (1564391503.0, 1564391701.0)
    assert (rule.captured.earliest, rule.captured.latest) == (1564391700.0, None)


@pytest.mark.parametrize(
    ("printed", "earliest", "latest"),
    [
        ("Mon Jul 29 17:11:43 UTC 2019", 1564420303.0, 1564420304.0),
        ("Mon 29 Jul 2019 05:11:43 PM UTC", 1564420303.0, 1564420304.0),
        ("Mon Jul 29 17:11:43 +0800 2019", 1564391503.0, 1564391504.0),
        ("2019-07-29T17:11:43+08:00", 1564391503.0, 1564391504.0),
        ("1564391503", 1564391503.0, 1564391504.0),
        ("Mon Jul 29 17:11:43 CST 2019", 1564420303.0 - 14 * 3600, 1564420303.0 + 14 * 3600),
        ("not a date", None, None),
    ],
)
def test_what_date_prints_is_read_within_the_bounds_of_its_zone(
    printed: str, earliest: float | None, latest: float | None
) -> None:
    (date,) = commands(f"$ date\n{printed}\n")
    assert (date.captured.earliest, date.captured.latest) == (earliest, latest)


NO_SESSIONS = {
    "crash backtrace": (SESSIONS / "crash-bt.txt").read_text(),
    "resolv.conf": (SESSIONS / "resolv.conf").read_text(),
    "component configuration": (SESSIONS / "kubelet-config.yaml").read_text(),
    "objects": (FIXTURES / "api_objects" / "pods.json").read_text(),
    "objects in YAML": (FIXTURES / "api_objects" / "configmaps.yaml").read_text(),
    "configuration with comments": "# This file is used by kubelet\n# ip addresses of the cluster\n"
    "# kubectl get pods shows them\nfoo: bar\n",
    "one comment": "# kubectl get nodes is what to run first\na=b\n",
    "hosts": "127.0.0.1 localhost\n# ip route of the node\n10.0.0.1 n1\n",
    "sysctl.conf": "# sysctl settings are defined through files in\n# /usr/lib/sysctl.d/, /run/sysctl.d/\n"
    "net.ipv4.ip_forward = 1\n",
    "YAML": "# kubectl apply -f this\napiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n"
    "# systemctl restart kubelet\n# more\n",
    "Markdown": "# Kubernetes\n\n## How to look\n\n$ variables are expanded\n\n> ping me when it is done\n",
    "shell script": "#!/bin/sh\n# ip route add default\nset -e\n# systemctl restart kubelet\nfoo\n",
    "diff": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n- ip route add\n+ ip route del\n",
    "quote": "> free for all\n> top of the list\n",
    "prose": "~ about 5 nodes\n# nodes are down\n% of the pods\n+ more\n",
    "log": "E1121 21:28:24 kubelet.go:2452] $ is not a prompt\n[root] # nothing\n",
    "goroutines": "goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n",
    "empty": "",
}


@pytest.mark.parametrize("name", NO_SESSIONS)
def test_what_is_no_session_is_not_taken_for_one(name: str) -> None:
    assert score(NO_SESSIONS[name]) < 0.3


def test_a_stack_inside_a_session_is_one_output() -> None:
    stack = (SESSIONS / "crash-bt.txt").read_text()
    text = f"crash> bt 19246\n{stack}"
    assert shown(f"[root@n1 ~]# cat bt.txt\n{stack}") == [("cat bt.txt", "n1", stack)]
    assert score(text) < 0.98


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PROMPTS), st.sampled_from(["ip rule", "kubectl get po -A", "date", "ssh n9", "exit", ""])
        ),
        max_size=8,
    ),
    st.text(max_size=80),
)
def test_arbitrary_sessions_lose_no_line(prompts: list[tuple[tuple[str, str | None], str]], output: str) -> None:
    text = "".join(f"{prompt}{command}\n{output}\n" for (prompt, _), command in prompts)
    nested = [
        item for item in FORMAT.parse(Document("x", text.encode("utf-8", "replace"))) if isinstance(item, Document)
    ]
    starts = [item.first_line for item in nested]
    assert starts == sorted(starts)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    score(data)
    list(FORMAT.parse(Document("x", data)))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SESSIONS.glob("*.txt"))), st.floats(0, 1), st.binary(max_size=40))
def test_mutated_sessions_never_raise(path: Path, place: float, junk: bytes) -> None:
    data = path.read_bytes()
    at = int(place * len(data))
    mutated = data[:at] + junk + data[at:]
    score(mutated)
    list(FORMAT.parse(Document("x", mutated)))


#: kubectl 1.34.4.
PODS = "NAME    READY   STATUS    RESTARTS   AGE\nweb-0   0/1     Pending   0          5m\n"
NODES = "NAME     STATUS   ROLES    AGE   VERSION\nnode-a   Ready    <none>   20m   v1.34.4\n"


@pytest.mark.parametrize(
    "prompt",
    [
        "$ {}", "# {}", "> {}", "% {}", "$ sudo {}", "$ time {}", "$> {}", "+ {}", ">>> {}",
        "[root@n1 ~]# {}", "[root@n1 kubernetes]#{}", "[me@host x (main)]$ {}", "[ec2-user@ip-10-0-0-1 ~]$ {}",
        "root@n1:~# {}", "ubuntu@ip-10-0-0-1:~/dir$ {}", "root@web-0:/app# {}", "me@host:~/x (main)$ {}",
        "(⎈|prod:shop) me@host:~$ {}", "(base) me@host:~/x$ {}", "[14:02:33] me@host:~$ {}", "14:02:33 me@host ~ $ {}",
        "me@MacBook-Pro ~ % {}", "MacBook:~ me$ {}", "➜  ~ {}", "❯ {}", "~/src main* ❯ {}", "λ {}",
        "me in ~/src on main\n❯ {}", "╭─me@host ~\n╰─$ {}", "┌──(me㉿kali)-[~]\n└─$ {}", "user@host[~]$ {}",
        "me@host ~> {}", "[I] me@host ~> {}", "me@host MINGW64 ~/x (main)\n$ {}",
        "PS C:\\Users\\me> {}", "PS> {}", "C:\\Users\\me>{}", "oc> {}",
        "bash-5.1$ {}", "sh-4.2# {}", "/ # {}", "/app $ {}", "node1# {}", "k8s-master:~ # {}",
        "Every 2.0s: {}        node1: Mon Nov 22 02:19:49 2026\n",
        "${}", "#{}", "执行命令：{}", "命令: {}", "1. {}", "1  {}", "`{}`", "**{}**", "{}",
    ],
)  # fmt: skip
def test_commands_are_found_behind_the_prompts_of_many_shells_and_reports(prompt: str) -> None:
    asked = ("kubectl get pods -n shop", PODS), ("kubectl get nodes", NODES)
    text = "".join(f"{prompt.replace('{}', command)}\n{output}" for command, output in asked)
    evidence = read_document(Document("session.txt", text.encode()))
    shown = {(observation.kind, observation.object.metadata.namespace) for observation in evidence.of(Observation)}
    assert {("Pod", "shop"), ("Node", "")} <= shown
    assert {(listing.kind, listing.namespace) for listing in evidence.of(Listing)} == {("Pod", "shop"), ("Node", None)}


@pytest.mark.parametrize(
    "line",
    [
        "Warning: kubectl apply should be used on resource created by either kubectl create --save-config or apply",
        "- kubectl get pods shows that all of them are ready",
        "note: kubectl describe is what you should run next.",
        "1. kubectl is not installed on this machine",
    ],
)
def test_sentences_about_kubectl_are_no_commands(line: str) -> None:
    assert prompt_of(line) is None
