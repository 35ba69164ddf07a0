"""Probes of what carries Service traffic on a node."""

from kwhy.model.probe import Probe
from kwhy.probes.node import ON_NODE

IPTABLES = Probe("iptables-save", unlocks="whether the node has rules for the Service", where=ON_NODE)
PROXY_STATE = Probe(
    "ps -eo pid,ppid,etime,args | grep -E 'kube-proxy|cilium-agent' ; ipvsadm -Ln 2>/dev/null | head -50",
    unlocks="whether kube-proxy, or what replaces it, runs",
    where=ON_NODE,
)
