"""All parts of an inspection, in the order in which a reader wants them, and what they leave to say."""

from __future__ import annotations

from kwhy.facts.dialogues import Dialogue, NameQuestion
from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.facts.logs import AppErrors, LogFile, LogHit
from kwhy.facts.network import InterfaceAddress, Link, LinkListing, PolicyRule, Route, RouteTableListing, RuleListing
from kwhy.facts.objects import Event, Listing, ObjectBatch, Observation
from kwhy.facts.packets import Capture, EchoExchange, Flow, IcmpError, NeighbourQuestion
from kwhy.ingest.reading import Evidence
from kwhy.inspecting.captures import capture_parts
from kwhy.inspecting.certificates import SHOWN as OF_CERTIFICATES
from kwhy.inspecting.certificates import certificate_parts
from kwhy.inspecting.dumps import dump_parts
from kwhy.inspecting.etcd import SHOWN as OF_ETCD
from kwhy.inspecting.etcd import etcd_parts
from kwhy.inspecting.logs import log_parts
from kwhy.inspecting.names import SHOWN as OF_NAMES
from kwhy.inspecting.names import name_parts
from kwhy.inspecting.objects import object_parts
from kwhy.inspecting.packet_filter import SHOWN as OF_PACKET_FILTERS
from kwhy.inspecting.packet_filter import packet_filter_parts
from kwhy.inspecting.routing import routing_parts
from kwhy.inspecting.sessions import session_parts
from kwhy.inspecting.timeline import timeline_parts
from kwhy.model.inspection import Part
from kwhy.scene.scene import Scene

#: Facts that the parts show; of all others, reports list the fields.
SHOWN: frozenset[type] = frozenset(
    {GoroutineDump, GoroutineGroup, LogFile, LogHit, AppErrors, ObjectBatch, Observation, Event, Listing}
    | {InterfaceAddress, Link, LinkListing, PolicyRule, Route, RouteTableListing, RuleListing}
    | {Capture, Flow, IcmpError, NeighbourQuestion, EchoExchange, Dialogue, NameQuestion}
    | OF_CERTIFICATES
    | OF_ETCD
    | OF_PACKET_FILTERS
    | OF_NAMES
)


def all_parts(evidence: Evidence, scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    return [
        *session_parts(evidence, most),
        *dump_parts(scene, most),
        *capture_parts(evidence, most),
        *routing_parts(scene, most),
        *packet_filter_parts(scene, most),
        *certificate_parts(scene, most),
        *etcd_parts(scene, most),
        *name_parts(scene, most),
        *log_parts(scene, most),
        *timeline_parts(scene, most),
        *object_parts(scene, most),
    ]
