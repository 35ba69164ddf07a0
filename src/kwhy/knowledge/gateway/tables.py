"""Route tables as gateways are given them: which path goes to which upstream.

Read are pairs in one value ("/orders=http://orders,/cart=http://cart"), nginx (location, proxy_pass, upstream), Envoy
(prefix, cluster, address), Spring Cloud Gateway (uri, Path=), Traefik (PathPrefix, service, url), HAProxy (path_beg,
use_backend, server) and plain lists of path and url. What has another form is not read, and nothing is concluded.

Sources: nginx.org ngx_http_core_module (location) and ngx_http_proxy_module (proxy_pass); Envoy api/envoy/config/route/
v3/route_components.proto (RouteMatch.prefix, RouteAction.cluster); docs.spring.io Spring Cloud Gateway 4 (Path Route
Predicate Factory); doc.traefik.io v3 (PathPrefix); docs.haproxy.org 2.8 (path_beg, use_backend).
"""

# ruff: noqa: E501 - expressions and the lines that they match are quoted whole

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kwhy.model.expressions import expression

#: Longer texts are no route tables.
LARGEST = 1 << 18
_HOST = r"(?P<host>[A-Za-z0-9](?:[\w.-]{0,252}))(?::(?P<port>\d{1,5}))?"

# /orders=http://cart,/cart=http://cart · /orders -> http://cart:80 · /orders|cart:8080
_PAIR = expression(
    rf"(?P<path>/[\w./*-]{{0,200}}?)\s{{0,3}}(?:=>|->|=|\||\s)\s{{0,3}}(?:[a-z]{{2,5}}://)?{_HOST}"
    r"(?=[/,;\s\"']|$)"
)
# location /orders/ { · location ^~ /orders { · PathPrefix(`/orders`) · Path=/orders/** · prefix: "/orders" · path: /orders
# acl is_orders path_beg /orders · "path": "/orders" · reverse_proxy /orders/* cart:80
_PATH = expression(
    r"(?:\blocation\s{1,8}(?:[=~^*]{1,3}\s{1,8})?|\bPath(?:Prefix)?\(\s{0,4}[`'\"]|\bPath=|\b(?:prefix|path)\"?\s{0,8}:\s{0,8}[\"']?"
    r"|\bpath_beg\s{1,8}(?:-i\s{1,8})?)(?P<path>/[\w./*-]{0,200})"
)
# proxy_pass http://cart; · cluster: cart · uri: lb://cart · url: "http://cart:80" · service: cart · "upstream": "http://cart"
_UPSTREAM = expression(
    r"\b(?:proxy_pass\s{1,8}|(?:cluster|uri|url|service|upstream|target|backend|host)\"?\s{0,8}:\s{0,8}[\"']?)"
    rf"(?:[a-z]{{2,5}}://)?{_HOST}"
)
# acl is_orders path_beg /orders
_ACL = expression(
    r"^\s{0,40}acl\s{1,8}(?P<name>[\w.-]{1,64})\s{1,8}path(?:_beg|_dir)?\s{1,8}(?:-i\s{1,8})?(?P<path>/[\w./-]{0,200})"
)
# use_backend cart if is_orders
_USE = expression(r"^\s{0,40}use_backend\s{1,8}(?P<backend>[\w.-]{1,64})\s{1,8}if\s{1,8}(?P<name>[\w.-]{1,64})")
# uri: http://cart (Spring Cloud Gateway: stands before the predicates of its route)
_URI = expression(rf"^\s{{0,40}}(?:-\s{{1,4}})?uri:\s{{0,8}}[\"']?(?:[a-z]{{2,5}}://)?{_HOST}")
# upstream cart_pool { · backend cart_pool · - name: cart_pool
_ALIAS = expression(
    r"^\s{0,40}(?:upstream\s{1,8}(?P<nginx>[\w.-]{1,64})\s{0,4}\{|backend\s{1,8}(?P<haproxy>[\w.-]{1,64})\s{0,4}$|-\s{1,4}name:\s{0,4}[\"']?(?P<envoy>[\w.-]{1,64}))"
)
# server cart:80; · server s1 cart:80 check · address: cart · socket_address: { address: cart, port_value: 80 }
_SERVER = expression(rf"\b(?:server\s{{1,8}}(?:[\w-]{{1,64}}\s{{1,8}})?|address:\s{{0,8}}[\"']?){_HOST}")
# services: · cart: · loadBalancer: (Traefik's file provider)
_TRAEFIK = expression(r"^\s{2,40}(?P<name>[\w-]{1,64}):\s{0,4}$")


class Entry(msgspec.Struct, frozen=True):
    """A path, its upstream, and the line of the text that names the upstream (from 0). ``port`` None: not stated."""

    path: str
    host: str
    port: int | None
    line: int


def entries(text: str) -> list[Entry]:
    """The routes that a text holds, in its order, each path once."""
    if len(text) > LARGEST or "/" not in text:
        return []
    lines = text.split("\n")
    alias = _aliases(lines)
    found: dict[str, Entry] = {}
    for entry in _read(lines):
        path = entry.path.rstrip("*").rstrip("/") or "/"
        host, port = alias.get(entry.host, (entry.host, entry.port))
        if _is_host(host):
            found.setdefault(path, Entry(path, host.lower(), port, entry.line))
    return list(found.values())


def _is_host(host: str) -> bool:
    return not host.replace(".", "").isdigit() and host not in ("localhost", "true", "false", "null")


def _read(lines: list[str]) -> Iterator[Entry]:
    if any(_ACL.match(line) for line in lines):
        yield from _haproxy(lines)
    elif any("Path=" in line for line in lines):
        yield from _spring(lines)
    elif any(_PATH.search(line) for line in lines):
        yield from _in_order(lines)
    else:
        for number, line in enumerate(lines):
            if not line.lstrip().startswith("#"):
                yield from (Entry(pair["path"], pair["host"], _port(pair), number) for pair in _PAIR.finditer(line))


def _in_order(lines: list[str]) -> Iterator[Entry]:
    """A path, then its upstream."""
    path: str | None = None
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            continue
        if (at := _PATH.search(line)) is not None:
            path = at["path"]
        if path is not None and (to := _UPSTREAM.search(line)) is not None:
            yield Entry(path, to["host"], _port(to), number)
            path = None


def _spring(lines: list[str]) -> Iterator[Entry]:
    upstream: tuple[str, int | None, int] | None = None
    for number, line in enumerate(lines):
        if (uri := _URI.match(line)) is not None:
            upstream = uri["host"], _port(uri), number
        elif upstream is not None and (at := _PATH.search(line)) is not None:
            yield Entry(at["path"], *upstream)


def _haproxy(lines: list[str]) -> Iterator[Entry]:
    acls = {at["name"]: at["path"] for line in lines if (at := _ACL.match(line)) is not None}
    for number, line in enumerate(lines):
        if (use := _USE.match(line)) is not None and use["name"] in acls:
            yield Entry(acls[use["name"]], use["backend"], None, number)


def _port(found: re.Match[str]) -> int | None:
    return int(found["port"]) if found["port"] else None


def _aliases(lines: list[str]) -> dict[str, tuple[str, int | None]]:
    """Names of upstream blocks, backends and clusters with the first host behind each."""
    found: dict[str, tuple[str, int | None]] = {}
    current: str | None = None
    is_traefik = any("loadBalancer:" in line for line in lines)
    for line in lines:
        if (named := _ALIAS.match(line)) is not None:
            current = named["nginx"] or named["haproxy"] or named["envoy"]
        elif (
            is_traefik
            and (named := _TRAEFIK.match(line)) is not None
            and named["name"] not in ("loadBalancer", "servers")
        ):
            current = named["name"]
        elif current is not None and (at := _SERVER.search(line) or _URL_OF.search(line)) is not None:
            found.setdefault(current, (at["host"], _port(at)))
            current = None
    return found


# - url: "http://cart:80" (Traefik's servers)
_URL_OF = expression(rf"^\s{{2,40}}-\s{{1,4}}url:\s{{0,4}}[\"']?[a-z]{{2,5}}://{_HOST}")
