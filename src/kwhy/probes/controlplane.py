"""Probes of the control plane's components."""

from kwhy.model.probe import Probe

LEASES = Probe("kubectl get leases -n kube-system -o yaml", unlocks="when each component last renewed its lease")
COMPONENT_PODS = Probe(
    "kubectl get pods -n kube-system -l component={name} -o wide", unlocks="whether the component's pods run"
)
API_SERVER_HEALTH = Probe(
    "kubectl get --raw '/readyz?verbose'", unlocks="whether the API server answers, and which of its checks fail"
)
CONTROL_PLANE_CONTAINERS = Probe(
    "crictl ps -a --name 'kube-apiserver|etcd'; ls -l /etc/kubernetes/manifests; ss -ltnp | grep -E ':6443|:2379'",
    unlocks="whether API server and etcd run, and since when",
    where="a control-plane node",
)
API_SERVER_LOG = Probe(
    "crictl logs --tail=200 $(crictl ps -a --name kube-apiserver -q | head -1)",
    unlocks="the last words of the API server",
    where="a control-plane node",
)
KUBECONFIG = Probe(
    "kubectl config view --minify; env | grep -i -E 'kubeconfig|_proxy'",
    unlocks="which server, user and proxy kubectl uses; secrets are masked by kubectl",
    where="where kubectl fails",
)
FLOW_CONTROL = Probe(
    "kubectl get --raw /metrics | grep -E '^apiserver_flowcontrol_(rejected|dispatched)_requests_total|"
    "^apiserver_flowcontrol_nominal_limit_seats|^apiserver_current_inflight'",
    unlocks="whom the API server refuses, and how many requests it may serve at once",
)
