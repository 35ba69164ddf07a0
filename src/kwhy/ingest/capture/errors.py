"""Which flows an ICMP error is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kwhy.facts.packets import Flow, IcmpError


def with_errors(flows: Iterable[Flow], errors: list[IcmpError]) -> Iterator[Flow]:
    """Each flow with the errors about it: those that quote its addresses and ports.

    A printed error may name the destination only; it belongs to a flow if that is the only one it can be about.
    """
    if not errors:
        yield from flows
        return
    quoted: dict[tuple[str, int, str, int], list[IcmpError]] = {}
    vague = [error for error in errors if _is_vague(error)]
    for error in errors:
        if not _is_vague(error):
            key = (error.source, error.source_port, error.destination, error.destination_port)
            quoted.setdefault(key, []).append(error)
    if vague:
        flows = list(flows)
        _resolve(flows, vague, quoted)
    for flow in flows:
        a, b = (flow.a, flow.a_port), (flow.b, flow.b_port)
        found = [*quoted.get((*a, *b), ()), *quoted.get((*b, *a), ())]
        mine = tuple(error for error in found if error.protocol in (None, flow.protocol))
        yield msgspec.structs.replace(flow, errors=mine) if mine else flow


def _is_vague(error: IcmpError) -> bool:
    return error.protocol is None or (error.source_port == 0 and error.destination_port != 0)


def _resolve(
    flows: list[Flow], vague: list[IcmpError], quoted: dict[tuple[str, int, str, int], list[IcmpError]]
) -> None:
    """Files each vague error under the ends of the one flow that it fits."""
    between: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        between.setdefault((flow.a, flow.b), []).append(flow)
    for error in vague:
        fits = {
            (flow.a, flow.a_port, flow.b, flow.b_port, flow.protocol)
            for flow in between.get((error.source, error.destination), ())
            if error.protocol in (None, flow.protocol) and error.destination_port in (0, flow.b_port)
        }
        if len(fits) == 1:
            quoted.setdefault(next(iter(fits))[:4], []).append(error)
