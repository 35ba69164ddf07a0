"""Probes of the control plane's components."""

from kwhy.model.probe import Probe

LEASES = Probe("kubectl get leases -n kube-system -o yaml", unlocks="when each component last renewed its lease")
COMPONENT_PODS = Probe(
    "kubectl get pods -n kube-system -l component={name} -o wide", unlocks="whether the component's pods run"
)
