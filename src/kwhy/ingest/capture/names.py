"""The interface that a file name suggests."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from kwhy.model.expressions import expression

#: Interface names by their drivers' and network plugins' habits: eth0, ens3, bond0, cni0, cali1a2b, veth…, flannel.1
INTERFACE_NAME: Final = expression(
    r"(?:any|lo|(?:eth|ens|eno|enp|enx|em|bond|team|br|docker|cni|cbr|veth|cali|lxc|flannel|vxlan|tunl|ipvl|wlan|tap|tun|gre"
    r"|cilium|nodelocaldns|kube-ipvs|kube-bridge|ovn|ovs|genev|wg)[a-z0-9]{0,14}(?:\.[0-9]{1,4})?)"
)


def name_hint(source: str) -> str | None:
    """The interface that a file name suggests: "n1/eth1.pcap" → eth1. It says whose the capture is, nothing more."""
    stem = PurePath(source).name
    for token in (re.sub(r"\.(?:pcap|pcapng|cap|dmp|txt|log|out).*", "", stem), *re.split(r"[-_. :@]", stem)):
        if INTERFACE_NAME.fullmatch(token.lower()) and re.search(r"any|lo|\d|_", token):
            return token
    return None
