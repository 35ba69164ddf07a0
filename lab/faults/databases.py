"""Faults between programs and their databases: real servers, real clients in Go, Python and Node.js. TWINS: how a fault is put right."""

from catalogue import deployment, service, workload

SHOP = "registry.lab.example/shop"
MARIADB, POSTGRES, REDIS, NGINX = (f"docker.io/library/{i}" for i in ("mariadb:10.11", "postgres:15", "redis:7.0", "nginx:1.22"))
PROGRAMS = {
    "go": (f"{SHOP}/tool:2.0.1", ["/bin/shoptool"]),
    "python": (f"{SHOP}/worker-python:1.3.0", ["/usr/bin/python3", "-u", "/app/client.py"]),
    "node": (f"{SHOP}/worker-node:1.3.0", ["/usr/bin/node", "/app/client.js"]),
}
PORTS = {"mysql": 3306, "postgres": 5432, "redis": 6379}


def config_map(namespace, name, data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def secret(namespace, name, **data):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "stringData": data}


def with_files(name, path):
    """Pod spec and container fields that mount a ConfigMap."""
    return {"volumes": [{"name": "files", "configMap": {"name": name}}]}, {"volumeMounts": [{"name": "files", "mountPath": path}]}


ACCOUNTS = """\
CREATE DATABASE shop;
CREATE USER 'orders'@'%' IDENTIFIED BY 'orders-pw';
GRANT ALL ON shop.* TO 'orders'@'%';
CREATE USER 'reports'@'%' IDENTIFIED BY 'reports-pw';
GRANT SELECT ON shop.* TO 'reports'@'%';
CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, item TEXT);
"""


def mysql_server(namespace, *flags, accounts=ACCOUNTS, name="mysql"):
    spec, container = with_files("mysql-init", "/etc/mysql-init")
    command = ["mariadbd", "--no-defaults", "--user=root", "--datadir=/data/mysql", "--socket=/tmp/mysqld.sock", "--bind-address=0.0.0.0"]
    args = ["--log-warnings=3", "--skip-name-resolve", "--init-file=/etc/mysql-init/init.sql", *flags]
    container |= {"readinessProbe": {"tcpSocket": {"port": 3306}, "periodSeconds": 3}, "ports": [{"containerPort": 3306}]}
    return [
        config_map(namespace, "mysql-init", {"init.sql": accounts}),
        deployment(namespace, name, args, image=MARIADB, spec=spec, container=container, command=command),
        service(namespace, name, {"app": name}, 3306, 3306),
    ]


SET_UP = """\
set -e
echo postgres-pw >/tmp/pw
initdb -D /data/pg -U postgres -A scram-sha-256 --pwfile=/tmp/pw -E UTF8 --locale=C >/dev/null
cat >/tmp/accounts.sql <<END
CREATE ROLE orders LOGIN PASSWORD 'orders-pw';
CREATE ROLE reports LOGIN PASSWORD 'reports-pw';
CREATE DATABASE shop OWNER orders;
END
postgres --single -D /data/pg postgres </tmp/accounts.sql >/dev/null
echo 'host all all all scram-sha-256' >>/data/pg/pg_hba.conf
exec postgres -D /data/pg -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
"""


def postgres_server(namespace, *flags, name="postgres"):
    command = ["/bin/sh", "-c", "export PATH=/usr/lib/postgresql/15/bin:$PATH\n" + SET_UP, "sh"]
    container = {"readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 3}, "ports": [{"containerPort": 5432}]}
    spec = {"securityContext": {"runAsUser": 1000}}
    return [
        deployment(namespace, name, list(flags), image=POSTGRES, spec=spec, container=container, command=command),
        service(namespace, name, {"app": name}, 5432, 5432),
    ]


def redis_server(namespace, *flags, name="redis"):
    container = {"readinessProbe": {"tcpSocket": {"port": 6379}, "periodSeconds": 3}, "ports": [{"containerPort": 6379}]}
    args = ["--bind", "0.0.0.0", "--protected-mode", "no", *flags]
    return [
        deployment(namespace, name, args, image=REDIS, container=container, command=["/usr/bin/redis-server"]),
        service(namespace, name, {"app": name}, 6379, 6379),
    ]


def worker(namespace, name, language, kind, env, replicas=1, password=None, **container):
    """A client; password is (secret, key) or None."""
    image, command = PROGRAMS[language]
    defaults = {"DB_HOST": kind, "DB_PORT": str(PORTS.get(kind, 80)), "DB_USER": "orders", "DB_NAME": "shop"}
    variables = [{"name": k, "value": v} for k, v in (defaults | env).items()]
    if password:
        variables.append({"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": password[0], "key": password[1]}}})
    return deployment(namespace, name, [kind], replicas, image=image, container={"env": variables} | container, command=command)


MYSQL_SECRET = {"orders": "orders-pw", "reports": "reports-pw"}


def three(namespace, kind, env, password=("db", "orders")):
    """The same worker in Go, Python and Node.js."""
    return [worker(namespace, f"orders-{language}", language, kind, env, password=password) for language in PROGRAMS]


# ---- MariaDB
workload(
    "mysql-access-denied",
    "db-denied",
    "Secret/db-denied/db",
    "Key orders of Secret db holds an outdated password: MariaDB denies user orders access. Deployment reports, with its own key, works.",
    *mysql_server("db-denied"),
    secret("db-denied", "db", orders="orders-old", reports="reports-pw"),
    *three("db-denied", "mysql", {}),
    worker("db-denied", "reports", "go", "mysql", {"DB_USER": "reports"}, password=("db", "reports")),
    settle=60,
)
workload(
    "mysql-wrong-key",
    "db-key",
    "Deployment/db-key/invoices",
    "Deployment invoices takes DB_PASSWORD from key reports of Secret db, while it connects as user orders; Deployment shipments, which takes key orders, works.",
    *mysql_server("db-key"),
    secret("db-key", "db", **MYSQL_SECRET),
    worker("db-key", "invoices", "python", "mysql", {}, password=("db", "reports")),
    worker("db-key", "shipments", "python", "mysql", {}, password=("db", "orders")),
    settle=60,
)
workload(
    "mysql-unknown-database",
    "db-unknown",
    "Deployment/db-unknown/invoices",
    "DB_NAME of Deployment invoices is shopp, which does not exist on the server; Deployment shipments uses shop and works.",
    *mysql_server("db-unknown", accounts=ACCOUNTS + "GRANT ALL ON `shopp`.* TO 'orders'@'%';\n"),
    secret("db-unknown", "db", **MYSQL_SECRET),
    *(
        worker("db-unknown", f"invoices{s}", lang, "mysql", {"DB_NAME": "shopp"}, password=("db", "orders"))
        for s, lang in (("", "go"), ("-py", "python"), ("-node", "node"))
    ),
    worker("db-unknown", "shipments", "go", "mysql", {}, password=("db", "orders")),
    settle=60,
)
workload(
    "mysql-too-many-connections",
    "db-full",
    "Deployment/db-full/batch",
    "max_connections of MariaDB is 12; Deployment batch holds 12 connections (HOLD), so that every other client is refused with 'Too many connections'.",
    *mysql_server("db-full", "--max-connections=12"),
    secret("db-full", "db", **MYSQL_SECRET),
    worker("db-full", "batch", "go", "mysql", {"HOLD": "14"}, password=("db", "orders")),
    *three("db-full", "mysql", {}),
    settle=60,
)
workload(
    "mysql-read-only",
    "db-readonly",
    "Deployment/db-readonly/mysql",
    "MariaDB runs with --read-only, so the orders cannot be written: 'The MariaDB server is running with the --read-only option'.",
    *mysql_server("db-readonly", "--read-only=1"),
    secret("db-readonly", "db", **MYSQL_SECRET),
    *three("db-readonly", "mysql", {"STATEMENT": "INSERT INTO orders (item) VALUES ('book')"}),
    settle=60,
)
workload(
    "mysql-replica-addressed",
    "db-replica",
    "Deployment/db-replica/orders-go",
    "DB_HOST of Deployment orders-go is mysql-replica, which is read-only; the writable server is Service mysql, which Deployment invoices uses.",
    *mysql_server("db-replica"),
    *mysql_server("db-replica", "--read-only=1", name="mysql-replica")[1:],
    secret("db-replica", "db", **MYSQL_SECRET),
    worker("db-replica", "orders-go", "go", "mysql", {"DB_HOST": "mysql-replica", "STATEMENT": "INSERT INTO orders (item) VALUES ('book')"}, password=("db", "orders")),
    worker("db-replica", "invoices", "go", "mysql", {"STATEMENT": "INSERT INTO orders (item) VALUES ('pen')"}, password=("db", "orders")),
    settle=60,
)  # fmt: skip
workload(
    "mysql-wrong-host",
    "db-host",
    "Deployment/db-host/invoices",
    "DB_HOST of Deployment invoices is mysql-primary, which does not exist; the Service is called mysql.",
    *mysql_server("db-host"),
    secret("db-host", "db", **MYSQL_SECRET),
    *(worker("db-host", f"invoices{s}", lang, "mysql", {"DB_HOST": "mysql-primary"}, password=("db", "orders")) for s, lang in (("", "go"), ("-py", "python"), ("-node", "node"))),
    worker("db-host", "shipments", "go", "mysql", {}, password=("db", "orders")),
    settle=60,
)  # fmt: skip
workload(
    "mysql-wrong-port",
    "db-port",
    "Deployment/db-port/invoices",
    "DB_PORT of Deployment invoices is 3307; Service mysql offers 3306.",
    *mysql_server("db-port"),
    secret("db-port", "db", **MYSQL_SECRET),
    *(worker("db-port", f"invoices{s}", lang, "mysql", {"DB_PORT": "3307"}, password=("db", "orders")) for s, lang in (("", "go"), ("-py", "python"), ("-node", "node"))),
    worker("db-port", "shipments", "go", "mysql", {}, password=("db", "orders")),
    settle=60,
)  # fmt: skip
workload(
    "mysql-down",
    "db-down",
    "Deployment/db-down/mysql",
    "MariaDB does not start: --no-such-option is no option of it. Its clients are refused only because of that.",
    *mysql_server("db-down", "--no-such-option=1"),
    secret("db-down", "db", **MYSQL_SECRET),
    *three("db-down", "mysql", {}),
    settle=60,
)
# ---- PostgreSQL
workload(
    "pg-auth-failed",
    "pg-auth",
    "Secret/pg-auth/db",
    "Key orders of Secret db holds an outdated password: PostgreSQL refuses user orders. Deployment reports, with its own key, works.",
    *postgres_server("pg-auth"),
    secret("pg-auth", "db", orders="orders-old", reports="reports-pw"),
    *three("pg-auth", "postgres", {}),
    worker("pg-auth", "reports", "go", "postgres", {"DB_USER": "reports"}, password=("db", "reports")),
    settle=60,
)
workload(
    "pg-unknown-database",
    "pg-unknown",
    "Deployment/pg-unknown/invoices",
    "DB_NAME of Deployment invoices is shopp, which does not exist on the server; Deployment shipments uses shop and works.",
    *postgres_server("pg-unknown"),
    secret("pg-unknown", "db", **MYSQL_SECRET),
    *(worker("pg-unknown", f"invoices{s}", lang, "postgres", {"DB_NAME": "shopp"}, password=("db", "orders")) for s, lang in (("", "go"), ("-py", "python"), ("-node", "node"))),
    worker("pg-unknown", "shipments", "go", "postgres", {}, password=("db", "orders")),
    settle=60,
)  # fmt: skip
workload(
    "pg-too-many-clients",
    "pg-full",
    "Deployment/pg-full/batch",
    "max_connections of PostgreSQL is 12; Deployment batch holds 9 of them (HOLD) and 3 are reserved, so that every other client is refused.",
    *postgres_server("pg-full", "-c", "max_connections=12", "-c", "superuser_reserved_connections=3"),
    secret("pg-full", "db", **MYSQL_SECRET),
    worker("pg-full", "batch", "go", "postgres", {"HOLD": "12"}, password=("db", "orders")),
    *three("pg-full", "postgres", {}),
    settle=60,
)
workload(
    "pg-read-only",
    "pg-readonly",
    "Deployment/pg-readonly/postgres",
    "PostgreSQL runs with default_transaction_read_only=on, so tables cannot be made or written.",
    *postgres_server("pg-readonly", "-c", "default_transaction_read_only=on"),
    secret("pg-readonly", "db", **MYSQL_SECRET),
    *three("pg-readonly", "postgres", {"STATEMENT": "CREATE TABLE orders (id int)"}),
    settle=60,
)
# ---- Redis
workload(
    "redis-noauth",
    "cache-noauth",
    "Deployment/cache-noauth/orders-go",
    "Redis demands a password (requirepass); the clients orders-* are given none (no DB_PASSWORD): NOAUTH. Deployment sessions has one and works.",
    *redis_server("cache-noauth", "--requirepass", "cache-pw"),
    secret("cache-noauth", "cache", password="cache-pw"),
    *three("cache-noauth", "redis", {}, password=None),
    worker("cache-noauth", "sessions", "go", "redis", {}, password=("cache", "password")),
    settle=45,
)
workload(
    "redis-wrongpass",
    "cache-wrongpass",
    "Secret/cache-wrongpass/cache",
    "Secret cache holds a password that Redis does not accept: WRONGPASS.",
    *redis_server("cache-wrongpass", "--requirepass", "cache-pw"),
    secret("cache-wrongpass", "cache", password="cache-old"),
    *three("cache-wrongpass", "redis", {}, password=("cache", "password")),
    settle=45,
)
workload(
    "redis-readonly-replica",
    "cache-replica",
    "Deployment/cache-replica/orders-go",
    "DB_HOST of Deployments orders-* is redis-replica, a read-only replica of redis: writes answer READONLY.",
    *redis_server("cache-replica"),
    *redis_server("cache-replica", "--replicaof", "redis", "6379", name="redis-replica"),
    *three("cache-replica", "redis", {"DB_HOST": "redis-replica"}, password=None),
    worker("cache-replica", "sessions", "go", "redis", {}),
    settle=45,
)
workload(
    "redis-maxclients",
    "cache-full",
    "Deployment/cache-full/batch",
    "maxclients of Redis is 10; Deployment batch holds 10 connections (HOLD), so that every other client gets 'max number of clients reached'.",
    *redis_server("cache-full", "--maxclients", "10"),
    worker("cache-full", "batch", "go", "redis", {"HOLD": "12"}),
    *three("cache-full", "redis", {}, password=None),
    settle=45,
)
workload(
    "redis-out-of-memory",
    "cache-oom",
    "Deployment/cache-oom/redis",
    "maxmemory of Redis is 1mb with policy noeviction, less than it needs: writes answer OOM.",
    *redis_server("cache-oom", "--maxmemory", "800kb", "--maxmemory-policy", "noeviction"),
    *three("cache-oom", "redis", {}, password=None),
    settle=45,
)
# ---- nginx in front
HEAD = "user root;\nworker_processes 1;\npid /tmp/nginx.pid;\nerror_log /dev/stderr warn;\nevents { worker_connections 64; }\n"
SITE = """\
http {
  access_log /dev/stdout;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  %s
  server {
    listen 8080;
    %s
  }
}
"""


def nginx(namespace, upstream, locations):
    spec, container = with_files("gateway", "/etc/nginx/conf")
    return [
        config_map(namespace, "gateway", {"nginx.conf": HEAD + SITE % (upstream, locations)}),
        deployment(namespace, "gateway", ["-c", "/etc/nginx/conf/nginx.conf", "-g", "daemon off;"], image=NGINX, spec=spec, container=container, command=["/usr/sbin/nginx"]),
        service(namespace, "gateway", {"app": "gateway"}),
    ]  # fmt: skip


def tool(namespace, name, args, env=None, replicas=1):
    container = {"env": [{"name": k, "value": v} for k, v in (env or {}).items()]}
    return deployment(namespace, name, args, replicas, image=PROGRAMS["go"][0], container=container, command=["/bin/shoptool"])


def api(namespace, name, env=None, replicas=1):
    return [tool(namespace, name, ["api"], {"NAME": name} | (env or {}), replicas), service(namespace, name, {"app": name})]


workload(
    "nginx-wrong-upstream-port",
    "front-port",
    "ConfigMap/front-port/gateway",
    "nginx.conf in ConfigMap gateway sends /orders to port 8081 of the pods behind headless Service orders, which listen on 8080: connection refused, 502.",
    *nginx("front-port", "", "location /orders { proxy_pass http://orders:8081; }\n    location /cart { proxy_pass http://cart:80; }"),
    tool("front-port", "orders", ["api"], {"NAME": "orders"}),
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "orders", "namespace": "front-port"},
        "spec": {"clusterIP": "None", "selector": {"app": "orders"}, "ports": [{"port": 8080}]},
    },
    *api("front-port", "cart"),
    tool("front-port", "web", ["load", "http://gateway/orders/1", "1"]),
    tool("front-port", "mobile", ["load", "http://gateway/cart/1", "1"]),
    settle=45,
)
workload(
    "nginx-wrong-route",
    "front-route",
    "ConfigMap/front-route/gateway",
    "nginx.conf in ConfigMap gateway sends /orders to Service cart, which answers 404; it belongs to Service orders.",
    *api("front-route", "orders", {"PATHS": "/orders"}),
    *api("front-route", "cart", {"PATHS": "/cart"}),
    *nginx("front-route", "", "location /orders { proxy_pass http://cart; }\n    location /cart { proxy_pass http://cart; }"),
    tool("front-route", "web", ["load", "http://gateway/orders/1", "1"]),
    tool("front-route", "mobile", ["load", "http://gateway/cart/1", "1"]),
    settle=45,
)
workload(
    "nginx-host-not-found",
    "front-host",
    "ConfigMap/front-host/gateway",
    "nginx.conf in ConfigMap gateway names upstream ordres, which does not exist (the Service is called orders): nginx does not start.",
    *api("front-host", "orders"),
    *nginx("front-host", "upstream orders { server ordres:80; }", "location /orders { proxy_pass http://orders; }"),
    settle=45,
)
workload(
    "nginx-syntax-error",
    "front-syntax",
    "ConfigMap/front-syntax/gateway",
    "nginx.conf in ConfigMap gateway lacks a semicolon in the location of /orders: nginx does not start.",
    *api("front-syntax", "orders"),
    *nginx("front-syntax", "", "location /orders { proxy_pass http://orders }"),
    settle=45,
)
workload(
    "nginx-upstream-timeout",
    "front-slow",
    "Deployment/front-slow/orders",
    "Deployment orders takes 20 s for each answer (DELAY); nginx gives up after 2 s: 504.",
    *api("front-slow", "orders", {"DELAY": "20s"}),
    *nginx("front-slow", "", "proxy_read_timeout 2s;\n    location /orders { proxy_pass http://orders; }"),
    tool("front-slow", "web", ["load", "http://gateway/orders/1", "1"]),
    settle=45,
)
workload(
    "nginx-no-live-upstreams",
    "front-dead",
    "Deployment/front-dead/orders",
    "Deployment orders is scaled to 0, so nginx's two upstreams refuse and nginx soon has no live upstreams: 502.",
    *api("front-dead", "orders"),
    *api("front-dead", "orders-b"),
    *nginx(
        "front-dead",
        "upstream orders { server orders:80 max_fails=1; server orders-b:80 max_fails=1; }",
        "location /orders { proxy_pass http://orders; }",
    ),
    tool("front-dead", "web", ["load", "http://gateway/orders/1", "2"]),
    make="kubectl -n front-dead scale deployment orders orders-b --replicas=0",
    settle=45,
)
RESTART = "kubectl -n {0} rollout restart deployment {1}; sleep 30"
TWINS = {
    "mysql-access-denied": 'kubectl -n db-denied patch secret db -p \'{"stringData":{"orders":"orders-pw"}}\'\n'
    + RESTART.format("db-denied", "orders-go orders-python orders-node"),
    "mysql-too-many-connections": "kubectl -n db-full scale deployment batch --replicas=0; sleep 30",
    "mysql-wrong-host": "kubectl -n db-host set env deployment/invoices deployment/invoices-py deployment/invoices-node DB_HOST=mysql; sleep 30",
    "pg-auth-failed": 'kubectl -n pg-auth patch secret db -p \'{"stringData":{"orders":"orders-pw"}}\'\n'
    + RESTART.format("pg-auth", "orders-go orders-python orders-node"),
    "redis-wrongpass": 'kubectl -n cache-wrongpass patch secret cache -p \'{"stringData":{"password":"cache-pw"}}\'\n'
    + RESTART.format("cache-wrongpass", "orders-go orders-python orders-node"),
    "nginx-wrong-route": """
        kubectl -n front-route get configmap gateway -o yaml | sed 's#/orders { proxy_pass http://cart#/orders { proxy_pass http://orders#' | kubectl replace -f -
        """
    + RESTART.format("front-route", "gateway"),
    "nginx-no-live-upstreams": "kubectl -n front-dead scale deployment orders orders-b --replicas=1; sleep 35",
}
