"""Why no path leads from a server's certificate to an authority that the client believes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec

from kwhy.facts.certificates import Certificate
from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.tls.failures import Failure, chain_of, failures_of, trusted_by
from kwhy.knowledge.tls.servers import presented_by
from kwhy.knowledge.tls.shown import Held, certificates, held_by, mounted_by
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene


class Break(Enum):
    """Where the path breaks off."""

    SELF_SIGNED = "the server's certificate is signed by itself"
    INTERMEDIATE_MISSING = "the server does not send the intermediate certificate"
    OTHER_KEY = "the client believes an authority of the same name with another key"
    OTHER_AUTHORITY = "the client believes other authorities"
    UNKNOWN = "not known"
    NONE = "a path leads to an authority that the client believes"


class Path(msgspec.Struct, frozen=True):
    """``leaf`` is what the server shows, ``top`` the last certificate of its chain, ``missing`` the one it should send.

    ``trust`` is where the client keeps what it believes.
    """

    failure: Failure
    broken: Break
    leaf: Held | None = None
    top: Certificate | None = None
    missing: Held | None = None
    trust: Held | None = None
    name: str = ""


_UNTRUSTED = (Fault.UNKNOWN_AUTHORITY, Fault.SELF_SIGNED)


def paths_of(scene: Scene, client: Subject) -> tuple[Path, ...]:
    """The server's chain and what the client believes"""
    return tuple(
        path_of(scene, failure)
        for failure in scene.derive(failures_of, client)
        if failure.fault in _UNTRUSTED and not failure.seen_by_server
    )


def path_of(scene: Scene, failure: Failure) -> Path:
    """Where the path of one failing handshake breaks off."""
    presented = presented_by(scene, failure.server)
    leaf = presented[0] if presented else None
    trusted = trusted_by(scene, failure)
    trust = _trust_of(scene, failure)
    candidate = failure.complaint.fields.get("candidate", "")
    if not presented:
        if candidate:
            return Path(failure, Break.OTHER_KEY, trust=trust, name=candidate)
        broken = Break.SELF_SIGNED if failure.fault is Fault.SELF_SIGNED else Break.UNKNOWN
        return Path(failure, broken, trust=trust)
    return _compared(scene, failure, leaf, chain_of(scene, failure), trusted, trust)


def _compared(
    scene: Scene,
    failure: Failure,
    leaf: Held | None,
    chain: tuple[Certificate, ...],
    trusted: tuple[Certificate, ...],
    trust: Held | None,
) -> Path:
    top = climbed(chain)
    if not trusted:
        broken = Break.SELF_SIGNED if chain[0].self_issued else Break.UNKNOWN
        return Path(failure, broken, leaf, top, trust=trust, name=issuer_called(top))
    if any(issued(top, authority) or top.der == authority.der for authority in trusted):
        return Path(failure, Break.NONE, leaf, top, trust=trust)
    if chain[0].self_issued:
        return Path(failure, Break.SELF_SIGNED, leaf, top, trust=trust, name=chain[0].called)
    missing = _between(scene, top, trusted)
    if missing is not None:
        return Path(failure, Break.INTERMEDIATE_MISSING, leaf, top, missing, trust, missing.certificate.called)
    if any(authority.subject == top.issuer for authority in trusted):
        return Path(failure, Break.OTHER_KEY, leaf, top, trust=trust, name=issuer_called(top))
    # An issuer that is no root may be an intermediate that the server should send: only a root is told to be another.
    broken = Break.OTHER_AUTHORITY if _ends_at_root(scene, top) else Break.UNKNOWN
    return Path(failure, broken, leaf, top, trust=trust, name=issuer_called(top))


def _ends_at_root(scene: Scene, top: Certificate) -> bool:
    """Whether the chain is seen to end at a root: it holds the root, or the evidence shows that a root signed it."""
    roots = (held.certificate for held in scene.derive_once(certificates) if held.certificate.self_issued)
    return top.self_issued or any(issued(top, root) for root in roots)


def climbed(chain: tuple[Certificate, ...]) -> Certificate:
    """The last certificate of the chain that is reached from the first by issuers."""
    at = chain[0]
    for _ in chain:
        above = next((one for one in chain if one.der != at.der and issued(at, one)), None)
        if above is None or at.self_issued:
            break
        at = above
    return at


def issued(certificate: Certificate, authority: Certificate) -> bool:
    """Whether the authority signed the certificate: by name and key, recomputed where both are at hand."""
    if certificate.issuer != authority.subject:
        return False
    from kwhy.facts.decoding import signed_by

    proven = signed_by(certificate, authority)
    if proven is not None:
        return proven
    wanted, has = certificate.authority_key_id, authority.subject_key_id
    return wanted is None or has is None or wanted == has


def _between(scene: Scene, top: Certificate, trusted: tuple[Certificate, ...]) -> Held | None:
    """A certificate of the evidence that signed ``top`` and was itself signed by what the client believes."""
    for held in scene.derive_once(certificates):
        between = held.certificate
        signs = between.authority and not between.self_issued and issued(top, between)
        if signs and any(issued(between, authority) for authority in trusted):
            return held
    return None


def issuer_called(certificate: Certificate) -> str:
    """The issuer by its common name."""
    parts = dict(part.partition("=")[::2] for part in certificate.issuer.split(","))
    return parts.get("CN") or certificate.issuer


def _trust_of(scene: Scene, failure: Failure) -> Held | None:
    """Where the client keeps the authorities that it believes."""
    client = failure.client
    held: Iterable[Held] = mounted_by(scene, client) if client.kind == "Pod" else held_by(scene, client)
    return next((one for one in held if one.use == "trusts"), None)
