"""Writes to $OUT what people paste besides the lab's own record: objects-yaml/*.yaml and text/*.txt. Runs inside the sandbox.

Arguments: the namespaces. Without any: everything of the cluster.
"""

import os
import subprocess
import sys
from pathlib import Path

OUT = Path(os.environ["OUT"])
NAMESPACES = sys.argv[1:]
# kind as kubectl takes it, and whether it has a namespace
KINDS = [
    ("pods", True), ("deployments", True), ("replicasets", True), ("statefulsets", True), ("daemonsets", True),
    ("replicationcontrollers", True), ("jobs", True), ("cronjobs", True), ("services", True), ("endpoints", True),
    ("endpointslices", True), ("ingresses", True), ("networkpolicies", True), ("configmaps", True), ("serviceaccounts", True),
    ("roles", True), ("rolebindings", True), ("persistentvolumeclaims", True), ("resourcequotas", True), ("limitranges", True),
    ("horizontalpodautoscalers", True), ("poddisruptionbudgets", True), ("leases", True), ("events", True), ("nodes", False),
    ("persistentvolumes", False), ("storageclasses", False), ("volumeattachments", False), ("csinodes", False),
    ("ingressclasses", False), ("validatingwebhookconfigurations", False), ("mutatingwebhookconfigurations", False),
    ("apiservices", False), ("customresourcedefinitions", False), ("priorityclasses", False), ("namespaces", False),
]  # fmt: skip
ALWAYS = {"apiservices", "priorityclasses", "leases"}  # each cluster has them: only when everything is wanted
# described by the lab's own record, part of "get all", or of no interest
SHOWN = {
    "pods", "deployments", "replicasets", "services", "jobs", "resourcequotas", "persistentvolumeclaims",
    "horizontalpodautoscalers", "poddisruptionbudgets", "events", "leases", "serviceaccounts", "endpoints",
}  # fmt: skip
ROLLED_OUT = ("deployment", "statefulset", "daemonset")


def run(*arguments):
    done = subprocess.run(
        ["kubectl", *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout


def text(file, *arguments):
    (OUT / "text" / file).write_text(f"$ kubectl {' '.join(arguments)}\n{run(*arguments)}")


def recorded(kind):
    """Whether the lab's record holds objects of this kind."""
    return any((OUT / "objects").glob(f"{kind}.json")) or any((OUT / "objects").glob(f"{kind}.*.json"))


def yaml(scope):
    (OUT / "objects-yaml").mkdir(exist_ok=True)
    for kind, namespaced in KINDS:
        if recorded(kind) and not (NAMESPACES and kind in ALWAYS):
            chosen = NAMESPACES if kind == "namespaces" else []
            shown = run("get", kind, *(scope if namespaced else chosen), "-o", "yaml")
            if "items: []" not in shown:
                (OUT / f"objects-yaml/{kind}.yaml").write_text(shown)


def texts(scope, title):
    (OUT / "text").mkdir(exist_ok=True)
    text(f"get-all-{title}.txt", "get", "all", *scope)
    text(f"get-pods-wide-{title}.txt", "get", "pods", *scope, "-o", "wide")
    text(f"get-pods-labels-{title}.txt", "get", "pods", *scope, "--show-labels")
    text(
        f"get-pods-columns-{title}.txt", "get", "pods", *scope, "-o",
        "custom-columns=NAME:.metadata.name,STATUS:.status.phase,NODE:.spec.nodeName,RESTARTS:.status.containerStatuses[*].restartCount",
    )  # fmt: skip
    text(f"events-{title}.txt", "get", "events", *scope)
    text(f"top-pods-{title}.txt", "top", "pods", *scope)
    for kind, namespaced in KINDS:
        if namespaced and kind not in SHOWN and recorded(kind):
            text(f"describe-{kind}-{title}.txt", "describe", kind, *scope)
            text(f"get-{kind}-{title}.txt", "get", kind, *scope)
    if recorded("secrets"):
        text(f"describe-secrets-{title}.txt", "describe", "secrets", *scope)
    for kind in ROLLED_OUT:
        if recorded(kind + "s"):
            names = run("get", kind, *scope, "-o", "name").split()
            for name in names[:4] if NAMESPACES else []:
                kept = name.split("/")[-1]
                text(f"rollout-status-{kind}-{kept}.txt", "rollout", "status", name, *scope, "--watch=false")
                text(f"rollout-history-{kind}-{kept}.txt", "rollout", "history", name, *scope)


for scope, title in [(["-n", n], n) for n in NAMESPACES] or [(["-A"], "all")]:
    yaml(scope)
    texts(scope, title)
text("get-nodes.txt", "get", "nodes")
text("version.txt", "version")
if not NAMESPACES:
    text("api-resources.txt", "api-resources")
    text("top-nodes.txt", "top", "nodes")
    text("auth-can-i.txt", "auth", "can-i", "--list")
    text("cluster-info.txt", "cluster-info")
    text("component-statuses.txt", "get", "componentstatuses")
    text("raw-readyz.txt", "get", "--raw", "/readyz?verbose")
