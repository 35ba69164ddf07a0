"""systemctl: `status`, `list-units` (`--failed`), `is-active`, `is-failed`, `is-enabled`, `show`.

Checked on systemd 252; `status` of 219 and later differs in the bullet only. The journal lines below a status become a
document of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kwhy.facts.processes import masked
from kwhy.facts.systemd import SystemdAnswer, UnitListing, UnitState
from kwhy.ingest.invocation import Invocation, invocation, runs
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.time import at as moment_at

_SUFFIXES = "service|socket|mount|target|timer|scope|slice|path|automount|swap|device"
#: `● kubelet.service - kubelet: The Kubernetes Node Agent`, `× docker.service`, `* crio.service - …` (no UTF-8)
_UNIT = expression(rf"[●○×✕↻*x] (?P<name>[\w@:.\\-]{{1,200}}\.(?:{_SUFFIXES}))(?: - .{{0,300}})?\s*")
#: `     Active: failed (Result: exit-code) since Sat 2026-11-21 23:59:40 UTC; 6s ago`
_ACTIVE = expression(
    r"\s{1,12}Active: (?P<active>[a-z-]{1,20})(?: \((?P<sub>[a-z-]{1,30})\))?(?: \(Result: (?P<result>[a-z-]{1,30})\))?"
    r"(?: since (?P<since>[^;]{1,60});.{0,100})?.{0,200}"
)
#: `     Loaded: loaded (/lib/systemd/system/kubelet.service; enabled; preset: enabled)`
_LOADED = expression(r"\s{1,12}Loaded: (?P<load>[a-z-]{1,20})(?: \((?P<details>.{0,400})\))?.{0,100}")
#: `   Main PID: 21 (code=exited, status=1/FAILURE)`, `   Main PID: 24 (kubelet)`
_MAIN_PID = expression(r"\s{1,12}Main PID: (?P<pid>\d{1,10}) \((?P<details>.{0,100})\).{0,100}")
#: `    Process: 21 ExecStart=/bin/sh -c … (code=exited, status=1/FAILURE)`
_PROCESS = expression(r"\s{1,12}Process: \d{1,10} Exec\w{1,20}=.{0,2000}\((?P<details>code=.{0,100})\).{0,20}")
_CODE = expression(r"code=(?P<code>[a-z]{1,12}), (?:status=(?P<status>\d{1,5})|signal=(?P<signal>[A-Z0-9+-]{1,12}))")
#: Other fields of a status: `   Duration: 12ms`, `      Tasks: 1 (limit: 28909)`, `     CGroup: /system.slice/…`
_FIELD = expression(r"\s{1,12}[A-Z][\w ]{1,24}: .{0,2000}|\s{4,20}[├└│─].{0,2000}|\s{4,16}\S.{0,2000}")
#: `Unit nosuch.service could not be found.`
_UNKNOWN = expression(r"Unit (?P<name>\S{1,200}) could not be found\.?.{0,50}")
#: `Notice: journal has been rotated since unit was started, output may be incomplete.`, warnings on changed unit files
_NOTICE = expression(
    r"(?:Notice|Warning|Hint): .{1,400}|.{0,20}unit file, source configuration file or drop-ins.{0,200}"
)
#: `  UNIT   LOAD   ACTIVE SUB    DESCRIPTION`
_HEADER = expression(
    r"\s{0,4}UNIT\s{1,200}LOAD\s{1,20}ACTIVE\s{1,20}SUB\s{1,20}(?P<job>JOB\s{1,20})?DESCRIPTION\s{0,20}"
)
#: `● docker.service     loaded failed failed Docker Application Container Engine`
_ROW = expression(
    rf"\s{{0,4}}(?:[●○×✕↻*] )?(?P<name>\S{{1,255}}\.(?:{_SUFFIXES}))\s{{1,200}}"
    r"(?P<load>loaded|not-found|masked|error|bad-setting|merged|stub)\s{1,20}(?P<active>[a-z-]{1,20})\s{1,20}"
    r"(?P<sub>[a-z-]{1,30})(?:\s.{0,400})?"
)
#: What stands in each row, seen before the expression for whole rows is compiled.
_LISTED = expression(r"\s(?:loaded|not-found|masked|error|bad-setting|merged|stub)\s")
#: `2 loaded units listed. Pass --all to see loaded but inactive units, too.`
_COUNT = expression(r"(?P<count>\d{1,7}) (?:loaded )?units? listed\..{0,100}")
_LEGEND = expression(r"(?:LOAD|ACTIVE|SUB|JOB)\s{1,6}[=→] .{1,200}|To show all installed unit files.{0,100}")
#: `ActiveState=failed` (systemctl show)
_PROPERTY = expression(r"(?P<key>[A-Z][A-Za-z]{1,60})=(?P<value>.{0,4000})")
_STATES = frozenset(
    {"active", "inactive", "failed", "activating", "deactivating", "reloading", "maintenance", "unknown"}
)
#: `System has not been booted with systemd …`, `Failed to connect to bus: …`, `Failed to get properties: Connection
#: timed out`, `Failed to list units: Transport endpoint is not connected`
_FAILURE = expression(
    r"(?P<text>(?:Failed to (?:connect to bus|get properties|list units|get unit|retrieve unit|read|query)"
    r"|System has not been booted with systemd|Error getting authority|Job for \S{1,200} failed).{0,400})"
)


def _recognise(head: Head) -> float:
    lines = [line for line in head.lines[:200] if line.strip()]
    if "DESCRIPTION" in head.text and any(_HEADER.fullmatch(line) for line in lines[:10]):
        return 0.95
    if "Active: " in head.text and any(map(_UNIT.fullmatch, lines)) and any(map(_ACTIVE.match, lines)):
        return 0.95
    if lines and _LISTED.search(lines[0]) and all(_ROW.fullmatch(line) for line in lines[:20]):
        return 0.9
    if any(line.startswith("ActiveState=") for line in lines) or "\nActiveState=" in head.text:
        return 0.9
    if lines and len(lines) <= 6 and all(_UNKNOWN.fullmatch(line) or _FAILURE.match(line) for line in lines):
        return 0.8
    line = runs(head.command, "systemctl", "service")
    return 0.8 if line is not None and _verb(line) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """Units become UnitState; a list of units also a UnitListing; a systemd that does not answer a SystemdAnswer."""
    command = invocation(document.command)
    verb = _verb(command) if command is not None else ""
    if verb in ("is-active", "is-failed", "is-enabled") and command is not None:
        yield from _words(document, command, verb)
    elif verb == "show" or any(line.startswith("ActiveState=") for _, line in document.lines()):
        yield from _properties(document, command)
    else:
        yield from _printed(document, command)


def _verb(line: Invocation) -> str:
    if line.program not in ("systemctl", "service"):
        return ""
    if line.program == "service":  # `service kubelet status`
        return "status" if line.operands[1:2] == ("status",) else ""
    verb = line.operands[0] if line.operands else "list-units"
    known = ("status", "show", "list-units", "is-active", "is-failed", "is-enabled", "list-unit-files")
    return verb if verb in known else ""


def _full_name(name: str) -> str:
    return name if name.rpartition(".")[2] in _SUFFIXES.split("|") else f"{name}.service"


@dataclass
class _Block:
    """One unit's status being read; ``tail`` are the journal lines below it."""

    name: str
    line: int
    excerpt: str
    fields: dict[str, str] = field(default_factory=dict)
    since: Moment = UNKNOWN_MOMENT
    exit_code: int | None = None
    signal: str = ""
    main_pid: int | None = None
    restarts: int | None = None
    tail: list[str] = field(default_factory=list)
    tail_line: int = 0

    def take(self, number: int, line: str) -> bool:
        """Whether the line is one of the status's fields."""
        if loaded := _LOADED.fullmatch(line):
            self.fields["load"] = loaded["load"]
            words = [word.strip() for word in (loaded["details"] or "").split(";")]
            self.fields["enabled"] = words[1] if len(words) > 1 else ""
        elif active := _ACTIVE.fullmatch(line):
            self.fields |= {key: active[key] or "" for key in ("active", "sub", "result")}
            self.fields["sub"] = self.fields["sub"] or (active["active"] if active["active"] == "failed" else "")
            self.since = local_moment((active["since"] or "").strip())
            self.line, self.excerpt = number, line.strip()
        elif main := _MAIN_PID.fullmatch(line):
            self._take_code(main["details"])
            self.main_pid = int(main["pid"]) if not main["details"].startswith("code=") else None
        elif process := _PROCESS.fullmatch(line):
            if self.exit_code is None and not self.signal:
                self._take_code(process["details"])
        else:
            return bool(_FIELD.fullmatch(line))
        return True

    def _take_code(self, details: str) -> None:
        if code := _CODE.match(details):
            self.exit_code = int(code["status"]) if code["status"] else None
            self.signal = code["signal"] or ""

    def built(self, document: Document) -> Iterator[Parsed]:
        yield UnitState(
            name=self.name,
            at=document.at(self.line, excerpt=self.excerpt),
            since=self.since,
            main_pid=self.main_pid,
            exit_code=self.exit_code,
            signal=self.signal,
            restarts=self.restarts,
            observed=document.captured,
            load=self.fields.get("load", ""),
            active=self.fields.get("active", ""),
            sub=self.fields.get("sub", ""),
            result=self.fields.get("result", ""),
            enabled=self.fields.get("enabled", ""),
        )
        if self.tail:
            data = "\n".join([*self.tail, ""]).encode()
            yield Document(document.source, data, self.tail_line, None, document.host, document.captured, document)


#: `kubelet.service: Scheduled restart job, restart counter is at 5.` (systemd core/service.c)
_RESTARTS = expression(r"\brestart counter is at (?P<count>\d{1,9})\b")


def _printed(document: Document, command: Invocation | None) -> Iterator[Parsed]:
    block: _Block | None = None
    rows = 0
    listed: int | None = None
    for number, line in document.lines():
        text = line.strip()
        if _HEADER.fullmatch(line):
            listed = listed or number
        elif unit := _UNIT.fullmatch(line):
            if block is not None:
                yield from block.built(document)
            block = _Block(unit["name"], number, text)
        elif unknown := _UNKNOWN.fullmatch(text):
            name = _full_name(unknown["name"])
            yield UnitState(name, document.at(number, excerpt=text), load="not-found", active="inactive", sub="dead")
        elif (row := _ROW.fullmatch(line)) and block is None:
            rows += 1
            place = document.at(number, excerpt=text)
            yield UnitState(row["name"], place, row["load"], row["active"], row["sub"], observed=document.captured)
        elif failure := _FAILURE.match(text):
            yield _failure(failure["text"], number, document)
        elif text == "^C":
            yield SystemdAnswer("interrupted", text, document.at(number, excerpt=text), document.captured)
        elif block is not None:
            _into_block(block, number, line)
        elif count := _COUNT.fullmatch(text):
            if int(count["count"]) == rows:
                yield from _listing(command, rows, document, document.at(number, excerpt=text))
        elif text and not _LEGEND.fullmatch(text):
            yield Unparsed(document.at(number, excerpt=masked(text)), "systemctl: neither a unit nor one of its fields")
    if block is not None:
        yield from block.built(document)


def _listing(command: Invocation | None, rows: int, document: Document, at: Locator) -> Iterator[UnitListing]:
    """Only the command tells whether units of other kinds or names were left out."""
    if command is None or command.filtered or command.operands not in ((), ("list-units",)):
        return
    options = [word for word in command.arguments if word.startswith("-")]
    kinds = [word.partition("=")[2] for word in options if word.startswith("--type=")]
    known = {"--failed", "--state=failed", "--all", "-a", "--no-pager", "-l", "--full"}
    if all(word in known or word.startswith("--type=") for word in options):
        failed_only = bool({"--failed", "--state=failed"} & set(options))
        yield UnitListing(failed_only, rows, at, kinds[0] if kinds else "", document.captured)


def _into_block(block: _Block, number: int, line: str) -> None:
    if not block.tail and (not line.strip() or block.take(number, line) or _NOTICE.fullmatch(line.strip())):
        return
    if not block.tail:
        block.tail_line = number
    if not _NOTICE.fullmatch(line.strip()):
        block.tail.append(line)
    if counter := _RESTARTS.search(line):
        block.restarts = int(counter["count"])


def _failure(text: str, number: int, document: Document) -> SystemdAnswer:
    timed_out = "timed out" in text.lower()
    place = document.at(number, excerpt=masked(text))
    return SystemdAnswer("timed out" if timed_out else "error", masked(text), place, document.captured)


def _words(document: Document, command: Invocation, verb: str) -> Iterator[Parsed]:
    """`systemctl is-active a b`: one word per unit, in the order of the command."""
    units = list(command.operands[1:])
    for number, line in document.lines():
        word = line.strip()
        if not word:
            continue
        if failure := _FAILURE.match(word):
            yield _failure(failure["text"], number, document)
        elif not units or " " in word or (verb != "is-enabled" and word not in _STATES):
            yield Unparsed(document.at(number, excerpt=masked(word)), f"systemctl {verb}: a state was expected")
        else:
            place = document.at(number, excerpt=word)
            name = _full_name(units.pop(0))
            if verb == "is-enabled":
                yield UnitState(name, place, enabled=word, observed=document.captured)
            else:
                yield UnitState(name, place, active=word, observed=document.captured)


def _properties(document: Document, command: Invocation | None) -> Iterator[Parsed]:
    """`systemctl show`: one block of properties per unit, blank lines between."""
    units = list(command.operands[1:]) if command is not None and command.program == "systemctl" else []
    block: dict[str, str] = {}
    place = document.first_line
    for number, line in [*document.lines(), (0, "")]:
        if match := _PROPERTY.fullmatch(line):
            place = number if match["key"] == "ActiveState" or not block else place
            block[match["key"]] = match["value"]
        elif not line.strip():
            if block:
                yield from _shown(block, units, place, document)
            block = {}
        elif failure := _FAILURE.match(line.strip()):
            yield _failure(failure["text"], number, document)
        elif not line.startswith((" ", "\t")):
            yield Unparsed(document.at(number, excerpt=masked(line)), "systemctl show: KEY=VALUE was expected")


def _shown(block: dict[str, str], units: list[str], line: int, document: Document) -> Iterator[Parsed]:
    name = block.get("Id") or (_full_name(units.pop(0)) if units else "")
    active = block.get("ActiveState", "")
    if not name or not active:
        return
    changed = "InactiveExitTimestamp" if active == "activating" else "ActiveEnterTimestamp"
    stamp = "InactiveEnterTimestamp" if active in ("failed", "inactive") else changed
    code, pid, restarts = (_count(block.get(key)) for key in ("ExecMainStatus", "MainPID", "NRestarts"))
    yield UnitState(
        name=name,
        at=document.at(line, excerpt=f"{name}: ActiveState={active}"),
        load=block.get("LoadState", ""),
        active=active,
        sub=block.get("SubState", ""),
        result=block.get("Result", ""),
        enabled=block.get("UnitFileState", ""),
        since=local_moment(block.get(stamp, "")),
        main_pid=pid or None,
        exit_code=code if not pid else None,
        restarts=restarts,
        observed=document.captured,
    )


def _count(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 12 else None


#: `Sat 2026-11-21 23:59:40 UTC`, `二 2021-12-21 00:12:41 CST`
_STAMP = expression(r"(?:\S{1,8} )?(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?: (?P<zone>\S{1,40}))?")
_HOUR = 3600.0


def local_moment(words: str) -> Moment:
    """systemd prints local time with a zone's abbreviation: exact for UTC, else anywhere from UTC-12 to UTC+14."""
    match = _STAMP.fullmatch(words)
    if match is None:
        return UNKNOWN_MOMENT
    try:
        epoch = datetime.strptime(match["stamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return UNKNOWN_MOMENT
    if match["zone"] in ("UTC", "GMT"):
        return moment_at(epoch, within=1.0)
    return Moment(epoch - 14 * _HOUR, epoch + 12 * _HOUR)


FORMAT = Format("systemctl", _recognise, parse)
