"""Probes of certificates, handshakes and clocks."""

from kwhy.model.probe import Probe
from kwhy.probes.node import ON_NODE

HANDSHAKE = Probe(
    "openssl s_client -connect {name} -servername {host} -verify_hostname {host} -showcerts </dev/null",
    unlocks="the certificates that the server sends, until when they are valid, for which names, and who signed them",
    where="where the client runs",
)
CLOCK = Probe("chronyc tracking; timedatectl", unlocks="whether the clock is right", where=ON_NODE)
CLIENT_CLOCK = Probe(
    "date -u; chronyc tracking; timedatectl",
    unlocks="whether the client's clock is right",
    where="where the client runs",
)
CONTROL_PLANE_CERTIFICATES = Probe(
    "kubeadm certs check-expiration",
    unlocks="until when the certificates of the control plane are valid",
    where="a control-plane node",
)
SECRETS_OF_PODS = Probe(
    "kubectl get services,pods -n {namespace} -o yaml; kubectl describe secrets -n {namespace}",
    unlocks="which Secret the server mounts its certificate from",
)
CLIENT_CERTIFICATE = Probe(
    "openssl x509 -in /var/lib/kubelet/pki/kubelet-client-current.pem -noout -subject -issuer -dates",
    unlocks="until when the kubelet's own certificate is valid",
    where=ON_NODE,
)
