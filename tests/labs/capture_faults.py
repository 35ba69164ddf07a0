"""Record faults that captures show, in network namespaces with real servers and real tools.

A caller, a router (the middlebox) and a server, each a namespace; captured is the caller's eth0. Each fault is made
for real: a narrow link in the middle whose ICMP messages are dropped, a middlebox that answers with RST, a database
whose queries are slow, a DNS server with a wrong record on a slow line.

    python tests/labs/capture_faults.py FAULT FOLDER

needs root, iproute2, iptables, tcpdump, iputils ping, curl, nc, MariaDB, nginx, dnsmasq, openssl.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

CALLER, ROUTER, SERVER = (f"kcap-{side}-{os.getpid()}" for side in ("c", "r", "s"))
#: An incident whose stages are recorded one by one gives its own addresses: "10.176.44.23 10.176.46.4".
CALLER_ADDRESS, SERVER_ADDRESS = os.environ.get("KCAP_ADDRESSES", "10.80.1.2 10.80.2.2").split()
CALLER_GATEWAY, SERVER_GATEWAY = (end.rpartition(".")[0] + ".1" for end in (CALLER_ADDRESS, SERVER_ADDRESS))
#: What the store's name should resolve to (the private line), and what the wrong record says.
PRIVATE, PUBLIC = "10.219.226.2", "100.64.249.132"

TOPOLOGY = f"""
link add eth0 netns {CALLER} type veth peer name r0 netns {ROUTER}
link add r1 netns {ROUTER} type veth peer name eth0 netns {SERVER}
"""
SETUP = {
    CALLER: f"""
link set lo up
link set eth0 up
addr add {CALLER_ADDRESS}/24 dev eth0
route add default via {CALLER_GATEWAY}
""",
    ROUTER: f"""
link set lo up
link set r0 up
link set r1 up
addr add {CALLER_GATEWAY}/24 dev r0
addr add {SERVER_GATEWAY}/24 dev r1
route add {PRIVATE} via {SERVER_ADDRESS}
route add {PUBLIC} via {SERVER_ADDRESS}
""",
    SERVER: f"""
link set lo up
link set eth0 up
addr add {SERVER_ADDRESS}/24 dev eth0
addr add {PRIVATE}/32 dev eth0
addr add {PUBLIC}/32 dev eth0
route add default via {SERVER_GATEWAY}
""",
}
WEB = """
import http.server, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        kind, _, amount = self.path.strip("/").partition("/")
        if kind == "wait":
            time.sleep(float(amount))
        if kind == "cut":
            self.send_response(200); self.send_header("Content-Length", "100000"); self.end_headers()
            self.wfile.write(b"x" * 2000); self.wfile.flush(); time.sleep(0.3)
            import socket, struct
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close(); self.close_connection = True; return
        body = b"x" * (int(amount) if kind == "bytes" else 20)
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, 65536)))
        self.do_GET()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
"""
DEAF = """
import socket, time
listener = socket.create_server(("0.0.0.0", 9000))
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
peer, _ = listener.accept()
time.sleep(30)
"""
IDLE = """
import socket, sys, time
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
peer.sendall(b"PING\\r\\n"); print(peer.recv(100))
time.sleep(float(sys.argv[3]))
try:
    peer.sendall(b"PING\\r\\n"); print(peer.recv(100))
except OSError as error:
    print(error)
"""
ORIGIN = """
Recorded by tests/labs/capture_faults.py in network namespaces: Linux 6.18, tcpdump 4.99.3, iproute2 6.1.0, iptables
1.8.9, curl 7.88.1, OpenBSD nc 1.219, iputils 20221126, MariaDB 10.11, dnsmasq 2.90, Redis 7.0. Captured on the
caller's eth0; packets are cut after 400 bytes.
"""


def inside(namespace: str, *command: str, timeout: float = 90) -> str:
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    return done.stdout


def configure(namespace: str | None, lines: str) -> None:
    command = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    subprocess.run(command, input=lines, text=True, check=True)


@contextmanager
def network() -> Iterator[None]:
    """The three namespaces. Segments are cut by TCP, not by the card: what is captured is what a wire carries."""
    try:
        for name in SETUP:
            subprocess.run(["ip", "netns", "add", name], check=True)
        configure(None, TOPOLOGY)
        for name, setup in SETUP.items():
            inside(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            inside(name, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.ip_forward=1")
            configure(name, setup)
        for name, devices in ((CALLER, ("eth0",)), (ROUTER, ("r0", "r1")), (SERVER, ("eth0",))):
            for device in devices:
                inside(name, "ethtool", "-K", device, "tso", "off", "gso", "off", "gro", "off")
        yield
    finally:
        for name in SETUP:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


@contextmanager
def running(namespace: str, *command: str, wait: float = 0.4) -> Iterator[int]:
    process = subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(wait)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)


@contextmanager
def captured(folder: Path, name: str = "eth0.pcap", interface: str = "eth0", snap: int = 400) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    tcpdump = ("tcpdump", "-n", "-U", "--immediate-mode", "-i", interface, "-Z", "root", "-s", str(snap))
    with running(CALLER, *tcpdump, "-w", str(folder / name), "not arp", wait=0.6):
        yield
        time.sleep(0.3)


@contextmanager
def web(port: int = 8080) -> Iterator[None]:
    with running(SERVER, sys.executable, "-c", WEB, str(port), wait=0.6):
        yield


def caller(*command: str) -> str:
    return inside(CALLER, *command)


def kept(folder: Path, name: str, *command: str) -> str:
    """What a command of the caller prints, as evidence."""
    folder.mkdir(parents=True, exist_ok=True)
    output = caller(*command)
    (folder / name).write_text(output)
    return output


def iptables(rule: str) -> None:
    inside(ROUTER, "iptables", *rule.split())


# --- faults -------------------------------------------------------------------------------------------------------


def _narrow(icmp_dropped: str | None) -> None:
    for name, device in ((ROUTER, "r1"), (SERVER, "eth0")):
        inside(name, "ip", "link", "set", device, "mtu", "1400")
    # The server believes in 1500, as one behind a tunnel does.
    inside(SERVER, "ip", "link", "set", "eth0", "mtu", "1500")
    inside(SERVER, "ip", "route", "replace", "default", "via", SERVER_GATEWAY, "advmss", "1460")
    if icmp_dropped == "router":
        iptables("-A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP")
    elif icmp_dropped == "caller":
        inside(CALLER, "iptables", "-A", "INPUT", "-p", "icmp", "--icmp-type", "fragmentation-needed", "-j", "DROP")


def _upload(folder: Path, seconds: str = "5") -> None:
    body = folder / "body.bin"
    folder.mkdir(parents=True, exist_ok=True)
    body.write_bytes(b"x" * 20000)
    with web(), captured(folder):
        caller("curl", "-s", "-o", "/dev/null", f"http://{SERVER_ADDRESS}:8080/")
        url = f"http://{SERVER_ADDRESS}:8080/"
        kept(folder, "curl.txt", *f"curl -v -m {seconds} -H Expect: --data-binary @{body} {url}".split())
    body.unlink()


def _sizes(folder: Path) -> None:
    kept(folder, "ping-large.txt", *f"ping -c 2 -i 0.3 -W 1 -M do -s 1472 {SERVER_ADDRESS}".split())
    kept(folder, "ping-small.txt", *f"ping -c 2 -i 0.3 -W 1 -M do -s 1372 {SERVER_ADDRESS}".split())
    kept(folder, "ip-link.txt", "ip", "-d", "link")


def mtu_filtered(folder: Path) -> None:
    """The link behind the router carries 1400 bytes; the router's "fragmentation needed" is dropped."""
    _narrow("router")
    _upload(folder)
    _sizes(folder)


def mtu_ignored(folder: Path) -> None:
    """The same link; "fragmentation needed" reaches the caller, whose firewall drops it."""
    _narrow("caller")
    _upload(folder)


def mtu_healthy(folder: Path) -> None:
    """The same narrow link; "fragmentation needed" arrives, and the segments become smaller."""
    _narrow(None)
    _upload(folder)
    _sizes(folder)


def mtu_download(folder: Path) -> None:
    """The narrow link lies on the way back: the server's full segments never arrive."""
    inside(ROUTER, "ip", "link", "set", "r0", "mtu", "1400")
    iptables("-A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP")
    with web(), captured(folder):
        caller("curl", "-s", "-o", "/dev/null", f"http://{SERVER_ADDRESS}:8080/")
        kept(folder, "curl.txt", *f"curl -v -o /dev/null -m 4 http://{SERVER_ADDRESS}:8080/bytes/30000".split())


def reset_by_middlebox(folder: Path) -> None:
    """A middlebox lets the handshake pass and answers a request for one host with RST."""
    rule = "-A FORWARD -i r0 -p tcp --dport 8080 -m string --algo bm --string blocked.example"
    iptables(f"{rule} -j REJECT --reject-with tcp-reset")
    with web(), captured(folder):
        kept(folder, "nc.txt", "nc", "-vz", "-w3", SERVER_ADDRESS, "8080")
        for name in ("free.example", "blocked.example"):
            url = f"http://{SERVER_ADDRESS}:8080/"
            kept(folder, f"curl-{name}.txt", *f"curl -v -m 3 -H Host:{name} {url}".split())


def tls_name_cut(folder: Path) -> None:
    """A middlebox drops the TLS hello that names one host; the connection itself opens."""
    iptables("-A FORWARD -i r0 -p tcp --dport 8443 -m string --algo bm --string blocked.example -j DROP")
    with tempfile.TemporaryDirectory() as keys, ExitStack() as stack:
        subject = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=free.example"
        subprocess.run(
            [*subject.split(), "-keyout", f"{keys}/key.pem", "-out", f"{keys}/cert.pem"],
            check=True,
            capture_output=True,
        )
        serve = f"openssl s_server -quiet -www -accept 8443 -key {keys}/key.pem -cert {keys}/cert.pem"
        stack.enter_context(running(SERVER, *serve.split()))
        stack.enter_context(captured(folder, snap=700))
        kept(folder, "nc.txt", "nc", "-vz", "-w3", SERVER_ADDRESS, "8443")
        for name in ("free.example", "blocked.example"):
            options = f"curl -vk -m 4 --connect-to {name}:8443:{SERVER_ADDRESS}:8443 https://{name}:8443/"
            kept(folder, f"curl-{name}.txt", *options.split())


def tls_alert(folder: Path) -> None:
    """The server speaks TLS 1.2 at most, the caller wants 1.3."""
    with tempfile.TemporaryDirectory() as keys, ExitStack() as stack:
        subject = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=free.example"
        subprocess.run(
            [*subject.split(), "-keyout", f"{keys}/key.pem", "-out", f"{keys}/cert.pem"],
            check=True,
            capture_output=True,
        )
        serve = f"openssl s_server -quiet -www -tls1_2 -accept 8443 -key {keys}/key.pem -cert {keys}/cert.pem"
        stack.enter_context(running(SERVER, *serve.split()))
        stack.enter_context(captured(folder, snap=2000))
        connect = f"--connect-to free.example:8443:{SERVER_ADDRESS}:8443 https://free.example:8443/"
        caller(*f"curl -sk -m 3 {connect}".split())
        kept(folder, "curl.txt", *f"curl -vk -m 3 --tlsv1.3 {connect}".split())


def port_closed(folder: Path) -> None:
    """Nothing listens on the port; the server's kernel says so."""
    with web(), captured(folder):
        caller("curl", "-s", "-o", "/dev/null", f"http://{SERVER_ADDRESS}:8080/")
        kept(folder, "nc.txt", "nc", "-vz", "-w3", SERVER_ADDRESS, "8081")


def port_rejected(folder: Path) -> None:
    """A middlebox answers the SYN with RST; the server listens."""
    iptables("-A FORWARD -i r0 -p tcp --dport 8081 -j REJECT --reject-with tcp-reset")
    with web(), web(8081), captured(folder):
        caller("curl", "-s", "-o", "/dev/null", f"http://{SERVER_ADDRESS}:8080/")
        kept(folder, "nc.txt", "nc", "-vz", "-w3", SERVER_ADDRESS, "8081")


def aborted_by_server(folder: Path) -> None:
    """The server application cuts the connection off in the middle of its answer."""
    with web(), captured(folder):
        caller("curl", "-s", "-o", "/dev/null", f"http://{SERVER_ADDRESS}:8080/")
        kept(folder, "curl.txt", *f"curl -v -m 4 -o /dev/null http://{SERVER_ADDRESS}:8080/cut".split())


def idle_forgotten(folder: Path) -> None:
    """A stateful middlebox forgets connections that are idle for two seconds and answers what it does not know."""
    inside(ROUTER, "sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0")
    iptables("-A FORWARD -m conntrack --ctstate INVALID -p tcp -j REJECT --reject-with tcp-reset")
    iptables("-A FORWARD -m conntrack --ctstate ESTABLISHED,NEW -j ACCEPT")
    inside(ROUTER, "sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_timeout_established=2")
    redis = f"redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --save  --dir {tempfile.gettempdir()}"
    with running(SERVER, *redis.split(" "), wait=0.8), captured(folder):
        kept(folder, "session.txt", sys.executable, "-c", IDLE, SERVER_ADDRESS, "6379", "1")
        kept(folder, "session.txt", sys.executable, "-c", IDLE, SERVER_ADDRESS, "6379", "5")


def zero_window(folder: Path) -> None:
    """The receiver does not read."""
    with running(SERVER, sys.executable, "-c", DEAF), captured(folder):
        caller("timeout", "4", "sh", "-c", f"head -c 400000 /dev/zero | nc -w 4 {SERVER_ADDRESS} 9000")


def loss(folder: Path) -> None:
    """The router loses every sixth packet."""
    iptables("-A FORWARD -p tcp -m statistic --mode nth --every 6 --packet 3 -j DROP")
    with web(), captured(folder, snap=120):
        body = folder / "body.bin"
        body.write_bytes(b"x" * 300000)
        kept(
            folder, "curl.txt", *f"curl -s -m 20 -H Expect: --data-binary @{body} http://{SERVER_ADDRESS}:8080/".split()
        )
        kept(folder, "curl-get.txt", *f"curl -s -m 20 -o /dev/null http://{SERVER_ADDRESS}:8080/bytes/20000".split())
        body.unlink()


def http_slow(folder: Path) -> None:
    """A service thinks for three seconds per request; the network is well."""
    with web(), captured(folder):
        for _ in range(3):
            caller("curl", "-s", f"http://{SERVER_ADDRESS}:8080/wait/3")


@contextmanager
def mariadb() -> Iterator[None]:
    """A MariaDB of our own, with a table to scan and its slow log on."""
    data = Path(tempfile.mkdtemp(prefix="kcap-db-"))
    try:
        install = (
            f"mariadb-install-db --no-defaults --datadir={data} --auth-root-authentication-method=normal --user=root"
        )
        subprocess.run(install.split(), check=True, capture_output=True)
        serve = (
            f"mariadbd --no-defaults --datadir={data} --socket={data}/s.sock --port=3306 --bind-address=0.0.0.0 "
            f"--user=root --skip-name-resolve --innodb-buffer-pool-size=8M --slow-query-log=1 --long-query-time=1 "
            f"--slow-query-log-file={data}/slow.log --innodb-flush-log-at-trx-commit=0"
        )
        with running(SERVER, *serve.split(), wait=4):
            local = ("mariadb", "--no-defaults", f"--socket={data}/s.sock", "-uroot", "-e")
            inside(
                SERVER,
                *local,
                "create database shop; create user app@'%' identified by 'x'; grant all on shop.* to app@'%'",
            )
            inside(SERVER, *local, "; ".join(TABLE))
            yield
            slow = Path("/tmp") / "kcap-slow.log"
            if (data / "slow.log").exists():
                shutil.copy(data / "slow.log", slow)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def slow_postgresql(folder: Path) -> None:
    """Five questions to PostgreSQL, each answered after a second and a half."""
    data = Path(tempfile.mkdtemp(prefix="kcap-pg-"))
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    shutil.chown(data, "postgres")
    as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    try:
        init = [*as_postgres, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "app"]
        subprocess.run(init, check=True, capture_output=True, cwd="/")
        with (data / "pg_hba.conf").open("a") as access:
            access.write("host all all 10.0.0.0/8 trust\n")
        serve = [str(binaries / "postgres"), "-D", str(data), "-h", SERVER_ADDRESS, "-k", str(data)]
        ask = ["psql", "-h", SERVER_ADDRESS, "-U", "app", "-d", "postgres"]
        with running(SERVER, *as_postgres, *serve, wait=2.5), captured(folder):
            caller(*ask, *[part for n in range(5) for part in ("-c", f"select count(*), pg_sleep(1.5), 'secret{n}'")])
            caller(*ask, "-c", "select * from nothing")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def redis_waits(folder: Path) -> None:
    """A worker waits for work by BLPOP; a script keeps Redis busy."""
    redis = f"redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --save  --dir {tempfile.gettempdir()}"
    busy = "local t = redis.call('TIME')[1] + 2; while redis.call('TIME')[1] + 0 < t do end; return 1"
    with running(SERVER, *redis.split(" "), wait=0.8), captured(folder):
        cli = ("redis-cli", "-h", SERVER_ADDRESS)
        caller(*cli, "SET", "token", "secret-value")
        caller(*cli, "BLPOP", "work", "2")
        caller(*cli, "EVAL", busy, "0")


#: 2^15 orders, made by doubling.
TABLE = (
    "create table shop.orders(id int primary key, customer int, note char(60))",
    "insert into shop.orders values (1, 1, md5(1))",
    *(f"insert into shop.orders select id + {1 << n}, (id + {1 << n}) % 500, md5(id + {1 << n}) from shop.orders"
      for n in range(15)),
)  # fmt: skip
#: A join that no index serves, as reports are written; the time grows with the number of orders on its right side.
SCAN = (
    "select count(*){sleep} from orders a join orders b on a.note > b.note "
    "where b.id <= {rows} and a.customer <> {number}"
)


def _rows_for(seconds: float) -> int:
    """How many rows make the scan take so long on this machine."""
    begun = time.monotonic()
    _ask([SCAN.format(rows=100, number=0, sleep="")])
    return max(1, round(100 * seconds / (time.monotonic() - begun)))


def _ask(statements: list[str]) -> None:
    options = ["mariadb", "--no-defaults", "--skip-ssl", "-h", SERVER_ADDRESS, "-uapp", "-px", "shop"]
    print(inside(CALLER, *options, "-e", "; ".join(statements), timeout=200)[-200:])


def slow_queries(folder: Path, count: int = 13, seconds: float = 4.0) -> None:
    """A call of the application asks the database thirteen times; each answer takes about four seconds."""
    with mariadb():
        _rows_for(seconds)  # the first scan also warms the buffer pool
        rows = _rows_for(seconds / 10)
        sleep = f", sleep({seconds * 0.9:.1f})"  # a scan alone takes as long as others leave this machine's processors
        with captured(folder):
            _ask([SCAN.format(rows=rows, number=number, sleep=sleep) for number in range(count)])
    shutil.move("/tmp/kcap-slow.log", folder / "mariadb-slow.log")


def fast_queries(folder: Path) -> None:
    """The same call when the database is well."""
    with mariadb(), captured(folder):
        _ask([f"select id, note from orders where id = {number}" for number in range(1, 14)])
    Path("/tmp/kcap-slow.log").unlink(missing_ok=True)


#: Packets for the public address pass this program: it holds each for 40 ms and lets 1 Mbit/s through, both ways.
FAR_LINE = """
import fcntl, os, struct, sys, time, threading, queue
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", b"far0", 0x1001))
os.system("ip link set far0 up; ip rule add to %s iif r0 lookup 9; ip rule add from %s iif r1 lookup 9;"
          "ip route add default dev far0 table 9" % (sys.argv[1], sys.argv[1]))
held = queue.Queue(200)
def send():
    free = 0.0
    while True:
        due, packet = held.get()
        free = max(free, due) + len(packet) * 8 / 1e6
        time.sleep(max(0.0, free - time.monotonic()))
        os.write(tun, packet)
threading.Thread(target=send, daemon=True).start()
while True:
    packet = os.read(tun, 2000)
    try:
        held.put_nowait((time.monotonic() + 0.04, packet))
    except queue.Full:
        pass
"""


@contextmanager
def store(answer: str) -> Iterator[None]:
    """The object store on both addresses; the DNS server answers with one. The public line is slow and narrow."""
    dns = f"dnsmasq -k -C /dev/null --no-resolv --no-hosts --listen-address={SERVER_ADDRESS} --bind-interfaces"
    address = f"--address=/store.objects.example/{answer}"
    etc = Path("/etc/netns") / CALLER
    etc.mkdir(parents=True, exist_ok=True)
    (etc / "resolv.conf").write_text(f"nameserver {SERVER_ADDRESS}\n")
    try:
        far = (ROUTER, sys.executable, "-c", FAR_LINE, PUBLIC)
        with running(*far), running(SERVER, *dns.split(), address), web(80):
            yield
    finally:
        shutil.rmtree(etc)


def _fetch(folder: Path, snap: int = 150) -> None:
    with captured(folder, snap=snap):
        caller("curl", "-s", f"http://{SERVER_ADDRESS}:80/bytes/30")
        caller("curl", "-s", "-o", "/dev/null", "http://store.objects.example/bytes/300000")
    kept(folder, "ping.txt", "ping", "-c", "3", "-i", "0.3", "store.objects.example")
    kept(folder, "dig.txt", "dig", "store.objects.example", f"@{SERVER_ADDRESS}")


def wrong_record(folder: Path) -> None:
    """The customer's DNS server answers a public address for the object store; it belongs on the private line."""
    with store(PUBLIC):
        _fetch(folder)
    (folder / "../expect.yaml").resolve().write_text("store.objects.example: 10.219.0.0/16\n")


def wrong_record_after_database(folder: Path) -> None:
    """The database is well again; the same call is still slow, as it fetches an object by the public line."""
    with mariadb(), store(PUBLIC), captured(folder, snap=200):
        _ask([f"select id, note from orders where id = {number}" for number in range(1, 14)])
        caller("curl", "-s", "-o", "/dev/null", "http://store.objects.example/bytes/300000")
    Path("/tmp/kcap-slow.log").unlink(missing_ok=True)


def right_record(folder: Path) -> None:
    """The same transfer after the record was mended."""
    with store(PRIVATE):
        _fetch(folder)
    (folder / "../expect.yaml").resolve().write_text("store.objects.example: 10.219.0.0/16\n")


def dns_search(folder: Path) -> None:
    """ndots:5 and four search domains make ten questions of one name."""
    etc = Path("/etc/netns") / CALLER
    etc.mkdir(parents=True, exist_ok=True)
    search = "shop.svc.cluster.local svc.cluster.local cluster.local corp.example"
    (etc / "resolv.conf").write_text(f"nameserver {SERVER_ADDRESS}\nsearch {search}\noptions ndots:5\n")
    dns = f"dnsmasq -k -C /dev/null --no-resolv --no-hosts --listen-address={SERVER_ADDRESS} --bind-interfaces"
    asks = "import socket\nfor n in range(20): socket.getaddrinfo(f'api{n}.payments.example.com', 443)"
    names = ["--address=/payments.example.com/10.80.9.9", "--local=/cluster.local/", "--local=/corp.example/"]
    try:
        with running(SERVER, *dns.split(), *names), captured(folder):
            caller(sys.executable, "-c", asks)
    finally:
        shutil.rmtree(etc)


FAULTS: dict[str, Callable[[Path], None]] = {
    fault.__name__: fault
    for fault in (
        mtu_filtered,
        mtu_ignored,
        mtu_healthy,
        mtu_download,
        reset_by_middlebox,
        tls_name_cut,
        tls_alert,
        port_closed,
        port_rejected,
        aborted_by_server,
        idle_forgotten,
        zero_window,
        loss,
        http_slow,
        slow_queries,
        slow_postgresql,
        redis_waits,
        fast_queries,
        wrong_record,
        wrong_record_after_database,
        right_record,
        dns_search,
    )
}


def main(name: str, folder: Path) -> None:
    with network():
        FAULTS[name](folder / "evidence")
    truth = (FAULTS[name].__doc__ or "").strip()
    (folder / "ORIGIN.txt").write_text(truth + "\n" + ORIGIN)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
