"""What clients of databases, caches and other services print when a call fails, and what the servers print.

The order decides: what the server answered says more than what the connection did, and that more than a time-out.
Recorded: the program named beside the example printed it on a loopback network, against MariaDB 10.11.19, PostgreSQL
15.14, Redis 7.0.15 or a port on which nobody listens.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import CallPattern

_NAME = r"[A-Za-z0-9_](?:[\w.-]{0,252}\w)?"
_IP = r"(?:\d{1,3}\.){3}\d{1,3}|\[?[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}\]?"

#: What servers answer; client libraries repeat it word for word.
ANSWERS: tuple[CallPattern, ...] = (
    CallPattern(
        "Access denied for user",
        r"Access denied for user '(?P<user>[^'\n]{0,80})'@'(?P<client>[^'\n]{0,255})'(?: \(using password: (?P<password>YES|NO)\)| to database '(?P<database>[^'\n]{1,64})')?",
        (
            # PyMySQL 1.1; recorded
            """pymysql.err.OperationalError: (1045, "Access denied for user 'orders'@'10.96.12.7' (using password: YES)")""",
            # go-sql-driver/mysql 1.9; recorded
            "2026/11/22 02:31:52 Error 1045 (28000): Access denied for user 'orders'@'10.96.12.7' (using password: YES)",
            """pymysql.err.OperationalError: (1044, "Access denied for user 'orders'@'%' to database 'shop_v2'")""",
            # MariaDB's own log; recorded
            "2026-11-22  2:31:52 21 [Warning] Access denied for user 'orders'@'10.96.12.7' (using password: YES)",
        ),
        "MariaDB 10.11 and MySQL 8 sql/share/errmsg: ER_ACCESS_DENIED_ERROR (1045), ER_ACCESS_DENIED_NO_PASSWORD_ERROR (1698), ER_DBACCESS_DENIED_ERROR (1044)",
        "access refused",
        "mysql",
    ),
    CallPattern(
        "is not allowed to connect to this",
        r"Host '(?P<client>[^'\n]{1,255})' is not allowed to connect to this (?:MySQL|MariaDB) server",
        ("Host '10.96.12.7' is not allowed to connect to this MariaDB server",),
        "MariaDB 10.11 and MySQL 8 errmsg: ER_HOST_NOT_PRIVILEGED (1130)",
        "access refused",
        "mysql",
    ),
    CallPattern(
        "is blocked because of many connection errors",
        r"Host '(?P<client>[^'\n]{1,255})' is blocked because of many connection errors",
        ("Host '10.96.12.7' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'",),
        "MariaDB 10.11 and MySQL 8 errmsg: ER_HOST_IS_BLOCKED (1129)",
        "access refused",
        "mysql",
    ),
    CallPattern(
        "Unknown database",
        r"Unknown database '(?P<database>[^'\n]{1,64})'",
        (
            "2026/11/22 02:31:49 Error 1049 (42000): Unknown database 'shop_v2'",
            """pymysql.err.OperationalError: (1049, "Unknown database 'shop_v2'")""",
        ),
        "MariaDB 10.11 and MySQL 8 errmsg: ER_BAD_DB_ERROR (1049); recorded with go-sql-driver/mysql 1.9, PyMySQL 1.1",
        "unknown database",
        "mysql",
    ),
    CallPattern(
        "oo many connections",
        r"\bToo many connections\b|FATAL: +too many connections for (?:role|database) \"(?P<user>[^\"\n]{1,80})\"",
        (
            "pymysql.err.OperationalError: (1040, 'Too many connections')",
            'FATAL:  too many connections for role "ledger"',
        ),
        "MariaDB 10.11 errmsg ER_CON_COUNT_ERROR (1040); PostgreSQL 15 utils/init/postinit.c, miscinit.c; recorded with PyMySQL 1.1",
        "too many connections",
    ),
    CallPattern(
        "max_user_connections",
        r"User '?(?P<user>[^' \n]{1,80})'? (?:has exceeded the 'max_user_connections' resource \(current value: (?P<detail>\d+)\)|already has more than 'max_user_connections' active connections)",
        (
            """pymysql.err.OperationalError: (1226, "User 'limited' has exceeded the 'max_user_connections' resource (current value: 2)")""",
            "User orders already has more than 'max_user_connections' active connections",
        ),
        "MariaDB 10.11 errmsg ER_USER_LIMIT_REACHED (1226), ER_TOO_MANY_USER_CONNECTIONS (1203); recorded with PyMySQL 1.1",
        "too many connections",
        "mysql",
    ),
    CallPattern(
        "read-only option",
        r"running with the --(?:super-)?read-only option",
        (
            "pymysql.err.OperationalError: (1290, 'The MariaDB server is running with the --read-only option so it cannot execute this statement')",
        ),
        "MariaDB 10.11 and MySQL 8 errmsg: ER_OPTION_PREVENTS_STATEMENT (1290); recorded with PyMySQL 1.1",
        "read-only",
        "mysql",
    ),
    CallPattern(
        "password authentication failed for user",
        r'password authentication failed for user "(?P<user>[^"\n]{1,80})"',
        (
            # psycopg2 2.9; recorded
            'psycopg2.OperationalError: connection to server at "ledger-db" (10.96.40.21), port 5432 failed: FATAL:  password authentication failed for user "ledger"',
            # pgx 5; recorded
            '	10.96.40.21:5432 (ledger-db): failed SASL auth: FATAL: password authentication failed for user "ledger" (SQLSTATE 28P01)',
            # PostgreSQL's own log; recorded
            '2026-11-22 02:24:54.513 UTC [26919] FATAL:  password authentication failed for user "ledger"',
        ),
        "PostgreSQL 15 src/backend/libpq/auth.c auth_failed",
        "access refused",
        "postgresql",
    ),
    CallPattern(
        "pg_hba.conf",
        r'pg_hba\.conf (?:entry for|rejects connection for) host "(?P<client>[^"\n]{1,64})", user "(?P<user>[^"\n]{1,80})", database "(?P<database>[^"\n]{1,80})"',
        ('FATAL:  no pg_hba.conf entry for host "10.244.0.9", user "ledger", database "ledger", no encryption',),
        "PostgreSQL 15 src/backend/libpq/auth.c ClientAuthentication",
        "access refused",
        "postgresql",
    ),
    CallPattern(
        "does not exist",
        r'(?:role "(?P<user>[^"\n]{1,80})" does not exist)(?!\S)',
        ('FATAL:  role "ledgers" does not exist',),
        "PostgreSQL 15 src/backend/utils/init/miscinit.c InitializeSessionUserId",
        "access refused",
        "postgresql",
    ),
    CallPattern(
        "does not exist",
        r'\bdatabase "(?P<database>[^"\n]{1,80})" does not exist',
        (
            '	10.96.40.21:5432 (ledger-db): server error: FATAL: database "ledgers" does not exist (SQLSTATE 3D000)',
            '2026-11-22 02:24:56.761 UTC [26974] FATAL:  database "ledgers" does not exist',
        ),
        "PostgreSQL 15 src/backend/utils/init/postinit.c InitPostgres; recorded with pgx 5, psycopg2 2.9",
        "unknown database",
        "postgresql",
    ),
    CallPattern(
        "permission denied for",
        r"permission denied for (?:table|schema|relation|database|sequence|view|function) (?P<detail>\S{1,120})",
        ("ERROR:  permission denied for table entries",),
        "PostgreSQL 15 src/backend/catalog/aclchk.c aclcheck_error; before 11 'relation' for all of them",
        "access refused",
        "postgresql",
    ),
    CallPattern(
        "too many clients already",
        r"sorry, too many clients already",
        (
            'psycopg2.OperationalError: connection to server at "ledger-db" (10.96.40.21), port 5432 failed: FATAL:  sorry, too many clients already',
        ),
        "PostgreSQL 15 src/backend/storage/lmgr/proc.c InitProcess",
        "too many connections",
        "postgresql",
    ),
    CallPattern(
        "remaining connection slots",
        r"remaining connection slots are reserved for",
        (
            'psycopg2.OperationalError: connection to server at "ledger-db" (10.96.40.21), port 5432 failed: FATAL:  remaining connection slots are reserved for non-replication superuser connections',
        ),
        "PostgreSQL 15 src/backend/utils/init/postinit.c InitPostgres; recorded with psycopg2 2.9",
        "too many connections",
        "postgresql",
    ),
    CallPattern(
        "in a read-only transaction",
        r"cannot execute (?P<detail>[A-Z ]{3,40}?) in a read-only transaction",
        ("psycopg2.errors.ReadOnlySqlTransaction: cannot execute CREATE TABLE in a read-only transaction",),
        "PostgreSQL 15 src/backend/tcop/utility.c PreventCommandIfReadOnly; recorded with psycopg2 2.9",
        "read-only",
        "postgresql",
    ),
    CallPattern(
        "NOAUTH",
        r"\bNOAUTH (?:Authentication required|HELLO must be called with the client already authenticated)",
        (
            # go-redis 9; recorded
            "2026/11/22 02:31:46 NOAUTH Authentication required.",
            # ioredis 5; recorded
            "[ioredis] Unhandled error event: ReplyError: NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used",
        ),
        "Redis 7.0 src/server.c, src/networking.c",
        "access refused",
        "redis",
    ),
    CallPattern(
        "AuthenticationError",
        r"redis\.exceptions\.Authentication(?:Wrong\w+)?Error: (?P<detail>HELLO must|invalid (?:username-)?password|Authentication required|WRONGPASS|NOAUTH)",
        (
            "redis.exceptions.AuthenticationError: HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used",
            "redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.",
        ),
        "redis-py 8.1 redis/_parsers/base.py EXCEPTION_CLASSES cuts the code off the answer; recorded",
        "access refused",
        "redis",
    ),
    CallPattern(
        "WRONGPASS",
        r"\bWRONGPASS invalid username-password pair",
        ("2026/11/22 02:31:58 WRONGPASS invalid username-password pair or user is disabled.",),
        "Redis 7.0 src/acl.c; recorded with go-redis 9, ioredis 5",
        "access refused",
        "redis",
    ),
    CallPattern(
        "ERR invalid password",
        r"\bERR invalid password\b",
        ("redis: ERR invalid password",),
        "Redis before 6 src/server.c authCommand",
        "access refused",
        "redis",
    ),
    CallPattern(
        "an't write against a read only",
        r"You can't write against a read only (?:replica|slave)",
        (
            "2026/11/22 02:31:58 READONLY You can't write against a read only replica.",
            "redis.exceptions.ReadOnlyError: You can't write against a read only replica.",
        ),
        "Redis 7.0 src/server.c shared.roslaveerr ('slave' before 5); recorded with go-redis 9, redis-py, ioredis 5",
        "read-only",
        "redis",
    ),
    CallPattern(
        "max number of clients reached",
        r"max number of clients reached",
        ("redis.exceptions.ConnectionError: max number of clients reached",),
        "Redis 7.0 src/networking.c acceptCommonHandler; recorded with redis-py",
        "too many connections",
        "redis",
    ),
    CallPattern(
        "uthentication failed",
        r"MongoServerError: Authentication failed|OperationFailure: Authentication failed|\(AuthenticationFailed\)|MongoSecurityException|error 18 \(AuthenticationFailed\)",
        ("MongoServerError: Authentication failed.", "(AuthenticationFailed) Authentication failed."),
        "MongoDB 7 src/mongo/db/auth/sasl_commands.cpp (code 18); node driver 6 src/error.ts",
        "access refused",
        "mongodb",
    ),
    CallPattern(
        "Exception authenticating MongoCredential",
        r"Exception authenticating MongoCredential\{(?:[^}\n]{0,200}?userName='(?P<user>[^'\n]{1,80})')?",
        (
            "com.mongodb.MongoSecurityException: Exception authenticating MongoCredential{mechanism=SCRAM-SHA-256, userName='app', source='admin', password=<hidden>, mechanismProperties=<hidden>}",
        ),
        "mongo-java-driver 5.0 SaslAuthenticator.java wrapException",
        "access refused",
        "mongodb",
    ),
    CallPattern(
        "not authorized on",
        r"not authorized on (?P<database>\S{1,64}) to execute command",
        ('MongoServerError: not authorized on shop to execute command { find: "orders" }',),
        "MongoDB 7 src/mongo/db/commands.cpp (code 13 Unauthorized)",
        "access refused",
        "mongodb",
    ),
    CallPattern(
        "Login failed for user",
        r"Login failed for user '(?P<user>[^'\n]{1,128})'",
        ("Microsoft.Data.SqlClient.SqlException (0x80131904): Login failed for user 'orders'.",),
        "SQL Server error 18456 (learn.microsoft.com/sql/relational-databases/errors-events/mssqlserver-18456-database-engine-error)",
        "access refused",
        "sqlserver",
    ),
    CallPattern(
        "requested by the login",
        r'Cannot open database "(?P<database>[^"\n]{1,128})" requested by the login',
        ('Cannot open database "shop_v2" requested by the login. The login failed.',),
        "SQL Server error 4060",
        "unknown database",
        "sqlserver",
    ),
)

#: Pools that have no connection left to lend.
POOLS: tuple[CallPattern, ...] = (
    CallPattern(
        "Connection is not available, request timed out",
        r"(?P<detail>[\w.-]{1,80}) - Connection is not available, request timed out after \d+ms(?: \(total=\d+, active=\d+, idle=\d+, waiting=\d+\))?",
        (
            "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 1000ms (total=2, active=2, idle=0, waiting=0)",
        ),
        "HikariCP 5.1 pool/HikariPool.java createTimeoutException (totals since 5.1)",
        "pool exhausted",
    ),
    CallPattern(
        "QueuePool limit",
        r"QueuePool limit of size (?P<detail>\d+ overflow \d+) reached, connection timed out",
        (
            "sqlalchemy.exc.TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 1.00",
        ),
        "SQLAlchemy 2.1 lib/sqlalchemy/pool/impl.py; recorded",
        "pool exhausted",
    ),
    CallPattern(
        "Timeout acquiring a connection",
        r"Timeout acquiring a connection\. The pool is probably full",
        (
            "KnexTimeoutError: Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?",
        ),
        "knex 3 lib/client.js acquireConnection",
        "pool exhausted",
    ),
    CallPattern(
        "prior to obtaining a connection from the pool",
        r"The timeout period elapsed prior to obtaining a connection from the pool",
        (
            "System.InvalidOperationException: Timeout expired.  The timeout period elapsed prior to obtaining a connection from the pool.",
        ),
        "Microsoft.Data.SqlClient 5 Strings.resx ADP_PooledOpenTimeout",
        "pool exhausted",
    ),
    CallPattern(
        "The connection pool has been exhausted",
        r"The connection pool has been exhausted, either raise",
        (
            "Npgsql.NpgsqlException (0x80004005): The connection pool has been exhausted, either raise 'Max Pool Size' (currently 100)",
        ),
        "Npgsql 8 src/Npgsql/PoolingDataSource.cs",
        "pool exhausted",
    ),
    CallPattern(
        "Could not get a resource from the pool",
        r"Could not get a resource(?: since the pool is exhausted| from the pool)",
        (
            "redis.clients.jedis.exceptions.JedisExhaustedPoolException: Could not get a resource since the pool is exhausted",
        ),
        "Jedis 3 to 5 util/Pool.java",
        None,
        "redis",
    ),
)

#: Answers of callees that are no answers: gRPC codes, open circuits.
STATES: tuple[CallPattern, ...] = (
    CallPattern(
        "DEADLINE",
        r"StatusCode\.DEADLINE_EXCEEDED|\b4 DEADLINE_EXCEEDED|StatusRuntimeException: DEADLINE_EXCEEDED",
        (
            "	status = StatusCode.DEADLINE_EXCEEDED",
            "Error: 4 DEADLINE_EXCEEDED: Deadline exceeded after 1.000s,name resolution: 0.001s",
            "io.grpc.StatusRuntimeException: DEADLINE_EXCEEDED: deadline exceeded after 999961000ns.",
        ),
        "grpc (code 4): grpcio 1.8x, @grpc/grpc-js 1.1x (recorded), grpc-java",
        "timeout",
        "grpc",
    ),
    CallPattern(
        "code = DeadlineExceeded",
        r"code = DeadlineExceeded\b",
        (
            "2026/11/22 02:32:01 rpc error: code = DeadlineExceeded desc = context deadline exceeded while waiting for connections to become ready",
        ),
        "grpc-go 1.7x internal/status; recorded",
        "timeout",
        "grpc",
    ),
    CallPattern(
        "NAVAILABLE",
        r"StatusCode\.UNAVAILABLE|\b14 UNAVAILABLE|StatusRuntimeException: UNAVAILABLE",
        (
            "	status = StatusCode.UNAVAILABLE",
            "Error: 14 UNAVAILABLE: No connection established. Last error: null. Resolution note: ",
            "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception",
        ),
        "grpc (code 14): grpcio, @grpc/grpc-js (recorded), grpc-java",
        "unavailable",
        "grpc",
    ),
    CallPattern(
        "code = Unavailable",
        r"code = Unavailable\b",
        ("2026/11/22 02:31:46 rpc error: code = Unavailable desc = name resolver error: produced zero addresses",),
        "grpc-go internal/status; recorded",
        "unavailable",
        "grpc",
    ),
    CallPattern(
        "does not permit further calls",
        r"CircuitBreaker '(?P<detail>[^'\n]{1,120})' is (?:OPEN|FORCED_OPEN|HALF_OPEN) and does not permit further calls",
        (
            "io.github.resilience4j.circuitbreaker.CallNotPermittedException: CircuitBreaker 'inventory' is OPEN and does not permit further calls",
        ),
        "resilience4j 2 CallNotPermittedException.java",
        "unavailable",
    ),
    CallPattern(
        "ircuit",
        r"(?i)circuit breaker is open|the circuit is now open and is not allowing calls|short-circuited and|circuit short-circuited",
        (
            "circuit breaker is open",
            "Polly.CircuitBreaker.BrokenCircuitException: The circuit is now open and is not allowing calls.",
        ),
        "sony/gobreaker ErrOpenState; Polly 8 BrokenCircuitException; Hystrix 1.5 HystrixCommand",
        "unavailable",
    ),
    CallPattern(
        "Breaker is open",
        r"\bBreaker is open\b",
        ("Error: Breaker is open",),
        "opossum 8 lib/circuit.js",
        "unavailable",
    ),
    CallPattern(
        "no live upstreams",
        r"no live upstreams while connecting to upstream",
        (
            '2026/11/22 02:32:06 [error] 23742#23742: *8 no live upstreams while connecting to upstream, client: 10.96.61.1, server: shop.example, request: "GET /two/2 HTTP/1.1", upstream: "http://two/two/2", host: "10.96.61.1:8000"',
        ),
        "nginx 1.22.1 src/http/ngx_http_upstream.c; recorded",
        "unavailable",
        "http",
    ),
    CallPattern(
        "upstream",
        r"no healthy upstream",
        ("no healthy upstream",),
        "Envoy source/common/router/router.cc (response flag UH)",
        "unavailable",
        "http",
    ),
)

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
