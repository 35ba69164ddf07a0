"""Probes of etcd and of the disks below it."""

from kwhy.model.probe import Probe
from kwhy.probes.node import ON_NODE

#: The test that etcd's documentation points to (etcd.io/docs/v3.5/op-guide/hardware, "Disks"): what etcd's log writes.
FIO = Probe(
    "mkdir -p /var/lib/etcd/fio && fio --rw=write --ioengine=sync --fdatasync=1 --directory=/var/lib/etcd/fio "
    "--size=22m --bs=2300 --name=etcd-disk; rm -rf /var/lib/etcd/fio",
    unlocks="how long the disk takes until a write is safe",
    where=ON_NODE,
    cost="seconds to a minute; writes 22 MB to the disk",
    risk="low",
)
ETCD_LOG = Probe(
    "crictl logs --tail=2000 $(crictl ps -a --name etcd -q | head -1)", unlocks="what etcd says", where=ON_NODE
)
ENDPOINT_STATUS = Probe(
    "ETCDCTL_API=3 etcdctl endpoint status --cluster -w json; etcdctl endpoint health --cluster; etcdctl alarm list",
    unlocks="leader, term, size and alarms of every member; needs --cacert, --cert and --key of etcd",
    where="a control-plane node",
)
METRICS = Probe(
    "curl -s http://127.0.0.1:2381/metrics | grep -E 'fsync|backend_commit|leader|round_trip|db_total|quota'",
    unlocks="how long etcd's disk and peers take, and how often the leader changed",
    where=ON_NODE,
)
