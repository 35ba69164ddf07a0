"""Faults of admission, quota, access, storage and of objects that cannot be deleted. TWINS: how a fault is put right in place."""

from catalogue import FAULTS, IMAGE, deployment, healthy, service, workload

TOOL = "registry.lab.example/shop/tool:2.0.1"


def made(api, kind, namespace, name, **fields):
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api, "kind": kind, "metadata": meta} | fields


def tool(namespace, name, args, replicas=1, spec=None, **container):
    return deployment(namespace, name, args, replicas, image=TOOL, spec=spec, container=container, command=["/bin/shoptool"])


def limits(kind, **fields):
    return {"limits": [{"type": kind} | fields]}


# ---- quota and limits
asks = {"resources": {"requests": {"cpu": "100m", "memory": "16Mi"}, "limits": {"cpu": "2", "memory": "64Mi"}}}
workload(
    "limitrange-max",
    "team-a",
    "Deployment/team-a/solver",
    "The container's CPU limit is 2; LimitRange team-a-limits allows at most 500m for a container.",
    made("v1", "LimitRange", "team-a", "team-a-limits", spec=limits("Container", max={"cpu": "500m"})),
    deployment("team-a", "solver", ["serve", "8080"], container=asks),
    settle=30,
)
workload(
    "limitrange-min",
    "team-b",
    "Deployment/team-b/solver",
    "The container requests 16Mi of memory; LimitRange team-b-limits demands at least 128Mi.",
    made("v1", "LimitRange", "team-b", "team-b-limits", spec=limits("Container", min={"memory": "128Mi"})),
    deployment("team-b", "solver", ["serve", "8080"], container=asks),
    settle=30,
)
workload(
    "limitrange-ratio",
    "team-c",
    "Deployment/team-c/solver",
    "The container's CPU limit is 20 times its request; LimitRange team-c-limits allows a ratio of 4.",
    made("v1", "LimitRange", "team-c", "team-c-limits", spec=limits("Container", maxLimitRequestRatio={"cpu": "4"})),
    deployment("team-c", "solver", ["serve", "8080"], container=asks),
    settle=30,
)
workload(
    "quota-requires-requests",
    "team-d",
    "Deployment/team-d/mixer",
    "ResourceQuota team-d demands that each container says its limits.cpu and limits.memory; Deployment mixer gives none.",
    made("v1", "ResourceQuota", "team-d", "team-d", spec={"hard": {"limits.cpu": "4", "limits.memory": "4Gi"}}),
    deployment("team-d", "mixer", ["serve", "8080"]),
    settle=30,
)
workload(
    "quota-services",
    "team-e",
    "ResourceQuota/team-e/team-e",
    "The quota allows 1 Service, and a second one is asked for: kubectl is refused.",
    made("v1", "ResourceQuota", "team-e", "team-e", spec={"hard": {"services": "1"}}),
    *healthy("team-e", "web"),
    make="(echo '$ kubectl -n team-e expose deployment web --name=web-2 --port=80'; kubectl -n team-e expose deployment web --name=web-2 --port=80 2>&1 || true) >$KEEP/kubectl.txt",
    settle=5,
)
workload(
    "podsecurity-restricted",
    "secured",
    "Deployment/secured/uploader",
    "Namespace secured enforces Pod Security level restricted; the pods set none of what it demands (runAsNonRoot, seccompProfile, capabilities).",
    deployment("secured", "uploader", ["serve", "8080"], 2),
    labels={"pod-security.kubernetes.io/enforce": "restricted"},
    settle=30,
)
workload(
    "podsecurity-baseline-hostpath",
    "secured-base",
    "Deployment/secured-base/agent",
    "Namespace secured-base enforces Pod Security level baseline; the pods mount a hostPath volume and use the host's network.",
    deployment(
        "secured-base",
        "agent",
        ["serve", "18099"],
        spec={"hostNetwork": True, "volumes": [{"name": "h", "hostPath": {"path": "/var/log"}}]},
        container={"volumeMounts": [{"name": "h", "mountPath": "/host"}]},
    ),
    labels={"pod-security.kubernetes.io/enforce": "baseline"},
    settle=30,
)
workload(
    "serviceaccount-missing",
    "robots",
    "Deployment/robots/robot",
    "The pods use ServiceAccount robot, which does not exist.",
    deployment("robots", "robot", ["serve", "8080"], spec={"serviceAccountName": "robot"}),
    settle=30,
)
workload(
    "token-automount-off",
    "tokenless",
    "Deployment/tokenless/controller",
    "automountServiceAccountToken is false, and the program needs its token to talk to the API server.",
    tool("tokenless", "controller", ["whoami"], spec={"automountServiceAccountToken": False}),
    settle=40,
)
workload(
    "removed-api",
    "old-charts",
    "PodDisruptionBudget/old-charts/web",
    "The manifest asks for policy/v1beta1 PodDisruptionBudget, which this API server no longer serves (removed in 1.25).",
    *healthy("old-charts", "web"),
    make="""
        try() { (echo '$ kubectl apply -f manifest.yaml'; kubectl apply -f - 2>&1 || true) >>$KEEP/kubectl-apply.txt; }
        echo '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget","metadata":{"name":"web","namespace":"old-charts"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"web"}}}}' | try
        echo '{"apiVersion":"extensions/v1beta1","kind":"Ingress","metadata":{"name":"web","namespace":"old-charts"},"spec":{"backend":{"serviceName":"web","servicePort":80}}}' | try
        echo '{"apiVersion":"batch/v1beta1","kind":"CronJob","metadata":{"name":"report","namespace":"old-charts"},"spec":{"schedule":"0 * * * *"}}' | try
    """,
    settle=2,
)


# ---- access
def account(namespace, name):
    return made("v1", "ServiceAccount", namespace, name)


def role(namespace, name, *rules):
    kind = "Role" if namespace else "ClusterRole"
    rules = [{"apiGroups": [g], "resources": r, "verbs": v} for g, r, v in rules]
    return made("rbac.authorization.k8s.io/v1", kind, namespace, name, rules=rules)


def binding(namespace, name, subject_namespace, subject, kind="Role", role_name=None):
    return made(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding" if namespace else "ClusterRoleBinding",
        namespace,
        name,
        subjects=[{"kind": "ServiceAccount", "name": subject, "namespace": subject_namespace}],
        roleRef={"kind": kind, "name": role_name or name, "apiGroup": "rbac.authorization.k8s.io"},
    )


def asks_api(namespace, name, path):
    return deployment(namespace, name, ["api", path], spec={"serviceAccountName": name})


workload(
    "rbac-verb-missing",
    "rbac-verb",
    "Role/rbac-verb/watcher",
    "Role watcher allows get on pods, but not list, which ServiceAccount watcher needs.",
    account("rbac-verb", "watcher"),
    role("rbac-verb", "watcher", ("", ["pods"], ["get"])),
    binding("rbac-verb", "watcher", "rbac-verb", "watcher"),
    asks_api("rbac-verb", "watcher", "/api/v1/namespaces/rbac-verb/pods"),
    settle=35,
)
workload(
    "rbac-binding-wrong-subject",
    "rbac-subject",
    "RoleBinding/rbac-subject/watcher",
    "RoleBinding watcher names ServiceAccount wacher, which does not exist; the pods use ServiceAccount watcher.",
    account("rbac-subject", "watcher"),
    role("rbac-subject", "watcher", ("", ["pods"], ["get", "list", "watch"])),
    binding("rbac-subject", "watcher", "rbac-subject", "wacher"),
    asks_api("rbac-subject", "watcher", "/api/v1/namespaces/rbac-subject/pods"),
    settle=35,
)
workload(
    "rbac-binding-wrong-namespace",
    "rbac-space",
    "RoleBinding/rbac-space/watcher",
    "RoleBinding watcher names ServiceAccount watcher of namespace default; the pods use ServiceAccount watcher of namespace rbac-space.",
    account("rbac-space", "watcher"),
    role("rbac-space", "watcher", ("", ["pods"], ["get", "list", "watch"])),
    binding("rbac-space", "watcher", "default", "watcher"),
    asks_api("rbac-space", "watcher", "/api/v1/namespaces/rbac-space/pods"),
    settle=35,
)
workload(
    "rbac-cluster-scope",
    "rbac-cluster",
    "ServiceAccount/rbac-cluster/watcher",
    "ServiceAccount watcher lists pods of all namespaces, but only a RoleBinding of its own namespace grants ClusterRole pod-watcher; a ClusterRoleBinding is needed.",
    account("rbac-cluster", "watcher"),
    role(None, "pod-watcher", ("", ["pods"], ["get", "list", "watch"])),
    binding("rbac-cluster", "watcher", "rbac-cluster", "watcher", "ClusterRole", "pod-watcher"),
    asks_api("rbac-cluster", "watcher", "/api/v1/pods"),
    settle=35,
)
workload(
    "rbac-role-missing",
    "rbac-role",
    "RoleBinding/rbac-role/watcher",
    "RoleBinding watcher refers to Role watch-pods, which does not exist; the Role is called pod-watcher.",
    account("rbac-role", "watcher"),
    role("rbac-role", "pod-watcher", ("", ["pods"], ["get", "list", "watch"])),
    binding("rbac-role", "watcher", "rbac-role", "watcher", "Role", "watch-pods"),
    asks_api("rbac-role", "watcher", "/api/v1/namespaces/rbac-role/pods"),
    settle=35,
)

# ---- what cannot be deleted
held = made("v1", "ConfigMap", "retired", "address-lease", data={"ip": "10.9.8.7"})
held["metadata"]["finalizers"] = ["lab.example/release-address"]
workload(
    "namespace-finalizer-stuck",
    "retired",
    "ConfigMap/retired/address-lease",
    "Namespace retired is being deleted, but ConfigMap address-lease carries finalizer lab.example/release-address, whose controller does not exist.",
    held,
    *healthy("retired", "web"),
    make="kubectl delete namespace retired --wait=false; sleep 30",
    settle=10,
)
CRD = made(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    None,
    "widgets.lab.example",
    spec={
        "group": "lab.example",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
)
workload(
    "crd-finalizer-stuck",
    "widgets",
    "Widget/widgets/w1",
    "CustomResourceDefinition widgets.lab.example is being deleted, but Widget w1 carries finalizer lab.example/cleanup, whose controller does not exist.",
    CRD,
    make="""
        echo '{"apiVersion":"lab.example/v1","kind":"Widget","metadata":{"name":"w1","namespace":"widgets","finalizers":["lab.example/cleanup"]}}' | kubectl apply -f -
        kubectl delete crd widgets.lab.example --wait=false; sleep 15
    """,
    settle=2,
)
FAULTS[-1].undo = 'kubectl -n widgets patch widgets.lab.example w1 --type=merge -p \'{"metadata":{"finalizers":null}}\' || true'
held_claim = made(
    "v1",
    "PersistentVolumeClaim",
    "inuse",
    "data",
    spec={
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "",
        "volumeName": "inuse-data",
        "resources": {"requests": {"storage": "1Gi"}},
    },
)


def volume(name, path, size="1Gi", modes=("ReadWriteOnce",), **spec):
    return made(
        "v1",
        "PersistentVolume",
        None,
        name,
        spec={
            "capacity": {"storage": size},
            "accessModes": list(modes),
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": path, "type": "DirectoryOrCreate"},
        }
        | spec,
    )


def claim(namespace, name, size="1Gi", modes=("ReadWriteOnce",), **spec):
    spec = {"accessModes": list(modes), "storageClassName": "", "resources": {"requests": {"storage": size}}} | spec
    return made("v1", "PersistentVolumeClaim", namespace, name, spec=spec)


def uses(namespace, name, claim_name, args=("serve", "8080"), path="/data", **mount):
    spec = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": claim_name}}]}
    container = {"volumeMounts": [{"name": "d", "mountPath": path} | mount]}
    return deployment(namespace, name, list(args), spec=spec, container=container)


workload(
    "pvc-terminating-in-use",
    "inuse",
    "PersistentVolumeClaim/inuse/data",
    "Claim data was deleted while Deployment db still uses it: it stays Terminating (finalizer kubernetes.io/pvc-protection) until the pods are gone.",
    volume("inuse-data", "/var/lib/lab-inuse"),
    held_claim,
    uses("inuse", "db", "data"),
    make="kubectl -n inuse delete pvc data --wait=false; sleep 15",
    settle=2,
)
# ---- storage
workload(
    "pv-released-old-claimref",
    "mysql-restore",
    "PersistentVolume/mysql-restore-data",
    "Volume mysql-restore-data is Released: its claimRef still names the claim that was deleted, so the new claim data does not bind to it.",
    volume("mysql-restore-data", "/var/lib/lab-restore"),
    claim("mysql-restore", "data"),
    uses("mysql-restore", "db", "data"),
    make="""
        kubectl -n mysql-restore scale deployment db --replicas=0; sleep 8
        kubectl -n mysql-restore get pvc data -o json | python3 -c 'import json,sys
c=json.load(sys.stdin); m=c["metadata"]
print(json.dumps({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":m["name"],"namespace":m["namespace"]},"spec":{k:v for k,v in c["spec"].items() if k!="volumeName"}}))' >/tmp/claim.json
        kubectl -n mysql-restore delete pvc data; sleep 3; kubectl apply -f /tmp/claim.json; kubectl -n mysql-restore scale deployment db --replicas=1
    """,
    settle=40,
)
workload(
    "pv-mode-mismatch",
    "media-share",
    "PersistentVolumeClaim/media-share/share",
    "The claim asks for ReadWriteMany; volume media-share-1 offers ReadWriteOnce.",
    volume("media-share-1", "/var/lib/lab-media", size="2Gi"),
    claim("media-share", "share", modes=["ReadWriteMany"], volumeName="media-share-1"),
    uses("media-share", "player", "share"),
    settle=40,
)
workload(
    "pv-too-small",
    "logs-archive",
    "PersistentVolumeClaim/logs-archive/archive",
    "The claim asks for 20Gi with label tier=archive; volume logs-archive-1 with that label has 10Gi.",
    volume("logs-archive-1", "/var/lib/lab-logs", size="10Gi") | {"metadata": {"name": "logs-archive-1", "labels": {"tier": "archive"}}},
    claim("logs-archive", "archive", size="20Gi", selector={"matchLabels": {"tier": "archive"}}),
    uses("logs-archive", "keeper", "archive"),
    settle=40,
)
NFS = {"server": "10.55.0.10", "path": "/exports/none"}
workload(
    "nfs-helper-missing",
    "nfs-client",
    "Node/node-a",
    "node-a has no mount.nfs (nfs-common is not installed), so the kubelet cannot mount the NFS volume.",
    deployment(
        "nfs-client",
        "reader",
        ["serve", "8080"],
        spec={"volumes": [{"name": "d", "nfs": NFS}]},
        container={"volumeMounts": [{"name": "d", "mountPath": "/data"}]},
    ),
    settle=45,
)


def csi_volume(name, driver):
    spec = {"hostPath": None, "csi": {"driver": driver, "volumeHandle": f"vol-{name}", "fsType": "ext4"}}
    made_volume = volume(name, "")
    made_volume["spec"] = {k: v for k, v in (made_volume["spec"] | spec).items() if v}
    return made_volume


def csi_driver(name, attach):
    return made("storage.k8s.io/v1", "CSIDriver", None, name, spec={"attachRequired": attach, "podInfoOnMount": False})


workload(
    "csi-driver-not-registered",
    "csi-node",
    "Node/node-a",
    "CSI driver disk.csi.lab.example is not registered with the kubelet of node-a: no node plugin of it runs there.",
    csi_driver("disk.csi.lab.example", False),
    csi_volume("csi-node-data", "disk.csi.lab.example"),
    claim("csi-node", "data", volumeName="csi-node-data"),
    uses("csi-node", "db", "data"),
    settle=60,
)
workload(
    "csi-no-attacher",
    "csi-attach",
    "CSIDriver/block.csi.lab.example",
    "CSI driver block.csi.lab.example demands an attach, but no external-attacher of it runs: the VolumeAttachment stays unattached.",
    csi_driver("block.csi.lab.example", True),
    csi_volume("csi-attach-data", "block.csi.lab.example"),
    claim("csi-attach", "data", volumeName="csi-attach-data"),
    uses("csi-attach", "db", "data"),
    settle=150,
)
workload(
    "volume-full",
    "spool",
    "Deployment/spool/spool",
    "The emptyDir in memory has a size limit of 8Mi, and the program writes 64 MiB: no space left on device.",
    deployment(
        "spool",
        "spool",
        ["fill", "/spool/queue", "64"],
        spec={"volumes": [{"name": "s", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}]},
        container={"volumeMounts": [{"name": "s", "mountPath": "/spool"}]},
    ),
    settle=40,
)
workload(
    "volume-read-only",
    "ledger-ro",
    "Deployment/ledger-ro/ledger",
    "The container mounts its claim read-only (readOnly true) and writes to it.",
    volume("ledger-ro-data", "/var/lib/lab-ledger"),
    claim("ledger-ro", "data", volumeName="ledger-ro-data"),
    deployment(
        "ledger-ro",
        "ledger",
        ["write", "/data/journal"],
        image=TOOL,
        command=["/bin/shoptool"],
        spec={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]},
        container={"volumeMounts": [{"name": "d", "mountPath": "/data", "readOnly": True}]},
    ),
    settle=40,
)
workload(
    "pvc-missing",
    "wiki",
    "Deployment/wiki/wiki",
    "The pods mount claim wiki-data, which does not exist.",
    uses("wiki", "wiki", "wiki-data"),
    settle=30,
)
# ---- images
workload(
    "image-unauthorized",
    "private-shop",
    "Deployment/private-shop/web",
    "The image lies in a private repository, and the pods have no pull secret: 401.",
    deployment("private-shop", "web", ["serve", "8080"], image="registry.lab.example/private/web:1.0.0"),
    settle=60,
)
workload(
    "image-pull-secret-missing",
    "private-key",
    "Deployment/private-key/web",
    "The image lies in a private repository; the pods name pull secret registry-key, which does not exist.",
    deployment(
        "private-key",
        "web",
        ["serve", "8080"],
        image="registry.lab.example/private/web:1.0.0",
        spec={"imagePullSecrets": [{"name": "registry-key"}]},
    ),
    settle=60,
)
workload(
    "image-pull-policy-never",
    "airgap",
    "Deployment/airgap/web",
    "imagePullPolicy is Never, and the image is not on the node: ErrImageNeverPull.",
    deployment("airgap", "web", ["serve", "8080"], image="registry.lab.example/shop/app:1.5.0", container={"imagePullPolicy": "Never"}),
    settle=30,
)
workload(
    "image-invalid-name",
    "typo",
    "Deployment/typo/web",
    "The image name has an upper-case letter, which no image name may have: InvalidImageName.",
    deployment("typo", "web", ["serve", "8080"], image=IMAGE.replace("shop/", "Shop/")),
    settle=30,
)


# ---- webhooks
def hooked(name, namespace, truth, cause, mode, bundle, timeout=5, dns=None, settle=30):
    """A validating webhook for this namespace, with a certificate made on the spot."""
    pod_spec = {"volumes": [{"name": "tls", "secret": {"secretName": "hook-tls"}}]}
    workload(
        name,
        namespace,
        truth,
        cause,
        made("v1", "Namespace", None, f"{namespace}-hook"),
        tool(
            f"{namespace}-hook",
            "hook",
            ["webhook", mode, "/tls/tls.crt", "/tls/tls.key"],
            spec=pod_spec,
            volumeMounts=[{"name": "tls", "mountPath": "/tls"}],
        ),
        service(f"{namespace}-hook", "hook", {"app": "hook"}, 443, 8443),
        make=f"""
        cd $(mktemp -d)
        for n in tls other; do
          openssl req -x509 -newkey rsa:2048 -nodes -keyout $n.key -out $n.crt -days 365 -subj "/CN=hook" -addext "subjectAltName=DNS:{dns or f"hook.{namespace}-hook.svc"}" 2>/dev/null
        done
        kubectl -n {namespace}-hook create secret tls hook-tls --cert=tls.crt --key=tls.key
        kubectl -n {namespace}-hook rollout status deployment/hook --timeout=60s
        kubectl apply -f - <<END
{{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {{"name": "{name}"}},
 "webhooks": [{{"name": "check.{namespace}.lab.example", "failurePolicy": "Fail", "sideEffects": "None", "timeoutSeconds": {timeout},
  "admissionReviewVersions": ["v1"], "rules": [{{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}}],
  "clientConfig": {{"caBundle": "$(base64 -w0 {bundle}.crt)", "service": {{"name": "hook", "namespace": "{namespace}-hook", "path": "/validate"}}}},
  "namespaceSelector": {{"matchLabels": {{"kubernetes.io/metadata.name": "{namespace}"}}}}}}]}}
END
        kubectl -n {namespace} create deployment tenant --image={IMAGE} --replicas=2 -- /bin/labapp serve 8080
        (echo '$ kubectl -n {namespace} run probe --image={IMAGE}'; kubectl -n {namespace} run probe --image={IMAGE} 2>&1 || true) >$KEEP/kubectl.txt
        """,
        settle=settle,
    )
    FAULTS[-1].namespaces.append(f"{namespace}-hook")
    FAULTS[
        -1
    ].undo = f"kubectl delete validatingwebhookconfiguration {name}; kubectl delete namespace {namespace}-hook --wait=false || true"


hooked("webhook-ca-wrong", "tenant-ca", "ValidatingWebhookConfiguration/webhook-ca-wrong",
       "caBundle of the webhook holds another authority than the one that signed the certificate of Service hook: x509, signed by unknown authority.",
       "allow", "other")  # fmt: skip
hooked("webhook-cert-wrong-name", "tenant-name", "Secret/tenant-name-hook/hook-tls",
       "The webhook's certificate is for hook.policy.svc, the API server calls hook.tenant-name-hook.svc.", "allow", "tls", dns="hook.policy.svc")  # fmt: skip
hooked("webhook-timeout", "tenant-slow", "Deployment/tenant-slow-hook/hook",
       "The webhook's program takes 20 s for an answer; the API server gives up after 5 s (context deadline exceeded).", "slow", "tls", settle=60)  # fmt: skip
hooked("webhook-denies", "tenant-deny", "Deployment/tenant-deny/tenant",
       "The webhook works and denies the pods: label team is required; Deployment tenant has no such label.", "deny", "tls")  # fmt: skip
hooked("webhook-allows", "tenant-ok", None, "nothing is wrong: the webhook allows the pods", "allow", "tls")
TWINS = {
    "limitrange-max": "kubectl -n team-a set resources deployment solver --limits=cpu=400m; sleep 25",
    "quota-requires-requests": "kubectl -n team-d set resources deployment mixer --limits=cpu=100m,memory=64Mi; sleep 25",
    "podsecurity-restricted": "kubectl label namespace secured pod-security.kubernetes.io/enforce=privileged --overwrite; kubectl -n secured rollout restart deployment/uploader; sleep 25",
    "serviceaccount-missing": "kubectl -n robots create serviceaccount robot; kubectl -n robots rollout restart deployment/robot; sleep 25",
    "rbac-verb-missing": """
        kubectl -n rbac-verb patch role watcher --type=json -p '[{"op":"replace","path":"/rules/0/verbs","value":["get","list"]}]'; sleep 25""",
    "pv-released-old-claimref": """
        kubectl patch pv mysql-restore-data --type=json -p '[{"op":"remove","path":"/spec/claimRef"}]'; sleep 40""",
    "webhook-ca-wrong": """
        b=$(kubectl -n tenant-ca-hook get secret hook-tls -o jsonpath='{.data.tls\\.crt}')
        kubectl patch validatingwebhookconfiguration webhook-ca-wrong --type=json -p '[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"'$b'"}]'
        kubectl -n tenant-ca rollout restart deployment/tenant; sleep 30""",
}
