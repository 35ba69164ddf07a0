"""Faults of autoscaling in a cluster that serves metrics.k8s.io: shoptool answers for it. TWINS: how a fault is put right in place."""

from catalogue import FAULTS, deployment, service, workload

TOOL = "registry.lab.example/shop/tool:2.0.1"
# Every container uses $MILLICORES of CPU. Shared by these faults, so not taken back with one of them.
METRICS = """
        kubectl apply -f - <<END
{"apiVersion": "v1", "kind": "List", "items": [
 {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "metrics-server", "namespace": "kube-system"}},
 {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "metrics-server"},
  "rules": [{"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list"]}]},
 {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "metrics-server"},
  "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "metrics-server"},
  "subjects": [{"kind": "ServiceAccount", "name": "metrics-server", "namespace": "kube-system"}]},
 {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "metrics-server", "namespace": "kube-system"},
  "spec": {"selector": {"matchLabels": {"k8s-app": "metrics-server"}}, "template": {"metadata": {"labels": {"k8s-app": "metrics-server"}},
   "spec": {"serviceAccountName": "metrics-server", "containers": [{"name": "metrics-server", "image": "registry.lab.example/shop/tool:2.0.1",
    "command": ["/bin/shoptool", "metrics"], "env": [{"name": "MILLICORES", "value": "90"}]}]}}}},
 {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "metrics-server", "namespace": "kube-system"},
  "spec": {"selector": {"k8s-app": "metrics-server"}, "ports": [{"port": 443, "targetPort": 8443}]}},
 {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
  "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": true,
   "service": {"name": "metrics-server", "namespace": "kube-system"}}}]}
END
        kubectl -n kube-system rollout status deployment/metrics-server --timeout=60s
        await 60 kubectl top nodes
"""


def scaled(namespace, name, cpu="100m"):
    requests = {"cpu": cpu, "memory": "8Mi"} if cpu else {"memory": "8Mi"}
    return deployment(namespace, name, ["serve", "8080"], container={"resources": {"requests": requests}})


def autoscaler(namespace, name, target, low, high):
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}, "minReplicas": low, "maxReplicas": high}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec | {"metrics": [{"type": "Resource", "resource": resource}]},
    }


def with_metrics(name, namespace, truth, cause, *objects, make=""):
    workload(name, namespace, truth, cause, *objects, make=METRICS + make, settle=75)


with_metrics(
    "hpa-at-max",
    "winter-sale",
    "HorizontalPodAutoscaler/winter-sale/web",
    "The autoscaler wants more replicas (90m of 100m used, 60 % wanted), but minReplicas and maxReplicas are both 2.",
    scaled("winter-sale", "web"),
    service("winter-sale", "web", {"app": "web"}),
    autoscaler("winter-sale", "web", "web", 2, 2),
)
with_metrics(
    "hpa-limited-by-max",
    "summer-sale",
    "HorizontalPodAutoscaler/summer-sale/web",
    "The autoscaler wants more replicas than maxReplicas 3 allows: ScalingLimited, TooManyReplicas.",
    scaled("summer-sale", "web"),
    autoscaler("summer-sale", "web", "web", 1, 3),
)
with_metrics(
    "hpa-no-requests",
    "spring-sale",
    "Deployment/spring-sale/web",
    "The container of Deployment web requests no CPU, so its utilization cannot be computed: missing request for cpu.",
    scaled("spring-sale", "web", cpu=None),
    autoscaler("spring-sale", "web", "web", 1, 5),
)
twice = [scaled("autumn-sale", n) for n in ("offers", "offers-canary")]
for d in twice:
    d["spec"]["selector"] = {"matchLabels": {"app": "offers"}}
    d["spec"]["template"]["metadata"]["labels"] = {"app": "offers"}
with_metrics(
    "hpa-ambiguous-selector",
    "autumn-sale",
    "Deployment/autumn-sale/offers-canary",
    "Deployments offers and offers-canary have the same selector app=offers, so the pods belong to two autoscalers and neither scales.",
    *twice,
    autoscaler("autumn-sale", "offers", "offers", 1, 5),
    autoscaler("autumn-sale", "offers-canary", "offers-canary", 1, 5),
)
with_metrics(
    "hpa-target-missing",
    "coupons",
    "HorizontalPodAutoscaler/coupons/coupons",
    "The autoscaler scales Deployment coupon-api, which does not exist; the Deployment is called coupons-api.",
    scaled("coupons", "coupons-api"),
    autoscaler("coupons", "coupons", "coupon-api", 1, 5),
)
with_metrics(
    "hpa-healthy", "all-year", None, "nothing is wrong", scaled("all-year", "web", "200m"), autoscaler("all-year", "web", "web", 1, 5)
)
crowded = scaled("rush-hour", "till")
crowded["spec"]["template"]["spec"]["containers"][0] |= {"image": TOOL, "command": ["/bin/shoptool"], "args": ["limited", "10"]}
crowd = deployment("rush-hour", "customers", ["load", "http://till/buy", "48"], image=TOOL, command=["/bin/shoptool"])
with_metrics(
    "hpa-pods-unready",
    "rush-hour",
    "Deployment/rush-hour/till",
    "The replica of till, which can hold 10 requests, ends under 48 requests a second (request queue overflow). The autoscaler gets no metrics of pods that are not ready (did not receive metrics for targeted pods): an effect.",
    crowded,
    service("rush-hour", "till", {"app": "till"}),
    autoscaler("rush-hour", "till", "till", 1, 2),
    crowd,
)
with_metrics(
    "metrics-server-down",
    "flash-sale",
    "Deployment/kube-system/metrics-server",
    "Deployment kube-system/metrics-server is scaled to 0: APIService v1beta1.metrics.k8s.io has no endpoints, the autoscaler gets no metrics and "
    "namespace doomed cannot be deleted (NamespaceDeletionDiscoveryFailure).",
    scaled("flash-sale", "web"),
    autoscaler("flash-sale", "web", "web", 1, 5),
    make="""
        kubectl create namespace doomed; sleep 2
        kubectl -n kube-system scale deployment metrics-server --replicas=0; sleep 20
        kubectl delete namespace doomed --wait=false
        for c in 'kubectl top pods -n flash-sale' 'kubectl api-resources --api-group=metrics.k8s.io' 'kubectl get namespace doomed'; do echo "$ $c"; $c 2>&1 || true; done >$KEEP/kubectl.txt
    """,
)
FAULTS[-1].namespaces += ["kube-system", "doomed"]
TWINS = {
    "hpa-at-max": """kubectl -n winter-sale patch hpa web -p '{"spec":{"maxReplicas":6}}'; sleep 60""",
    "hpa-no-requests": "kubectl -n spring-sale set resources deployment web --requests=cpu=200m; sleep 60",
    "metrics-server-down": "kubectl -n kube-system scale deployment metrics-server --replicas=1; sleep 75",
}
