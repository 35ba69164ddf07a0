"""Recorded captures for tests of rules: read whole, or with one thing changed that a look-alike would show."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from kwhy.ingest.reading import Evidence, read_document
from kwhy.knowledge.net.talks import Talk, all_talks
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.pipeline import diagnose_evidence
from kwhy.scene.scene import Scene

TESTS = Path(__file__).resolve().parents[1]
CASES, CAPTURES = TESTS / "cases", TESTS / "fixtures" / "captures"
#: Offsets in an Ethernet frame with IPv4: TTL, and the TCP ports.
_TTL, _PORTS = 22, 34


def packets(data: bytes) -> list[tuple[bytes, bytes]]:
    """Record headers and frames of a little-endian pcap file."""
    found, place = [], 24
    while place < len(data):
        size = struct.unpack_from("<I", data, place + 8)[0]
        found.append((data[place : place + 16], data[place + 16 : place + 16 + size]))
        place += 16 + size
    return found


def changed(data: bytes, edit: Callable[[int, bytearray], bytearray | None]) -> bytes:
    """Every frame as ``edit`` returns it, by its number from 1; None leaves it out."""
    kept = []
    for number, (head, frame) in enumerate(packets(data), 1):
        edited = edit(number, bytearray(frame))
        if edited is not None:
            kept.append(head + bytes(edited))
    return data[:24] + b"".join(kept)


def without_port(data: bytes, port: int) -> bytes:
    """Without the connections from or to a port."""

    def edit(_: int, frame: bytearray) -> bytearray | None:
        return None if port in struct.unpack_from(">HH", frame, _PORTS) else frame

    return changed(data, edit)


def with_ttl(data: bytes, number: int, ttl: int) -> bytes:
    """One packet as if it came over other hops."""

    def edit(of: int, frame: bytearray) -> bytearray:
        if of == number:
            frame[_TTL] = ttl
        return frame

    return changed(data, edit)


def evidence(data: bytes, name: str = "eth0.pcap") -> Evidence:
    return read_document(Document(name, data))


def diagnosed(data: bytes, name: str = "eth0.pcap") -> Diagnosis:
    return diagnose_evidence(evidence(data, name))


def codes(diagnosis: Diagnosis) -> list[str]:
    """Conditions that are named as causes, or as proven so far."""
    return [cause.finding.condition.code for cause in diagnosis.root_causes]


def roots(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.condition.code for cause in diagnosis.root_causes if cause.role == "root-cause"]


def open_questions(diagnosis: Diagnosis) -> list[str]:
    return [each.condition.code for each in diagnosis.undetermined]


def talk(data: bytes, port: int) -> tuple[Subject, Talk]:
    """What the capture shows about the server on one port."""
    read = evidence(data)
    scene = Scene(read.documents, read.facts)
    return next((subject, found) for subject, found in all_talks(scene) if found.port == port)
