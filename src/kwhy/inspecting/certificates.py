"""Every certificate of the evidence with its end, soonest first; handshakes; kubeconfigs; clocks."""

from __future__ import annotations

from kwhy.facts.certificates import CertificateShown, ExpiryPrinted, KeyShown, KubeconfigContext, TlsCheck
from kwhy.facts.clocks import ClockOffset, ClockState
from kwhy.inspecting.rows import place, shortened
from kwhy.knowledge.clock.offsets import described, span
from kwhy.knowledge.tls.shown import Held, certificates
from kwhy.model.inspection import Part, Row
from kwhy.model.time import iso
from kwhy.scene.scene import Scene

#: kubeadm and cert-manager renew certificates about a month before their end (seconds).
SOON = 30 * 86400.0
#: Facts that the parts show.
SHOWN: frozenset[type] = frozenset(
    {CertificateShown, ExpiryPrinted, KeyShown, KubeconfigContext, TlsCheck, ClockOffset, ClockState}
)


def certificate_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    parts = [
        shortened("Certificates, by their end", ("until", "", "certificate", "for"), _certificates(scene), most),
        shortened("Certificates that cannot be decoded", (), _damaged(scene), most),
        shortened("Private keys: only the digest of the public half is read", (), _keys(scene), most),
        shortened("TLS handshakes", ("with", "outcome", "protocol"), _checks(scene), most),
        shortened("Contexts of kubeconfigs", ("context", "server", "user", "credential"), _contexts(scene), most),
        shortened("Clocks", ("host", "says"), _clocks(scene), most),
    ]
    return [part for part in parts if part.rows]


def _certificates(scene: Scene) -> list[Row]:
    found: list[tuple[float, Row]] = []
    unique: dict[tuple[bytes, float, str], list[Held]] = {}
    for held in scene.derive_once(certificates):
        one = held.certificate
        unique.setdefault((one.der, one.not_after, one.subject), []).append(held)
    for same in unique.values():
        held = same[0]
        one = held.certificate
        hosts = ", ".join((*one.names, *one.addresses)[:6]) or ("an authority" if one.authority else "")
        kind = f"{one.called}, by {'itself' if one.self_issued else _common_name(one.issuer)}"
        details = [f"{one.key}, {one.signature}".strip(", ")] if one.key or one.signature else []
        elsewhere = [f"also {place(other.at)}: {other.place}" for other in same[1:4]]
        kept = [held.place] if held.place != held.at.source else []
        below = (*kept, *details, *elsewhere)
        cells = (iso(one.not_after), _left(scene, one.not_before, one.not_after), kind, hosts)
        found.append((one.not_after, Row(cells, place(held.at), below)))
    for row in scene.facts(ExpiryPrinted):
        name = f"{row.name}, by {row.signed_by}" if row.signed_by else row.name
        cells = (iso(row.not_after), _left(scene, None, row.not_after), name, "an authority" if row.authority else "")
        found.append((row.not_after, Row(cells, place(row.at))))
    return [row for _, row in sorted(found, key=lambda item: item[0])]


def _common_name(name: str) -> str:
    parts = dict(part.partition("=")[::2] for part in name.split(","))
    return parts.get("CN") or name


def _left(scene: Scene, begins: float | None, ends: float) -> str:
    """How long the certificate is still valid at the time of the evidence; "" where that is not known."""
    now = scene.as_of if scene.as_of is not None else scene.derive_once(_tried)
    if now is None:
        return ""
    if begins is not None and begins > now:
        return f"NOT YET VALID for {span(begins - now)}"
    if ends <= now:
        return f"EXPIRED {span(now - ends)} ago"
    return f"{'SOON: ' if ends - now <= SOON else ''}{span(ends - now)} left"


def _tried(scene: Scene) -> float | None:
    """When the newest handshake was tried."""
    return max(
        (check.when.earliest for check in scene.facts(TlsCheck) if check.when.earliest is not None), default=None
    )


def _damaged(scene: Scene) -> list[Row]:
    shown = (one for one in scene.facts(CertificateShown) if one.certificate is None)
    return [Row((one.field or one.path or "a certificate",), place(one.at)) for one in shown]


def _keys(scene: Scene) -> list[Row]:
    by_key = {held.certificate.key_id: held for held in scene.derive_once(certificates) if held.certificate.key_id}
    rows = []
    for key in scene.facts(KeyShown):
        belongs = by_key.get(key.key_id or "")
        if key.key_id is None:
            says = "encrypted or damaged"
        elif belongs is not None:
            says = f"belongs to {belongs.certificate.called} ({place(belongs.at)})"
        else:
            says = "belongs to no certificate that was shown"
        rows.append(Row((says,), place(key.at)))
    return rows


def _checks(scene: Scene) -> list[Row]:
    rows = []
    for check in scene.facts(TlsCheck):
        whom = f"{check.server_name or check.host or 'a server'}:{check.port or 443}"
        chain = tuple(f"{position} {subject}  by  {issuer}" for position, (subject, issuer) in enumerate(check.sent))
        accepted = (f"accepts client certificates of {', '.join(check.authorities)}",) if check.authorities else ()
        agreed = " ".join(word for word in (check.protocol, check.cipher) if word)
        rows.append(Row((whom, check.error or "verified", agreed), place(check.at), (*chain, *accepted)))
    return rows


def _contexts(scene: Scene) -> list[Row]:
    return [
        Row(
            (
                f"{context.name}{' (current)' if context.current else ''}",
                f"{context.server or 'no server'}{', not verified' if context.insecure else ''}",
                context.user,
                context.credential,
            ),
            place(context.at),
        )
        for context in scene.facts(KubeconfigContext)
    ]


def _clocks(scene: Scene) -> list[Row]:
    rows = [
        Row(
            (scene.host_of(one.at.document).name, f"{described(one.seconds)} {one.reference}, by {one.by}"),
            place(one.at),
        )
        for one in scene.facts(ClockOffset)
    ]
    words = {True: "synchronised", False: "not synchronised"}
    rows += [
        Row((scene.host_of(one.at.document).name, words[one.synchronised]), place(one.at))
        for one in scene.facts(ClockState)
        if one.synchronised is not None
    ]
    return rows
