"""Probes of a node's own network: kernel parameters, connection tracking, neighbours, tunnels."""

from kwhy.model.probe import Probe
from kwhy.probes.node import ON_NODE

FORWARDING = Probe(
    "sysctl -a 2>/dev/null | grep -E 'ip_forward |forwarding|rp_filter|bridge-nf|nf_conntrack_(count|max)|gc_thresh'",
    unlocks="whether the node forwards packets, filters by source and has room in its tables",
    where=ON_NODE,
)
CONNTRACK = Probe(
    "conntrack -S; sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; dmesg -T | grep conntrack",
    unlocks="how full the table of tracked connections is, and whether packets were dropped for it",
    where=ON_NODE,
)
FILTER = Probe(
    "iptables-save -c; ip6tables-save -c; nft list ruleset",
    unlocks="what the packet filter does, with the counters of its rules",
    where=ON_NODE,
)
TUNNELS = Probe(
    "ip -d link; bridge fdb; ip neigh; ss -lunp",
    unlocks="the tunnel devices with their ports and peers, and who holds the ports",
    where=ON_NODE,
)
NEIGHBOURS = Probe(
    "ip neigh show nud all; sysctl -a 2>/dev/null | grep gc_thresh; dmesg -T | grep -i 'table overflow'",
    unlocks="which neighbours answer, and whether the table of neighbours has room",
    where=ON_NODE,
)
WHO_HAS = Probe(
    "timeout 30 tcpdump -ni any -w arp.pcap 'arp or icmp6'",
    unlocks="who answers for the addresses that are asked for on the link",
    where=ON_NODE,
    cost="30 seconds",
    risk="low",
)
REVERSE_PATH = Probe(
    "sysctl -a 2>/dev/null | grep '\\.rp_filter'; nstat -az TcpExtIPReversePathFilter; dmesg -T | grep martian",
    unlocks="whether packets are dropped because answers would leave by another device",
    where=ON_NODE,
)
BRIDGES = Probe(
    "sysctl net.bridge.bridge-nf-call-iptables; lsmod | grep br_netfilter; ip -d link show type bridge; ip route; "
    "iptables-save -t nat",
    unlocks="whether the packet filter sees frames between pods of one bridge",
    where=ON_NODE,
)
TRACKED = Probe(
    "conntrack -L -p udp --orig-port-dst 53; conntrack -L -p udp",
    unlocks="where tracked UDP connections to Services are sent",
    where=ON_NODE,
)
PEERS = Probe(
    "kubectl -n kube-system exec ds/cilium -- cilium-health status --verbose || calicoctl node status",
    unlocks="which peers the network plugin's agent reaches",
)
