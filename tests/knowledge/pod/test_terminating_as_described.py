"""A pod that does not end, as `kubectl describe pod` prints it.

Recorded from Kubernetes v1.34.4: the pod's node had stopped reporting, and its pod was deleted by the taint manager.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.pipeline import diagnose

DESCRIBED = """\
Name:                      miner-5f79dc69c8-924sz
Namespace:                 batch
Priority:                  0
Service Account:           default
Node:                      w-2/10.55.0.10
Start Time:                Sun, 22 Nov 2026 01:17:06 +0000
Labels:                    app=miner
                           pod-template-hash=5f79dc69c8
Annotations:               <none>
Status:                    Terminating (lasts 2m14s)
Termination Grace Period:  30s
IP:                        10.244.0.4
Controlled By:             ReplicaSet/miner-5f79dc69c8
Containers:
  app:
    Container ID:  containerd://9e02f1ae70b64469abf4de1879a71a2d
    Image:         registry.lab.example/shop/app:1.4.2
    State:          Running
      Started:      Sun, 22 Nov 2026 01:17:06 +0000
    Ready:          True
    Restart Count:  0
Conditions:
  Type                        Status
  Ready                       False
  PodScheduled                True
QoS Class:                   Burstable
Events:
  Type     Reason        Age    From               Message
  ----     ------        ----   ----               -------
  Normal   Scheduled     4m3s   default-scheduler  Successfully assigned batch/miner-5f79dc69c8-924sz to w-2
  Warning  NodeNotReady  2m54s  node-controller    Node is not ready
"""


def _failing(folder: Path, text: str) -> list[str]:
    (folder / "described.txt").write_text(text)
    found = diagnose([str(folder / "described.txt")]).findings
    return [finding.title for finding in found if finding.condition.code == "pod.failing"]


def test_a_pod_that_outlives_its_grace_period_fails(tmp_path: Path) -> None:
    (title,) = _failing(tmp_path, DESCRIBED)
    assert "not gone 2m14s after its grace period" in title


@pytest.mark.parametrize("words", ["Terminating (lasts 4s)", "Terminating (lasts <invalid>)"])
def test_a_pod_within_its_grace_period_does_not(tmp_path: Path, words: str) -> None:
    assert not _failing(tmp_path, DESCRIBED.replace("Terminating (lasts 2m14s)", words))
