"""A program asks its database server for a database that is not there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.dependency.credentials import accepted_at
from kwhy.knowledge.dependency.servers import refusals, server_of, users_of
from kwhy.knowledge.dependency.settings import Setting, named_like, settings_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, LOGS
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

UNKNOWN_DATABASE = Condition(
    code="dependency.unknown-database",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} names database {database}{where}, which {server} does not have{near}",
    summary="The server lets the program in and has no database of the name that the program gives.",
    remedies=(
        Remedy(
            id="correct-the-database-name",
            title="Name the database that exists, or create it",
            when="now",
            risk="low",
            steps=(
                Step("Correct the name; a ConfigMap's readers must be restarted.", "{edit}"),
                Step("Or create the database on the server, and what is to be in it."),
            ),
            verify=(Step("The log shows that queries succeed.", "kubectl logs {pod} -n {namespace} --tail=50"),),
            undo=(Step("Write the former name again.", "{edit}"),),
        ),
    ),
)


class Naming(msgspec.Struct, frozen=True):
    """A workload of the server, the database it names and where; ``accepted``: its log, which complains of nothing."""

    owner: Subject
    database: str
    setting: Setting
    accepted: Locator | None


class Asked(msgspec.Struct, frozen=True):
    """A database that the server does not have, where its name is written, and what the server's other users name."""

    errors: AppErrors
    database: str
    server: Subject | None
    setting: Setting | None
    others: tuple[Naming, ...]


def asked_of(scene: Scene, pod: Subject) -> Asked | None:
    """The database that the pod asks for in vain, and what others ask the same server for"""
    for errors in reversed(refusals(scene, pod, "unknown database")):
        name = errors.call.database if errors.call is not None else None
        if name is None:
            continue
        place = server_of(scene, pod, errors)
        server = place[0] if place is not None else None
        others = [n for p in (users_of(scene, server) if server else []) if p != pod for n in _namings(scene, p)]
        mine = owner_of(scene, pod)
        setting = _writing(scene.derive(settings_of, pod), name)
        return Asked(errors, name, server, setting, tuple(n for n in others if n.owner != mine))
    return None


def _writing(settings: list[Setting], database: str) -> Setting | None:
    """The setting that is the name, or an address that ends with it."""
    found = [s for s in settings if not s.file and s.value == database]
    named = [s for s in found if s in named_like(settings, "database")]
    urls = [s for s in settings if s.value and f"/{database}" in s.value]
    return next(iter(named or found or urls), None)


def _namings(scene: Scene, pod: Subject) -> Iterable[Naming]:
    for setting in named_like(scene.derive(settings_of, pod), "database"):
        if setting.value:
            yield Naming(owner_of(scene, pod), setting.value, setting, accepted_at(scene, pod))


def _asks(scene: Scene, pod: Subject) -> Iterable[Subject]:
    if scene.derive(asked_of, pod) is not None:
        yield pod


ASKS_IN_VAIN = Relation("asks for a database", _asks)


@rule(
    UNKNOWN_DATABASE,
    rows=("E4", "P19"),
    leads=(
        leads_to(APP_ERRORS, via=ASKS_IN_VAIN),
        leads_to(EXITS_WITH_ERROR, via=ASKS_IN_VAIN),
        leads_to(INIT_FAILS, via=ASKS_IN_VAIN),
    ),
)
def unknown_database(pod: PodView, asked: Asked | None = given(asked_of)) -> Verdict:
    """A program asks its database server for a database that is not there.

    What it means: Network and account are right. The name is wrong, or the database was never created.
    How it shows: The server's answer in the log ("Unknown database", "database … does not exist") names what one of the
    program's variables holds; a workload that the same server serves names another, or no other workload names it.
    What looks like it: A database that was lost: every workload names it, and none is served. An account without rights
    on a database, which MariaDB answers with "Access denied … to database".
    Source: MariaDB 10.11 errmsg (1049 ER_BAD_DB_ERROR); PostgreSQL 15 utils/init/postinit.c (3D000).
    """
    if asked is None:
        return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    setting = asked.setting
    if setting is None:
        probe = DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)
        return unsure(f"where {pod.subject} has the name {asked.database} from", probe)
    served = next((n for n in asked.others if n.accepted is not None and n.database != asked.database), None)
    if served is None and any(n.database == asked.database for n in asked.others):
        return unsure(f"whether database {asked.database} was ever created: several workloads name it")
    owner = owner_of(pod.scene, pod.subject)
    blamed = setting.source if setting.source.kind == "ConfigMap" else owner
    because = [
        Evidence(asked.errors.locate(asked.errors.last), f"unknown database, {asked.errors.count} times"),
        Evidence(setting.at, f"{owner}: {setting.where} names {asked.database}"),
    ]
    if served is not None and served.accepted is not None:
        because.append(Evidence(served.setting.at, f"{served.owner}: {served.setting.where} names {served.database}"))
        because.append(Evidence(served.accepted, f"the log of {served.owner} complains of nothing"))
    values = {
        "database": asked.database,
        "where": f" in {setting.where}",
        "server": f"Service {asked.server.name}" if asked.server is not None else "its server",
        "near": f"; {served.owner.name} names {served.database}" if served is not None else "",
        "pod": pod.name,
        "edit": f"kubectl edit {blamed.kind.lower()} {blamed.name} -n {blamed.namespace}",
    }
    return Present(tuple(because), values, basis=Basis.INFERRED, blames=blamed, affected=(owner,))
