"""What tells a typed command from prose: programs that people run while they look for a fault, and how.

A line such as "# kubectl get pods shows …" in a file is a comment; behind an ambiguous prompt only a line that reads as
a command in every word counts.
"""

from __future__ import annotations

import re
from typing import Final

#: Programs with the sub-commands that make a first word certain; an empty set: any arguments.
_SUBCOMMANDS: Final[dict[str, frozenset[str]]] = {
    name: frozenset(words.split())
    for name, words in {
        "kubectl": "get describe logs log top exec apply create delete edit patch scale rollout cordon uncordon drain taint"
        " label annotate explain api-resources api-versions cluster-info config version auth debug events run expose"
        " replace wait attach cp port-forward proxy set autoscale diff certificate kustomize plugin completion why",
        "ip": "a ad add addr address r ro route ru rule l li link n ne neigh neighbor netns -s -d -o -br -brief -c -color"
        " -details -4 -6 -j -statistics -n -netns -all xfrm tunnel maddr monitor",
        "systemctl": "status restart start stop list-units list-unit-files cat show is-active is-enabled is-failed"
        " daemon-reload enable disable reload kill mask unmask --failed --no-pager -l --version",
        "docker": "ps logs inspect exec info version images stats run stop start restart rm top events system network"
        " volume pull kill pause container image",
        "crictl": "ps pods logs inspect inspectp inspecti exec info images stats statsp rmp rm stopp stop version imagefsinfo"
        " pull rmi events --runtime-endpoint -r metricsp",
        "ctr": "-n --namespace namespaces ns c t containers tasks images snapshots version plugins info -a",
        "nerdctl": "ps logs inspect exec images -n info stats version --namespace",
        "podman": "ps logs inspect exec images info stats pod version",
        "helm": "ls list status get history install upgrade rollback repo template uninstall version",
        "etcdctl": "endpoint member get put del alarm snapshot defrag version --endpoints --cacert --write-out -w check lease",
        "git": "log show diff status",
        "tc": "qdisc class filter -s",
        "nft": "list -a monitor",
        "bridge": "link fdb vlan mdb -s",
        "timedatectl": "status show timesync-status",
        "hostnamectl": "status",
        "ethtool": "",
        "istioctl": "proxy-status proxy-config ps pc analyze version",
        "cilium": "status connectivity endpoint bpf monitor service node identity policy version",
        "calicoctl": "get node ipam version",
        "kubeadm": "certs version config token init join upgrade",
        "openssl": "s_client x509 version verify req crl rsa",
        "virsh": "list dominfo",
    }.items()
}
#: Programs whose arguments follow no fixed first word.
_FREE: Final = frozenset(
    [
        "arping",
        "awk",
        "base64",
        "bt",
        "cat",
        "cd",
        "chroot",
        "conntrack",
        "crash",
        "curl",
        "cut",
        "date",
        "delve",
        "df",
        "dig",
        "dlv",
        "dmesg",
        "dpkg",
        "dstat",
        "du",
        "echo",
        "env",
        "ethtool",
        "file",
        "find",
        "fio",
        "free",
        "grep",
        "egrep",
        "zgrep",
        "gdb",
        "getent",
        "grpcurl",
        "head",
        "hexdump",
        "host",
        "hostname",
        "id",
        "ifconfig",
        "iftop",
        "iostat",
        "iotop",
        "iperf",
        "iperf3",
        "ipset",
        "iptables",
        "iptables-save",
        "iptables-legacy-save",
        "ip6tables",
        "ip6tables-save",
        "ipvsadm",
        "journalctl",
        "jq",
        "kill",
        "less",
        "ll",
        "ls",
        "lsblk",
        "lscpu",
        "lsmod",
        "lsns",
        "lsof",
        "ltrace",
        "more",
        "mount",
        "mpstat",
        "mtr",
        "nc",
        "ncat",
        "netstat",
        "nmap",
        "nproc",
        "nslookup",
        "nsenter",
        "numactl",
        "nvidia-smi",
        "perf",
        "pgrep",
        "pidof",
        "pidstat",
        "ping",
        "ping6",
        "pmap",
        "printf",
        "ps",
        "pstack",
        "pstree",
        "pwd",
        "python",
        "python3",
        "resolvectl",
        "route",
        "rpm",
        "runc",
        "sar",
        "sed",
        "slabtop",
        "sleep",
        "smartctl",
        "sort",
        "ss",
        "ssh",
        "stat",
        "strace",
        "su",
        "sudo",
        "swapon",
        "sysctl",
        "tail",
        "tcpdump",
        "telnet",
        "test",
        "time",
        "timeout",
        "top",
        "touch",
        "tracepath",
        "traceroute",
        "tree",
        "uname",
        "unshare",
        "uptime",
        "vi",
        "vim",
        "vmstat",
        "w",
        "wc",
        "wget",
        "which",
        "who",
        "whoami",
        "xargs",
        "xxd",
        "yq",
        "zcat",
        "psql",
        "mysql",
        "redis-cli",
        "mongo",
        "traceroute6",
        "tshark",
        "go",
        "bpftool",
        "bpftrace",
        "kube-proxy",
        "kubelet",
        "containerd",
        "dockerd",
        "etcd",
        "coredns",
        "chronyc",
        "ntpq",
        "ntpstat",
        "getenforce",
        "ulimit",
        "export",
        "source",
        "exit",
        "logout",
        "history",
        "clear",
        "sh",
        "bash",
        "zsh",
        "crash64",
        "stern",
        "kubectx",
        "kubens",
        "k9s",
        "watch",
    ]
)
#: Aliases of kubectl that people make for themselves, and what they stand for.
ALIASES: Final[dict[str, str]] = {
    "k": "kubectl",
    "kc": "kubectl",
    "kctl": "kubectl",
    "kubecolor": "kubectl",
    "oc": "kubectl",
    "kg": "kubectl get",
    "kd": "kubectl describe",
    "kl": "kubectl logs",
    "klo": "kubectl logs -f",
    "ke": "kubectl exec -it",
    "kex": "kubectl exec -it",
    "kt": "kubectl top",
    "kgp": "kubectl get pods",
    "kgpo": "kubectl get pods",
    "kgn": "kubectl get nodes",
    "kgno": "kubectl get nodes",
    "kgs": "kubectl get services",
    "kgsvc": "kubectl get services",
    "kgd": "kubectl get deployments",
    "kgdep": "kubectl get deployments",
    "kgev": "kubectl get events",
    "kdp": "kubectl describe pod",
    "kdpo": "kubectl describe pod",
    "kdn": "kubectl describe node",
    "kdno": "kubectl describe node",
}
_WRAPPERS: Final = frozenset({"sudo", "time", "watch", "nohup", "k3s", "microk8s", "minikube", "k0s", "timeout", "env"})
_NO_ARGUMENTS: Final = frozenset(
    [
        "ps",
        "df",
        "free",
        "uptime",
        "top",
        "w",
        "who",
        "date",
        "dmesg",
        "mount",
        "lsblk",
        "lscpu",
        "ls",
        "ll",
        "ss",
        "netstat",
        "ifconfig",
        "route",
        "iptables-save",
        "ip6tables-save",
        "ipvsadm",
        "hostname",
        "uname",
        "id",
        "pwd",
        "lsmod",
        "vmstat",
        "iostat",
        "journalctl",
        "conntrack",
        "env",
        "history",
        "exit",
        "logout",
        "clear",
        "bt",
        "nproc",
        "whoami",
        "pstree",
        "lsns",
        "sh",
        "bash",
        "zsh",
        "timedatectl",
        "hostnamectl",
        "k9s",
        "kubectl",
        "sar",
        "mpstat",
        "nvidia-smi",
        "getenforce",
    ]
)
#: An argument that no prose has: an option, a path, an assignment, a number, a name with punctuation, a quoted word.
_TECHNICAL: Final = re.compile(r"^-{1,2}[\w?]|[/=@{}$*|<>\"'\[\]\\]|\d|^[\w-]+[._:][\w-]|^[|;&>]")
_PROSE: Final = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "to",
        "of",
        "for",
        "with",
        "and",
        "or",
        "not",
        "this",
        "that",
        "these",
        "it",
        "its",
        "shows",
        "show",
        "see",
        "use",
        "used",
        "using",
        "if",
        "when",
        "then",
        "should",
        "must",
        "can",
        "will",
        "may",
        "does",
        "do",
        "has",
        "have",
        "be",
        "been",
        "as",
        "from",
        "in",
        "on",
        "at",
        "by",
        "we",
        "you",
        "your",
        "our",
        "which",
        "where",
        "how",
        "what",
    ]
)


def normalised_command(command: str) -> str:
    """The command with a kubectl alias written out: "kg svc" → "kubectl get svc". Everything else stays as typed."""
    words = command.split(" ")
    for position, word in enumerate(words):
        bare = word.rpartition("/")[2].removesuffix(".exe")
        if bare in ALIASES or bare == "kubectl":
            return " ".join([*words[:position], ALIASES.get(bare, "kubectl"), *words[position + 1 :]])
        if bare not in _WRAPPERS and "=" not in word:
            break
    return command


def is_command(text: str) -> bool:
    """Whether ``text`` begins with a program known here (after a certain prompt this is enough to call it typed)."""
    program, _ = _program(text)
    return program in _FREE or program in _SUBCOMMANDS or program in ALIASES


def reads_as_command(text: str) -> bool:
    """Whether every sign says that ``text`` was typed: known program, its sub-command, arguments that are no prose."""
    program, arguments = _program(text)
    if program in ALIASES:
        program, extra = "kubectl", ALIASES[program].split()[1:]
        arguments = [*extra, *arguments]
    if not arguments:
        return program in _NO_ARGUMENTS
    if any(word.lower() in _PROSE for word in arguments) and not any(word[:1] in "\"'-|" for word in arguments):
        return False
    if text.rstrip().endswith((".", ":", "：", "。", ",")) and not text.rstrip().endswith((" .", "/.", "/..")):
        return False
    subcommands = _SUBCOMMANDS.get(program)
    if subcommands:
        first = next((word for word in arguments if not word.startswith("-")), arguments[0])
        return arguments[0] in subcommands or first in subcommands or arguments[0].startswith(("--", "-"))
    if program not in _FREE and program not in _SUBCOMMANDS:
        return False
    return any(_TECHNICAL.search(word) for word in arguments) or len(arguments) == 1


def _program(text: str) -> tuple[str, list[str]]:
    """The program's base name and its arguments, wrappers and assignments skipped."""
    words = text.split()
    while len(words) > 1 and (words[0] in _WRAPPERS or re.fullmatch(r"[A-Za-z_]\w*=\S*", words[0])):
        words = words[1:]
        while len(words) > 1 and words[0].startswith("-"):
            words = words[1:]
    if not words:
        return "", []
    return words[0].rpartition("/")[2].removesuffix(".exe"), words[1:]
