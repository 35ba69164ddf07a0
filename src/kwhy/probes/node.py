"""Probes that run on a node."""

from kwhy.model.probe import Probe

ON_NODE = "node {node}"

KUBELET_LOG = Probe(
    'journalctl -u kubelet --since "-30min" --no-pager -o short-iso-precise',
    unlocks="what the kubelet says",
    where=ON_NODE,
)
KUBELET_DUMP = Probe(
    'kubectl get --raw "/api/v1/nodes/{node}/proxy/debug/pprof/goroutine?debug=2" > kubelet-goroutines.txt',
    unlocks="what every goroutine of the kubelet waits for; needs enableDebuggingHandlers; disturbs nothing",
)
KUBELET_ABORT = Probe(
    "kill -ABRT $(pidof kubelet); journalctl -u kubelet --since -1min --no-pager > kubelet-goroutines.txt",
    unlocks="what every goroutine of the kubelet waits for",
    where=ON_NODE,
    risk="medium",
    cost="kills the kubelet, systemd starts it again; pods keep running",
)
CONTAINERD_DUMP = Probe(
    "kill -USR1 $(pidof containerd); journalctl -u containerd --since -1min --no-pager > containerd-goroutines.txt",
    unlocks="what every goroutine of containerd waits for; SIGUSR1 writes the dump and changes nothing else",
    where=ON_NODE,
)
DOCKERD_DUMP = Probe(
    "kill -USR1 $(pidof dockerd); cat $(ls -t /var/run/docker/goroutine-stacks-*.log | head -1)",
    unlocks="what every goroutine of dockerd waits for; SIGUSR1 writes the dump and changes nothing else",
    where=ON_NODE,
)
PROCESSES = Probe(
    "ps -eo pid,ppid,lstart,etime,stat,wchan:32,args",
    unlocks="every process with its parent, age and state",
    where=ON_NODE,
)
PPROF_DUMP = Probe(
    "curl -s --unix-socket SOCKET 'http://localhost/debug/pprof/goroutine?debug=2' > {name}-goroutines.txt",
    unlocks="what every goroutine of {name} waits for; does not disturb the process",
    where=ON_NODE,
)
KERNEL_STACKS = Probe(
    'for t in /proc/$(pidof {name})/task/*; do echo "== $t"; cat $t/syscall $t/stack; done > {name}-stacks.txt',
    unlocks="where in the kernel each thread of {name} waits",
    where=ON_NODE,
)
KERNEL_LOG = Probe("dmesg -T | tail -500", unlocks="what the kernel reports", where=ON_NODE)
RUNTIME_STATUS = Probe(
    "systemctl status containerd docker crio --no-pager; crictl info",
    unlocks="whether the runtime runs and answers",
    where=ON_NODE,
)
KUBELET_STATUS = Probe("systemctl status kubelet --no-pager", unlocks="whether the kubelet runs", where=ON_NODE)
SYSTEMD_ANSWERS = Probe(
    "timeout 10 systemctl list-units --no-pager | tail -3", unlocks="whether systemd answers on dbus", where=ON_NODE
)
CNI_CONFIG = Probe("ls -la /etc/cni/net.d /opt/cni/bin", unlocks="the CNI configuration and plugins", where=ON_NODE)
RULES = Probe("ip rule show", unlocks="the routing policy database", where=ON_NODE)
ROUTES = Probe("ip route show table all", unlocks="every routing table", where=ON_NODE)
LINKS = Probe("ip -d addr show", unlocks="the network devices with their addresses", where=ON_NODE)
ALL_KERNEL_STACKS = Probe(
    'for t in /proc/[0-9]*/task/*; do echo "== $t $(cat $t/comm)"; cat $t/stack; done > kernel-stacks.txt',
    unlocks="whether any thread, kernel threads included, holds or awaits the kernel's network lock",
    where=ON_NODE,
)
CONNECT = Probe("nc -vz -w 3 {name} {port}", unlocks="whether the peer can be reached", where=ON_NODE)
TABLE = Probe(
    "ip route show table {name}", unlocks="the routes of the table that a policy rule looks up", where=ON_NODE
)
CAPTURE = Probe(
    "timeout 20 tcpdump -ni any -c 200 -w connect.pcap 'host {name}'",
    unlocks="by which device packets to the peer leave, and whether they are answered",
    where=ON_NODE,
    cost="20 seconds",
    risk="low",
)
