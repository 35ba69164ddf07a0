"""Tables of iptables: see :mod:`kwhy.facts.netfilter`."""

from kwhy.facts.netfilter import IptablesTable

__all__ = ["IptablesTable"]
