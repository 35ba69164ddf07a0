"""Logs of every kind: journalctl -o short, short-iso, short-precise, short-full, short-unix, short-monotonic, json,
export
and verbose (systemd 219 to 255), syslog (RFC 3164 and 5424), klog text and JSON, logrus, zap, CRI and docker files,
kubectl logs with --timestamps and --prefix, dmesg in all its forms, and applications' own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kwhy.facts.logs import AppErrors, Component, LogFile, LogHit, LogSample, PodHint
from kwhy.ingest.logs.collect import EXCERPT, Collector, SeriesKey, excerpt_of
from kwhy.ingest.logs.components import SYSTEM, component_of, main_component
from kwhy.ingest.logs.dating import Calendar, best_of, calendar, journal_end, pairs_in
from kwhy.ingest.logs.error_lines import (
    ErrorKey,
    ErrorSeries,
    answered_after,
    is_error,
    proxied_request,
    success_after,
    tally_of,
)
from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.ingest.logs.inner_dumps import dump_documents, stack_documents, stack_share
from kwhy.ingest.logs.journal_export import export_frames, is_export
from kwhy.ingest.logs.owners import named_after, pod_hint
from kwhy.ingest.logs.series import Draft, Series
from kwhy.ingest.logs.shown import shown
from kwhy.ingest.logs.stamps import Precision, Stamp
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import Moment

#: Lines at the beginning and at the end that tell format, component, host and the span of time.
_HEAD_LINES, _TAIL_LINES = 300, 40
_HEAD_BYTES, _TAIL_BYTES = 64 << 10, 16 << 10
_LOOKED_AT = 200
_HALF_DAY = 14 * 3600.0
#: Commands whose output is a log whatever it looks like.
_LOG_COMMANDS = ("journalctl", "dmesg", " logs ", "stern ")
#: kubelet's answer instead of a log: pkg/kubelet/kubelet_pods.go (v1.34), when the container's log file is gone.
_NO_LOG = "unable to retrieve container logs for "


def recognise(head: Head) -> float:
    """The share of lines that begin with a time or another log frame; continuation lines do not count against it."""
    lines = [line for line in head.lines[:_LOOKED_AT] if line.strip()]
    if not lines:  # a program that says nothing was looked at, too
        return 0.9 if head.size == 0 and (head.command or "").startswith("kubectl logs ") else 0.0
    if lines[0].startswith((_NO_LOG, "-- Logs begin at ", "-- Journal begins at ")) or is_export(head.text):
        return 0.95
    by_command = 0.9 if head.command and any(word in f" {head.command} " for word in _LOG_COMMANDS) else 0.0
    # Nothing is wrapped around a line that begins with a blank.
    frames = [Frame(line[:2000]) if line.startswith((" ", "\t")) else unwrap(line[:2000]) for line in lines]
    dated = sum(bool(frame.stamps) or frame.kind in _UNDATED_KINDS for frame in frames)
    own = [frame for frame, line in zip(frames, lines, strict=True) if not line.startswith((" ", "\t"))]
    share = dated / max(1, len(own))
    stack = stack_share(frames)
    if stack.go >= (0.5 if stack.begins_go else 0.85):
        # What a container printed last is its log, even where little but the stacks of its panic is left.
        return 0.999 if by_command and any(_ENDED.match(frame.text) for frame in frames[:_ENDED_WITHIN]) else 0.25
    if stack.kernel >= (0.7 if stack.begins_kernel else 0.95):
        return 0.6 if share >= 0.5 else 0.0
    if share >= 0.5 and _plausible(frames):
        return max(by_command, min(0.95, 0.6 + 0.35 * min(1.0, share)))
    severe = sum(frame.level is not None for frame in own) / max(1, len(own))
    return max(by_command, 0.35 if severe >= 0.5 else 0.0, 0.5 * share if share >= 0.2 else 0.0)


def _plausible(frames: list[Frame]) -> bool:
    """A JSON object per line with a time may be any data; a log has messages."""
    return any(frame.text.strip() for frame in frames)


#: "panic: runtime error: …", "fatal error: all goroutines are asleep - deadlock!" (Go 1.26 runtime/panic.go).
_ENDED = expression(r"(?:panic|fatal error): ")
_ENDED_WITHIN = 20
_UNDATED_KINDS = frozenset({"logrus-tty", "kubectl-prefix"})


def parse(document: Document) -> Iterator[Parsed]:
    """One LogFile, a LogHit per pattern and key, AppErrors, and the dumps inside as documents."""
    document.format = FORMAT.name
    if document.parent is not None and document.parent.format == FORMAT.name:
        # A dump cut out of a log that no other parser took: reading it again as a log would count its lines twice.
        yield Unparsed(
            document.at(line=document.first_line), "this looks like a dump inside a log, but no parser read it"
        )
        return
    yield from _Reading(document).facts()


class _Reading:
    """One log while it is read; holds what its parts need of one another."""

    def __init__(self, document: Document) -> None:
        self.document = document
        raw = bytes(document.data[:_HEAD_BYTES])
        text = raw.decode("utf-8", "replace")
        self.first_lines = text.split("\n", _HEAD_LINES)[:_HEAD_LINES]
        self.export = is_export(text)
        self.head = export_frames(raw) if self.export else _numbered(self.first_lines, 1)
        self.votes: Counter[Component] = Counter(
            component for _, frame in self.head if (component := component_of(frame)) is not None
        )
        self.named = named_after(document)
        self.main = main_component(self.votes, len(self.head)) or (self.named if self.named in SYSTEM else None)
        # The error words of programs that share a journal are no symptom of an application.
        one_program = self.main is None or self.main not in SYSTEM | {"journal"}
        self.found = Collector(document.data, error_lines=one_program, default=self.main)
        self.tail = self._tail_frames()
        self.calendar = self._calendar()
        self.pod = self._pod()

    def facts(self) -> Iterator[Parsed]:
        yield self._file()
        for key, series in self.found.series.items():
            yield self._hit(key, series)
        for kind, errors in self.found.errors.items():
            if kind.writer.component not in SYSTEM:
                yield self._errors(kind, errors)
        if not self.export:
            yield from dump_documents(self.document, self.found.dumps, self.found.dump_messages)
        elif self.found.dumps:
            line = self.document.first_line + self.found.dumps[0].line - 1
            yield Unparsed(
                self.document.at(line=line), "a goroutine dump in journal export form; -o short or cat is read"
            )
        yield from stack_documents(self.document, self.found.stack_starts)
        yield from self._unparsed()

    def _unparsed(self) -> Iterator[Unparsed]:
        if self.found.cut_line is not None:
            line = self.document.first_line + self.found.cut_line - 1
            yield Unparsed(
                self.document.at(line=line), "the line is very long; only its beginning and what matched were read"
            )
        if bytes(self.document.data[:200]).lstrip().startswith(_NO_LOG.encode()):
            yield Unparsed(self.document.at(line=self.document.first_line), "no log: the kubelet could not retrieve it")

    def _tail_frames(self) -> list[tuple[int, Frame]]:
        """The last lines with their numbers."""
        data, count = self.document.data, self.found.lines
        raw = bytes(data[max(0, len(data) - _TAIL_BYTES) :]).rstrip(b"\n")
        before = count - raw.count(b"\n") - 1
        if self.export:
            return [(before + n, frame) for n, frame in export_frames(raw)]
        lines = raw.decode("utf-8", "replace").split("\n")
        last = lines[-_TAIL_LINES:] if len(lines) < count else lines
        return _numbered(last, count - len(last) + 1)

    def _calendar(self) -> Calendar:
        ends = self.head + self.tail
        dated = [(n, best) for n, frame in ends if (best := best_of(frame.stamps)) is not None]
        pairs = [pair for n, frame in ends for pair in pairs_in(n, frame.text, frame.stamps)]
        captured = self.document.captured
        end = next((stamp for line in self.first_lines[:3] if (stamp := journal_end(line)) is not None), None)
        if end is not None and captured.latest is None:
            captured = Moment(None, end.seconds + (0.0 if end.precision is Precision.ZONED else _HALF_DAY))
        return calendar(dated + self.found.stamps, pairs + self.found.pairs, captured)

    def _pod(self) -> PodHint | None:
        prefixed = {(frame.pod, frame.container) for _, frame in self.head if frame.pod is not None}
        only = prefixed.pop() if len(prefixed) == 1 else None
        return pod_hint(self.document, (only[0], only[1]) if only is not None and only[0] is not None else None)

    def _file(self) -> LogFile:
        ends = [(n, frame) for n, frame in self.head if frame.stamps][:1]
        ends += [(n, frame) for n, frame in self.tail if frame.stamps][-1:]
        (first, first_clock), (last, last_clock) = (
            (self._place(ends[0][0], ends[0][1].stamps), self._place(ends[-1][0], ends[-1][1].stamps))
            if ends
            else ((_UNKNOWN, None), (_UNKNOWN, None))
        )
        writers = self.found.writers
        votes = self.votes + Counter(
            {w.component: n for (w, _), n in writers.items() if w.component is not None and w.program}
        )
        frames = [frame for _, frame in self.head + self.tail]
        hosts = _most(Counter(frame.host for frame in frames if frame.host))
        pids = dict.fromkeys(frame.pid for frame in frames if frame.pid is not None)
        pids.update(
            dict.fromkeys(pid for (writer, pid) in writers if pid is not None and writer.component == self.main)
        )
        kinds = _most(Counter(frame.kind for frame in frames if frame.kind))
        owner = self.main or (None if self.document.host and not self.pod else "application")
        return LogFile(
            self.document,
            kinds[0] if kinds else "plain",
            owner,
            _most(votes),
            self.named,
            self.document.host or (hosts[0] if len(hosts) == 1 else self._stated_node()),
            hosts,
            tuple(pids),
            self.found.lines,
            first,
            last,
            first_clock,
            last_clock,
            self.calendar.year,
            self.calendar.zone,
            self.pod,
        )

    def _stated_node(self) -> str | None:
        """The kubelet names its node when it registers, and in its flags."""
        if self.main != "kubelet":
            return None
        nodes = {
            name
            for key, series in self.found.series.items()
            if key.pattern.id in ("kubelet.registering", "kubelet.registered", "kubelet.node-event")
            for draft in series
            for field in ("node", "old_node", "known_node")
            if (name := draft.fields.get(field)) is not None
        }
        flag = next((frame.text for _, frame in self.head if frame.text.startswith(_HOSTNAME_FLAG)), "")
        nodes.update(name for name in [flag[len(_HOSTNAME_FLAG) :].strip('"')] if name)
        return nodes.pop() if len(nodes) == 1 else None

    def _hit(self, key: SeriesKey, series: Series) -> LogHit:
        samples = self._samples(series)
        host = key.writer.host or self.document.host
        return LogHit(
            key.pattern,
            self.document,
            {name: shown(value) for name, value in key.key},
            key.writer.component,
            series.count,
            series.exact,
            samples,
            host,
        )

    def _errors(self, kind: ErrorKey, errors: ErrorSeries) -> AppErrors:
        samples = self._samples(errors.series)
        last = samples[-1]
        end = next((self._place(n, frame.stamps)[1] for n, frame in reversed(self.tail) if frame.stamps), None)
        return AppErrors(
            self.document,
            kind.complaint,
            shown(kind.target) if kind.target else None,
            errors.series.count,
            errors.series.exact,
            samples,
            self._success(errors, kind.target, last),
            end - last.clock if end is not None and last.clock is not None else None,
            self.document.first_line + self.found.lines - 1 - last.line,
            kind.writer.program,
            kind.writer.host or self.document.host,
            self.pod,
            errors.call,
            kind.served,
        )

    def _success(self, errors: ErrorSeries, target: str | None, last: LogSample) -> LogSample | None:
        data, offset = self.document.data, errors.last_offset
        found = success_after(data, offset, target) if target else None
        if found is None and (request := proxied_request(last.excerpt)) is not None:
            found = answered_after(data, offset, request)
        if found is None and target is None and (over := self._tallied_well(last)) is not None:
            return over
        if found is None:
            return None
        _, lines, text = found
        number = last.line - self.document.first_line + 1 + lines
        frame = unwrap(text)
        draft = Draft(
            number, 1, frame.stamps, {}, excerpt_of(text, frame.text, 0), frame.program, frame.pid, frame.host
        )
        return self._sample(draft)

    def _tallied_well(self, last: LogSample) -> LogSample | None:
        """A line among the last ones that says the same with other numbers, and is no error any more."""
        text = tally_of(unwrap(last.excerpt).text)
        for number, frame in reversed(self.tail):
            if self.document.first_line + number - 1 <= last.line or text is None:
                return None
            if tally_of(frame.text) == text:
                if is_error(frame):
                    return None
                draft = Draft(number, 1, frame.stamps, {}, frame.text, frame.program, frame.pid, frame.host)
                return self._sample(draft)
        return None

    def _samples(self, series: Series) -> tuple[LogSample, ...]:
        return tuple(self._sample(draft) for draft in sorted(series, key=lambda draft: draft.line))

    def _sample(self, draft: Draft) -> LogSample:
        when, clock = self._place(draft.line, draft.stamps)
        return LogSample(
            self.document.first_line + draft.line - 1,
            draft.nth,
            when,
            clock,
            {name: shown(value) for name, value in draft.fields.items()},
            shown(draft.excerpt).strip()[:EXCERPT],
            draft.program,
            draft.pid,
            draft.host,
        )

    def _place(self, line: int, printed: Sequence[Stamp]) -> tuple[Moment, float | None]:
        return self.calendar.place(line, printed)


#: FLAG: --hostname-override="node-a" — k8s.io/component-base cli/flag PrintFlags (kubelet, v=2 and more)
_HOSTNAME_FLAG = 'FLAG: --hostname-override="'
_UNKNOWN = Moment()


def _numbered(lines: Sequence[str], first: int) -> list[tuple[int, Frame]]:
    return [(n, unwrap(line[:4096])) for n, line in enumerate(lines, first) if line.strip()]


def _most(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in counts.most_common())


FORMAT = Format("log", recognise, parse)
