"""`etcdctl endpoint status`, `endpoint health`, `member list` and `alarm list`, as table, simple text and JSON.

Seen: etcdctl 3.4.23, 3.5.21, 3.7.3 (tables drawn with box characters). Warnings of its client in JSON before the output
and "Error: unhealthy cluster" behind it are passed over. Source: etcdctl/ctlv3/command/printer.go, printer_table.go,
printer_simple.go, printer_json.go, ep_command.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kwhy.facts.etcd import EndpointHealth, EndpointStatus, EtcdAlarm, EtcdMember
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_URL = r"(?:https?|unix)://[^\s,|│]{1,200}|[\w.-]{1,253}:\d{2,5}"
# | http://10.77.0.1:2379 | 69d88a3f5ae88b6f | …;  │ … │, of which reading may have taken the frame: "a │ b"
_ROW = expression(r"\s*[|│]?(?P<cells>[^|│]{1,400}[|│].{1,4000}?)[|│]?\s*")
_RULE = expression(r"\s*[+┌├└╭╰][-+─┬┼┴┐┤┘╮╯]{2,4000}\s*")
# http://10.77.0.1:2379, 69d88a3f5ae88b6f, 3.4.23, 258 kB, true, false, 2, 261, 261,
_STATUS = expression(
    rf"(?P<endpoint>{_URL}), (?P<member>[0-9a-f]{{1,16}}), (?P<version>\d\.\d{{1,3}}\.\S{{1,20}}),(?P<rest>.{{0,3000}})"
)
# http://10.77.0.2:2379 is unhealthy: failed to commit proposal: context deadline exceeded
_HEALTH = expression(
    rf"(?P<endpoint>{_URL}) is (?P<word>healthy: successfully committed proposal: took = \S{{1,40}}"
    r"|unhealthy: failed to (?:commit proposal|connect): (?P<error>.{0,1000}))"
)
# 69613aab7e17b22b, started, etcd-3, http://10.77.0.3:2380, http://10.77.0.3:2379, false
_MEMBER = expression(
    r"(?P<id>[0-9a-f]{1,16}), (?P<status>started|unstarted), (?P<name>[^,]{0,253}), "
    r"(?P<peers>[^,\s]{0,400}(?:,[^,\s]{1,400}){0,9}),"
    r" (?P<clients>[^,\s]{0,400}(?:,[^,\s]{1,400}){0,9})(?:, (?P<learner>true|false))?"
)
# memberID:7593414954952667691  alarm:NOSPACE
_ALARM = expression(r"memberID:(?P<member>\d{1,20}) +alarm:(?P<kind>[A-Z]{3,20})\s*")
#: What stands around the output: the client's warnings, the error at the end, a line of dashes.
_AROUND = expression(
    r"\{\"level\":\"\w{1,10}\",.{0,4000}|Error: .{0,500}|Failed to get the status of endpoint .{0,500}"
)
_AROUND_BEGINS = ('{"level":"', "Error: ", "Failed to get the status of endpoint ")
#: One of these stands in every line of an endpoint's status and health, of a member and of an alarm.
_SIGNS = (" is healthy: ", " is unhealthy: ", ", ", "memberID:")
#: The source file of etcd's client in its warnings.
_CLIENT = "/retry_interceptor.go:"
_JSON = expression(r"(?:\[\{\"(?:E|e)ndpoint\":|\{\"header\":\{\"cluster_id\":).{0,}")
_JSON_BEGINS = ('[{"', '{"header":{"cluster_id":')
_SIZE = expression(r"(?P<number>\d{1,9}(?:\.\d{1,3})?) ?(?P<unit>[kMGT]?i?B)")
#: github.com/dustin/go-humanize Bytes: powers of 1000.
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_LONGEST = 20_000
_KINDS = {0: "NONE", 1: "NOSPACE", 2: "CORRUPT"}


def recognise(head: Head) -> float:
    lines = [line[:_LONGEST] for line in head.lines[:200] if line.strip()]
    if any(line.startswith(_JSON_BEGINS) and _JSON.match(line) for line in lines):
        return 0.98
    if any(_header(line) is not None for line in lines):
        return 0.98
    told = [line for line in lines if not (line.startswith(_AROUND_BEGINS) and _AROUND.fullmatch(line))]
    if lines and not told and any(_CLIENT in line for line in lines):
        return 0.97
    if not told or not any(sign in told[0] for sign in _SIGNS):
        return 0.0
    known = all(any(p.fullmatch(line) for p in (_STATUS, _HEALTH, _MEMBER, _ALARM)) for line in told)
    return 0.96 if known else 0.0


def _header(line: str) -> list[str] | None:
    """The column names, where the line is the head of one of etcdctl's tables."""
    row = _ROW.fullmatch(line) if "ENDPOINT" in line or "STATUS" in line else None
    if row is None:
        return None
    names = [cell.strip() for cell in re.split(r"[|│]", row["cells"])]
    is_known = names[:2] in (["ENDPOINT", "ID"], ["ENDPOINT", "HEALTH"], ["ID", "STATUS"])
    return names if is_known else None


def parse(document: Document) -> Iterator[Parsed]:
    header: list[str] | None = None
    failure: Unparsed | None = None
    known = 0
    for number, raw in document.lines():
        line = raw[:_LONGEST]
        if not line.strip() or _RULE.fullmatch(line) or _is_around(line):
            if line.startswith("Error: ") and "unhealthy cluster" not in line:
                failure = Unparsed(document.at(number, excerpt=line), "etcdctl failed, and showed nothing")
            continue
        known += 1
        at = document.at(number, excerpt=line.strip())
        if (names := _header(line)) is not None:
            header = names
        elif header is not None and (row := _ROW.fullmatch(line)) is not None:
            cells = [cell.strip() for cell in re.split(r"[|│]", row["cells"])]
            if cells[0]:  # else the rest of a cell that etcdctl 3.5 broke into lines
                yield from _table_row(dict(zip(header, cells, strict=False)), at)
        elif _JSON.match(line):
            yield from _json(raw, at)
        elif (status := _STATUS.fullmatch(line)) is not None:
            yield _simple_status(status, at)
        elif (health := _HEALTH.fullmatch(line)) is not None:
            yield EndpointHealth(health["endpoint"], health["error"] is None, (health["error"] or "").strip(), at)
        elif (member := _MEMBER.fullmatch(line)) is not None:
            yield _member(member.groupdict(), at)
        elif (alarm := _ALARM.fullmatch(line)) is not None:
            yield EtcdAlarm(alarm["kind"], f"{int(alarm['member']):x}", at)
        else:
            yield Unparsed(at, "a row of etcdctl expected")
    if failure is not None and not known:
        yield failure


def _is_around(line: str) -> bool:
    return _AROUND.fullmatch(line) is not None and not _JSON.match(line)


def _table_row(cells: dict[str, str], at: Locator) -> Iterator[Parsed]:
    if "HEALTH" in cells:
        yield EndpointHealth(cells["ENDPOINT"], cells["HEALTH"] == "true", cells.get("ERROR", ""), at)
    elif "PEER ADDRS" in cells:
        named = {
            "id": cells["ID"],
            "status": cells["STATUS"],
            "name": cells.get("NAME", ""),
            "peers": cells["PEER ADDRS"],
            "clients": cells.get("CLIENT ADDRS", ""),
            "learner": cells.get("IS LEARNER"),
        }
        yield _member(named, at)
    elif "RAFT TERM" in cells:
        yield EndpointStatus(
            endpoint=cells["ENDPOINT"],
            member=cells.get("ID", ""),
            version=cells.get("VERSION", ""),
            size=_bytes(cells.get("DB SIZE", "")),
            quota=_bytes(cells.get("QUOTA", "")) or None,
            leads=_truth(cells.get("IS LEADER")),
            leader=None,
            learner=cells.get("IS LEARNER") == "true",
            term=_count(cells.get("RAFT TERM", "")) or 0,
            index=_count(cells.get("RAFT INDEX", "")) or 0,
            applied=_count(cells.get("RAFT APPLIED INDEX", "")),
            errors=cells.get("ERRORS", ""),
            at=at,
        )
    else:
        yield Unparsed(at, "a row of a table of etcdctl with columns that are not known here")


def _simple_status(match: re.Match[str], at: Locator) -> EndpointStatus:
    """The columns grew with 3.6 (storage version, in use, share, quota) and 3.4 (errors): truth values part them."""
    cells = [cell.strip() for cell in match["rest"].split(",")]
    first = next((n for n, cell in enumerate(cells) if cell in ("true", "false")), len(cells))
    sizes = [size for cell in cells[:first] if (size := _bytes(cell)) is not None]
    after = cells[first:] + [""] * 6
    learner = after[1] in ("true", "false")
    counts = after[2:] if learner else after[1:]
    return EndpointStatus(
        endpoint=match["endpoint"],
        member=match["member"],
        version=match["version"],
        size=sizes[0] if sizes else None,
        quota=(sizes[2] or None) if len(sizes) > 2 else None,
        leads=_truth(after[0]),
        leader=None,
        learner=after[1] == "true",
        term=_count(counts[0]) or 0,
        index=_count(counts[1]) or 0,
        applied=_count(counts[2]),
        errors=", ".join(cell for cell in counts[3:] if cell and cell not in ("true", "false")),
        at=at,
    )


def _member(cells: dict[str, str | None], at: Locator) -> EtcdMember:
    return EtcdMember(
        id=cells["id"] or "",
        name=cells["name"] or "",
        peers=tuple(filter(None, (cells["peers"] or "").split(","))),
        clients=tuple(filter(None, (cells["clients"] or "").split(","))),
        started=cells["status"] == "started",
        voting=cells["learner"] != "true",
        at=at,
    )


class _Header(msgspec.Struct):
    member_id: int = 0


class _Status(msgspec.Struct, rename="camel"):
    header: _Header = msgspec.field(default_factory=_Header)
    version: str = ""
    db_size: int | None = None
    db_size_quota: int | None = None
    leader: int = 0
    raft_index: int = 0
    raft_term: int = 0
    raft_applied_index: int | None = None
    errors: list[str] = []
    is_learner: bool = False


class _Endpoint(msgspec.Struct):
    answered: str = msgspec.field(name="Endpoint", default="")
    status: _Status | None = msgspec.field(name="Status", default=None)
    endpoint: str = ""
    health: bool | None = None
    error: str = ""


class _Member(msgspec.Struct):
    id: int = msgspec.field(name="ID")
    name: str = ""
    peers: list[str] = msgspec.field(name="peerURLs", default_factory=list)
    clients: list[str] = msgspec.field(name="clientURLs", default_factory=list)
    learner: bool = msgspec.field(name="isLearner", default=False)


class _Alarm(msgspec.Struct):
    member: int = msgspec.field(name="memberID", default=0)
    alarm: int | str = 0


class _Answer(msgspec.Struct):
    members: list[_Member] | None = None
    alarms: list[_Alarm] | None = None


_endpoints = msgspec.json.Decoder(list[_Endpoint]).decode
_answer = msgspec.json.Decoder(_Answer).decode


def _json(line: str, at: Locator) -> Iterator[Parsed]:
    data = line.encode("utf-8", "replace")
    try:
        endpoints = _endpoints(data) if data.startswith(b"[") else []
        answer = _answer(data) if data.startswith(b"{") else _Answer()
    except (msgspec.DecodeError, RecursionError) as error:
        yield Unparsed(at, f"JSON of etcdctl expected, whole: {error}")
        return
    for each in endpoints:
        if each.status is not None:
            yield _json_status(each.answered, each.status, at)
        elif each.health is not None:
            yield EndpointHealth(each.endpoint, each.health, each.error, at)
    for member in answer.members or ():
        yield EtcdMember(
            f"{member.id:x}",
            member.name,
            tuple(member.peers),
            tuple(member.clients),
            bool(member.name),
            not member.learner,
            at,
        )
    for alarm in answer.alarms or ():
        kind = _KINDS.get(alarm.alarm, str(alarm.alarm)) if isinstance(alarm.alarm, int) else alarm.alarm
        yield EtcdAlarm(kind, f"{alarm.member:x}", at)


def _json_status(endpoint: str, status: _Status, at: Locator) -> EndpointStatus:
    member = f"{status.header.member_id:x}"
    return EndpointStatus(
        endpoint=endpoint,
        member=member,
        version=status.version,
        size=status.db_size,
        quota=status.db_size_quota or None,
        leads=status.leader == status.header.member_id,
        leader=f"{status.leader:x}" if status.leader else "",
        learner=status.is_learner,
        term=status.raft_term,
        index=status.raft_index,
        applied=status.raft_applied_index,
        errors=", ".join(status.errors),
        at=at,
    )


def _bytes(cell: str) -> int | None:
    match = _SIZE.fullmatch(cell)
    return int(float(match["number"]) * _UNITS.get(match["unit"], 1)) if match else None


def _count(cell: str) -> int | None:
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 20 else None


def _truth(cell: str | None) -> bool | None:
    return cell == "true" if cell in ("true", "false") else None


FORMAT = Format("etcdctl", recognise, parse)
