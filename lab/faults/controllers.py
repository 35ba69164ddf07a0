"""Faults of workload controllers: StatefulSet, ReplicationController, DaemonSet, Job, CronJob, Deployment, PDB.

TWINS says how a fault is put right in place, so that the same namespace can be recorded again in good health.
"""

from catalogue import IMAGE, client, deployment, healthy, pod, probe, service, workload

BUSYBOX = "docker.io/library/busybox:1.35"
MISSING_IMAGE = "registry.lab.example/shop/app:1.4.3"
MEMORY_OF_MOST_OF_THE_NODE = {"requests": {"memory": "13Gi"}}


def sized(name, args, image=IMAGE, **more):
    container = {"name": name, "image": image, "command": ["/bin/labapp"], "args": args}
    return container | {"resources": {"requests": {"cpu": "5m", "memory": "8Mi"}}} | more


def template(name, container, **spec):
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 5, "containers": [container]} | spec,
    }


def stateful_set(namespace, name, container, replicas=3, service_name=None, **spec):
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "serviceName": service_name or name,
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, container),
        }
        | spec,
    }


def headless(namespace, name, selector, port=8080):
    spec = {"clusterIP": "None", "selector": selector, "ports": [{"port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def job(namespace, name, args, **spec):
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template(name, sized(name, args), restartPolicy="Never")} | spec,
    }


def cron_job(namespace, name, says, schedule="*/1 * * * *", **spec):
    """Runs that end well and say so."""
    says = {"name": name, "image": BUSYBOX, "command": ["sh", "-c", f"echo {says}"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "schedule": schedule,
            "jobTemplate": {"spec": {"template": template(name, says, restartPolicy="Never")}},
        }
        | spec,
    }


def budget(namespace, name, labels, **spec):
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}} | spec,
    }


def drain(app):
    """Tries to evict the pods with this label and keeps what kubectl said."""
    return f"""
        drain="kubectl drain node-a --ignore-daemonsets --delete-emptydir-data --force --pod-selector=app={app} --timeout=20s"
        (echo "$ $drain"; $drain || true) >$KEEP/drain-output.txt 2>&1
        kubectl uncordon node-a
    """


workload(
    "sts-broken-ordinal",
    "ledgerdb",
    "StatefulSet/ledgerdb/db",
    "Pod db-0 was made from a template whose image does not exist. The template was fixed since, but an OrderedReady StatefulSet "
    "waits for db-0 to become ready before it replaces it: the pod must be deleted by hand.",
    headless("ledgerdb", "db", {"app": "db"}),
    stateful_set("ledgerdb", "db", sized("db", ["serve", "8080"], image=MISSING_IMAGE)),
    make=f"kubectl -n ledgerdb set image statefulset/db db={IMAGE}",
)
workload(
    "rc-template-changed",
    "legacy",
    "ReplicationController/legacy/catalog",
    "The template's image was corrected, but a ReplicationController never replaces existing pods: they still ask for the image "
    "that does not exist, and must be deleted.",
    {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "catalog", "namespace": "legacy"},
        "spec": {
            "replicas": 2,
            "selector": {"app": "catalog"},
            "template": template("catalog", sized("catalog", ["serve", "8080"], image=MISSING_IMAGE)),
        },
    },
    service("legacy", "catalog", {"app": "catalog"}),
    make=f"kubectl -n legacy set image rc/catalog catalog={IMAGE}",
)
workload(
    "ds-node-selector",
    "telemetry",
    "DaemonSet/telemetry/exporter",
    "nodeSelector disktype=nvme matches no node (the node has disktype=ssd): no pod is wanted, and the Service has no endpoints.",
    {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "exporter", "namespace": "telemetry"},
        "spec": {
            "selector": {"matchLabels": {"app": "exporter"}},
            "template": template("exporter", sized("exporter", ["serve", "8080"]), nodeSelector={"disktype": "nvme"}),
        },
    },
    service("telemetry", "exporter", {"app": "exporter"}),
    client("telemetry", "exporter"),
    settle=30,
)
workload(
    "cronjob-suspended",
    "nightly",
    "CronJob/nightly/report",
    "The CronJob is suspended (spec.suspend true): no report is made.",
    cron_job("nightly", "report", "report written", suspend=True),
    settle=75,
)
workload(
    "cronjob-forbid-stuck-job",
    "imports",
    "CronJob/imports/pull-prices",
    "concurrencyPolicy is Forbid and the first job never ends, so all later runs are skipped.",
    cron_job("imports", "pull-prices", "pulling prices; sleep 86400", concurrencyPolicy="Forbid"),
    settle=170,
)
LAST_RUN_3_HOURS_AGO = """
        then=$(date -u -d '3 hours ago' +%Y-%m-%dT%H:%M:%SZ)
        kubectl -n {0} patch cronjob {1} --subresource=status --type=merge -p '{{"status":{{"lastScheduleTime":"'$then'"}}}}'
        kubectl -n {0} patch cronjob {1} -p '{{"spec":{{"suspend":false}}}}'
"""
workload(
    "cronjob-too-many-missed",
    "feeds",
    "CronJob/feeds/refresh",
    "More than 100 runs were missed while the CronJob was suspended; no startingDeadlineSeconds bounds how far back it looks.",
    cron_job("feeds", "refresh", "refreshed", suspend=True),
    make=LAST_RUN_3_HOURS_AGO.format("feeds", "refresh"),
    settle=75,
)
workload(
    "cronjob-deadline-missed",
    "invoices",
    "CronJob/invoices/close-day",
    "The run that was due was missed by more than startingDeadlineSeconds (20), so it is not made up for.",
    cron_job("invoices", "close-day", "closed", schedule="0 * * * *", suspend=True, startingDeadlineSeconds=20),
    make=LAST_RUN_3_HOURS_AGO.format("invoices", "close-day"),
    settle=40,
)
workload(
    "job-backofflimit",
    "schema",
    "Job/schema/migrate",
    "The migration fails each time (exit code 1, relation already exists); after backoffLimit 2 the Job has failed for good.",
    job("schema", "migrate", ["exit", "1", 'migration 0042_orders: relation "orders" already exists'], backoffLimit=2),
    settle=60,
)
workload(
    "job-deadline",
    "exports",
    "Job/exports/dump",
    "The job takes longer than activeDeadlineSeconds (20) and is stopped.",
    job("exports", "dump", ["pause"], activeDeadlineSeconds=20),
    settle=40,
)
workload(
    "deploy-paused",
    "checkout",
    "Deployment/checkout/pay",
    "The Deployment is paused: the corrected image is in the template but is not rolled out, so the pods of the old revision "
    "still ask for an image that does not exist.",
    deployment("checkout", "pay", ["serve", "8080"], 2, image=MISSING_IMAGE),
    service("checkout", "pay", {"app": "pay"}),
    make=f"kubectl -n checkout rollout pause deployment/pay; kubectl -n checkout set image deployment/pay pay={IMAGE}",
)
slow = deployment("reviews", "reviews", ["serve", "8080"], 2, container={"readinessProbe": probe("/readyz")})
slow["spec"]["progressDeadlineSeconds"] = 25
workload(
    "deploy-progress-deadline",
    "reviews",
    "Deployment/reviews/reviews",
    "Revision 2 sets READY_AFTER=-1, with which the program never becomes ready; the rollout exceeded its progress deadline. The "
    "pods of revision 1 still serve.",
    slow,
    service("reviews", "reviews", {"app": "reviews"}),
    client("reviews", "reviews"),
    make="kubectl -n reviews set env deployment/reviews READY_AFTER=-1 UNREADY_REASON='waiting for recommendation model'",
    settle=60,
)
no_room = deployment("vectors", "index", ["serve", "8080"], 1, container={"resources": MEMORY_OF_MOST_OF_THE_NODE})
no_room["spec"] |= {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}, "progressDeadlineSeconds": 30}
workload(
    "deploy-maxunavailable0-no-room",
    "vectors",
    "Deployment/vectors/index",
    "maxUnavailable 0 demands that the new pod runs before the old one goes, but no node has room for both (13Gi each).",
    no_room,
    service("vectors", "index", {"app": "index"}),
    make="kubectl -n vectors set env deployment/index VERSION=2",
)
workload(
    "pdb-overlap",
    "brokers",
    "PodDisruptionBudget/brokers/brokers-all",
    "Two PodDisruptionBudgets select the pods of Deployment broker; the eviction API refuses pods with more than one.",
    deployment("brokers", "broker", ["serve", "8080"], 3),
    budget("brokers", "broker", {"app": "broker"}, maxUnavailable=1),
    budget("brokers", "brokers-all", {"app": "broker"}, minAvailable=1),
    make=drain("broker"),
    settle=5,
)
workload(
    "pdb-max-unavailable-0",
    "vault",
    "PodDisruptionBudget/vault/vault",
    "maxUnavailable 0 never allows a disruption, so the node cannot be drained.",
    deployment("vault", "vault", ["serve", "8080"], 3),
    budget("vault", "vault", {"app": "vault"}, maxUnavailable=0),
    make=drain("vault"),
    settle=5,
)
workload(
    "pdb-singleton",
    "registry",
    "PodDisruptionBudget/registry/registry",
    "minAvailable 1 on a Deployment with one replica leaves no disruption allowed.",
    deployment("registry", "registry", ["serve", "8080"], 1),
    budget("registry", "registry", {"app": "registry"}, minAvailable=1),
    make=drain("registry"),
    settle=5,
)
workload(
    "pdb-unhealthy-pod",
    "locks",
    "Deployment/locks/lock",
    "One of three pods is not ready (its program never gets ready), so minAvailable 2 of 3 leaves no disruption allowed.",
    deployment("locks", "lock", ["serve", "8080"], 2, container={"readinessProbe": probe("/readyz")}),
    pod("locks", "lock-extra", ["serve", "8080"], {"labels": {"app": "lock"}})
    | {
        "spec": {
            "terminationGracePeriodSeconds": 5,
            "containers": [
                sized(
                    "lock",
                    ["serve", "8080"],
                    readinessProbe=probe("/readyz"),
                    env=[{"name": "READY_AFTER", "value": "-1"}],
                )
            ],
        }
    },
    budget("locks", "lock", {"app": "lock"}, minAvailable=2),
    make=drain("lock"),
    settle=5,
)
workload(
    "deploy-replicas-0-with-consumer",
    "stock",
    "Deployment/stock/stock",
    "Deployment stock is scaled to 0 while frontend calls Service stock.",
    *healthy("stock", "stock", 2),
    client("stock", "stock"),
    make="kubectl -n stock scale deployment stock --replicas=0",
    settle=30,
)
TWINS = {
    "sts-broken-ordinal": "kubectl -n ledgerdb delete pod db-0; sleep 20",
    "rc-template-changed": "kubectl -n legacy delete pod -l app=catalog; sleep 10",
    "ds-node-selector": """
        kubectl -n telemetry patch daemonset exporter -p '{"spec":{"template":{"spec":{"nodeSelector":{"disktype":"ssd"}}}}}'; sleep 20""",
    "cronjob-suspended": """kubectl -n nightly patch cronjob report -p '{"spec":{"suspend":false}}'; sleep 75""",
    "cronjob-forbid-stuck-job": """
        kubectl -n imports patch cronjob pull-prices --type=json -p '[{"op":"replace",
          "path":"/spec/jobTemplate/spec/template/spec/containers/0/command","value":["sh","-c","echo prices pulled"]}]'
        kubectl -n imports delete job --all; sleep 130""",
    "job-backofflimit": "kubectl -n schema delete job migrate; sleep 2",
    "deploy-paused": "kubectl -n checkout rollout resume deployment/pay; sleep 15",
    "deploy-progress-deadline": "kubectl -n reviews rollout undo deployment/reviews; sleep 15",
    "deploy-maxunavailable0-no-room": """
        kubectl -n vectors patch deployment index -p '{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":1}}}}'; sleep 20""",
    "pdb-singleton": "kubectl -n registry delete pdb registry; sleep 2",
    "deploy-replicas-0-with-consumer": "kubectl -n stock scale deployment stock --replicas=2; sleep 20",
}
