"""Decoded objects of one document on their way to facts: batches, events, listings, and what did not fit."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import msgspec

from kwhy.facts.event_batch import EventBatch
from kwhy.facts.objects import (
    ApiObject,
    ApiStruct,
    ConfigMap,
    Event,
    Generic,
    ObjectBatch,
    ObjectMeta,
    Observation,
    Pod,
    Secret,
)
from kwhy.facts.pem import certificates_in_base64
from kwhy.ingest.api.events import event_batch, event_fact, says_about
from kwhy.ingest.api.kinds import ApiEvent, Envelope, SecretKeys, has_struct, struct_for
from kwhy.ingest.api.pull_secrets import registries_in
from kwhy.ingest.api.repair import mended
from kwhy.ingest.api.sharing import Neighbour
from kwhy.ingest.api.yaml_lines import LinesOnDemand
from kwhy.ingest.redact import redacted
from kwhy.model.document import Document, Locator, Unparsed

#: etcd refuses requests above 1.5 MiB (v3.6 server/embed/config.go DefaultMaxRequestBytes): no real value is longer.
MAX_VALUE_CHARACTERS = 3 << 19
#: kubectl apply keeps the whole object here, values of Secrets included.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: Keys of a Secret that hold certificates (k8s.io/api core/v1 types.go TLSCertKey, ServiceAccountRootCAKey).
_PUBLIC_KEYS = ("tls.crt", "ca.crt")
#: Groups of configuration files that look like objects but live in no API server (kind Config: kubeconfig).
_CONFIGURATION = (".config.k8s.io/", "kubeadm.k8s.io/", "audit.k8s.io/", "client.authentication.k8s.io/")

#: So many new containers are kept out of the collector's sight (a full collection of 150 000 pods takes 1.2 s).
FROZEN_FROM = 500_000
#: Text from which on pods share equal parts: it halves their memory and adds half to the time.
SHARED_FROM_BYTES = 64 << 20
#: So many Events of one list are kept as a batch, of which facts are made when asked for.
BATCHED_FROM = 2_000

_ANY = msgspec.json.Decoder()
_ENVELOPE = msgspec.json.Decoder(Envelope)
_DECODERS: dict[type[ApiStruct], msgspec.json.Decoder[ApiStruct]] = {}

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection while millions of objects are made that are no garbage."""
    was_enabled = gc.isenabled()
    before = gc.get_count()[0]
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] - before > FROZEN_FROM:
                gc.freeze()  # they stay to the end: the collector need not walk them over and over
            gc.enable()


class Collected:
    """The objects below one path ("items", "documents[2].items"; "" for a lone object) of a document."""

    def __init__(self, document: Document, path: str) -> None:
        self.document = document
        self.path = path
        self.objects: list[ApiObject] = []
        self.indexes: list[int] | None = None
        self.partial: list[Observation] = []
        self.events: list[Event] = []
        self._served: list[ApiEvent] = []
        self._served_at: list[int] = []
        self.unparsed: list[Unparsed] = []
        self.lost = 0
        self._neighbour = Neighbour()
        self.lines: dict[int, LinesOnDemand] = {}
        self.namespaces: dict[str, set[str]] = {}

    @property
    def count(self) -> int:
        return len(self.objects) + len(self.partial) + len(self.events) + len(self._served)

    def path_of(self, index: int) -> str:
        return f"{self.path}[{index}]" if self.path else ""

    def bulk(self, structs: Sequence[ApiStruct], first_index: int, kind: str) -> bool:
        """Objects of one struct with consecutive indexes. False, and nothing is kept, where one needs a closer look."""
        if not structs:
            return True
        if isinstance(structs[0], ApiEvent) and all(map(says_about, cast("Sequence[ApiEvent]", structs))):
            return self._events(cast("Sequence[ApiEvent]", structs), first_index)
        if isinstance(structs[0], ApiEvent | SecretKeys | ConfigMap | Generic):
            return self._singly(structs, first_index, kind)
        objects = cast("Sequence[ApiObject]", structs)
        metas = [struct.metadata for struct in objects]
        if not all([meta.name for meta in metas]):  # noqa: C419 - a list is twice as fast
            return False
        self._namespaces(type(structs[0]).__name__).update({meta.namespace for meta in metas})
        if isinstance(structs[0], Pod) and len(self.document.data) >= SHARED_FROM_BYTES:
            self._neighbour.share(cast("Sequence[Pod]", structs))
        if self.indexes is None and first_index != len(self.objects):
            self.indexes = list(range(len(self.objects)))
        if self.indexes is not None:
            self.indexes.extend(range(first_index, first_index + len(structs)))
        self.objects.extend(objects)
        return True

    def _events(self, events: Sequence[ApiEvent], first_index: int) -> bool:
        self._namespaces("Event").update({event.metadata.namespace for event in events})
        self._served.extend(events)
        self._served_at.extend(range(first_index, first_index + len(events)))
        return True

    def _singly(self, structs: Sequence[ApiStruct], first_index: int, kind: str) -> bool:
        for struct in structs:
            if not isinstance(struct, ApiEvent) and not cast(ApiObject, struct).metadata.name:
                return False
            if isinstance(struct, Generic) and (not (struct.kind or kind) or has_struct(struct.kind)):
                return False
        for index, struct in enumerate(structs, first_index):
            self.one(struct if isinstance(struct, ApiEvent) else _with_kind(cast(ApiObject, struct), kind), index)
        return True

    def one(self, struct: ApiStruct, index: int) -> None:
        if isinstance(struct, ApiEvent):
            self._event(struct, index)
        elif isinstance(struct, SecretKeys):
            self._keep(without_values(struct), index)
        elif isinstance(struct, ConfigMap):
            self._keep(self._bounded(struct, index), index)
        else:
            self._keep(cast(ApiObject, struct), index)

    def _keep(self, struct: ApiObject, index: int) -> None:
        self._seen(struct)
        if self.indexes is None and index != len(self.objects):
            self.indexes = list(range(len(self.objects)))
        if self.indexes is not None:
            self.indexes.append(index)
        self.objects.append(struct)

    def _event(self, event: ApiEvent, index: int) -> None:
        self._namespaces("Event").add(event.metadata.namespace)
        fact = event_fact(event, self._place(index, "", redacted(event.message or event.note or "")))
        if fact is None:
            self.missed(index, "an Event that does not say which object it is about")
        else:
            self.events.append(fact)

    def _bounded(self, config: ConfigMap, index: int) -> ConfigMap:
        if not isinstance(config.data, dict) or all(len(v) <= MAX_VALUE_CHARACTERS for v in config.data.values()):
            return config
        self._note(index, f"a value longer than {MAX_VALUE_CHARACTERS} characters was cut")
        return msgspec.structs.replace(config, data={k: v[:MAX_VALUE_CHARACTERS] for k, v in config.data.items()})

    def raw(self, raw: bytes | memoryview | msgspec.Raw, index: int, kind: str = "", api_version: str = "") -> None:
        """One undecoded JSON item, of ``kind`` unless it says itself."""
        try:
            envelope = _ENVELOPE.decode(raw)
            if envelope.object is not msgspec.UNSET and not envelope.kind:  # kubectl get --watch --output-watch-events
                raw = envelope.object
                envelope = _ENVELOPE.decode(raw)
        except DECODE_ERRORS as error:
            self.missed(index, f"an API object was expected: {plain(error)}")
            return
        kind, api_version = envelope.kind or kind, envelope.api_version or api_version
        if refusal := refused(kind, api_version, envelope):
            self.missed(index, refusal)
            return
        struct = struct_for(kind, api_version)
        try:
            decoder = _DECODERS.get(struct) or _DECODERS.setdefault(struct, msgspec.json.Decoder(struct))
            self._named(decoder.decode(raw), kind, index)
        except DECODE_ERRORS:
            self._mend(raw, struct, kind, index)

    def value(self, value: Any, index: int, kind: str = "", api_version: str = "") -> None:
        """One object decoded from YAML."""
        if not isinstance(value, dict):
            self.missed(index, "an API object was expected")
            return
        own_kind, own_version, message = value.get("kind"), value.get("apiVersion"), value.get("message")
        kind = own_kind if isinstance(own_kind, str) else kind
        api_version = own_version if isinstance(own_version, str) else api_version
        metadata = msgspec.Raw() if "metadata" in value else msgspec.UNSET
        envelope = Envelope(kind, api_version, metadata, message=message if isinstance(message, str) else "")
        if refusal := refused(kind, api_version, envelope):
            self.missed(index, refusal)
            return
        self._mended(value, struct_for(kind, api_version), kind, index, numbers_are_text=True)

    def _mend(self, raw: bytes | memoryview | msgspec.Raw, struct: type[ApiStruct], kind: str, index: int) -> None:
        try:
            value = _ANY.decode(raw)
        except DECODE_ERRORS as error:
            self.missed(index, f"an API object was expected: {plain(error)}")
            return
        self._mended(value, struct, kind, index, numbers_are_text=False)

    def _mended(self, value: Any, struct: type[ApiStruct], kind: str, index: int, *, numbers_are_text: bool) -> None:
        result = mended(value, struct, numbers_are_text=numbers_are_text)
        for field, complaint in result.dropped:
            self._note(index, f"{kind or 'object'}: {complaint}", field)
        kept = result.object
        if kept is None:
            self.lost += 1
        elif not result.dropped:
            self._named(kept, kind, index)
        elif isinstance(kept, ApiEvent):
            self._event(kept, index)
        elif not cast(ApiObject, kept).metadata.name:
            self.lost += 1
        else:
            # What was dropped reads as "not shown", not as the API's default: the view is partial.
            shown = without_values(kept) if isinstance(kept, SecretKeys) else cast(ApiObject, kept)
            shown = _with_kind(shown, kind)
            self._seen(shown)
            self.partial.append(self._observation(shown, index, whole=False))

    def _named(self, struct: ApiStruct, kind: str, index: int) -> None:
        if not isinstance(struct, ApiEvent) and not cast(ApiObject, struct).metadata.name:
            self.missed(index, "an API object without a name")
            return
        self.one(_with_kind(cast(ApiObject, struct), kind), index)

    def missed(self, index: int, why: str) -> None:
        """An object that could not be read at all: the list does not show all objects any more."""
        self.lost += 1
        self._note(index, why)

    def _note(self, index: int, why: str, field: str = "") -> None:
        self.unparsed.append(Unparsed(self._place(index, field), redacted(why)))

    def _place(self, index: int, field: str = "", excerpt: str = "") -> Locator:
        lines = self.lines.get(index)
        line = lines.get(field, lines.first) if lines is not None else None
        path = ".".join(part for part in (self.path_of(index), field) if part)
        return self.document.at(line=line, path=path if line is None else None, excerpt=excerpt)

    def _observation(self, struct: ApiObject, index: int, *, whole: bool) -> Observation:
        lines = self.lines.get(index)
        return Observation(
            struct,
            self.document,
            whole=whole,
            path=self.path_of(index),
            line=lines.first if lines is not None else None,
            lines=lines,
            observed=self.document.captured,
        )

    def _namespaces(self, kind: str) -> set[str]:
        namespaces = self.namespaces.get(kind)
        if namespaces is None:
            namespaces = self.namespaces[kind] = set()
        return namespaces

    def _seen(self, struct: ApiObject) -> None:
        kind = struct.kind if isinstance(struct, Generic) else type(struct).__name__
        self._namespaces(kind).add(struct.metadata.namespace)

    @property
    def kinds(self) -> set[str]:
        return set(self.namespaces)

    def namespaces_of(self, kind: str) -> set[str]:
        """Where objects of ``kind`` were seen; "" for those without a namespace."""
        return self.namespaces.get(kind, set())

    def facts(self) -> Iterator[ObjectBatch | Observation | Event | EventBatch | Unparsed]:
        if self.lines:
            for position, struct in enumerate(self.objects):
                index = position if self.indexes is None else self.indexes[position]
                yield self._observation(struct, index, whole=True)
        elif self.objects:
            yield ObjectBatch(self.objects, self.document, self.path, self.indexes, self.document.captured)
        yield from self.partial
        yield from self.events
        if self._served:
            served_at = self._served_at
            with collection_paused():
                batch = event_batch(
                    self._served, self.document, self.path, lambda position: self.path_of(served_at[position])
                )
            if len(batch) < BATCHED_FROM:
                yield from batch.facts()
            else:
                yield batch
        yield from self.unparsed


def _with_kind(struct: ApiObject, kind: str) -> ApiObject:
    """Items of a typed list do not repeat their kind."""
    return msgspec.structs.replace(struct, kind=kind) if isinstance(struct, Generic) and not struct.kind else struct


def without_values(secret: SecretKeys) -> Secret:
    """The Secret with the names of its keys, its public certificates, the registries that it has accounts for, and
    nothing else of their values."""
    meta: ObjectMeta = secret.metadata
    if isinstance(meta.annotations, dict) and _LAST_APPLIED in meta.annotations:
        kept = {key: value for key, value in meta.annotations.items() if key != _LAST_APPLIED}
        meta = msgspec.structs.replace(meta, annotations=kept)
    if not isinstance(secret.data, dict):
        return Secret(metadata=meta, type=secret.type, data=secret.data)
    data = {key: msgspec.Raw() for key in secret.data}
    held = {key: certificates_in_base64(secret.data[key]) for key in _PUBLIC_KEYS if key in secret.data}
    certificates = {key: found for key, found in held.items() if found}
    registries = registries_in(secret.data)
    return Secret(metadata=meta, type=secret.type, data=data, certificates=certificates, registries=registries)


def refused(kind: str, api_version: str, envelope: Envelope) -> str | None:
    """Why something with a kind is no object of the API server."""
    if kind == "Status":
        said = envelope.message if isinstance(envelope.message, str) else ""
        return f"the API server answered with an error instead of objects: {said}"
    if any(group in api_version for group in _CONFIGURATION) or (kind == "Config" and api_version == "v1"):
        return f"a configuration file ({kind}), no object of the API"
    if envelope.metadata is msgspec.UNSET:
        return "an API object with metadata was expected"
    if not kind:
        return "an API object was expected, its kind is not stated"
    return None


def plain(error: Exception) -> str:
    """A decoder's complaint in words."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)
