"""Where failing calls went, as client libraries write it.

Recorded: the program named beside the example printed it on a loopback network, calling a port on which nobody listens
or a name that does not exist.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import CallPattern

_NAME = r"[A-Za-z0-9_](?:[\w.-]{0,252}\w)?"
_IP = r"(?:\d{1,3}\.){3}\d{1,3}|\[?[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}\]?"

#: Where calls went, as clients write it.
PLACES: tuple[CallPattern, ...] = (
    CallPattern(
        "an't connect to M",
        rf"Can't connect to (?:MySQL|MariaDB)(?: server)? (?:server )?on '(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?'",
        (
            """pymysql.err.OperationalError: (2003, "Can't connect to MySQL server on 'inventory' ([Errno 111] Connection refused)")""",
            "mysql.connector.errors.InterfaceError: 2003: Can't connect to MySQL server on 'inventory:3306' (Errno 111: Connection refused)",
        ),
        "MySQL client errmsg CR_CONN_HOST_ERROR (2003); PyMySQL 1.1, mysql-connector-python 9 (recorded)",
        None,
        "mysql",
    ),
    CallPattern(
        "connection to server at",
        rf'connection to server at "(?P<host>{_NAME})"(?: \((?P<address>{_IP})\))?, port (?P<port>\d{{1,5}}) failed',
        (
            'psycopg2.OperationalError: connection to server at "inventory" (10.96.88.4), port 5432 failed: Connection refused',
        ),
        "libpq 14 and later fe-connect.c emitHostIdentityInfo; recorded with psycopg2 2.9",
        None,
        "postgresql",
    ),
    CallPattern(
        "could not translate host name",
        rf'could not translate host name "(?P<host>{_NAME})" to address',
        (
            'psycopg2.OperationalError: could not translate host name "ledger-database" to address: Name or service not known',
        ),
        "libpq fe-connect.c; recorded with psycopg2 2.9",
        None,
        "postgresql",
    ),
    CallPattern(
        "could not connect to server",
        rf'(?s)Is the server running on host "(?P<host>{_NAME})"(?: \((?P<address>{_IP})\))? and accepting\s+TCP/IP connections on port (?P<port>\d{{1,5}})',
        (
            'could not connect to server: Connection refused\n\tIs the server running on host "ledger-db" (10.96.40.21) and accepting\n\tTCP/IP connections on port 5432?',
        ),
        "libpq before 14 fe-connect.c connectFailureMessage",
        None,
        "postgresql",
    ),
    CallPattern(
        "failed to connect to `",
        r"failed to connect to `(?:host=(?P<host>\S{1,253}) )?user=(?P<user>[^ `\n]{1,80}) database=(?P<database>[^`\n]{0,80})`",
        ("2026/11/22 02:31:45 failed to connect to `user=ledger database=ledger`:",),
        "pgx 5 pgconn/errors.go ConnectError; recorded",
        None,
        "postgresql",
    ),
    CallPattern(
        "): ",
        rf"(?m)^\s*(?P<address>{_IP}):(?P<port>\d{{1,5}}) \((?P<host>{_NAME})\): ",
        ("	10.96.88.4:5432 (inventory): dial error: dial tcp 10.96.88.4:5432: connect: connection refused",),
        "pgx 5 pgconn/pgconn.go; recorded",
        None,
        "postgresql",
    ),
    CallPattern(
        "Connection to ",
        rf"PSQLException: Connection to (?P<host>{_NAME}):(?P<port>\d{{1,5}}) refused",
        (
            "org.postgresql.util.PSQLException: Connection to inventory:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
        ),
        "pgjdbc 42.7 core/v3/ConnectionFactoryImpl.java",
        "connection refused",
        "postgresql",
    ),
    CallPattern(
        "Socket fail to connect to",
        rf"Socket fail to connect to host:address=\(host=(?P<host>{_NAME})\)\(port=(?P<port>\d{{1,5}})\)",
        (
            "Caused by: java.sql.SQLNonTransientConnectionException: Socket fail to connect to host:address=(host=inventory)(port=3306)(type=primary). Connection refused",
        ),
        "MariaDB Connector/J 3 (mariadb-java-client) client/impl/ConnectionHelper.java; recorded",
        None,
        "mysql",
    ),
    CallPattern(
        "connecting to ",
        rf"Error -?\d+ connecting to (?P<host>{_NAME}):(?P<port>\d{{1,5}})\.",
        ("redis.exceptions.ConnectionError: Error 111 connecting to inventory:6379. Connection refused.",),
        "redis-py redis/connection.py _error_message; recorded",
        None,
        "redis",
    ),
    CallPattern(
        "Unable to connect to ",
        rf"Unable to connect to \[?(?P<host>{_NAME})(?:/<unresolved>|/(?P<address>{_IP}))?:(?P<port>\d{{1,5}})",
        (
            "io.lettuce.core.RedisConnectionException: Unable to connect to inventory:6379",
            "io.lettuce.core.RedisConnectionException: Unable to connect to inventory/<unresolved>:6379",
        ),
        "Lettuce 5 and 6 RedisConnectionException.java",
        None,
        "redis",
    ),
    CallPattern(
        "HTTPConnectionPool(",
        rf"HTTPS?ConnectionPool\(host='(?P<host>{_NAME})', port=(?P<port>\d{{1,5}})\)",
        (
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='inventory', port=8080): Max retries exceeded with url: /api/v1/stock/7",
        ),
        "urllib3 2 exceptions.py MaxRetryError; recorded with requests 2.3x",
        None,
        "http",
    ),
    CallPattern(
        "HTTPSConnectionPool(",
        rf"HTTPSConnectionPool\(host='(?P<host>{_NAME})', port=(?P<port>\d{{1,5}})\)",
        (
            "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='inventory', port=443): Max retries exceeded with url: /",
        ),
        "urllib3 2 exceptions.py MaxRetryError",
        None,
        "http",
    ),
    CallPattern(
        "Cannot connect to host",
        rf"Cannot connect to host (?P<host>{_NAME}):(?P<port>\d{{1,5}}) ssl:",
        (
            "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host inventory:8080 ssl:default [Connect call failed ('10.96.88.4', 8080)]",
        ),
        "aiohttp 3 client_exceptions.py ClientConnectorError; recorded",
        None,
        "http",
    ),
    CallPattern(
        "Connect call failed",
        rf"Connect call failed \('(?P<address>{_IP})', (?P<port>\d{{1,5}})\)",
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('10.96.88.4', 5432)",),
        "CPython 3.11 asyncio/selector_events.py _sock_connect_cb; recorded with asyncpg",
    ),
    CallPattern(
        "getaddrinfo",
        rf"getaddrinfo (?P<detail>ENOTFOUND|EAI_AGAIN) (?P<host>{_NAME})",
        ("Error: getaddrinfo ENOTFOUND orders-database",),
        "Node.js 20 lib/dns.js; recorded",
    ),
    CallPattern(
        "lookup ",
        rf"\blookup (?P<host>{_NAME})(?: on [0-9a-fA-F.:\[\]]{{2,47}}:53)?: ",
        ("dial tcp: lookup orders-database on 10.96.0.10:53: no such host",),
        "Go net/net.go DNSError; recorded",
    ),
    CallPattern(
        "dial tcp ",
        rf"\bdial tcp (?P<address>{_IP}):(?P<port>\d{{1,5}})",
        ("2026/11/22 02:31:49 dial tcp 10.96.88.4:3306: connect: connection refused",),
        "Go net/net.go OpError; recorded",
    ),
    CallPattern(
        "connect E",
        rf"\bconnect E[A-Z]{{5,16}} (?P<address>{_IP}):(?P<port>\d{{1,5}})",
        ("Error: connect ECONNREFUSED 10.96.88.4:3306",),
        "Node.js 20 lib/internal/errors.js ExceptionWithHostPort; recorded",
    ),
    CallPattern(
        "UnknownHostException",
        rf"UnknownHostException: (?P<host>{_NAME})(?:$|:| |\n)",
        ("Caused by: java.net.UnknownHostException: orders-database",),
        "OpenJDK 17 java/net/Inet4AddressImpl, InetAddress.getAllByName; recorded",
    ),
    CallPattern(
        "Connection refused: ",
        rf"Connection refused: (?:no further information: )?(?P<host>{_NAME})/(?P<address>{_IP}):(?P<port>\d{{1,5}})",
        ("io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: inventory/10.96.88.4:6379",),
        "Netty 4.1 AbstractChannel.annotateConnectException; recorded with Lettuce 6.3",
    ),
    CallPattern(
        "Addr: ",
        rf"Addr: (?P<host>{_NAME}):(?P<port>\d{{1,5}}), Type: Unknown",
        (
            "server selection error: server selection timeout, current topology: { Type: Unknown, Servers: [{ Addr: inventory:27017, Type: Unknown, Last error: dial tcp 10.96.88.4:27017: connect: connection refused }, ] }",
        ),
        "mongo-go-driver 1.17 mongo/description; recorded",
        None,
        "mongodb",
    ),
    CallPattern(
        "ServerDescription",
        rf"ServerDescription(?: \('(?P<host>{_NAME})', (?P<port>\d{{1,5}})\)|\{{address=(?P<host2>{_NAME}):(?P<port2>\d{{1,5}}),)",
        (
            "servers: [<ServerDescription ('inventory', 27017) server_type: Unknown, rtt: None",
            "ServerDescription{address=inventory:27017, type=UNKNOWN, state=CONNECTING",
        ),
        "PyMongo 4 server_description.py (recorded); mongo-java-driver 5.0 ServerDescription.java",
        None,
        "mongodb",
    ),
    CallPattern(
        "[ServerDescription]",
        rf"'(?P<host>{_NAME}):(?P<port>\d{{1,5}})' => \[?ServerDescription",
        ("    servers: Map(1) { 'inventory:27017' => [ServerDescription] },",),
        "mongodb 7 (Node.js) TopologyDescription as util.inspect prints it; recorded",
        None,
        "mongodb",
    ),
    CallPattern(
        "host not found in upstream",
        rf'host not found in upstream "(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?',
        (
            '2026/11/22 02:32:07 [emerg] 23884#23884: host not found in upstream "order-service:8080" in /etc/nginx/nginx.conf:4',
        ),
        "nginx 1.22.1 src/http/ngx_http_upstream_round_robin.c; recorded",
        "name resolution",
        "http",
    ),
    CallPattern(
        "ipv4:",
        rf"\bipv4:(?P<address>{_IP}):(?P<port>\d{{1,5}})",
        (
            '	details = "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.96.88.4:50051: Failed to connect to remote host: connect: Connection refused (111)"',
        ),
        "grpc core src/core/lib/address_utils/sockaddr_utils.cc; recorded with grpcio",
        None,
        "grpc",
    ),
    CallPattern(
        "DNS resolution failed",
        rf"DNS resolution failed for (?P<host>{_NAME}):(?P<port>\d{{1,5}})",
        (
            '	details = "DNS resolution failed for inventry:50051: C-ares status is not ARES_SUCCESS qtype=AAAA name=inventry is_balancer=0: Domain name not found"',
        ),
        "grpc core resolver/dns/c_ares; recorded with grpcio",
        "name resolution",
        "grpc",
    ),
    CallPattern(
        "jdbc:",
        rf"jdbc:(?P<protocol>mysql|mariadb|postgresql|sqlserver|oracle)[\w:]{{0,40}}//(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?(?:/(?P<database>[\w-]{{1,64}}))?",
        ("jdbc:mysql://orders-db:3306/shop",),
        "Connector/J, pgjdbc and others' URL forms",
    ),
    CallPattern(
        "Failed to connect to ",
        rf"NpgsqlException(?: \(0x[0-9A-Fa-f]{{8}}\))?: Failed to connect to (?P<address>{_IP}):(?P<port>\d{{1,5}})",
        ("Npgsql.NpgsqlException (0x80004005): Failed to connect to 10.96.88.4:5432",),
        "Npgsql 8 src/Npgsql/Internal/NpgsqlConnector.cs",
        None,
        "postgresql",
    ),
    CallPattern(
        " (",
        rf"HttpRequestException: (?:Connection refused|Name or service not known|No route to host|Resource temporarily unavailable) \((?P<host>{_NAME}):(?P<port>\d{{1,5}})\)",
        ("System.Net.Http.HttpRequestException: Connection refused (inventory:8080)",),
        ".NET 8 System.Net.Http ConnectHelper.cs",
        None,
        "http",
    ),
    CallPattern(
        "possible to connect to the redis server",
        rf"UnableToConnect on (?P<host>{_NAME}):(?P<port>\d{{1,5}})/Interactive",
        (
            "StackExchange.Redis.RedisConnectionException: It was not possible to connect to the redis server(s). UnableToConnect on cart-cache:6379/Interactive, Initializing/NotStarted",
        ),
        "StackExchange.Redis 2.8 ExceptionFactory.cs, PhysicalConnection.cs",
        None,
        "redis",
    ),
)
