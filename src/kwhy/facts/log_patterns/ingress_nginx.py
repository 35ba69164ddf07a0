"""What the controller ingress-nginx says about Ingresses, Services and certificates."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

NO_ENDPOINT = LogPattern(
    "ingress-nginx.no-endpoint",
    "ingress-nginx",
    ("does not have any active Endpoint", "does not have any active endpoints"),
    r"[Ss]ervice \"?(?P<namespace>[a-z0-9-]{1,63})/(?P<name>[a-z0-9.-]{1,253})\"? does not have any active [Ee]ndpoint",
    (
        # kubernetes/ingress-nginx#8882 (controller v1.3)
        'W0728 13:49:49.824295       7 controller.go:1111] Service "scalability/scalability-http-transport" does not have any active Endpoint.',
        # kubernetes/ingress-nginx#1203 (0.9)
        "W0821 19:08:41.685915       5 controller.go:956] service gscvi-t/appfla does not have any active endpoints",
    ),
    "kubernetes/ingress-nginx v1.15.1 internal/ingress/controller/controller.go (serviceEndpoints, getDefaultUpstream)",
    key=("namespace", "name"),
)
NO_SERVICE = LogPattern(
    "ingress-nginx.no-service",
    "ingress-nginx",
    ("rror obtaining Endpoints for Service", "rror obtaining Service", "rror obtaining service endpoints"),
    r"[Ee]rror obtaining (?:Endpoints for Service|Service) \"(?P<namespace>[a-z0-9-]{1,63})/(?P<name>[a-z0-9.-]{1,253})\": no object matching key"
    r"|error obtaining service endpoints: service (?P<old_namespace>[a-z0-9-]{1,63})/(?P<old_name>[a-z0-9.-]{1,253}) does not exist",
    (
        # kubernetes/ingress-nginx#5973 (controller 0.34.1)
        'W0805 05:22:35.968846       7 controller.go:829] Error obtaining Endpoints for Service "ingress-nginx/webapp": no object matching key "ingress-nginx/webapp" in local store',
        # kubernetes/ingress-nginx#1203 (0.9)
        "W0821 19:08:41.692205       5 controller.go:887] error obtaining service endpoints: service ouvserpro-d/dummy-soto-jboss does not exist",
    ),
    "kubernetes/ingress-nginx v1.15.1 internal/ingress/controller/controller.go (createUpstreams); store/store.go (NotExistsError)",
    key=("namespace", "name", "old_namespace", "old_name"),
)
NO_CERTIFICATE = LogPattern(
    "ingress-nginx.no-certificate",
    "ingress-nginx",
    ("rror getting SSL certificate",),
    r"Error getting SSL certificate \"(?P<namespace>[a-z0-9-]{1,63})/(?P<name>[a-z0-9.-]{1,253})\": (?P<error>[^\n]{1,500})",
    (
        # kubernetes/ingress-nginx#9804 (controller v1.6)
        'W0405 14:20:33.918424       7 controller.go:1333] Error getting SSL certificate "test/tls-server": local SSL certificate test/tls-server was not found. Using default certificate',
    ),
    "kubernetes/ingress-nginx v1.15.1 internal/ingress/controller/controller.go (createServers)",
    key=("namespace", "name"),
)
