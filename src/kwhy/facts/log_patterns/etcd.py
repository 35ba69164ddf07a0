"""etcd, and its errors as the API server hands them on."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

SLOW_FDATASYNC = LogPattern(
    "etcd.slow-fdatasync",
    "etcd",
    ("slow fdatasync",),
    r'slow fdatasync".{0,40}?took"?[:=]"?(?P<took>[\d.µa-z]{2,30})',
    (
        '{"level":"warn","ts":"2026-11-21T21:24:06.000000Z","caller":"wal/wal.go:846","msg":"slow fdatasync",'
        '"took":"1.6s","expected-duration":"1s"}',
    ),
    "server/storage/wal/wal.go sync:846 (v3.6.4)",
)
SLOW_APPLY = LogPattern(
    "etcd.slow-apply",
    "etcd",
    ("apply request took too long",),
    r'apply request took too long".{0,40}?took"?[:=]"?(?P<took>[\d.µa-z]{2,30})',
    (
        '{"level":"warn","ts":"2026-11-21T21:24:06.000000Z","caller":"txn/util.go:93","msg":"apply request took too long",'
        '"took":"312.4ms","expected-duration":"100ms","prefix":"read-only range ","request":"key:\\"/registry\\""}',
    ),
    "server/etcdserver/txn/util.go warnOfExpensiveGenericRequest:94 (v3.6.4)",
)
HEARTBEAT_LATE = LogPattern(
    "etcd.heartbeat-late",
    "etcd",
    ("failed to send out heartbeat on time",),
    r"failed to send out heartbeat on time",
    (
        '{"level":"warn","ts":"2026-11-21T21:24:06.000000Z","caller":"etcdserver/raft.go:388","msg":"leader failed to send '
        'out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"8e9e05c52164694d"}',
    ),
    "server/etcdserver/raft.go:388 (v3.6.4)",
)
CLIENT_ERROR = LogPattern(
    "etcd.client-error",
    "",
    ("etcdserver: leader changed", "etcdserver: request timed out", "etcdserver: no leader",
     "etcdserver: mvcc: database space exceeded"),
    r"etcdserver: (?P<what>leader changed|request timed out|no leader|mvcc: database space exceeded)",
    (
        "E0729 17:08:22.299597    1636 controller.go:178] failed to update node lease, error: etcdserver: request timed out",
    ),
    "server/etcdserver/errors/errors.go:26-31, api/v3rpc/rpctypes/error.go (v3.6.4)",
    key=("what",),
)  # fmt: skip
