"""The one judgement that the scheduling rules share: does this kind of obstacle decide for this pod?"""

from __future__ import annotations

from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict


def decides(where: Placement, kind: Kind, values: dict[str, object]) -> Verdict:
    """Present where the kind decides, absent where other kinds do and this one stands in no way."""
    if kind in where.decisive:
        because = where.evidence(kind)
        if because:
            recomputed = where.recomputed and bool(where.obstacles(kind))
            return Present(because, values, basis=Basis.RECOMPUTED if recomputed else Basis.STATED)
    others = sorted(where.decisive - {kind}, key=lambda k: k.value)
    if others and not where.said(kind) and (where.recomputed or where.stated is not None):
        proof = tuple(evidence for other in others for evidence in where.evidence(other, limit=1))
        if proof:
            return Absent(proof)
    if where.recomputed and not where.obstacles(kind) and where.fits:
        place = where.fits[0]
        known = next((o.at for o in place.obstacles if o.at is not None), None)
        if known is not None:
            return Absent((Evidence(known, f"no node refuses the pod for: {kind.value}"),))
    return Unsure((Gap(f"what keeps {where.pod} off the nodes", where.gaps),))
