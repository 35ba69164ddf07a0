"""What clients print that got no connection from a pool, or no answer from a callee: gRPC codes, open circuits.

They are looked for after what servers answer, and before what the words of a time-out say.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import CallPattern

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
        "Could not get a resource",
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
