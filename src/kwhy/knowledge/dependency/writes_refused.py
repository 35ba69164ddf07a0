"""A program writes to a database or cache that takes no writes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.dependency.server_words import Told, told
from kwhy.knowledge.dependency.servers import named_by_siblings, refusals, server_of
from kwhy.knowledge.dependency.settings import Address
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

WRITES_REFUSED = Condition(
    code="dependency.writes-refused",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} {what}",
    summary="The server is set read-only, or the program is told to write to a read-only replica.",
    remedies=(
        Remedy(
            id="write-where-writes-are-taken",
            title="Send writes to the server that takes them, or let this one take them",
            when="now",
            risk="medium",
            steps=(
                Step("See whether the server is meant to be read-only: a replica must stay so."),
                Step("Correct the address of the writer, or the server's read-only setting.", "{edit}"),
            ),
            verify=(Step("The log shows that writes succeed.", "kubectl logs {pod} -n {namespace} --tail=50"),),
            undo=(Step("Restore the former setting.", "{edit}"),),
        ),
    ),
)

# --read-only=1 · --super-read-only · read_only = ON (MariaDB, MySQL) · default_transaction_read_only=on (PostgreSQL)
_READ_ONLY = expression(
    r"(?i)(?:--(?:super[-_])?read[-_]only(?:=(?:1|on|true))?(?![\w=-])|\b(?:super_)?read_only\s{0,3}=\s{0,3}(?:1|on|true)\b"
    r"|default_transaction_read_only\s{0,3}=\s{0,3}(?:on|true|1)\b)"
)
# --replicaof redis 6379 · slaveof redis 6379 (before Redis 5) · replica-read-only is the default of replicas
_REPLICA_OF = expression(r"(?:--|\b)(?:replicaof|slaveof) {1,3}(?P<value>[\w.-]{1,253}) {1,3}\d{1,5}")
# mysql-replica · redis-slave · postgres-ro · db-readonly · ledger-standby
_REPLICA_NAME = expression(r"(?:^|[.-])(?:replicas?|slaves?|standby|secondary|ro|read(?:only)?|follower)(?:[.-]|$)")
DISK_OF_SERVER = Probe("kubectl exec {name} -n {namespace} -- df -h", unlocks="whether the server's disk is full")


class ReadOnly(msgspec.Struct, frozen=True):
    """A server that takes no writes. ``writable``: the address that another workload has in the same variable."""

    errors: AppErrors
    server: Subject
    address: Address | None
    flag: Told | None
    replica_of: Told | None
    writable: Address | None


def read_only_of(scene: Scene, pod: Subject) -> ReadOnly | None:
    """The read-only server to which the pod writes, what makes it so, and where others write"""
    for errors in reversed(refusals(scene, pod, "read-only")):
        place = server_of(scene, pod, errors)
        if place is None:
            continue
        server, address = place
        flag, replica = told(scene, server, _READ_ONLY), told(scene, server, _REPLICA_OF)
        return ReadOnly(errors, server, address, flag, replica, _writable(scene, pod, server, address))
    return None


def _writable(scene: Scene, pod: Subject, server: Subject, address: Address | None) -> Address | None:
    """Another Service that other workloads have under the same variable, and that is no replica."""
    if address is None:
        return None
    for named in named_by_siblings(scene, pod, address.setting.name):
        if named.service != server and not told(scene, named.service, _READ_ONLY):
            return named.address
    return None


def _writes(scene: Scene, pod: Subject) -> Iterable[Subject]:
    if scene.derive(read_only_of, pod) is not None:
        yield pod


WRITES_IN_VAIN = Relation("writes in vain", _writes)


@rule(
    WRITES_REFUSED,
    rows=("E6",),
    leads=(leads_to(APP_ERRORS, via=WRITES_IN_VAIN), leads_to(EXITS_WITH_ERROR, via=WRITES_IN_VAIN)),
)
def writes_refused(pod: PodView, found: ReadOnly | None = given(read_only_of)) -> Verdict:
    """A program writes to a database or cache that takes no writes.

    What it means: The server answers, and is read-only: by its settings, or because it is a replica. Of a replica the
    program's address is wrong; of a server that others expect to write to, its setting.
    How it shows: The server's answer in the log (read-only option, read-only transaction, READONLY); the command or the
    mounted configuration of the pods behind the Service sets read-only or replicaof; another workload names another
    server in the same variable.
    What looks like it: A server that went read-only by itself, with a full disk or after a failover: nothing in its
    settings says so. Missing rights are answered differently. A read-only file system of the program itself.
    Source: MariaDB 10.11 errmsg (1290); PostgreSQL 15 tcop/utility.c (25006); Redis 7.0 server.c (-READONLY).
    """
    if found is None:
        return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    errors = found.errors
    because = [Evidence(errors.locate(errors.last), f"read-only, {errors.count} times")]
    is_replica = found.replica_of is not None or _REPLICA_NAME.search(found.server.name) is not None
    if is_replica and found.address is not None and (found.writable is not None or found.replica_of is not None):
        return _replica_addressed(pod, found, because)
    if found.flag is None or is_replica:
        return unsure(
            f"why {found.server} takes no writes",
            DISK_OF_SERVER.of(name=f"service/{found.server.name}", namespace=found.server.namespace),
        )
    flag = found.flag
    because.append(Evidence(flag.at, f"{flag.source} sets {flag.words}"))
    what = f"sets {flag.words}, so that Service {found.server.name} takes no writes"
    return _present(pod, what, because, flag.source)


def _replica_addressed(pod: PodView, found: ReadOnly, because: list[Evidence]) -> Present:
    assert found.address is not None  # asked for by the caller
    setting, owner = found.address.setting, owner_of(pod.scene, pod.subject)
    because.append(Evidence(setting.at, f"{owner}: {setting.where} names {found.server.name}"))
    sign = found.replica_of or found.flag
    if sign is not None:
        because.append(Evidence(sign.at, f"{sign.source} sets {sign.words}"))
    instead = ""
    if found.writable is not None:
        other = found.writable.setting
        because.append(Evidence(other.at, f"{other.where} elsewhere names {found.writable.host}"))
        instead = f"; others name {found.writable.host}"
    elif found.replica_of is not None:
        instead = f" of {found.replica_of.value}"
    blamed = setting.source if setting.source.kind == "ConfigMap" else owner
    what = f"writes to {found.server.name} ({setting.where}), a read-only replica{instead}"
    return _present(pod, what, because, blamed)


def _present(pod: PodView, what: str, because: list[Evidence], blamed: Subject) -> Present:
    edit = f"kubectl edit {blamed.kind.lower()} {blamed.name} -n {blamed.namespace}"
    values = {"what": what, "pod": pod.name, "edit": edit}
    owner = owner_of(pod.scene, pod.subject)
    return Present(tuple(because), values, basis=Basis.RECOMPUTED, blames=blamed, affected=(owner,))
