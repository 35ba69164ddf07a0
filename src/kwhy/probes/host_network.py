"""Probes of a node's own network: kernel parameters, connection tracking, neighbours, tunnels."""

from kwhy.model.probe import Probe
from kwhy.probes.node import ON_NODE

#: One session with prompts, as if typed by hand, so that each output keeps its command and its host.
NETWORK_STATE = Probe(
    "for c in 'sysctl -a' 'conntrack -S' 'nstat -az' 'ip -d addr' 'ip route show table all' 'ip rule' 'ip neigh' "
    "'bridge fdb' 'ss -lunp' 'iptables-save -c' 'nft list ruleset' 'dmesg -T'; "
    'do echo "[root@$(hostname) ~]# $c"; $c 2>&1; done > network.txt',
    unlocks="the node's kernel parameters, tables, neighbours, tunnels, packet filter and what the kernel says of them",
    where=ON_NODE,
)
TRACKED = Probe(
    "conntrack -L -p udp",
    unlocks="where tracked UDP connections to Services are sent",
    where=ON_NODE,
)
WHO_HAS = Probe(
    "timeout 30 tcpdump -ni any -w arp.pcap 'arp or icmp6'",
    unlocks="who answers for the addresses that are asked for on the link",
    where=ON_NODE,
    cost="30 seconds",
    risk="low",
)
PEERS = Probe(
    "kubectl -n kube-system exec ds/cilium -- cilium-health status --verbose || calicoctl node status",
    unlocks="which peers the network plugin's agent reaches",
)
FILTER = Probe(
    "iptables-save -c; ip6tables-save -c; nft list ruleset",
    unlocks="what the packet filter does, with the counters of its rules",
    where=ON_NODE,
)
