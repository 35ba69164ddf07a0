"""Faults of containers and of the configuration they read. TWINS: how a fault is put right in place."""

import shlex

from catalogue import FAULTS, client, deployment, healthy, probe, service, workload

TOOL = "registry.lab.example/shop/tool:2.0.1"
BUSYBOX = "docker.io/library/busybox:1.35"


def tool(namespace, name, args, replicas=1, spec=None, container=None):
    """A deployment of shoptool, whose programs can be set up wrongly."""
    return deployment(namespace, name, args, replicas, image=TOOL, spec=spec, container=container, command=["/bin/shoptool"])


def config_map(namespace, name, **files):
    data = {key.replace("__", "."): text for key, text in files.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def mounted(kind, name, path, volume="conf"):
    """Pod spec and container spec that mount a ConfigMap or another volume."""
    return {"volumes": [{"name": volume, **kind}]}, {"volumeMounts": [{"name": volume, "mountPath": path}]}


def reads_config(namespace, name, form, file, path="/etc/shop"):
    spec, container = mounted({"configMap": {"name": f"{name}-config"}}, name, path)
    return tool(namespace, name, ["config", form, f"{path}/{file}"], spec=spec, container=container)


YAML_WITH_TAB = """\
server:
  port: 8080
database:
  host: postgres
\tport: 5432
  name: catalog
"""
YAML_WRONG_INDENT = """\
server:
  port: 8080
   host: 0.0.0.0
database:
  name: catalog
"""
JSON_TRAILING_COMMA = """\
{
  "port": 8080,
  "features": {
    "search": true,
    "recommendations": false,
  }
}
"""
TEMPLATE_NOT_RENDERED = """\
server:
  port: {{ .Values.server.port }}
  host: 0.0.0.0
"""
GOOD_YAML = "server:\n  port: 8080\ndatabase:\n  host: postgres\n  port: 5432\n"


def replace_key(namespace, name, key, text):
    """bash: the ConfigMap's key gets this text, and the pods start anew."""
    return f"""
        kubectl -n {namespace} create configmap {name}-config --from-literal={key}='{text}' --dry-run=client -o yaml | kubectl replace -f -
        kubectl -n {namespace} rollout restart deployment/{name}; kubectl -n {namespace} rollout status deployment/{name} --timeout=60s
        sleep 5
    """


workload(
    "two-containers-same-port",
    "profile",
    "Deployment/profile/profile",
    "Containers profile and metrics of one pod both listen on port 8080; the second one ends with 'address already in use'.",
    deployment(
        "profile",
        "profile",
        ["serve", "8080"],
        spec={
            "containers": [
                {"name": n, "image": TOOL.replace("tool:2.0.1", "app:1.4.2"), "command": ["/bin/labapp"], "args": ["serve", "8080"]}
                for n in ("profile", "metrics")
            ]
        },
    ),
    service("profile", "profile", {"app": "profile"}),
)
workload(
    "config-yaml-tab",
    "catalog",
    "ConfigMap/catalog/catalog-config",
    "Line 5 of application.yaml in ConfigMap catalog-config is indented with a tab; the program cannot parse it.",
    config_map("catalog", "catalog-config", application__yaml=YAML_WITH_TAB),
    reads_config("catalog", "catalog", "yaml", "application.yaml"),
)
workload(
    "config-yaml-indent",
    "pricing",
    "ConfigMap/pricing/pricing-config",
    "Line 3 of application.yaml in ConfigMap pricing-config is indented one column too far.",
    config_map("pricing", "pricing-config", application__yaml=YAML_WRONG_INDENT),
    reads_config("pricing", "pricing", "yaml", "application.yaml"),
)
workload(
    "config-json-trailing-comma",
    "banners",
    "ConfigMap/banners/banners-config",
    "features.recommendations in settings.json of ConfigMap banners-config is followed by a trailing comma.",
    config_map("banners", "banners-config", settings__json=JSON_TRAILING_COMMA),
    reads_config("banners", "banners", "json", "settings.json"),
)
workload(
    "config-json-bom",
    "labels",
    "ConfigMap/labels/labels-config",
    "settings.json of ConfigMap labels-config begins with a byte order mark.",
    config_map("labels", "labels-config", settings__json="\ufeff" + '{\n  "port": 8080\n}\n'),
    reads_config("labels", "labels", "json", "settings.json"),
)
workload(
    "config-crlf",
    "tickets",
    "ConfigMap/tickets/tickets-config",
    "app.env of ConfigMap tickets-config has Windows line ends: PORT is '8080\\r'.",
    config_map("tickets", "tickets-config", app__env="NAME=tickets\r\nPORT=8080\r\nLEVEL=info\r\n"),
    reads_config("tickets", "tickets", "env", "app.env"),
)
workload(
    "config-template-not-rendered",
    "wishlist",
    "ConfigMap/wishlist/wishlist-config",
    "application.yaml of ConfigMap wishlist-config still holds the template text {{ .Values.server.port }}.",
    config_map("wishlist", "wishlist-config", application__yaml=TEMPLATE_NOT_RENDERED),
    reads_config("wishlist", "wishlist", "yaml", "application.yaml"),
)
spec, container = mounted({"hostPath": {"path": "/var/lib/archive-data", "type": "DirectoryOrCreate"}}, "archive", "/data", "data")
workload(
    "permission-denied-volume",
    "archive",
    "Deployment/archive/archive",
    "The program runs as user 1000, the hostPath directory belongs to root with mode 0755: it may not write there.",
    tool("archive", "archive", ["write", "/data/records"], spec=spec | {"securityContext": {"runAsUser": 1000}}, container=container),
)
FAULTS[-1].undo = "rm -rf /var/lib/archive-data"
spec, container = mounted({"emptyDir": {}}, "thumbs", "/cache", "cache")
workload(
    "permission-denied-other-volume-is-fine",
    "thumbs",
    "Deployment/thumbs/thumbs",
    "The program runs as user 1000 and writes to /var/lib/thumbs in the image, which belongs to root; the emptyDir is writable.",
    tool("thumbs", "thumbs", ["write", "/var/thumbs"], spec=spec | {"securityContext": {"runAsUser": 1000}}, container=container),
)
workload(
    "readonly-rootfs",
    "sessions",
    "Deployment/sessions/sessions",
    "readOnlyRootFilesystem is set, and the program writes to /tmp, where no volume is mounted.",
    tool("sessions", "sessions", ["write", "/tmp/sessions"], container={"securityContext": {"readOnlyRootFilesystem": True}}),
)
workload(
    "runas-nonroot",
    "avatars",
    "Deployment/avatars/avatars",
    "runAsNonRoot is set, and the image runs as root; no runAsUser is given.",
    deployment("avatars", "avatars", ["serve", "8080"], spec={"securityContext": {"runAsNonRoot": True}}),
)
HANGING = {"lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", "while true; do sleep 5; done"]}}}}
SLEEPER = {"name": "drainer", "image": BUSYBOX, "command": ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"]}
workload(
    "prestop-hang-terminating",
    "sockets",
    "Deployment/sockets/drainer",
    "The preStop hook never ends; the pod stays Terminating until its grace period of 600 s is over.",
    deployment("sockets", "drainer", [], spec={"terminationGracePeriodSeconds": 600, "containers": [SLEEPER | HANGING]}),
    make="kubectl -n sockets delete pod -l app=drainer --wait=false; sleep 45",
    settle=5,
)
workload(
    "ignores-term",
    "flush",
    "Deployment/flush/flush",
    "The program ignores SIGTERM; the pod stays Terminating until its grace period of 600 s is over.",
    deployment("flush", "flush", ["stubborn"], spec={"terminationGracePeriodSeconds": 600}),
    make="kubectl -n flush delete pod -l app=flush --wait=false; sleep 45",
    settle=5,
)
held = deployment("leases", "lease", ["serve", "8080"])
held["spec"]["template"]["metadata"]["finalizers"] = ["lab.example/release-address"]
workload(
    "pod-finalizer-stuck",
    "leases",
    "Pod/leases/lease",
    "The deleted pod carries finalizer lab.example/release-address, whose controller does not exist, so it stays Terminating.",
    held,
    make="kubectl -n leases delete pod -l app=lease --wait=false; sleep 30",
    settle=5,
)
workload(
    "cpu-throttled",
    "render",
    "Deployment/render/render",
    "The CPU limit of 20m is far below what an answer costs (50 ms of CPU), so the container is throttled and its probes time out.",
    tool(
        "render",
        "render",
        ["busy"],
        container={
            "env": [{"name": "WORK", "value": "50ms"}],
            "resources": {"requests": {"cpu": "5m"}, "limits": {"cpu": "20m"}},
            "livenessProbe": probe("/healthz", failureThreshold=3),
        },
    ),
    service("render", "render", {"app": "render"}),
    make="""
        sleep 40
        for d in $(find /sys/fs/cgroup/cpu/node-a -name cpu.stat -path '*burstable*/pod*/*/*'); do
          grep -q '^nr_throttled 0$' $d || { echo "$ cat $d"; cat $d; }
        done >$KEEP/cgroup-cpu.stat.txt
    """,
    settle=5,
)
for variant, space, truth, cause, named, created in (
    ("sts-headless-name-missing", "cluster-a", "StatefulSet/cluster-a/node",
     "serviceName is node-headless, the Service is called node: the names node-0.node.cluster-a.svc.cluster.local do not exist.",
     "node-headless", "node"),
    ("sts-headless-service-missing", "cluster-b", "StatefulSet/cluster-b/node",
     "serviceName is node, and no such Service exists: the names node-0.node.cluster-b.svc.cluster.local do not exist.", "node", None),
):  # fmt: skip
    members = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "node", "namespace": space},
        "spec": {"serviceName": named, "replicas": 2, "podManagementPolicy": "Parallel", "selector": {"matchLabels": {"app": "node"}}},
    }
    members["spec"]["template"] = deployment(space, "node", ["serve", "8080"])["spec"]["template"]
    address = {"clusterIP": "None", "selector": {"app": "node"}, "ports": [{"port": 8080}]}
    workload(
        variant,
        space,
        truth,
        cause,
        members,
        *([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": created, "namespace": space}, "spec": address}] if created else []),
        client(space, f"node-0.node.{space}.svc.cluster.local:8080"),
        settle=40,
    )
workload(
    "optional-secret",
    "newsletter",
    None,
    "nothing is wrong: the Secret that does not exist is optional",
    deployment(
        "newsletter",
        "newsletter",
        ["serve", "8080"],
        container={"envFrom": [{"secretRef": {"name": "newsletter-extra", "optional": True}}]},
    ),
    settle=25,
)
workload(
    "missing-secret-key",
    "payments",
    "Deployment/payments/payments",
    "The container takes PASSWORD from key password of Secret payments-db; the Secret has key db-password only.",
    {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "payments-db", "namespace": "payments"},
        "stringData": {"db-password": "example"},
    },
    deployment(
        "payments",
        "payments",
        ["serve", "8080"],
        container={"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "payments-db", "key": "password"}}}]},
    ),
    settle=40,
)
workload(
    "hostport-taken",
    "edge",
    "Deployment/edge/edge",
    "Two replicas want hostPort 18080 of the only node.",
    deployment("edge", "edge", ["serve", "8080"], 2, container={"ports": [{"containerPort": 8080, "hostPort": 18080}]}),
    settle=40,
)
workload(
    "liveness-timeout-slow-start",
    "ranking",
    "Deployment/ranking/ranking",
    "The program needs 40 s before it answers; the liveness probe gives up after about 9 s, so it never gets ready.",
    deployment(
        "ranking",
        "ranking",
        [],
        spec={
            "containers": [
                {
                    "name": "ranking",
                    "image": BUSYBOX,
                    "command": [
                        "sh",
                        "-c",
                        "echo loading model; sleep 40; echo model loaded in 40 s, listening on :8080; httpd -f -p 8080",
                    ],
                    "livenessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 3, "failureThreshold": 3},
                }
            ],
            "terminationGracePeriodSeconds": 1,
        },
    ),
    settle=80,
)
workload(
    "exit-137-by-liveness",
    "feedback",
    "Deployment/feedback/feedback",
    "The program stops answering /healthz 20 s after its start (worker pool exhausted); it ignores nothing, but is killed and restarted.",
    deployment(
        "feedback",
        "feedback",
        ["serve", "8080"],
        container={"env": [{"name": "HEALTH_OK_FOR", "value": "20"}], "livenessProbe": probe("/healthz")},
    ),
    settle=80,
)
workload(
    "files-limit",
    "segments",
    "Deployment/segments/segments",
    "The program opens more files than the limit of open files allows (ulimit -n 64 set by its own command).",
    deployment(
        "segments",
        "segments",
        [],
        spec={
            "containers": [
                {
                    "name": "segments",
                    "image": BUSYBOX,
                    "command": [
                        "sh", "-c",
                        "ulimit -n 32; i=3; while [ $i -lt 60 ]; do eval \"exec $i<>/dev/null\" || exit 1; i=$((i+1)); done; sleep 3600",
                    ],
                }
            ]
        },
    ),
    settle=40,
)  # fmt: skip
workload(
    "healthy-yaml-config",
    "catalog-ok",
    None,
    "nothing is wrong",
    config_map("catalog-ok", "catalog-config", application__yaml=GOOD_YAML),
    reads_config("catalog-ok", "catalog", "yaml", "application.yaml"),
    *healthy("catalog-ok", "web"),
    client("catalog-ok", "web"),
    settle=30,
)
# ---- how a container ends
ENDS = {
    "exit-127": ("127 (command not found): the script calls report-generator, which is not in the image", "report-generator --daily"),
    "exit-126": (
        "126 (not executable): /tmp/motd.txt is no program and has no right to be executed",
        "echo text >/tmp/motd.txt; /tmp/motd.txt",
    ),
    "exit-143": ("143: the script ends itself with SIGTERM", "trap - TERM; sh -c 'kill -TERM $PPID'; sleep 5"),
    "exit-137-not-oom": (
        "137: a sibling process kills the main process with SIGKILL; memory is not short",
        "sleep 5; sh -c 'kill -9 $PPID'; sleep 5",
    ),
    "exit-139": ("139: the main process ends with a segmentation fault (SIGSEGV)", "sleep 5; sh -c 'kill -SEGV $PPID'; sleep 5"),
}
for fault, (cause, script) in ENDS.items():
    # the shell under an init, for pid 1 of a container is spared the signals it does not handle
    command = ["sh", "-c", f"sh -c {shlex.quote(script)}; code=$?; echo main process ended with $code; exit $code"]
    workload(
        fault,
        fault,
        f"Deployment/{fault}/reporter",
        f"The container ends with exit code {cause}.",
        deployment(fault, "reporter", [], spec={"containers": [{"name": "reporter", "image": BUSYBOX, "command": command}]}),
        settle=60,
    )
# ---- probes
slow_answer = {"env": [{"name": "NAME", "value": "quotes"}, {"name": "DELAY", "value": "2s"}]}
workload(
    "probe-timeout-too-short",
    "probe-slow",
    "Deployment/probe-slow/quotes",
    "The readiness probe gives up after timeoutSeconds 1; its handler answers after 2 s (DELAY).",
    tool("probe-slow", "quotes", ["api"], container=slow_answer | {"readinessProbe": probe("/ready", timeoutSeconds=1)}),
    service("probe-slow", "quotes", {"app": "quotes"}),
    settle=50,
)
workload(
    "probe-tcp-on-udp-server",
    "probe-udp",
    "Deployment/probe-udp/collector",
    "The readiness probe opens a TCP connection to port 5140, on which the program listens for UDP only.",
    tool("probe-udp", "collector", ["udp", "5140"], container={"readinessProbe": {"tcpSocket": {"port": 5140}, "periodSeconds": 3}}),
    settle=50,
)
CURL = {"exec": {"command": ["curl", "-f", "http://localhost:8080/healthz"]}, "periodSeconds": 3, "failureThreshold": 2}
workload(
    "probe-exec-command-missing",
    "probe-exec",
    "Deployment/probe-exec/quotes",
    "The readiness probe runs curl, which is not in the image, so the pod never becomes ready.",
    deployment("probe-exec", "quotes", ["serve", "8080"], container={"readinessProbe": CURL}),
    settle=60,
)
workload(
    "probe-exec-liveness-command-missing",
    "probe-exec-live",
    None,
    "nothing fails: the liveness probe runs curl, which is not in the image; such a probe errs and decides nothing, and the container is not killed",
    deployment("probe-exec-live", "quotes", ["serve", "8080"], container={"livenessProbe": CURL}),
    settle=60,
)
workload(
    "probe-grpc-on-http-server",
    "probe-grpc",
    "Deployment/probe-grpc/quotes",
    "The readiness probe speaks gRPC to port 8080, where the program serves HTTP/1.",
    deployment("probe-grpc", "quotes", ["serve", "8080"], container={"readinessProbe": {"grpc": {"port": 8080}, "periodSeconds": 3}}),
    settle=50,
)
workload(
    "probe-https-on-http-server",
    "probe-tls",
    "Deployment/probe-tls/quotes",
    "The readiness probe speaks HTTPS to port 8080, where the program serves plain HTTP.",
    deployment(
        "probe-tls",
        "quotes",
        ["serve", "8080"],
        container={"readinessProbe": {"httpGet": {"path": "/", "port": 8080, "scheme": "HTTPS"}, "periodSeconds": 3}},
    ),
    settle=50,
)
workload(
    "probe-path-404",
    "probe-path",
    "Deployment/probe-path/quotes",
    "The readiness probe asks /health; the program answers 404 for all but /quotes and has /healthz.",
    tool("probe-path", "quotes", ["api"], container={"env": [{"name": "PATHS", "value": "/quotes"}], "readinessProbe": probe("/health")}),
    settle=50,
)
# ---- volumes and images
spec, container = mounted({"hostPath": {"path": "/srv/exports", "type": "Directory"}}, "exports", "/data", "data")
workload(
    "hostpath-missing",
    "exports-dir",
    "Deployment/exports-dir/exporter",
    "The pods mount hostPath /srv/exports of type Directory, which does not exist on the node.",
    deployment("exports-dir", "exporter", ["serve", "8080"], spec=spec, container=container),
    settle=45,
)


def key(namespace, name, kind, data):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": kind, "stringData": data}


AUTHS = '{"auths":{"%s":{"username":"robot","password":"example","auth":"cm9ib3Q6ZXhhbXBsZQ=="}}}'
for fault, truth, cause, kind, data in (
    ("pull-secret-wrong-type", "Secret/{}/registry-key", "Pull secret registry-key is Opaque and no docker configuration, so the kubelet does not use it: 401.",
     "Opaque", {"username": "robot", "password": "example"}),
    ("pull-secret-other-registry", "Secret/{}/registry-key", "Pull secret registry-key holds credentials for registry.other.example, not for registry.lab.example: 401.",
     "kubernetes.io/dockerconfigjson", {".dockerconfigjson": AUTHS % "registry.other.example"}),
):  # fmt: skip
    workload(
        fault,
        fault,
        truth.format(fault),
        cause,
        key(fault, "registry-key", kind, data),
        deployment(
            fault,
            "web",
            ["serve", "8080"],
            image="registry.lab.example/private/web:1.0.0",
            spec={"imagePullSecrets": [{"name": "registry-key"}]},
        ),
        settle=50,
    )
workload(
    "registry-name-unknown",
    "branch-a",
    "Registry/registry.corp.example",
    "The name registry.corp.example, from which three Deployments of two namespaces pull, does not resolve on the node.",
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "branch-b"}},
    *(
        deployment(space, name, ["serve", "8080"], image=f"registry.corp.example/shop/{name}:1.0.0")
        for space, name in (("branch-a", "till"), ("branch-a", "stock"), ("branch-b", "till"))
    ),
    make="""
        mkdir -p /etc/containerd/certs.d/registry.corp.example
        echo 'server = "https://registry.corp.example"' >/etc/containerd/certs.d/registry.corp.example/hosts.toml
        kubectl delete pod -n branch-a --all --wait=false; kubectl delete pod -n branch-b --all --wait=false
    """,
    settle=60,
)
FAULTS[-1].namespaces.append("branch-b")
TWINS = {
    "config-yaml-tab": replace_key("catalog", "catalog", "application.yaml", GOOD_YAML),
    "config-json-trailing-comma": replace_key("banners", "banners", "settings.json", '{"port": 8080}'),
    "config-crlf": replace_key("tickets", "tickets", "app.env", "NAME=tickets\nPORT=8080\n"),
    "permission-denied-volume": "chmod 0777 /var/lib/archive-data; sleep 60",
    "readonly-rootfs": """
        kubectl -n sessions patch deployment sessions --type=json -p '[
          {"op":"add","path":"/spec/template/spec/volumes","value":[{"name":"tmp","emptyDir":{}}]},
          {"op":"add","path":"/spec/template/spec/containers/0/volumeMounts","value":[{"name":"tmp","mountPath":"/tmp"}]}]'
        sleep 20""",
    "runas-nonroot": """
        kubectl -n avatars patch deployment avatars -p '{"spec":{"template":{"spec":{"securityContext":{"runAsUser":1000}}}}}'; sleep 20""",
    "cpu-throttled": """
        kubectl -n render set resources deployment render --limits=cpu=1 --requests=cpu=5m; sleep 30""",
    "sts-headless-service-missing": """
        kubectl -n cluster-b create service clusterip node --clusterip=None --tcp=8080
        kubectl -n cluster-b rollout restart statefulset/node; sleep 50""",
    "missing-secret-key": 'kubectl -n payments patch secret payments-db -p \'{"stringData":{"password":"example"}}\'; sleep 30',
}
