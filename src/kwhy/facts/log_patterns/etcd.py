"""etcd, and its errors as the API server hands them on.

3.3 and 3.4 print capnslog text ("2026-11-22 05:45:55.807162 W | wal: sync duration of …") unless --logger=zap is set; 3.5
and later print zap's JSON. Recorded: etcd 3.4.23, 3.5.21, 3.6.4.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

_TOOK = r"(?P<took>[\d.]{1,20}(?:h|m|s|ms|µs|us|ns)[\d.hmsµun]{0,20})"
_ID = r"[0-9a-f]{8,16}"

SLOW_FDATASYNC = LogPattern(
    "etcd.slow-fdatasync",
    "etcd",
    ("slow fdatasync", "sync duration of"),
    rf'slow fdatasync"? .{{0,40}}?took"?[:=]"?{_TOOK}|sync duration of (?P<old_took>[\d.hmsµun]{{2,30}}), expected less than',
    (
        '{"level":"warn","ts":"2026-11-22T05:39:16.929670Z","caller":"wal/wal.go:845","msg":"slow fdatasync","took":"1.053178688s","expected-duration":"1s"}',
        "2026-11-22 05:45:55.807162 W | wal: sync duration of 1.40298339s, expected less than 1s",
    ),
    "server/storage/wal/wal.go sync:846 (v3.6.4), server/wal/wal.go:805 (v3.5.21), wal/wal.go:728 (v3.4.23): longer than warnSyncDuration, 1 s",
)
SLOW_APPLY = LogPattern(
    "etcd.slow-apply",
    "etcd",
    ("apply request took too long", "took too long (", "apply entries took too long"),
    rf'apply request took too long"? .{{0,40}}?took"?[:=]"?{_TOOK}'
    r"|(?P<old_what>(?:read-only range )?request|txn|applied) .{0,3000}? took too long \((?P<old_took>[\d.hmsµun]{2,30})\) to execute"
    r"|apply entries took too long \[(?P<oldest_took>[\d.hmsµun]{2,30}) for",
    (
        '{"level":"warn","ts":"2026-11-22T05:39:18.687952Z","caller":"txn/util.go:93","msg":"apply request took too long","took":"341.845546ms","expected-duration":"100ms","prefix":"","request":"header:<ID:2750188650929442818 > cluster_member_attr_set:<member_ID:8774413978203203114 > ","response":""}',
        '2026-11-22 05:45:57.568092 W | etcdserver: request "header:<ID:10047427422253986663 > put:<key:\\"/registry/load/3/1\\" value_size:600 >" with result "size:5" took too long (3.168543155s) to execute',
    ),
    "server/etcdserver/txn/util.go warnOfExpensiveGenericRequest:94 (v3.6.4), etcdserver/util.go:114 (v3.4.23), etcdserver/server.go (v3.2): longer than 100 ms",
)
HEARTBEAT_LATE = LogPattern(
    "etcd.heartbeat-late",
    "etcd",
    ("failed to send out heartbeat on time",),
    r"failed to send out heartbeat on time(?:.{0,80}?exceeded the (?P<interval>\S{1,20}) timeout for (?P<exceeded>[\d.hmsµun]{2,30}))?",
    (
        '{"level":"warn","ts":"2026-11-21T21:24:06.000000Z","caller":"etcdserver/raft.go:388","msg":"leader failed to send '
        'out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"8e9e05c52164694d"}',
        "2026-11-22 05:46:33.909733 W | etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 18.486981ms, to 69d88a3f5ae88b6f)",
    ),
    "server/etcdserver/raft.go:388 (v3.6.4), etcdserver/raft.go processMessages (v3.4.23)",
)
LEADER_LOST = LogPattern(
    "etcd.leader-lost",
    "etcd",
    ("lost leader", "changed leader from", "stepped down to follower since quorum is not active"),
    rf"raft\.node: (?P<member>{_ID}) (?:lost leader (?P<leader>{_ID})|changed leader from (?P<former>{_ID}) to {_ID}) at term (?P<term>\d{{1,12}})"
    rf"|(?P<stepped>{_ID}) stepped down to follower since quorum is not active",
    (
        '{"level":"info","ts":"2026-11-22T05:39:53.492468Z","logger":"raft","caller":"v3@v3.6.0/node.go:376","msg":"raft.node: 69613aab7e17b22b lost leader 79c4fb063b06262a at term 2"}',
        "raft2026/11/22 05:45:59 INFO: raft.node: 69d88a3f5ae88b6f lost leader 69613aab7e17b22b at term 3",
    ),
    "go.etcd.io/raft/v3 node.go run:376, raft.go tickHeartbeat (v3.6.0); etcd raft/node.go (v3.4.23)",
)
LEADER_ELECTED = LogPattern(
    "etcd.leader-elected",
    "etcd",
    ("elected leader",),
    rf"raft\.node: (?P<member>{_ID}) elected leader (?P<leader>{_ID}) at term (?P<term>\d{{1,12}})",
    (
        '{"level":"info","ts":"2026-11-22T05:39:15.880562Z","logger":"raft","caller":"v3@v3.6.0/node.go:370","msg":"raft.node: 69d88a3f5ae88b6f elected leader 79c4fb063b06262a at term 2"}',
        "raft2026/11/22 05:47:32 INFO: raft.node: 69d88a3f5ae88b6f elected leader 79c4fb063b06262a at term 2",
    ),
    "go.etcd.io/raft/v3 node.go run:370 (v3.6.0); etcd raft/node.go (v3.4.23)",
)
STARTING_MEMBER = LogPattern(
    "etcd.starting-member",
    "etcd",
    ("starting local member", "starting member", "restarting local member", "restarting member"),
    rf'starting (?:local )?member"? (?:.{{0,200}}?local-member-id="(?P<member>{_ID})"|(?P<old_member>{_ID}) in cluster)',
    (
        '{"level":"info","ts":"2026-11-22T05:39:10.239407Z","caller":"etcdserver/bootstrap.go:499","msg":"starting local member","local-member-id":"69d88a3f5ae88b6f","cluster-id":"fb2a1dda88565b"}',
        "2026-11-22 05:45:43.089854 I | etcdserver: starting member 69d88a3f5ae88b6f in cluster fb2a1dda88565b",
    ),
    "server/etcdserver/bootstrap.go:499,519 (v3.6.4), etcdserver/raft.go startNode, restartNode (v3.4.23)",
    key=("member", "old_member"),
)
PEER_UNHEALTHY = LogPattern(
    "etcd.peer-unhealthy",
    "etcd",
    ("prober detected unhealthy status", "health check for peer"),
    rf'prober detected unhealthy status"? .{{0,120}}?remote-peer-id="(?P<peer>{_ID})" .{{0,60}}?error="(?P<error>[^"]{{1,400}})'
    rf"|health check for peer (?P<old_peer>{_ID}) could not connect: (?P<old_error>.{{1,400}})",
    (
        '{"level":"warn","ts":"2026-11-22T05:43:27.730525Z","caller":"rafthttp/probing_status.go:68","msg":"prober detected unhealthy status","round-tripper-name":"ROUND_TRIPPER_SNAPSHOT","remote-peer-id":"79c4fb063b06262a","rtt":"773.852µs","error":"dial tcp 10.77.0.2:2380: connect: connection refused"}',
        "2026-11-22 05:49:08.746389 W | rafthttp: health check for peer 79c4fb063b06262a could not connect: dial tcp 10.77.0.2:2380: connect: connection refused",
    ),
    "server/etcdserver/api/rafthttp/probing_status.go monitorProbingStatus:68 (v3.6.4), :70 (v3.4.23)",
    key=("peer", "old_peer"),
)
PEER_CLOCK = LogPattern(
    "etcd.peer-clock",
    "etcd",
    ("prober found high clock drift", "the clock difference against peer"),
    rf'prober found high clock drift"? .{{0,120}}?remote-peer-id="(?P<peer>{_ID})" clock-drift="(?P<drift>[-\d.hmsµun]{{2,30}})" rtt="(?P<rtt>[\d.hmsµun]{{2,30}})"'
    rf"|the clock difference against peer (?P<old_peer>{_ID}) is too high \[(?P<old_drift>[-\d.hmsµun]{{2,30}}) >",
    (
        '{"level":"warn","ts":"2026-11-22T05:53:24.559338Z","caller":"rafthttp/probing_status.go:82","msg":"prober found high clock drift","round-tripper-name":"ROUND_TRIPPER_RAFT_MESSAGE","remote-peer-id":"79c4fb063b06262a","clock-drift":"1.645335539s","rtt":"278.241904ms"}',
        # quoted from rafthttp/probing_status.go (v3.4.23): plog.Warningf("the clock difference against peer %s is too high [%v > %v]", …)
        "2026-11-22 05:49:08.746389 W | rafthttp: the clock difference against peer 79c4fb063b06262a is too high [4.285950016s > 1s]",
    ),
    "server/etcdserver/api/rafthttp/probing_status.go monitorProbingStatus:82 (v3.6.4)",
    key=("peer", "old_peer"),
)
READ_INDEX_WAITS = LogPattern(
    "etcd.read-index-waits",
    "etcd",
    ("waiting for ReadIndex response took too long", "timed out waiting for read index response"),
    r"waiting for ReadIndex response took too long|timed out waiting for read index response",
    (
        '{"level":"warn","ts":"2026-11-22T05:53:35.460637Z","caller":"etcdserver/v3_server.go:911","msg":"waiting for ReadIndex response took too long, retrying","sent-request-id":10047427422361881110,"retry-timeout":"500ms"}',
        "2026-11-22 05:46:42.171695 W | etcdserver: waiting for ReadIndex response took too long, retrying (sent-request-id: 12838533291316754547, retry-timeout: 500ms)",
    ),
    "server/etcdserver/v3_server.go requestCurrentIndex:911,923 (v3.6.4)",
)
SPACE_EXCEEDED = LogPattern(
    "etcd.space-exceeded",
    "etcd",
    ("exceeded backend quota", "NOSPACE"),
    r'message exceeded backend quota; raising alarm" quota-size-bytes="(?P<quota>\d{1,20})"'
    r'|alarm raised" alarm="NOSPACE" from="(?P<member>[0-9a-f]{1,16})"|alarm NOSPACE raised by peer (?P<old_member>[0-9a-f]{1,16})',
    (
        '{"level":"warn","ts":"2026-11-22T05:55:24.719407Z","caller":"etcdserver/server.go:1993","msg":"message exceeded backend quota; raising alarm","quota-size-bytes":16777216,"quota-size":"17 MB","error":"etcdserver: no space"}',
        '{"level":"warn","ts":"2026-11-22T06:00:00.962844Z","caller":"etcdserver/apply.go:753","msg":"alarm raised","alarm":"NOSPACE","from":"69613aab7e17b22b"}',
    ),
    "server/etcdserver/server.go:1993 (v3.6.4), server/etcdserver/apply.go:753 (v3.5.21), etcdserver/apply.go (v3.4.23)",
)
DISARMED = LogPattern(
    "etcd.alarm-disarmed",
    "etcd",
    ("alarm disarmed",),
    r"alarm disarmed",
    (
        # quoted from server/etcdserver/apply.go (v3.5.21): lg.Warn("alarm disarmed", zap.String("alarm", m.Alarm.String()), …)
        '{"level":"warn","ts":"2026-11-22T06:02:00.962844Z","caller":"etcdserver/apply.go:783","msg":"alarm disarmed","alarm":"NOSPACE","from":"69613aab7e17b22b"}',
    ),
    "server/etcdserver/apply.go Alarm (v3.5.21)",
)
SHUTTING_DOWN = LogPattern(
    "etcd.shutting-down",
    "etcd",
    (
        "received signal; shutting down",
        "received terminated signal, shutting down",
        "received interrupt signal, shutting down",
    ),
    r"received (?:signal; shutting down|(?:terminated|interrupt) signal, shutting down)",
    (
        '{"level":"info","ts":"2026-11-22T05:40:24.526388Z","caller":"osutil/interrupt_unix.go:65","msg":"received signal; shutting down","signal":"terminated"}',
        "2026-11-22 05:47:27.849163 N | pkg/osutil: received terminated signal, shutting down...",
    ),
    "pkg/osutil/interrupt_unix.go HandleInterrupts (v3.6.4, v3.4.23)",
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
SLOW_FOR_API_SERVER = LogPattern(
    "apiserver.etcd-slow",
    "kube-apiserver",
    ("Txn call",),
    r'Trace\[\d{1,12}\]:\s{0,4}---"Txn call (?:succeeded|completed|finished|failed)" (?:err:.{0,400}? )?(?P<took>\d{1,9}ms)',
    ('Trace[738230288]:  ---"Txn call succeeded" 4058ms (06:58:40.904)]',),
    "k8s.io/apiserver pkg/storage/etcd3/store.go:306-592 (v0.34); k8s.io/utils trace/trace.go writeTraceSteps",
)
