"""Corefiles, resolv.conf files and lookups: what a reader wants to know of them."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.corefile import ServerBlock
from kwhy.facts.dns import MOST_SEARCHES, MOST_SERVERS, CorefileText, Lookup, ResolvConf
from kwhy.facts.objects import ConfigMap, ObjectBatch
from kwhy.inspecting.rows import place, shortened
from kwhy.knowledge.dns.searching import amplification, candidates
from kwhy.knowledge.dns.servers import DEFAULT_CONFIG, Config, config_of
from kwhy.model.inspection import Part, Row
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: Facts that these parts show.
SHOWN: frozenset[type] = frozenset({CorefileText, ResolvConf, Lookup})
#: A name outside the cluster that shows what a search list costs.
_EXAMPLE = "www.example.org"


def name_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    parts = [*_corefiles(scene, most), *_resolvers(scene), _lookups(scene, most)]
    return [part for part in parts if part.rows]


def _corefiles(scene: Scene, most: int | None) -> Iterator[Part]:
    for fact in scene.facts(CorefileText):
        rows = [row for block in fact.corefile.blocks for row in _block(block)]
        refused = fact.corefile.refused
        if refused is not None:
            line = fact.at.document.first_line + refused.line - 1
            rows.insert(0, Row((f"CoreDNS refuses it: {refused.what}", "", ""), f"{fact.at.source}:{line}"))
        yield shortened("Corefile", ("zones", "plugin", "what it does"), rows, most)
    if scene.facts(ObjectBatch) or scene.exists(DEFAULT_CONFIG):
        for subject in _config_maps(scene):
            config = scene.derive(config_of, subject)
            if config is not None:
                yield _of_config(config, most)


def _config_maps(scene: Scene) -> list[Subject]:
    """ConfigMaps with a key Corefile."""
    return [
        Subject("ConfigMap", struct.metadata.name, struct.metadata.namespace or None)
        for struct in scene.structs("ConfigMap")
        if isinstance(struct, ConfigMap) and isinstance(struct.data, dict) and "Corefile" in struct.data
    ]


def _of_config(config: Config, most: int | None) -> Part:
    rows = [row for block in config.corefile.blocks for row in _block(block)]
    refused = config.corefile.refused
    if refused is not None:
        rows.insert(0, Row((f"CoreDNS refuses line {refused.line}: {refused.what}", "", ""), place(config.at)))
    return shortened(f"Corefile of {config.config_map}", ("zones", "plugin", "what it does"), rows, most)


def _block(block: ServerBlock) -> list[Row]:
    zones = " ".join(block.keys)
    rows = []
    for directive in block.directives:
        words = " ".join(directive.arguments)
        below = tuple(" ".join(option.words) for option in directive.options)
        rows.append(Row((zones, directive.name, words), f"line {directive.line}", below))
        zones = ""
    return rows or [Row((zones, "", "holds no plugin"), f"line {block.line}")]


def _resolvers(scene: Scene) -> Iterator[Part]:
    for conf in scene.facts(ResolvConf):
        whose = f" of {conf.netns}" if conf.netns is not None else ""
        rows = [
            Row(("name servers", ", ".join(conf.nameservers) or "none: 127.0.0.1 is asked"), place(conf.at)),
            Row(("search list", ", ".join(conf.searches) or "none")),
            Row(("ndots", str(conf.ndots))),
        ]
        if len(conf.nameservers) > MOST_SERVERS:
            rows.append(
                Row(("ignored", f"{', '.join(conf.nameservers[MOST_SERVERS:])}: libraries take {MOST_SERVERS}"))
            )
        if len(conf.searches) > MOST_SEARCHES:
            dropped = ", ".join(conf.searches[MOST_SEARCHES:])
            rows.append(Row(("ignored by glibc before 2.26", f"{dropped}: it takes {MOST_SEARCHES}")))
        times = amplification(_EXAMPLE, conf)
        tried = candidates(_EXAMPLE, conf)
        below = tuple(tried) if times > 1 else ()
        asks = f"{int(times * 2)} questions, {times:g} times as many as {_EXAMPLE}. with a final dot"
        rows.append(Row((f"for {_EXAMPLE}", asks if times > 1 else "2 questions, none in vain"), "", below))
        yield Part(f"resolv.conf{whose}", (), tuple(rows))


def _lookups(scene: Scene, most: int | None) -> Part:
    rows = [
        Row(
            (
                lookup.name or "?",
                lookup.type or "",
                f"{lookup.server}:{lookup.port}" if lookup.server and lookup.port != 53 else lookup.server or "",
                lookup.status or lookup.outcome,
                ", ".join(answer.value for answer in lookup.answers),
                f"{lookup.took:g} ms" if lookup.took is not None else "",
            ),
            place(lookup.at),
        )
        for lookup in scene.facts(Lookup)
    ]
    return shortened("Lookups", ("name", "type", "asked", "answer", "addresses", "took"), rows, most)
