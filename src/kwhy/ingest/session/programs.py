"""Programs that people run while they look for a fault: the words by which a typed command is told from prose."""

from __future__ import annotations

from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Programs with the sub-commands that make a first word certain; an empty set: any arguments.
SUBCOMMANDS: Final[dict[str, frozenset[str]]] = {
    "kubectl": _set(
        """get describe logs log top exec apply create delete edit patch scale rollout cordon uncordon drain taint label
        annotate explain api-resources api-versions cluster-info config version auth debug events run expose replace
        wait attach cp port-forward proxy set autoscale diff certificate kustomize plugin completion why"""
    ),
    "ip": _set(
        """a ad add addr address r ro route ru rule l li link n ne neigh neighbor netns -s -d -o -br -brief -c -color
        -details -4 -6 -j -statistics -n -netns -all xfrm tunnel maddr monitor"""
    ),
    "systemctl": _set(
        """status restart start stop list-units list-unit-files cat show is-active is-enabled is-failed daemon-reload
        enable disable reload kill mask unmask --failed --no-pager -l --version"""
    ),
    "docker": _set(
        """ps logs inspect exec info version images stats run stop start restart rm top events system network volume
        pull kill pause container image"""
    ),
    "crictl": _set(
        """ps pods logs inspect inspectp inspecti exec info images stats statsp rmp rm stopp stop version imagefsinfo
        pull rmi events --runtime-endpoint -r metricsp"""
    ),
    "ctr": _set("-n --namespace namespaces ns c t containers tasks images snapshots version plugins info -a"),
    "nerdctl": _set("ps logs inspect exec images -n info stats version --namespace"),
    "podman": _set("ps logs inspect exec images info stats pod version"),
    "helm": _set("ls list status get history install upgrade rollback repo template uninstall version"),
    "etcdctl": _set(
        "endpoint member get put del alarm snapshot defrag version --endpoints --cacert --write-out -w check lease"
    ),
    "git": _set("log show diff status"),
    "tc": _set("qdisc class filter -s"),
    "nft": _set("list -a monitor"),
    "bridge": _set("link fdb vlan mdb -s"),
    "timedatectl": _set("status show timesync-status"),
    "hostnamectl": _set("status"),
    "istioctl": _set("proxy-status proxy-config ps pc analyze version"),
    "cilium": _set("status connectivity endpoint bpf monitor service node identity policy version"),
    "calicoctl": _set("get node ipam version"),
    "kubeadm": _set("certs version config token init join upgrade"),
    "openssl": _set("s_client x509 version verify req crl rsa"),
    "virsh": _set("list dominfo"),
}
#: Programs whose arguments follow no fixed first word.
FREE: Final = _set(
    """arping awk base64 bt cat cd chroot conntrack crash curl cut date delve df dig dlv dmesg dpkg dstat du echo env
    ethtool file find fio free grep egrep zgrep gdb getent grpcurl head hexdump host hostname id ifconfig iftop iostat
    iotop iperf iperf3 ipset iptables iptables-save iptables-legacy-save ip6tables ip6tables-save ipvsadm journalctl
    jq kill less ll ls lsblk lscpu lsmod lsns lsof ltrace more mount mpstat mtr nc ncat netstat nmap nproc nslookup
    nsenter numactl nvidia-smi perf pgrep pidof pidstat ping ping6 pmap printf ps pstack pstree pwd python python3
    resolvectl route rpm runc sar sed slabtop sleep smartctl sort ss ssh stat strace su sudo swapon sysctl tail
    tcpdump telnet test time timeout top touch tracepath traceroute tree uname unshare uptime vi vim vmstat w wc
    wget which who whoami xargs xxd yq zcat psql mysql redis-cli mongo traceroute6 tshark go bpftool bpftrace
    kube-proxy kubelet containerd dockerd etcd coredns chronyc ntpq ntpstat getenforce ulimit export source exit
    logout history clear sh bash zsh crash64 stern kubectx kubens k9s watch"""
)
#: Programs that are typed alone.
WITHOUT_ARGUMENTS: Final = _set(
    """ps df free uptime top w who date dmesg mount lsblk lscpu ls ll ss netstat ifconfig route iptables-save
    ip6tables-save ipvsadm hostname uname id pwd lsmod vmstat iostat journalctl conntrack env history exit logout clear
    bt nproc whoami pstree lsns sh bash zsh timedatectl hostnamectl k9s kubectl sar mpstat nvidia-smi getenforce"""
)
#: Programs that run their arguments as a command.
WRAPPERS: Final = _set("sudo time watch nohup k3s microk8s minikube k0s timeout env")
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
#: Words that no command line has unquoted; a comment has some of them.
PROSE: Final = _set(
    """the a an is are was were this that these it its shows you your we our should must which where when what how have
    has been will may does then"""
)
#: Words that some commands have too ("ip route get 10.0.0.1 from 10.0.0.2"); prose has several of them.
PROSE_IF_SEVERAL: Final = _set("to of for with and or not see use used using if can in on at by as from all")
