"""What databases and caches answer to calls that they refuse; client libraries repeat it word for word.

Recorded: the program named beside the example printed it on a loopback network, against MariaDB 10.11.19, PostgreSQL
15.18 or Redis 7.0.15.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import CallPattern

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
        "Too many connections",
        r"\bToo many connections\b",
        (
            "pymysql.err.OperationalError: (1040, 'Too many connections')",
            "2026/11/22 03:18:40.152402 ERROR order query failed: Error 1040 (08004): Too many connections",
        ),
        "MariaDB 10.11 errmsg ER_CON_COUNT_ERROR (1040); recorded with PyMySQL 1.2, go-sql-driver/mysql 1.10",
        "too many connections",
        "mysql",
    ),
    CallPattern(
        "too many connections for ",
        r'too many connections for (?:role "(?P<user>[^"\n]{1,80})"|database "(?P<database>[^"\n]{1,80})")',
        ('FATAL:  too many connections for role "ledger"',),
        "PostgreSQL 15 src/backend/utils/init/miscinit.c InitializeSessionUserId, postinit.c CheckMyDatabase",
        "too many connections",
        "postgresql",
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
        "command not allowed when used memory",
        r"command not allowed when used memory > 'maxmemory'",
        (
            "2026/11/22 03:20:10 ERROR cart write failed: OOM command not allowed when used memory > 'maxmemory'.",
            "redis.exceptions.OutOfMemoryError: command not allowed when used memory > 'maxmemory'.",
        ),
        "Redis 7.0 src/server.c shared.oomerr; recorded with go-redis 9, redis-py, ioredis 5",
        "out of memory",
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
