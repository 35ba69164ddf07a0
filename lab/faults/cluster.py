"""Faults of the node and of the control plane: one at a time, on a cluster that has nothing else wrong.

Commands are bash with the functions of the base lab's node/services.sh; deploy NAME REPLICAS makes a deployment in namespace shop.
"""

from catalogue import FAULTS, deployment, node, workload

APP = "registry.lab.example/shop/app:1.4.2"
TOOL = "registry.lab.example/shop/tool:2.0.1"
CONFIG = "/var/lib/kubelet/config.yaml"
# the kubelet may have refused to start
RESTORE = "cp $LAB/node/kubelet.yaml /var/lib/kubelet/config.yaml; stop kubelet || true; start kubelet; await 60 node_is Ready; "
GONE = "kubectl -n shop delete deployment,statefulset,daemonset,job,pod -l lab=extra --wait=false --ignore-not-found; "


def run(kind, name, image, command, replicas=1, spec="", container=""):
    """bash: a workload of namespace shop, labelled lab=extra; command, spec and container are JSON."""
    counted = f'"replicas": {replicas}, ' if kind != "DaemonSet" else ""
    named = f'"serviceName": "{name}", ' if kind == "StatefulSet" else ""
    labels = f'{{"app": "{name}", "lab": "extra"}}'
    return f"""
        kubectl apply -f - <<END
{{"apiVersion": "apps/v1", "kind": "{kind}", "metadata": {{"name": "{name}", "namespace": "shop", "labels": {labels}}},
 "spec": {{{counted}{named}"selector": {{"matchLabels": {{"app": "{name}"}}}}, "template": {{"metadata": {{"labels": {labels}}},
  "spec": {{{spec}"containers": [{{"name": "{name}", "image": "{image}", {container}"command": {command}}}]}}}}}}}}
END
"""


SERVES = '["/bin/labapp", "serve", "8080"]'
PROBED = '"readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 3}, "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5, "failureThreshold": 6}, '
said = """
        say() { echo "$ $*"; "$@" 2>&1 || true; }
"""

node(
    "scheduler-down",
    "Process/node-a/kube-scheduler",
    "kube-scheduler is not running: the pods of Deployment shop/search stay Pending, without any event.",
    make="stop kube-scheduler; deploy search 2",
    undo="start kube-scheduler; kubectl -n shop delete deployment search",
    settle=40,
)
node(
    "controller-manager-down",
    "Process/node-a/kube-controller-manager",
    "kube-controller-manager is not running: Deployment shop/search gets no ReplicaSet, and shop/web is not scaled.",
    make="stop kube-controller-manager; deploy search 2; kubectl -n shop scale deployment web --replicas=4",
    undo="start kube-controller-manager; kubectl -n shop scale deployment web --replicas=2; kubectl -n shop delete deployment search",
    settle=40,
)
node(
    "allocatable-shrank",
    "Node/node-a",
    "systemReserved in node-a's kubelet configuration was raised to 20Gi of memory, so Allocatable shrank and the pods of Deployment "
    "shop/ranking (4Gi each) fit no more.",
    make=run("Deployment", "ranking", APP, SERVES, 2, container='"resources": {"requests": {"memory": "4Gi"}}, ')
    + f"""
        kubectl -n shop rollout status deployment/ranking --timeout=60s
        kubectl get node node-a -o json >$KEEP/node-before.json
        sed -i 's/memory: 1Gi/memory: 20Gi/' {CONFIG}; restart kubelet; sleep 20
        kubectl -n shop rollout restart deployment/ranking
    """,
    undo=GONE + RESTORE,
    settle=40,
)
node(
    "pid-limit",
    "Node/node-a",
    "podPidsLimit in node-a's kubelet configuration is 60; the program of Deployment shop/workers starts more processes than that.",
    make=f"echo 'podPidsLimit: 60' >>{CONFIG}; restart kubelet; await 60 node_is Ready"
    + run("Deployment", "workers", TOOL, '["/bin/shoptool", "spawn", "30"]')
    + said
    + """
        sleep 30
        d=$(find /sys/fs/cgroup/pids/node-a -maxdepth 3 -path "*pod$(kubectl -n shop get pod -l app=workers -o jsonpath='{.items[0].metadata.uid}')" | head -1)
        for f in pids.max pids.current pids.events; do say cat $d/$f; done >$KEEP/cgroup-pids.txt
    """,
    undo=GONE + RESTORE,
    settle=5,
)
node(
    "memory-pressure",
    "Node/node-a",
    "node-a is under MemoryPressure: less memory is available than the eviction threshold memory.available=22Gi in its kubelet configuration, "
    "nearly all the node has; the kubelet evicts pods.",
    make=f"""
        sed -i 's/memory.available: 200Mi/memory.available: 22Gi/; s/^evictionHard/evictionPressureTransitionPeriod: 30s\\n&/' {CONFIG}
        restart kubelet
        pressure() {{ kubectl get node node-a -o jsonpath='{{.status.conditions[?(@.type=="MemoryPressure")].status}}' | grep True; }}
        await 60 pressure
    """,
    undo=RESTORE + "sleep 30; kubectl -n shop delete pod --field-selector=status.phase=Failed",
    settle=35,
)
node(
    "inode-pressure",
    "Node/node-a",
    "node-a is under DiskPressure: fewer inodes of nodefs are free than the eviction threshold nodefs.inodesFree=99.9% in its kubelet "
    "configuration; space is not short.",
    make=f"""
        sed -i 's/nodefs.inodesFree: 2%/nodefs.inodesFree: 99.9%/; s/^evictionHard/evictionPressureTransitionPeriod: 30s\\n&/' {CONFIG}
        restart kubelet
        pressure() {{ kubectl get node node-a -o jsonpath='{{.status.conditions[?(@.type=="DiskPressure")].status}}' | grep True; }}
        await 60 pressure
    """
    + said
    + "for c in 'df -h /var/lib/kubelet' 'df -i /var/lib/kubelet'; do say $c; done >$KEEP/df.txt",
    undo=RESTORE + "sleep 30; kubectl -n shop delete pod --field-selector=status.phase=Failed",
    settle=35,
)
node(
    "image-gc-failed",
    "Node/node-a",
    "imageGCHighThresholdPercent of node-a is 6, below what other files on the disk use: image garbage collection frees nothing and fails.",
    make=f"""
        sed -i 's/imageGCHighThresholdPercent: 99/imageGCHighThresholdPercent: 3/; s/imageGCLowThresholdPercent: 98/imageGCLowThresholdPercent: 2/' {CONFIG}
        restart kubelet
    """,
    undo=RESTORE,
    settle=330,
)
node(
    "kubelet-10250-unreachable",
    "Node/node-a",
    "A firewall rule on node-a drops port 10250: the API server does not reach the kubelet, kubectl logs and exec time out; the node is Ready.",
    make="iptables -I INPUT 1 -p tcp --dport 10250 -j DROP"
    + said
    + """
        for c in 'timeout 40 kubectl -n shop logs deploy/web --tail=3' 'timeout 40 kubectl -n shop exec deploy/web -- ls'; do say $c; done >$KEEP/kubectl.txt
    """,
    undo="iptables -D INPUT -p tcp --dport 10250 -j DROP",
    settle=2,
)
node(
    "lost-node-terminating",
    "Node/node-a",
    "The kubelet of node-a does not run, so the deleted pods stay Terminating; StatefulSet shop/ledger starts no other ledger-0.",
    make=run("StatefulSet", "ledger", APP, SERVES)
    + """
        kubectl -n shop rollout status statefulset/ledger --timeout=60s
        stop kubelet; await 120 node_is NotReady
        kubectl -n shop delete pod -l app=ledger --wait=false; kubectl -n shop delete pod -l app=web --wait=false
    """,
    undo="start kubelet; await 60 node_is Ready; " + GONE,
    settle=45,
)
node(
    "registry-down",
    "Registry/registry.lab.example",
    "The image registry that node-a pulls from (127.0.0.1:5555) refuses connections, so no image of any workload can be pulled.",
    make="stop registry"
    + run("Deployment", "search", "registry.lab.example/shop/search:3.1.0", '["/bin/search"]')
    + run("Deployment", "cart", "registry.lab.example/shop/cart:2.2.0", '["/bin/cart"]')
    + run("Deployment", "mail", "registry.lab.example/shop/mail:0.9.1", '["/bin/mail"]'),
    undo=GONE + "start registry",
    settle=60,
)
node(
    "ds-taint",
    "Node/node-a",
    "node-a carries taint dedicated=gpu:NoSchedule, which DaemonSet shop/agent does not tolerate: it wants no pod there.",
    make="kubectl taint node node-a dedicated=gpu:NoSchedule" + run("DaemonSet", "agent", APP, SERVES),
    undo=GONE + "kubectl taint node node-a dedicated-",
    settle=30,
)
node(
    "noexecute-taint-evicts",
    "Node/node-a",
    "node-a carries taint maintenance=now:NoExecute: the taint manager evicted the pods of namespace shop, and the new ones stay Pending.",
    make="kubectl taint node node-a maintenance=now:NoExecute",
    undo="kubectl taint node node-a maintenance-; kubectl -n kube-system rollout status deployment/coredns --timeout=60s",
    settle=40,
)
node(
    "node-cordoned",
    "Node/node-a",
    "node-a is cordoned, so the new pods of Deployment shop/search stay Pending.",
    make="kubectl cordon node-a; deploy search 2",
    undo="kubectl uncordon node-a; kubectl -n shop delete deployment search",
    settle=20,
)
node(
    "runtime-down",
    "Node/node-a",
    "containerd is not running on node-a: the kubelet cannot reach its socket and the node is NotReady.",
    make="stop containerd; await 180 node_is NotReady",
    undo="start containerd; await 90 node_is Ready",
    settle=20,
)
node(
    "kubelet-bad-config",
    "Node/node-a",
    "The kubelet of node-a does not start: evictionHard in its configuration is a list, which cannot be decoded.",
    make=f"stop kubelet; sed -i 's/^evictionHard:.*/evictionHard: [memory.available<200Mi]/' {CONFIG}; start kubelet; await 120 node_is NotReady",
    undo="cp $LAB/node/kubelet.yaml /var/lib/kubelet/config.yaml; start kubelet; await 60 node_is Ready",
    settle=3,
)
node(
    "coredns-corefile-broken",
    "ConfigMap/kube-system/coredns",
    "The Corefile in ConfigMap kube-system/coredns names plugin kubernets, which does not exist: CoreDNS does not start and no name resolves.",
    make="""
        kubectl -n kube-system get configmap coredns -o yaml >/run/coredns-before.yaml
        sed 's/kubernetes cluster.local/kubernets cluster.local/' /run/coredns-before.yaml | kubectl replace -f -
        kubectl -n kube-system delete pod -l k8s-app=kube-dns
    """,
    undo="kubectl replace --force -f /run/coredns-before.yaml; kubectl -n kube-system delete pod -l k8s-app=kube-dns",
    settle=60,
)
node(
    "node-overloaded-probes",
    "Deployment/shop/hog",
    "The processes of Deployment shop/hog take all CPU of node-a; the probes of many other pods time out after 1 s, though nothing is wrong with them.",
    make="".join(
        run("Deployment", n, APP, SERVES, 3, container='"resources": {"requests": {"cpu": "2m"}}, ' + PROBED) for n in ("a1", "b1", "c1")
    )
    + "kubectl -n shop rollout status deployment/c1 --timeout=60s\n"
    + run(
        "Deployment",
        "hog",
        "docker.io/library/busybox:1.35",
        '["sh", "-c", "for i in $(seq 60); do while :; do :; done & done; wait"]'.replace("$", "\\$"),
        container='"resources": {"requests": {"cpu": "1"}}, ',
    )
    + said
    + "sleep 45; for c in uptime 'cat /proc/loadavg' 'top -b -n 1'; do say $c | head -40; done >$KEEP/load.txt",
    undo=GONE,
    settle=5,
)
node(
    "multi-attach",
    "Node/node-b",
    "Volume shop-data (ReadWriteOnce) is still attached to node-b, which no longer answers; the new pod on node-a waits: Multi-Attach error.",
    make="""
        kubectl apply -f - <<END
{"apiVersion": "v1", "kind": "List", "items": [
 {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-b", "labels": {"kubernetes.io/hostname": "node-b", "kubernetes.io/os": "linux"}}},
 {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "disk.csi.lab.example"}, "spec": {"attachRequired": true}},
 {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "shop-data"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
  "csi": {"driver": "disk.csi.lab.example", "volumeHandle": "vol-1", "fsType": "ext4"}}},
 {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
  "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "volumeName": "shop-data", "resources": {"requests": {"storage": "1Gi"}}}},
 {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db-old", "namespace": "shop", "labels": {"app": "db", "lab": "extra"}}, "spec": {"nodeName": "node-b",
  "containers": [{"name": "db", "image": "registry.lab.example/shop/app:1.4.2", "command": ["/bin/labapp", "serve", "8080"], "volumeMounts": [{"name": "d", "mountPath": "/data"}]}],
  "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}}]}
END
        sleep 5
        id=kubernetes.io/csi/disk.csi.lab.example^vol-1
        kubectl patch node node-b --subresource=status --type=merge -p '{"status":{"volumesInUse":["'$id'"],"volumesAttached":[{"name":"'$id'","devicePath":""}],
          "conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"kubelet is posting ready status","lastHeartbeatTime":"'$(date -u +%FT%TZ)'","lastTransitionTime":"'$(date -u +%FT%TZ)'"}]}}'
        kubectl patch pod -n shop db-old --subresource=status --type=merge -p '{"status":{"phase":"Running"}}'
        name=csi-$(printf 'vol-1disk.csi.lab.examplenode-b' | sha256sum | cut -d' ' -f1)
        echo '{"apiVersion":"storage.k8s.io/v1","kind":"VolumeAttachment","metadata":{"name":"'$name'"},"spec":{"attacher":"disk.csi.lab.example","nodeName":"node-b","source":{"persistentVolumeName":"shop-data"}}}' | kubectl apply -f -
        kubectl patch volumeattachment $name --subresource=status --type=merge -p '{"status":{"attached":true}}'
        restart kube-controller-manager; sleep 15
    """
    + run(
        "Deployment",
        "db",
        APP,
        SERVES,
        spec='"nodeSelector": {"disktype": "ssd"}, "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}], ',
        container='"volumeMounts": [{"name": "d", "mountPath": "/data"}], ',
    ),
    undo=GONE
    + """
        kubectl -n shop delete pod db-old --force --grace-period=0 || true
        kubectl delete volumeattachment --all --wait=false; kubectl -n shop delete pvc data --wait=false; kubectl delete pv shop-data --wait=false
        kubectl delete node node-b; kubectl delete csidriver disk.csi.lab.example""",
    settle=75,
)
node(
    "apiserver-overload",
    "Process/node-a/kube-apiserver",
    "The API server runs with --max-requests-inflight=1 and --max-mutating-requests-inflight=1, too few for its clients: it answers 429.",
    make="""
        stop kube-apiserver
        flags kube-apiserver
        setsid kube-apiserver "${args[@]}" --max-requests-inflight=1 --max-mutating-requests-inflight=1 </dev/null >>$LOGS/kube-apiserver.log 2>&1 &
        echo $! >/run/kube-apiserver.pid
        await 60 kubectl get --raw /readyz
        for i in $(seq 40); do (for j in $(seq 25); do
          curl -sk --cert $P/kube-proxy.crt --key $P/kube-proxy.key https://127.0.0.1:6443/api/v1/services -o /dev/null -w '%{http_code} %{time_total}\\n'; done) & callers+=($!); done >$KEEP/curl-status.txt
        wait "${callers[@]}"
        kubectl get --raw /metrics | grep -E '^apiserver_flowcontrol_(rejected|current_inqueue|nominal)' >$KEEP/metrics.txt || true
    """,
    undo="restart kube-apiserver; await 60 kubectl get --raw /readyz",
    settle=5,
)
# ---- faults of one namespace each
spec = {"volumes": [{"name": "s", "emptyDir": {"sizeLimit": "10Mi"}}]}
mounts = {"volumeMounts": [{"name": "s", "mountPath": "/spool"}]}
workload(
    "evicted-emptydir-limit",
    "dumps",
    "Deployment/dumps/dumper",
    "The program writes 60 MiB into an emptyDir whose sizeLimit is 10Mi; the kubelet evicts the pod.",
    deployment("dumps", "dumper", ["fill", "/spool/dump", "60"], spec=spec, container=mounts),
    settle=100,
)
workload(
    "preempted",
    "batch-low",
    "Deployment/batch-low/vip",
    "Deployment vip (priority 1000, 14Gi) pre-empted the pod of Deployment batch (priority 0, 12Gi); there is no room for both.",
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "vip"}, "value": 1000},
    deployment("batch-low", "batch", ["serve", "8080"], container={"resources": {"requests": {"memory": "12Gi"}}}),
    make="""
        kubectl -n batch-low create deployment vip --image=registry.lab.example/shop/app:1.4.2 --dry-run=client -o json -- /bin/labapp serve 8080 | \\
          python3 -c 'import json,sys
d=json.load(sys.stdin); s=d["spec"]["template"]["spec"]; s["priorityClassName"]="vip"; s["containers"][0]["resources"]={"requests":{"memory":"14Gi"}}
print(json.dumps(d))' | kubectl apply -f -
    """,
    settle=40,
)
FAULTS[-1].undo = "kubectl delete priorityclass vip --ignore-not-found"
