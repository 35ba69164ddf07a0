"""Wrappings around messages, one line each; the producing programs stand in the source beside each expression."""
# ruff: noqa: E501 - lines of logs are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.ingest.logs.frames import unwrap
from kwhy.ingest.logs.stamps import Precision

KLOG = "E1121 21:31:41.120579    4552 kubelet.go:2452] message"


@pytest.mark.parametrize(
    ("line", "kind", "precision", "host", "program", "pid", "level", "text"),
    [
        (KLOG, "klog", Precision.YEARLESS, None, None, 4552, "error", "message"),
        (f"Nov 21 21:31:41 node-a kubelet[7]: {KLOG}", "journal-short", Precision.YEARLESS, "node-a", "kubelet", 4552,
         "error", "message"),
        ("2026-11-21T21:31:41+0000 node-a kernel: message", "journal-short-iso", Precision.ZONED, "node-a", "kernel", None,
         None, "message"),
        ("Sat 2026-11-21 21:31:41 UTC node-a containerd.service[9]: message", "journal-short-full", Precision.ZONED,
         "node-a", "containerd", 9, None, "message"),
        ("Mon 2019-07-29 17:11:43 CST node-a kubelet[9]: message", "journal-short-full", Precision.LOCAL, "node-a",
         "kubelet", 9, None, "message"),
        ("1763760701.120579 node-a kubelet[9]: message", "journal-short-unix", Precision.ZONED, "node-a", "kubelet", 9,
         None, "message"),
        ("[12345.678901] node-a kubelet[9]: message", "journal-short-monotonic", Precision.BOOT, "node-a", "kubelet", 9,
         None, "message"),
        ("<34>1 2003-10-11T22:14:15.003Z mymachine su 77 ID47 - message", "syslog-5424", Precision.ZONED, "mymachine", "su",
         77, None, "message"),
        ("<30>Nov 21 21:31:41 node-a kubelet[9]: message", "syslog-priority", Precision.YEARLESS, "node-a", "kubelet", 9,
         None, "message"),
        ("[12345.678901] message", "dmesg", Precision.BOOT, None, "kernel", None, None, "message"),
        ("[   12.678901][   T33] message", "dmesg", Precision.BOOT, None, "kernel", None, None, "message"),
        ("[Sat Nov 21 23:14:24 2026] message", "dmesg-T", Precision.LOCAL, None, "kernel", None, None, "message"),
        ("kern  :err   : [    0.000000] message", "dmesg-x", Precision.BOOT, None, "kernel", None, "error", "message"),
        ('time="2026-11-21T21:28:38.440058297Z" level=warning msg="message"', "logrus", Precision.ZONED, None, None, None,
         "warning", 'msg="message"'),
        ("2026-11-21T21:36:54.617164664Z stderr F message", "cri", Precision.ZONED, None, None, None, None, "message"),
        ("2026-11-21T21:36:54.617164664Z 2026-11-21T21:36:54.615Z ERROR message", "timestamped", Precision.ZONED, None, None,
         None, "error", "ERROR message"),
        ("2026-11-21T21:36:54.615Z INFO http://web/ -> 200", "timestamped", Precision.ZONED, None, None, None, "info",
         "INFO http://web/ -> 200"),
        ("2026-11-21 21:36:54,615 WARN [main] c.e.Foo - message", "timestamped", Precision.LOCAL, None, None, None,
         "warning", "WARN [main] c.e.Foo - message"),
        ("2026/11/21 21:28:23.752993 message", "go-log", Precision.LOCAL, None, None, None, None, "message"),
        ("17:08:22.299597 kubelet message", "time-of-day", Precision.TIME_OF_DAY, None, "kubelet", None, None, "message"),
        ('{"log":"message\\n","stream":"stderr","time":"2026-11-21T21:36:54.6Z"}', "docker-json", Precision.ZONED, None, None,
         None, None, "message"),
        ('{"level":"warn","ts":"2026-11-21T21:24:06.0Z","caller":"wal/wal.go:846","msg":"slow fdatasync","took":"1.6s"}',
         "json", Precision.ZONED, None, None, None, "warning", '"slow fdatasync" took="1.6s"'),
        ("E1121 not a klog line", None, None, None, None, None, None, "E1121 not a klog line"),
    ],
)  # fmt: skip
def test_a_wrapping_is_peeled(
    line: str,
    kind: str | None,
    precision: Precision | None,
    host: str | None,
    program: str | None,
    pid: int | None,
    level: str | None,
    text: str,
) -> None:
    frame = unwrap(line)
    best = max((stamp.precision for stamp in frame.stamps), default=None)
    assert (frame.kind, best, frame.host, frame.program) == (kind, precision, host, program)
    assert (frame.pid, frame.level, frame.text) == (pid, level, text)


def test_a_pod_is_named_by_kubectls_prefix() -> None:
    frame = unwrap("[pod/web-6f5c6d7f64-2nx8q/app] 2026-11-21T21:36:54.6Z message")
    assert (frame.pod, frame.container, frame.text) == ("web-6f5c6d7f64-2nx8q", "app", "message")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.sampled_from(["", "{", "[", "<1>", "I1121 ", "Nov 21 ", "2026-11-21T", '{"log":']))
def test_any_line_is_unwrapped_without_raising(text: str, beginning: str) -> None:
    assert isinstance(unwrap(beginning + text).text, str)
