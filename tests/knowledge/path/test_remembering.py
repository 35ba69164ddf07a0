"""A way that was walked before is the way that would be walked again."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from bench.trace import recorded, whole

from kwhy.ingest.reading import read
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.path.hops import Leg
from kwhy.knowledge.path.recorded import world_of
from kwhy.knowledge.path.remembering import may_remember
from kwhy.knowledge.path.walking import answer, arriving
from kwhy.knowledge.path.world import World
from kwhy.scene.scene import Scene

RECORDED = Path(__file__).parent / "recorded"


def world(folder: Path, *, extra: str = "") -> World:
    for name, text in recorded(40).items():
        (folder / f"{name}.txt").write_text(re.sub(r"(:FLANNEL-FWD .*\n)", rf"\g<1>{extra}", text))
    evidence = read([str(folder), str(RECORDED / "objects")])
    return world_of(Scene(evidence.documents, evidence.facts))


def told(leg: Leg) -> tuple[object, ...]:
    """All of a leg, namespaces by name."""
    fields = {name: getattr(leg, name) for name in leg.__struct_fields__ if name not in ("network", "connections")}
    connections = [(each.network.name, each.packet) for each in leg.connections]
    return (*fields.values(), leg.network.name if leg.network else None, *connections)


def test_services_that_share_an_endpoint_share_its_way_and_get_their_own_answers(tmp_path: Path) -> None:
    remembering, fresh = world(tmp_path), world(tmp_path)
    fresh.remembers = False
    assert may_remember(remembering) and not may_remember(fresh)
    for index in range(20):
        packet = Packet(
            protocol="tcp", source="10.244.1.10", destination=f"10.97.0.{index + 1}", source_port=32768,
            destination_port=80,
        )  # fmt: skip
        (kept,) = arriving(remembering, remembering.hosts["n1"], "cni0", packet)
        (walked,) = arriving(fresh, fresh.hosts["n1"], "cni0", packet)
        assert _without_places(told(kept)) == _without_places(told(walked))
        (back,), (walked_back,) = answer(remembering, kept), answer(fresh, walked)
        assert back.packet == walked_back.packet and back.packet.source == f"10.97.0.{index + 1}"
        assert [hop.says for hop in back.hops] == [hop.says for hop in walked_back.hops]
        assert back.paused is None
    assert 0 < len(remembering.ways) < 10 and not fresh.ways


def _without_places(value: object) -> object:
    """Places compare by their document, of which each world has its own."""
    if isinstance(value, tuple):
        return tuple(_without_places(each) for each in value)
    if isinstance(value, msgspec.Struct) and "at" in value.__struct_fields__:
        return tuple(_without_places(getattr(value, name)) for name in value.__struct_fields__ if name != "at")
    return value


@pytest.mark.parametrize("index", [0, 1, 39])
def test_every_service_of_the_bench_is_delivered_and_answered(index: int, tmp_path: Path) -> None:
    assert whole(world(tmp_path), index)


def test_nothing_is_kept_where_a_rule_asks_for_the_ends_before_translation(tmp_path: Path) -> None:
    asking = world(tmp_path, extra="[0:0] -A FORWARD -m conntrack --ctorigdst 10.97.0.1 -j DROP\n")
    assert not may_remember(asking)
    packet = Packet(
        protocol="tcp", source="10.244.1.10", destination="10.97.0.1", source_port=32768, destination_port=80
    )
    (leg,) = arriving(asking, asking.hosts["n1"], "cni0", packet)
    assert leg.verdict == "dropped" and leg.by is not None and "--ctorigdst" in leg.by.excerpt
