"""The log sections of `kubectl cluster-info dump` on one stream, between its JSON lists.

Source: kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go v0.34: "==== START logs for container %s of pod %s/%s ====".
"""

from __future__ import annotations

import re
from typing import Final

from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: ==== START logs for container coredns of pod kube-system/coredns-cd7ddf6c9-gk5dp ====
LOG_MARKER: Final = expression(
    rb"^==== START logs for container (?P<container>[\w.-]+) of pod (?P<namespace>[\w.-]+)/(?P<pod>[\w.-]+) ====$",
    re.MULTILINE,
)


def log_section(document: Document, start: int) -> tuple[Document, int]:
    """The log that begins at ``start`` as a document of its own, and where it ends. A cut log ends with the text."""
    data = document.data
    marker = LOG_MARKER.match(data, start)
    if marker is None:
        raise AssertionError("called at a marker")
    container, namespace, pod = (marker[name].decode() for name in ("container", "namespace", "pod"))
    begin = min(marker.end() + 1, len(data))
    closing = f"==== END logs for container {container} of pod {namespace}/{pod} ====".encode()
    end = data.find(closing, begin)
    following = len(data) if end < 0 else end + len(closing)
    end = len(data) if end < 0 else end
    nested = Document(
        document.source,
        data[begin:end],
        first_line=document.first_line + data[:begin].count(b"\n"),
        command=f"kubectl logs -n {namespace} {pod} -c {container}",
        captured=document.captured,
        parent=document,
    )
    return nested, following
