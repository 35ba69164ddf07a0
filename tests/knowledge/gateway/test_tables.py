"""Route tables as the programs' own documentation writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.knowledge.gateway.routes import segment, serves
from kwhy.knowledge.gateway.tables import entries

PAIRS = "/orders=http://orders,/cart=http://cart:8080"
#: After nginx.org/en/docs/http/ngx_http_proxy_module.html and ngx_http_upstream_module.html (examples).
NGINX = """
upstream backend {
    server cart.shop.svc.cluster.local:80 weight=5;
}
server {
    # location /old/ { proxy_pass http://legacy; }
    location /orders/ {
        proxy_pass http://orders:8080/;
        proxy_set_header Host $host;
    }
    location ^~ /cart {
        proxy_pass http://backend;
    }
}
"""
#: After docs.spring.io/spring-cloud-gateway/reference (Path Route Predicate Factory, Load Balancer filter).
SPRING = """
spring:
  cloud:
    gateway:
      routes:
      - id: orders_route
        uri: lb://orders
        predicates:
        - Path=/orders/**
      - id: cart_route
        uri: http://cart:8080
        predicates:
        - Path=/cart/{segment}
"""
#: After envoyproxy.io/docs/envoy/latest/start/quick-start/configuration-static-provider.
ENVOY = """
              routes:
              - match:
                  prefix: "/orders"
                route:
                  cluster: order_pool
              - match:
                  prefix: "/cart"
                route:
                  cluster: cart
  clusters:
  - name: order_pool
    type: LOGICAL_DNS
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint:
            address:
              socket_address:
                address: orders
                port_value: 80
"""
#: After doc.traefik.io/traefik/routing/overview (file provider).
TRAEFIK = """
http:
  routers:
    to-orders:
      rule: "PathPrefix(`/orders`)"
      service: pool
    to-cart:
      rule: "Host(`example.com`) && PathPrefix(`/cart`)"
      service: cart
  services:
    pool:
      loadBalancer:
        servers:
        - url: "http://orders:8080"
"""
#: After docs.haproxy.org/2.8/configuration.html (acl, use_backend, server).
HAPROXY = """
frontend www
    acl is_orders path_beg /orders
    acl is_cart path_beg -i /cart
    use_backend pool if is_orders
    use_backend cart if is_cart
backend pool
    server s1 orders:80 check
backend cart
    server s1 cart:80 check
"""
LIST = '{"routes": [{"path": "/orders", "upstream": "http://orders:80"}, {"path": "/cart"}]}\n'
YAML = "routes:\n- path: /orders\n  url: http://orders\n- path: /cart/*\n  url: http://cart\n"


@pytest.mark.parametrize("text", [PAIRS, SPRING, ENVOY, TRAEFIK, HAPROXY, YAML], ids=range(6))
def test_each_path_goes_to_the_host_behind_its_upstream(text: str) -> None:
    assert {entry.path: entry.host for entry in entries(text)}["/orders"] == "orders"
    assert next(entry.host for entry in entries(text) if entry.path.startswith("/cart")) == "cart"


def test_an_upstream_block_stands_for_its_server_and_comments_are_left_out() -> None:
    found = {entry.path: entry.host for entry in entries(NGINX)}
    assert found == {"/orders": "orders", "/cart": "cart.shop.svc.cluster.local"}


def test_the_line_of_a_route_is_that_of_its_upstream() -> None:
    (orders, _) = entries(YAML)
    assert YAML.split("\n")[orders.line] == "  url: http://orders"


def test_what_is_no_table_holds_no_route() -> None:
    assert entries("INFO starting, listening on 0.0.0.0:8080, data in /var/lib/data") == []
    assert entries("") == []


def test_a_service_serves_what_it_is_named_after() -> None:
    assert all(serves(name, "orders") for name in ("orders", "order-service", "order", "orders-api"))
    assert not any(serves(name, "orders") for name in ("cart", "reorders", "order-history"))
    assert segment("/api/v1/orders/17") == "orders"


@given(st.text(max_size=400))
def test_no_text_makes_reading_fail(text: str) -> None:
    entries(text)


@given(st.sampled_from([NGINX, SPRING, ENVOY, TRAEFIK, HAPROXY, YAML]), st.integers(0, 400), st.text(max_size=20))
def test_a_mutilated_table_never_makes_reading_fail(text: str, at: int, put: str) -> None:
    entries(text[:at] + put + text[at:])
