"""Decoding a PodList of 150 000 pods (626 MB) into facts, beside msgspec's bare typed decode of the same text.

    python bench/api_objects.py [--pods 150000] [--keep FILE]

Prints processor and wall time of both, the ratio of processor times (bar: 1.3) and the peak of resident memory of each,
measured in processes of their own. The peak also counts pages of the mapped file.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BAR_TIME_RATIO = 1.3
BAR_MEMORY_MIB = 750


#: What the two writers of every pod own (server-side apply bookkeeping), as Kubernetes v1.34 records it.
OWNED_BY_CONTROLLER: dict[str, Any] = {
    "f:metadata": {
        "f:generateName": {},
        "f:labels": {".": {}, "f:app": {}, "f:pod-template-hash": {}, "f:team": {}, "f:tier": {}},
        "f:ownerReferences": {".": {}, 'k:{"uid":"1214b9d1-3843-418a-8c74-27f89f14b730"}': {}},
    },
    "f:spec": {
        "f:containers": {
            'k:{"name":"app"}': {
                ".": {},
                "f:args": {},
                "f:image": {},
                "f:imagePullPolicy": {},
                "f:name": {},
                "f:ports": {".": {}, 'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                "f:resources": {".": {}, "f:limits": {".": {}, "f:cpu": {}}, "f:requests": {".": {}, "f:cpu": {}}},
                "f:terminationMessagePath": {},
                "f:terminationMessagePolicy": {},
            }
        },
        "f:dnsPolicy": {},
        "f:enableServiceLinks": {},
        "f:restartPolicy": {},
        "f:schedulerName": {},
        "f:securityContext": {},
        "f:terminationGracePeriodSeconds": {},
    },
}
OWNED_BY_KUBELET: dict[str, Any] = {
    "f:status": {
        "f:conditions": {
            f'k:{{"type":"{kind}"}}': {".": {}, "f:lastProbeTime": {}, "f:lastTransitionTime": {}, "f:status": {}}
            for kind in ("ContainersReady", "Initialized", "Ready")
        },
        "f:containerStatuses": {},
        "f:hostIP": {},
        "f:phase": {},
        "f:podIP": {},
        "f:podIPs": {".": {}, 'k:{"ip":"10.244.0.90"}': {".": {}, "f:ip": {}}},
        "f:startTime": {},
    }
}


def pod(number: int, pending_every: int = 1000) -> dict[str, Any]:
    """A pod as large as a real one: 4.2 kB, a third of it managedFields, as the API server sends it."""
    app, node, namespace = f"app-{number // 75}", f"node-{number % 5000}", f"team-{number // 500}"
    name = f"{app}-7f6c5d6f64-{number:05x}"
    uid = f"{number:08x}-1843-418a-8c74-27f89f14b730"
    pending = number % pending_every == 0
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-11-21T21:41:48Z"}
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    if pending:
        conditions = [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "lastProbeTime": None,
                "lastTransitionTime": "2026-11-21T21:41:48Z",
                "message": "0/5000 nodes are available: 5000 Insufficient cpu.",
            }
        ]
    return {
        "metadata": {
            "name": name,
            "generateName": f"{app}-7f6c5d6f64-",
            "namespace": namespace,
            "uid": uid,
            "resourceVersion": str(number),
            "creationTimestamp": "2026-11-21T21:41:40Z",
            "labels": {"app": app, "pod-template-hash": "7f6c5d6f64", "team": namespace, "tier": "backend"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": f"{app}-7f6c5d6f64",
                    "uid": uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
            "managedFields": [
                {
                    "manager": manager,
                    "operation": "Update",
                    "apiVersion": "v1",
                    "time": "2026-11-21T21:41:48Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": owned,
                    **sub,
                }
                for manager, owned, sub in (
                    ("kube-controller-manager", OWNED_BY_CONTROLLER, {}),
                    ("kubelet", OWNED_BY_KUBELET, {"subresource": "status"}),
                )
            ],
        },
        "spec": {
            "volumes": [
                {
                    "name": f"kube-api-access-{number:05x}",
                    "projected": {
                        "sources": [
                            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                        ],
                        "defaultMode": 420,
                    },
                }
            ],
            "containers": [
                {
                    "name": "app",
                    "image": f"registry.lab.example/team/{app}:1.4.2",
                    "args": ["--listen=:8080", "--log-level=info"],
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "env": [{"name": f"SETTING_{i}", "value": f"value-{number // 75}-{i}"} for i in range(2)],
                    "resources": {
                        "limits": {"cpu": "500m", "memory": "512Mi"},
                        "requests": {"cpu": "100m", "memory": "128Mi"},
                    },
                    "volumeMounts": [
                        {
                            "name": f"kube-api-access-{number:05x}",
                            "readOnly": True,
                            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                        }
                    ],
                    "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}},
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}},
                    "imagePullPolicy": "IfNotPresent",
                    "terminationMessagePath": "/dev/termination-log",
                }
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "default",
            **({} if pending else {"nodeName": node}),
            "schedulerName": "default-scheduler",
            "tolerations": [
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
            ],
            "priority": 0,
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
        },
        "status": {
            "phase": "Pending" if pending else "Running",
            "conditions": conditions,
            "qosClass": "Burstable",
            **(
                {}
                if pending
                else {
                    "hostIP": f"10.{number % 200}.0.10",
                    "podIP": f"10.244.{number % 250}.{number % 253}",
                    "startTime": "2026-11-21T21:41:41Z",
                    "containerStatuses": [
                        {
                            "name": "app",
                            "state": {"running": {"startedAt": "2026-11-21T21:41:47Z"}},
                            "lastState": {},
                            "ready": True,
                            "restartCount": 0,
                            "image": f"registry.lab.example/team/{app}:1.4.2",
                            "imageID": f"registry.lab.example/team/{app}@sha256:{'ab' * 32}",
                            "containerID": f"containerd://{uid.replace('-', '') * 2}",
                            "started": True,
                        }
                    ],
                }
            ),
        },
    }


def generate(path: Path, pods: int, pending_every: int = 1000) -> None:
    """A typed PodList as the API server sends it: compact, kind and apiVersion on the list only."""
    head = '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":['
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        for number in range(pods):
            file.write(("," if number else "") + json.dumps(pod(number, pending_every), separators=(",", ":")))
        file.write("]}\n")


FLOOR = """
import gc, json, mmap, sys, time, resource
import msgspec
from kwhy.facts.objects import Pod
class PodList(msgspec.Struct, gc=False):
    items: list[Pod]
decoder = msgspec.json.Decoder(PodList)
gc.disable()
with open(sys.argv[1], "rb") as file:
    text = file.read()
start, cpu = time.perf_counter(), time.process_time()
pods = decoder.decode(text).items
took, cpu = time.perf_counter() - start, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": took, "cpu": cpu, "objects": len(pods), "peak_mib": peak}))
"""

OURS = """
import json, sys, time, resource
from kwhy.ingest.catalogue import all_formats
all_formats()
from kwhy.facts.objects import ObjectBatch
from kwhy.ingest.reading import read
start, cpu = time.perf_counter(), time.process_time()
evidence = read([sys.argv[1]])
took, cpu = time.perf_counter() - start, time.process_time() - cpu
objects = sum(len(batch.objects) for batch in evidence.of(ObjectBatch))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": took, "cpu": cpu, "objects": objects, "peak_mib": peak}))
"""


def measured(program: str, path: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pods", type=int, default=150_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="write the list here and leave it there; used again if it is there")
    options = parser.parse_args()
    gc.disable()
    with tempfile.TemporaryDirectory() as directory:
        path = options.keep or Path(directory) / "pods.json"
        if not path.exists():
            generate(path, options.pods)
        size = path.stat().st_size / 1e6
        print(f"{options.pods} pods, {size:.0f} MB")
        floors, ours = [], []
        for _ in range(options.rounds):
            floors.append(measured(FLOOR, path))
            ours.append(measured(OURS, path))
            time.sleep(0.1)
    floor = min(floors, key=lambda run: run["cpu"])
    best = min(ours, key=lambda run: run["cpu"])
    ratio = best["cpu"] / floor["cpu"]
    for name, run in (("bare typed decode of text in memory", floor), ("file → facts", best)):
        print(f"{name:36} {run['cpu']:6.2f} s (wall {run['seconds']:.2f})   peak {run['peak_mib']:6.0f} MiB")
    print(f"ratio {ratio:.2f} (bar {BAR_TIME_RATIO}), peak bar {BAR_MEMORY_MIB} MiB")
    met = ratio <= BAR_TIME_RATIO and best["peak_mib"] <= BAR_MEMORY_MIB and best["objects"] == floor["objects"]
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
