"""What keeps a pod's volume from being attached or mounted: the recorded describe of a pod that waits for a volume,
with the events of other incidents as people reported them.
"""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knowledge.recorded_pods import (
    changed,
    commands,
    configmap_missing,
    deepest,
    diagnosed,
    excluded,
    roots,
    without_lines,
)

from kwhy.knowledge.container.runs import Statement
from kwhy.knowledge.storage.mount_errors import Problem, read_mount_error
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document

MOUNT = 'MountVolume.SetUp failed for volume "c" : configmap "mailer-config" not found'
NFS = """MountVolume.SetUp failed for volume "c" : mount failed: exit status 32
Mounting command: mount
Mounting arguments: -t nfs {source} /var/lib/kubelet/pods/c9c0e520-2c9c-4970-b41e-90d4d6d38ead/volumes/kubernetes.io~nfs/c
Output: {output}"""

#: Origin, message, condition, and what the title must name.
WORDS = [
    (
        "kubernetes#108963",
        NFS.format(
            source="192.168.43.16:/nfs_share",
            output="mount.nfs: access denied by server while mounting 192.168.43.16:/nfs_share",
        ),
        "storage.server-denies",
        "192.168.43.16:/nfs_share",
    ),
    (
        "external-storage#960",
        NFS.format(
            source="192.168.2.42:/opt/data/k8s/default-test-claim",
            output="mount.nfs: mounting 192.168.2.42:/opt/data/k8s/default-test-claim failed, reason given by server: No such file or directory",
        ),
        "storage.server-lacks-path",
        "192.168.2.42:/opt/data/k8s/default-test-claim",
    ),
    (
        "alibaba/nacos#5203 (on one line)",
        'MountVolume.SetUp failed for volume "c" : mount failed: exit status 32 Mounting command: systemd-run Mounting arguments: --description=Kubernetes transient mount for /var/lib/kubelet/pods/aa323aa5/volumes/kubernetes.io~nfs/c --scope -- mount -t nfs 192.168.137.121:/nfs/nfs-data /var/lib/kubelet/pods/aa323aa5/volumes/kubernetes.io~nfs/c Output: Running scope as unit run-124486.scope. mount.nfs: mounting 192.168.137.121:/nfs/nfs-data failed, reason given by server: No such file or directory',
        "storage.server-lacks-path",
        "192.168.137.121:/nfs/nfs-data",
    ),
    (
        "huggingface/dataset-viewer#270",
        NFS.format(source="svm-0adb.fsx.us-east-1.amazonaws.com:/fsx", output="mount.nfs: Connection timed out"),
        "storage.server-unreachable",
        "svm-0adb.fsx.us-east-1.amazonaws.com",
    ),
    (
        "2i2c-org/infrastructure#3141",
        NFS.format(
            source="nfs-server-01:/export/home-01/homes/prod",
            output="mount.nfs: Failed to resolve server nfs-server-01: Name or service not known",
        ),
        "storage.server-unreachable",
        "Failed to resolve server nfs-server-01",
    ),
    (
        "kubeadm-dind-cluster#242 (util-linux 2.23)",
        NFS.format(
            source="fileserver:/documents",
            output="mount: wrong fs type, bad option, bad superblock on fileserver:/documents,\n       missing codepage or helper program, or other error\n       (for several filesystems (e.g. nfs, cifs) you might\n       need a /sbin/mount.<type> helper program)",
        ),
        "storage.mount-helper-missing",
        "nfs",
    ),
    (
        "nfs-subdir-external-provisioner#104 (util-linux 2.33)",
        NFS.format(
            source="172.16.16.254:/mnt/nfs",
            output="mount: /var/lib/kubelet/pods/e48b/volumes/kubernetes.io~nfs/c: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.",
        ),
        "storage.mount-helper-missing",
        "nfs",
    ),
    (
        "kubernetes#94970",
        "MountVolume.MountDevice failed for volume \"c\" : 'fsck' found errors on device /dev/sda but could not correct them: fsck from util-linux 2.23.2",
        "storage.file-system-unusable",
        "/dev/sda",
    ),
    (
        "longhorn#3994",
        'MountVolume.MountDevice failed for volume "c" : rpc error: code = Internal desc = mount failed: exit status 32 Mounting command: mount Mounting arguments: -t ext4 -o defaults /dev/longhorn/pvc-8ccb1ec6 /var/lib/kubelet/plugins/kubernetes.io/csi/pv/pvc-8ccb1ec6/globalmount Output: mount: /var/lib/kubelet/plugins/kubernetes.io/csi/pv/pvc-8ccb1ec6/globalmount: /dev/longhorn/pvc-8ccb1ec6 already mounted or mount point busy.',
        "storage.device-busy",
        "/dev/longhorn/pvc-8ccb1ec6",
    ),
    (
        "hetznercloud/csi-driver#198",
        'MountVolume.MountDevice failed for volume "c" : rpc error: code = Internal desc = failed to stage volume: mount failed: exit status 255 Output: mount: mounting /dev/disk/by-id/scsi-0HC_Volume_11037255 on /var/lib/kubelet/plugins/kubernetes.io/csi/pv/pvc-52d1/globalmount failed: Resource busy',
        "storage.device-busy",
        "scsi-0HC_Volume_11037255",
    ),
    (
        "valheim-k8s#27",
        'MountVolume.SetUp failed for volume "c" : hostPath type check failed: /data/valheim is not a directory',
        "storage.node-path-wrong",
        "/data/valheim",
    ),
    (
        "sig-storage-local-static-provisioner#107",
        'MountVolume.NewMounter initialization failed for volume "local-pv-7f70b248" : path "/mnt/local/vol1" does not exist',
        "storage.node-path-wrong",
        "/mnt/local/vol1",
    ),
    (
        "ceph-csi#710 (v1.16)",
        'MountVolume.MountDevice failed for volume "c" : driver name rbd.csi.ceph.com not found in the list of registered CSI drivers',
        "storage.driver-not-registered",
        "rbd.csi.ceph.com",
    ),
    (
        "datashim#161",
        'MountVolume.MountDevice failed for volume "c" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ch.ctrox.csi.s3-driver not found in the list of registered CSI drivers',
        "storage.driver-not-registered",
        "ch.ctrox.csi.s3-driver",
    ),
]


def says(message: str, *others: str) -> Diagnosis:
    return diagnosed(changed(configmap_missing(), (MOUNT, message)), *others)


@pytest.mark.parametrize(("message", "code", "named"), [w[1:] for w in WORDS], ids=[w[0] for w in WORDS])
def test_the_events_words_name_the_cause(message: str, code: str, named: str) -> None:
    found = roots(says(message))
    assert list(found) == [code]
    assert named in found[code]


@pytest.mark.parametrize(("message", "code", "named"), [w[1:] for w in WORDS[:1]], ids=[w[0] for w in WORDS[:1]])
def test_containers_that_were_created_have_their_volumes(message: str, code: str, named: str) -> None:
    text = changed(
        configmap_missing(), (MOUNT, message), ("Reason:       ContainerCreating", "Reason:       CrashLoopBackOff")
    )
    assert code not in roots(diagnosed(text))


def test_without_the_event_the_pod_is_asked_for() -> None:
    diagnosis = diagnosed(without_lines(configmap_missing(), "FailedMount"))
    assert not roots(diagnosis)
    assert "kubectl describe pod mailer-fbfd78d55-dnc7k" in commands(diagnosis)


def test_a_time_out_alone_proves_only_that_the_volume_is_not_mounted() -> None:
    # juicefs-csi-driver#452
    diagnosis = says(
        "Unable to attach or mount volumes: unmounted volumes=[c], unattached volumes=[c kube-api-access-8kwrj]: timed out waiting for the condition"
    )
    assert not roots(diagnosis)
    assert deepest(diagnosis) == {"storage.volume-not-mounted"}


def test_an_attacher_that_does_not_answer_is_no_root_cause_by_itself() -> None:
    # ctrox/csi-s3#107
    diagnosis = says(
        'AttachVolume.Attach failed for volume "c" : timed out waiting for external-attacher of ch.ctrox.csi.s3-driver CSI driver to attach volume bucket/pvc-9fefdb47'
    )
    assert not roots(diagnosis)
    assert deepest(diagnosis) == {"storage.attacher-silent"}


def test_a_sandbox_is_made_only_with_all_volumes_mounted() -> None:
    later = "  Warning  FailedCreatePodSandBox  5s                 kubelet            Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network"
    text = changed(configmap_missing(), (MOUNT, WORDS[-1][1] + "\n" + later))
    assert "storage.driver-not-registered" not in roots(diagnosed(text))


REGISTERED = """apiVersion: storage.k8s.io/v1
kind: CSINode
metadata:
  name: node-a
spec:
  drivers:
  - name: {driver}
    nodeID: node-a
    topologyKeys: null
"""


def test_a_driver_that_has_registered_meanwhile_is_not_missing() -> None:
    diagnosis = says(WORDS[-1][1], REGISTERED.format(driver="ch.ctrox.csi.s3-driver"))
    assert not roots(diagnosis)
    assert "storage.driver-not-registered" in excluded(diagnosis)


def test_a_driver_of_a_similar_name_is_pointed_out() -> None:
    found = roots(says(WORDS[-1][1], REGISTERED.format(driver="ch.ctrox.csi.s3driver")))
    assert "where ch.ctrox.csi.s3driver has" in found["storage.driver-not-registered"]


#: kubernetes#96142, with the pod that the controller names since v1.10 (kubernetes#56288).
MULTI_ATTACH = 'Multi-Attach error for volume "pvc-7a81d56f-1cf9-11eb-8295-b6961e0a47ed" Volume is already used by pod(s) templates-796476ff98-mkfsw'


def two_pods(node: str, status: str = "Running") -> str:
    """The waiting pod beside one that runs on another node."""
    waiting, _, running = configmap_missing().partition("\n\n\n")
    running = changed(running, ("node-a", node), ("Status:           Running", f"Status:           {status}"))
    return changed(waiting, (MOUNT, MULTI_ATTACH)) + "\n\n\n" + running


def test_a_volume_that_a_pod_of_another_node_uses_is_shared_between_nodes() -> None:
    found = roots(diagnosed(two_pods("node-b")))
    assert list(found) == ["storage.shared-between-nodes"]
    assert "Pod mailer/templates-796476ff98-mkfsw uses it on node node-b" in found["storage.shared-between-nodes"]


def test_a_pod_that_is_being_deleted_does_not_share_the_volume() -> None:
    diagnosis = diagnosed(two_pods("node-b", "Terminating (lasts 2m14s)"))
    assert "storage.shared-between-nodes" not in roots(diagnosis)


NOT_READY = "$ kubectl get nodes\nNAME     STATUS     ROLES    AGE   VERSION\nnode-a   Ready      <none>   9d    v1.34.4\nnode-b   NotReady   <none>   9d    v1.34.4\n"


def test_the_volume_of_a_node_that_is_not_ready_leads_to_that_node() -> None:
    diagnosis = diagnosed(two_pods("node-b"), NOT_READY)
    assert "storage.shared-between-nodes" in excluded(diagnosis)
    linked = {(link.cause, link.effect) for link in diagnosis.links}
    ids = {finding.condition.code: finding.id for finding in diagnosis.findings}
    assert (ids["node.not-ready"], ids["storage.attached-elsewhere"]) in linked


def test_a_volume_that_was_attached_since_waits_no_more() -> None:
    later = '  Normal   SuccessfulAttachVolume  5s                 attachdetach-controller  AttachVolume.Attach succeeded for volume "pvc-7a81d56f-1cf9-11eb-8295-b6961e0a47ed"'
    diagnosis = diagnosed(changed(two_pods("node-b"), (MULTI_ATTACH, MULTI_ATTACH + "\n" + later)))
    assert not roots(diagnosis)


ATTACHED = """apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata:
  name: csi-7832bc7b43a4bb1e
spec:
  attacher: csi.vsphere.vmware.com
  nodeName: node-z
  source:
    persistentVolumeName: pvc-7a81d56f-1cf9-11eb-8295-b6961e0a47ed
status:
  attached: true
"""
ALONE = 'Multi-Attach error for volume "pvc-7a81d56f-1cf9-11eb-8295-b6961e0a47ed" Volume is already exclusively attached to one node and can\'t be attached to another'


def test_an_attachment_to_a_node_that_is_gone_is_left_behind() -> None:
    found = roots(says(ALONE, ATTACHED, NOT_READY.replace("NotReady", "Ready   ")))
    assert list(found) == ["storage.attachment-left-behind"]
    assert "node node-z, which does not exist" in found["storage.attachment-left-behind"]


def test_without_the_list_of_nodes_nobody_knows_whether_the_node_is_gone() -> None:
    diagnosis = says(ALONE, ATTACHED)
    assert not roots(diagnosis)
    assert deepest(diagnosis) == {"storage.attached-elsewhere"}
    assert "kubectl get nodes -o yaml" in commands(diagnosis)


def test_a_driver_that_fails_to_detach_is_quoted() -> None:
    # vsphere-csi-driver: VolumeAttachment status.detachError, as kubectl get volumeattachment -o yaml shows it
    failing = (
        ATTACHED
        + "  detachError:\n    message: 'rpc error: code = Internal desc = failed to find VirtualMachine for node node-z'\n"
    )
    found = roots(says(ALONE, failing))
    assert "failed to find VirtualMachine" in found["storage.attachment-left-behind"]


@given(st.text(max_size=300), st.sampled_from([w[1] for w in WORDS] + [MULTI_ATTACH, ALONE]), st.integers(0, 400))
def test_any_message_is_read_to_an_end(noise: str, message: str, cut: int) -> None:
    at = Document("events.txt", b"").at(line=1)
    error = read_mount_error(Statement(message[:cut] + noise + message[cut:], at))
    assert error.problem is None or isinstance(error.problem, Problem)
