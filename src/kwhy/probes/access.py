"""Probes of what an account may do."""

from kwhy.model.probe import Probe

CAN_I_LIST = Probe(
    "kubectl auth can-i --list --as=system:serviceaccount:{namespace}:{name} -n {namespace}",
    unlocks="everything that the account may do in its namespace",
)
