"""Faults of Services, routes and policies. TWINS: how a fault is put right in place."""

from catalogue import FAULTS, client, deployment, healthy, probe, service, workload

TOOL = "registry.lab.example/shop/tool:2.0.1"


def tool(namespace, name, args, replicas=1, spec=None, env=None, **container):
    if env:
        container["env"] = [{"name": k, "value": v} for k, v in env.items()]
    return deployment(namespace, name, args, replicas, image=TOOL, spec=spec, container=container, command=["/bin/shoptool"])


def typed_service(namespace, name, selector, **spec):
    meta = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta,
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]} | spec,
    }


def calls(namespace, name, url, per_second=1):
    return tool(namespace, name, ["load", url, str(per_second)])


def api(namespace, name, replicas=1, **env):
    return [tool(namespace, name, ["api"], replicas, env={"NAME": name} | env), service(namespace, name, {"app": name})]


# ---- environment that leads to the wrong place
workload(
    "wrong-env-host",
    "bookshop",
    "Deployment/bookshop/orders",
    "UPSTREAM of Deployment orders names http://inventry, which does not exist; the Service is called inventory.",
    *api("bookshop", "inventory"),
    *api("bookshop", "orders", UPSTREAM="http://inventry"),
    *api("bookshop", "cart", UPSTREAM="http://inventory"),
    calls("bookshop", "web", "http://orders/list"),
    calls("bookshop", "mobile", "http://cart/list"),
    settle=45,
)
workload(
    "wrong-env-port",
    "grocery",
    "Deployment/grocery/orders",
    "UPSTREAM of Deployment orders names port 8080 of Service inventory, which offers port 80 only: the calls time out or are refused.",
    *api("grocery", "inventory"),
    *api("grocery", "orders", UPSTREAM="http://inventory:8081"),
    *api("grocery", "cart", UPSTREAM="http://inventory"),
    calls("grocery", "web", "http://orders/list"),
    calls("grocery", "mobile", "http://cart/list"),
    settle=45,
)
workload(
    "env-wrong-namespace",
    "florist",
    "Deployment/florist/orders",
    "UPSTREAM of Deployment orders names http://web.homepage-eu.svc.cluster.local; there is no namespace homepage-eu. Service web lies in florist.",
    *api("florist", "inventory"),
    *api("florist", "orders", UPSTREAM="http://inventory.florist-eu.svc.cluster.local"),
    calls("florist", "web", "http://orders/list"),
    settle=45,
)
workload(
    "wrong-env-from-configmap",
    "butcher",
    "ConfigMap/butcher/endpoints",
    "Key UPSTREAM of ConfigMap endpoints, which Deployments orders and cart take into their environment, names http://stock, which does not exist.",
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "endpoints", "namespace": "butcher"},
        "data": {"UPSTREAM": "http://stock", "LEVEL": "info"},
    },
    *api("butcher", "inventory"),
    *(
        o
        for name in ("orders", "cart")
        for o in (
            tool("butcher", name, ["api"], env={"NAME": name}, envFrom=[{"configMapRef": {"name": "endpoints"}}]),
            service("butcher", name, {"app": name}),
        )
    ),
    calls("butcher", "web", "http://orders/list"),
    calls("butcher", "mobile", "http://cart/list"),
    settle=45,
)
# ---- Services
workload(
    "service-named-targetport-missing",
    "weather",
    "Service/weather/forecast",
    "The Service sends to targetPort http, but the container names its port web: the endpoints have no port.",
    deployment("weather", "forecast", ["serve", "8080"], 2, container={"ports": [{"name": "web", "containerPort": 8080}]}),
    service("weather", "forecast", {"app": "forecast"}, 80, "http"),
    client("weather", "forecast"),
    settle=35,
)
workload(
    "service-listens-on-loopback",
    "maps",
    "Deployment/maps/tiles",
    "The program listens on 127.0.0.1:8080 only, so connections to the pod's address are refused.",
    tool("maps", "tiles", ["listen", "127.0.0.1:8080"], 2, ports=[{"containerPort": 8080}]),
    service("maps", "tiles", {"app": "tiles"}),
    client("maps", "tiles"),
    make="""
        pid=$(pgrep -f 'shoptool listen 127.0.0.1:8080' | head -1)
        (echo '$ ss -tlnp'; nsenter -t $pid -n ss -tln) >$KEEP/ss-tiles.txt
    """,
    settle=30,
)
workload(
    "service-udp-vs-tcp",
    "syslog",
    "Service/syslog/collector",
    "The collector listens on UDP 5140, the Service offers 5140 as TCP (the default protocol), so datagrams are not forwarded.",
    tool("syslog", "collector", ["udp", "5140"], ports=[{"containerPort": 5140, "protocol": "UDP"}]),
    service("syslog", "collector", {"app": "collector"}, 5140, 5140),
    tool("syslog", "agent", ["udpcall", "collector:5140"]),
    settle=40,
)
workload(
    "headless-no-balancing",
    "quotes",
    "Service/quotes/quotes",
    "Service quotes is headless: no load is balanced; each client picks one pod address itself. Nothing fails.",
    tool("quotes", "quotes", ["grpc", "8080"], 3),
    typed_service("quotes", "quotes", {"app": "quotes"}, clusterIP="None", ports=[{"port": 8080}]),
    tool("quotes", "client", ["grpccall", "quotes:8080"]),
    settle=40,
)
workload(
    "lb-pending",
    "storefront-lb",
    "Service/storefront-lb/web",
    "No cloud controller serves Services of type LoadBalancer in this cluster: the external address stays pending.",
    deployment("storefront-lb", "web", ["serve", "8080"], 2),
    typed_service("storefront-lb", "web", {"app": "web"}, type="LoadBalancer"),
    settle=200,
)
workload(
    "etp-local-no-endpoint",
    "gateway-local",
    "Service/gateway-local/gate",
    "externalTrafficPolicy is Local and the only endpoint lies on another node (node-b): what reaches node-a's nodePort is dropped.",
    *healthy("gateway-local", "web"),
    typed_service(
        "gateway-local",
        "gate",
        None,
        type="NodePort",
        externalTrafficPolicy="Local",
        ports=[{"name": "http", "port": 80, "nodePort": 31080}],
    ),
    make="""
        ip=$(kubectl -n gateway-local get pod -l app=web -o jsonpath='{.items[0].status.podIP}')
        kubectl apply -f - <<END
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
 "metadata": {"name": "gate-1", "namespace": "gateway-local", "labels": {"kubernetes.io/service-name": "gate"}},
 "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
 "endpoints": [{"addresses": ["$ip"], "conditions": {"ready": true}, "nodeName": "node-b"}]}
END
        sleep 10
        ip netns add outside; ip link set uplink netns outside
        far() { ip netns exec outside "$@"; }
        far ip addr add 10.55.0.1/24 dev uplink; far ip link set uplink up
        (echo '$ curl -sS -m 5 http://10.55.0.10:31080/'; far curl -sS -m 5 http://10.55.0.10:31080/ 2>&1 || true) >$KEEP/curl.txt
        far ip addr flush dev uplink; far ip link set uplink netns 1; ip netns del outside; ip link set uplink up
        iptables-save >$KEEP/iptables-save.txt
    """,
    settle=2,
)
workload(
    "cluster-ip-without-kube-dns-name",
    "aliases",
    "Service/aliases/database",
    "ExternalName database leads to db.corp.example, which does not resolve.",
    typed_service("aliases", "database", None, type="ExternalName", externalName="db.corp.example", ports=None),
    calls("aliases", "orders", "http://database/"),
    settle=35,
)


# ---- Ingress: objects alone, there is no controller in the lab
def ingress(namespace, name, backend="web", port=80, cls="nginx", tls=None, path="/"):
    http = {"paths": [{"path": path, "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": port}}}}]}
    spec = {"rules": [{"host": f"{name}.shop.example", "http": http}]}
    if cls:
        spec["ingressClassName"] = cls
    if tls:
        spec["tls"] = [{"hosts": [f"{name}.shop.example"], "secretName": tls}]
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": spec}


# Shared by these faults, so not taken back with one of them.
NGINX = """
        kubectl apply -f - <<END
{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}
END
"""
OPAQUE = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "shop-tls", "namespace": "ing-tls-type"},
    "stringData": {"cert": "example"},
}
for fault, space, truth, cause, objects in (
    ("ingress-missing-service", "ing-service", "Ingress/ing-service/shop",
     "The Ingress sends to Service webshop, which does not exist; the Service is called web.",
     [ingress("ing-service", "shop", backend="webshop")]),
    ("ingress-wrong-port", "ing-port", "Ingress/ing-port/shop",
     "The Ingress sends to port 8080 of Service web, which has port 80 only.", [ingress("ing-port", "shop", port=8080)]),
    ("ingress-class-missing", "ing-class", "Ingress/ing-class/shop",
     "ingressClassName nginx-internal does not exist; the only IngressClass is nginx.",
     [ingress("ing-class", "shop", cls="nginx-internal")]),
    ("ingress-tls-secret-missing", "ing-tls", "Ingress/ing-tls/shop",
     "Secret shop-tls, which the Ingress names for TLS, does not exist.", [ingress("ing-tls", "shop", tls="shop-tls")]),
    ("ingress-tls-wrong-type", "ing-tls-type", "Secret/ing-tls-type/shop-tls",
     "Secret shop-tls is Opaque and has no tls.crt and tls.key.", [ingress("ing-tls-type", "shop", tls="shop-tls"), OPAQUE]),
    ("ingress-backend-without-endpoints", "ing-empty", "Service/ing-empty/empty",
     "Service empty, to which the Ingress sends, selects no pod.",
     [ingress("ing-empty", "shop", backend="empty"), service("ing-empty", "empty", {"app": "wbe"})]),
    ("ingress-healthy", "ing-ok", None, "nothing is wrong", [ingress("ing-ok", "shop")]),
):  # fmt: skip
    workload(fault, space, truth, cause, *healthy(space, "web", 2), *objects, make=NGINX, settle=25)

# ---- gateways and call graphs
workload(
    "gateway-routes-wrong",
    "mall",
    "Deployment/mall/gateway",
    "ROUTES of Deployment gateway sends /orders to Service cart, which answers 404; it belongs to Service orders.",
    *api("mall", "orders", PATHS="/orders"),
    *api("mall", "cart", PATHS="/cart"),
    tool("mall", "gateway", ["gateway"], env={"ROUTES": "/orders=http://cart,/cart=http://cart"}),
    service("mall", "gateway", {"app": "gateway"}),
    calls("mall", "web", "http://gateway/orders/17"),
    calls("mall", "mobile", "http://gateway/cart/17"),
    settle=45,
)
workload(
    "callers-of-one-failing-callee",
    "bazaar",
    "Deployment/bazaar/inventory",
    "Deployment inventory answers 500 (FAIL_REASON: stock database is locked); its ten callers fail only because of that.",
    *api("bazaar", "inventory", 2, FAIL_WITH="500", FAIL_REASON="stock database is locked"),
    *(
        o
        for i in range(1, 11)
        for o in (
            tool("bazaar", f"shop-{i:02}", ["api"], env={"NAME": f"shop-{i:02}", "UPSTREAM": "http://inventory"}),
            service("bazaar", f"shop-{i:02}", {"app": f"shop-{i:02}"}),
        )
    ),
    *(calls("bazaar", f"caller-{i:02}", f"http://shop-{i:02}/list") for i in (1, 2, 3)),
    settle=45,
)
workload(
    "dependency-5xx-chain",
    "airline",
    "Deployment/airline/seats",
    "Deployment seats answers 503; booking and, above it, site answer 502 only because of that.",
    *api("airline", "seats", FAIL_WITH="503", FAIL_REASON="seat map is being rebuilt"),
    *api("airline", "booking", UPSTREAM="http://seats"),
    *api("airline", "site", UPSTREAM="http://booking"),
    calls("airline", "traveller", "http://site/flights"),
    settle=45,
)
workload(
    "dependency-slow-chain",
    "railway",
    "Deployment/railway/timetable",
    "Deployment timetable takes 8 s for each answer; journey's calls to it time out after 3 s, and site answers 502 because of that.",
    *api("railway", "timetable", DELAY="8s"),
    *api("railway", "journey", UPSTREAM="http://timetable"),
    *api("railway", "site", UPSTREAM="http://journey"),
    calls("railway", "traveller", "http://site/trips"),
    settle=45,
)
workload(
    "grpc-unavailable",
    "auction",
    "Deployment/auction/bids",
    "Deployment bids is scaled to 0, so the gRPC calls of web to Service bids end with UNAVAILABLE.",
    tool("auction", "bids", ["grpc", "8080"]),
    service("auction", "bids", {"app": "bids"}),
    tool("auction", "web", ["grpccall", "bids:80"]),
    make="kubectl -n auction scale deployment bids --replicas=0",
    settle=40,
)
workload(
    "grpc-deadline",
    "lottery",
    "Deployment/lottery/draws",
    "Deployment draws takes 10 s for each answer (DELAY), so the gRPC calls of web end with DEADLINE_EXCEEDED after 2 s.",
    tool("lottery", "draws", ["grpc", "8080"], env={"DELAY": "10s"}),
    service("lottery", "draws", {"app": "draws"}),
    tool("lottery", "web", ["grpccall", "draws:80"]),
    settle=40,
)
workload(
    "cascade",
    "tickets-live",
    "Deployment/tickets-live/seller",
    "Each replica of seller can hold 10 requests; when one of three was gone, the load of 48 requests a second brought down the others, "
    "one after another. There are too few replicas and no autoscaler.",
    tool("tickets-live", "seller", ["limited", "10"], 3, readinessProbe=probe("/healthz")),
    service("tickets-live", "seller", {"app": "seller"}),
    calls("tickets-live", "fans", "http://seller/buy", 48),
    make="kubectl -n tickets-live delete --wait=false $(kubectl -n tickets-live get pod -l app=seller -o name | head -1)",
    settle=75,
)

# ---- policies. The lab's network enforces none: what an enforcing one drops is dropped in the pod's network namespace by hand.
AGENT = """
        kubectl apply -f - <<END
{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "calico-node", "namespace": "kube-system", "labels": {"k8s-app": "calico-node"}},
 "spec": {"selector": {"matchLabels": {"k8s-app": "calico-node"}}, "template": {"metadata": {"labels": {"k8s-app": "calico-node"}},
  "spec": {"hostNetwork": true, "tolerations": [{"operator": "Exists"}],
   "containers": [{"name": "calico-node", "image": "registry.lab.example/shop/app:1.4.2", "command": ["/bin/labapp", "pause"]}]}}}}
END
        netns() { pid=$(grep -l $(kubectl -n $1 get pod -l app=$2 -o jsonpath='{.items[0].metadata.uid}') /proc/[0-9]*/cgroup | head -1 | cut -d/ -f3); }
"""


def policy(namespace, name, selector, **spec):
    meta = {"name": name, "namespace": namespace}
    spec = {"podSelector": {"matchLabels": selector} if selector else {}} | spec
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def namespace_of(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def enforced(name, namespace, truth, cause, *objects, drop, backend=None):
    """A fault whose policy is enforced: the agent runs, and iptables drops what it would."""
    workload(name, namespace, truth, cause, *objects, make=AGENT + drop, settle=50)
    FAULTS[-1].namespaces += [*([backend] if backend else []), "kube-system"]


enforced(
    "np-default-deny-ingress",
    "np-deny",
    "NetworkPolicy/np-deny/default-deny",
    "NetworkPolicy default-deny allows no ingress to any pod of the namespace and no other policy does: frontend's calls to web time out.",
    *healthy("np-deny", "web"),
    policy("np-deny", "default-deny", None, policyTypes=["Ingress"]),
    client("np-deny", "web"),
    drop="netns np-deny web; nsenter -t $pid -n iptables -A INPUT -p tcp --dport 8080 -j DROP",
)
enforced(
    "np-egress-without-dns",
    "np-dns",
    "NetworkPolicy/np-dns/frontend-egress",
    "NetworkPolicy frontend-egress allows frontend only TCP 8080 to web; DNS (UDP and TCP 53) was forgotten, so no name resolves.",
    *healthy("np-dns", "web"),
    policy(
        "np-dns",
        "frontend-egress",
        {"app": "frontend"},
        policyTypes=["Egress"],
        egress=[{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"protocol": "TCP", "port": 8080}]}],
    ),
    client("np-dns", "web"),
    drop="""netns np-dns frontend
        for p in udp tcp; do nsenter -t $pid -n iptables -A OUTPUT -p $p --dport 53 -j DROP; done""",
)
enforced(
    "np-wrong-namespace-label",
    "np-shopfront",
    "NetworkPolicy/np-backend/allow-frontend",
    "NetworkPolicy allow-frontend admits namespaces labelled team=frontend; namespace np-shopfront, where the caller runs, has no such label.",
    namespace_of("np-backend", team="backend"),
    *healthy("np-backend", "web"),
    policy(
        "np-backend",
        "allow-frontend",
        {"app": "web"},
        policyTypes=["Ingress"],
        ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "frontend"}}}]}],
    ),
    client("np-shopfront", "web.np-backend"),
    drop="netns np-backend web; nsenter -t $pid -n iptables -A INPUT -p tcp --dport 8080 -j DROP",
    backend="np-backend",
)
enforced(
    "np-wrong-port",
    "np-port",
    "NetworkPolicy/np-port/allow-frontend",
    "NetworkPolicy allow-frontend admits frontend on port 80, but policies speak of the pod's port, which is 8080.",
    *healthy("np-port", "web"),
    policy(
        "np-port",
        "allow-frontend",
        {"app": "web"},
        policyTypes=["Ingress"],
        ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "frontend"}}}], "ports": [{"protocol": "TCP", "port": 80}]}],
    ),
    client("np-port", "web"),
    drop="netns np-port web; nsenter -t $pid -n iptables -A INPUT -p tcp --dport 8080 -j DROP",
)
enforced(
    "np-allowed",
    "np-allowed",
    None,
    "nothing is wrong: the policies allow what frontend calls, DNS included",
    *healthy("np-allowed", "web"),
    policy("np-allowed", "default-deny", None, policyTypes=["Ingress", "Egress"]),
    policy("np-allowed", "web", {"app": "web"}, ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "frontend"}}}]}]),
    policy(
        "np-allowed",
        "frontend",
        {"app": "frontend"},
        policyTypes=["Egress"],
        egress=[
            {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"protocol": "TCP", "port": 8080}]},
            {"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
        ],
    ),
    client("np-allowed", "web"),
    drop=":",
)
workload(
    "np-not-enforced",
    "np-open",
    None,
    "nothing fails: NetworkPolicy default-deny would forbid frontend's calls, but no agent of this cluster enforces policies",
    *healthy("np-open", "web"),
    policy("np-open", "default-deny", None, policyTypes=["Ingress"]),
    client("np-open", "web"),
    settle=35,
)
TWINS = {
    "wrong-env-host": "kubectl -n bookshop set env deployment/orders UPSTREAM=http://inventory; sleep 30",
    "wrong-env-port": "kubectl -n grocery set env deployment/orders UPSTREAM=http://inventory; sleep 30",
    "service-named-targetport-missing": """
        kubectl -n weather patch service forecast -p '{"spec":{"ports":[{"port":80,"targetPort":"web"}]}}'; sleep 20""",
    "service-listens-on-loopback": """
        kubectl -n maps patch deployment tiles --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/args/1","value":":8080"}]'
        sleep 30""",
    "gateway-routes-wrong": "kubectl -n mall set env deployment/gateway ROUTES=/orders=http://orders,/cart=http://cart; sleep 30",
    "callers-of-one-failing-callee": "kubectl -n bazaar set env deployment/inventory FAIL_WITH- ; sleep 30",
    "dependency-5xx-chain": "kubectl -n airline set env deployment/seats FAIL_WITH-; sleep 30",
    "grpc-unavailable": "kubectl -n auction scale deployment bids --replicas=1; sleep 30",
    "cascade": """
        kubectl -n tickets-live scale deployment fans --replicas=0; kubectl -n tickets-live scale deployment seller --replicas=8
        kubectl -n tickets-live delete pod -l app=seller; kubectl -n tickets-live rollout status deployment/seller --timeout=90s
        kubectl -n tickets-live scale deployment fans --replicas=1; sleep 30""",
    "np-default-deny-ingress": """
        pid=$(grep -l $(kubectl -n np-deny get pod -l app=web -o jsonpath='{.items[0].metadata.uid}') /proc/[0-9]*/cgroup | head -1 | cut -d/ -f3)
        nsenter -t $pid -n iptables -F INPUT; kubectl -n np-deny delete networkpolicy default-deny; sleep 15""",
}
