"""From a kubeconfig's context, or a pod's service account, to a server that can be read."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kwhy.live.answers import Api, Failure, Why

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

MISSING_LIBRARY: Final = """reading a live cluster needs the kubernetes client, which is not installed:
  pip install 'kwhy[live]'        (from a checkout: pip install '.[live]')
Recorded evidence needs no cluster: name it as SOURCE, for example what these print
  kubectl get nodes,pods,services,endpointslices,deployments,replicasets,events -A -o json > objects.json"""

#: Mounted into every pod (k8s.io/client-go v0.34 rest/config.go, InClusterConfig).
_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class CannotConnect(Exception):  # noqa: N818 - an error of the caller's, named as people would say it
    """No cluster can be read; the text says why and what to do, in plain words."""


class Connection(msgspec.Struct, frozen=True):
    """``namespace`` is the context's own: what a user without rights in the whole cluster is asked about."""

    api: Api
    namespace: str
    server_version: str


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    git_version: str = ""


def connect(
    context: str | None,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Connection:
    """A connection to the cluster of ``context`` (None: the current one); raises :class:`CannotConnect`.

    ``seconds`` is the time for all requests together.
    """
    try:
        import urllib3
        from kubernetes.config import ConfigException
        from yaml import YAMLError
    except ImportError as missing:
        raise CannotConnect(MISSING_LIBRARY) from missing
    from kwhy.live.server import ReadOnlyServer

    try:
        client, namespace = _client(context)
    except ConfigException as error:
        raise CannotConnect(_plain(error)) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, YAMLError) as error:  # of a broken kubeconfig
        raise CannotConnect(f"the kubeconfig cannot be used: {type(error).__name__}: {_plain(error)}") from error
    configuration = client.configuration

    def credentials() -> Mapping[str, str]:
        token = configuration.get_api_key_with_prefix("authorization", "BearerToken")
        return {"Authorization": token} if token else {}

    if not configuration.verify_ssl:
        # Whoever wrote insecure-skip-tls-verify knows; a warning per request would hide what matters.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    pool = client.rest_client.pool_manager
    api = ReadOnlyServer(pool, configuration.host, credentials, time.monotonic() + seconds, sleep)
    return Connection(api, namespace, _greeted(api, configuration.host))


def _greeted(api: Api, host: str) -> str:
    """The server's version: a first request shows whether there is a server at all, and whether it knows the user."""
    answer = api.get("version", {})
    if isinstance(answer, Failure):
        match answer.why:
            case Why.FORBIDDEN:
                return ""
            case Why.UNREACHABLE:
                raise CannotConnect(f"the API server {host} cannot be reached: {answer.says}")
            case Why.UNAUTHENTICATED:
                raise CannotConnect(f"the API server {host} refuses the credentials: {answer.says}")
            case _:
                raise CannotConnect(f"{host} does not answer like a Kubernetes API server: /version: {answer.says}")
    try:
        return msgspec.json.decode(answer.body, type=_Version).git_version
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CannotConnect(f"{host} is no Kubernetes API server: /version is not what one answers") from None


def _client(context: str | None) -> tuple[ApiClient, str]:
    """The library's client, and the namespace of the context. Nothing is written back to the kubeconfig."""
    import kubernetes.config
    from kubernetes.client import ApiClient, Configuration

    kubeconfig = os.environ.get("KUBECONFIG") or "~/.kube/config"
    files = [path for path in kubeconfig.split(os.pathsep) if path and Path(path).expanduser().is_file()]
    configuration = Configuration()
    if not files:
        if context is None and (_ACCOUNT / "token").is_file():
            kubernetes.config.load_incluster_config(client_configuration=configuration)
            return ApiClient(configuration), _own_namespace()
        raise CannotConnect(
            f"there is no kubeconfig ({kubeconfig}), and kwhy does not run in a pod. Name recorded evidence as SOURCE, "
            "or set KUBECONFIG"
        )
    contexts, current = kubernetes.config.list_kube_config_contexts(config_file=kubeconfig)
    context = context or _first_current(files)
    chosen = current if context is None else next((each for each in contexts if each["name"] == context), None)
    if chosen is None:
        known = ", ".join(str(each["name"]) for each in contexts)
        raise CannotConnect(f"the kubeconfig has no context {context!r}; it has: {known or 'none'}")
    with _complaints() as complaints:
        kubernetes.config.load_kube_config(
            config_file=kubeconfig, context=chosen["name"], client_configuration=configuration, persist_config=False
        )
    if complaints:
        raise CannotConnect(f"no credentials: {' '.join(' '.join(complaints).split())}")
    return ApiClient(configuration), chosen["context"].get("namespace") or "default"


def _first_current(files: Sequence[str]) -> str | None:
    """The current context of several files: the first one that names any, as kubectl has it (client-go v0.34
    tools/clientcmd/loader.go, "the first file to set a particular value wins"); the library takes the last."""
    from yaml import CSafeLoader, load

    for path in files if len(files) > 1 else ():
        document = load(Path(path).expanduser().read_bytes(), CSafeLoader)
        named = document.get("current-context") if isinstance(document, dict) else None
        if isinstance(named, str) and named:
            return named
    return None


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the library says on the log while it loads credentials: a plugin's failure is said there and nowhere else
    (kubernetes 37.0 config/kube_config.py, _load_from_exec_plugin)."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]  # one line of behaviour
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield said
    finally:
        root.removeHandler(handler)


def _own_namespace() -> str:
    try:
        return (_ACCOUNT / "namespace").read_text("utf-8").strip() or "default"
    except OSError:
        return "default"


def _plain(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
