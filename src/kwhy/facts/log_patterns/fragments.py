"""Pieces that the patterns of several components share."""

from __future__ import annotations

#: A quotation mark, whatever depth of Go %q or JSON quoting the message has gone through: " \" \\\" …
Q = r'\\{0,7}"'
#: Go duration, time.Duration.String(): 3m0.000091019s, 27h14m51.4s, 150ms.
DURATION = r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|m|s|ms|µs|us|ns)){1,4}"
#: What stands between quotation marks, with Go's escapes inside.
QUOTED = r'[^"\\]{0,4000}(?:\\.[^"\\]{0,4000}){0,400}'
#: err="…" of klog v2's structured text, quotes inside escaped.
ERR = rf'err="(?P<error>{QUOTED})'
#: error="…" of logrus' text form; a single word stands without quotes.
LOGRUS_ERROR = rf'error=(?:"(?P<error>{QUOTED})|(?P<error_word>[^\s"]{{1,400}}))'
#: pod="shop/web-6f5c6d7f64-2nx8q" of klog.KObj; before v1.2x pod="web_shop(uid)" of format.Pod.
POD = r'pod="(?P<pod>[^"\s]{1,400})"'
#: "web_shop(0123…)": format.Pod in messages before structured logging (v1.20).
OLD_POD = rf"{Q}(?P<old_pod>[^\"\\\s]{{1,400}}){Q}"
#: The code of a gRPC status, google.golang.org/grpc/status Error.Error().
RPC_CODE = r"code = (?P<code>\w{1,24})"
