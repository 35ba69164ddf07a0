"""Probes that need a working kubectl."""

from kwhy.model.probe import Probe

OBJECT = Probe("kubectl get {kind} {name} -n {namespace} -o yaml", unlocks="the object itself")
DESCRIBE = Probe("kubectl describe {kind} {name}", unlocks="the object with its conditions and events")
DESCRIBE_NAMESPACED = Probe(
    "kubectl describe {kind} {name} -n {namespace}", unlocks="the object with its conditions and events"
)
LIST = Probe("kubectl get {kind} -n {namespace} -o yaml", unlocks="every object of the kind in the namespace")
LIST_ALL = Probe("kubectl get {kind} -A -o yaml", unlocks="every object of the kind")
NODES = Probe("kubectl get nodes -o yaml", unlocks="every node with its conditions, taints, labels and resources")
PODS = Probe("kubectl get pods -A -o yaml", unlocks="every pod with its state", cost="minutes on large clusters")
EVENTS = Probe("kubectl get events -n {namespace} -o yaml", unlocks="the events of the last hour")
EVENTS_OF = Probe("kubectl events -n {namespace} --for {kind}/{name}", unlocks="the events about this object")
LOGS = Probe("kubectl logs {name} -n {namespace} --all-containers --timestamps --tail=500", unlocks="the log")
PREVIOUS_LOGS = Probe(
    "kubectl logs {name} -n {namespace} --previous --timestamps --tail=500", unlocks="the log of the run before"
)
ENDPOINTS = Probe(
    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={name} -o yaml",
    unlocks="the endpoints behind the Service",
)
API_RESOURCES = Probe("kubectl api-resources", unlocks="the kinds and versions that the API server serves")
VERSION = Probe("kubectl version", unlocks="the versions of kubectl and of the API server")
