"""Probes of admission."""

from kwhy.model.probe import Probe

WEBHOOKS = Probe(
    "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml",
    unlocks="which webhooks are registered, what they check and whom they ask",
)
