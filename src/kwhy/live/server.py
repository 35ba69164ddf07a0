"""GET requests to one API server: with time limits, again where that helps, and no other method.

The connection (certificates, tokens, plugins, proxies) is the kubernetes client's; see docs/decisions/0006.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Final
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, ReadTimeoutError

from kwhy.live.answers import JSON, Answer, Contents, Failure, Why, failure
from kwhy.model.expressions import expression

CONNECT_SECONDS: Final = 5.0
#: Between two pieces of an answer. The API server itself gives a list up after 60 s (kube-apiserver --request-timeout).
READ_SECONDS: Final = 30.0
#: The same for what a node answers: a kubelet that is there gives a log at once.
NODE_SECONDS: Final = 10.0
#: Of one answer.
ANSWER_SECONDS: Final = 120.0
#: A page that is larger when unpacked is not read.
MOST_BYTES: Final = 1 << 30
PIECE_BYTES: Final = 1 << 20

ATTEMPTS: Final = 4
#: Seconds before the second attempt; each further one waits twice as long.
BACKOFF: Final = 0.5
#: The longest wait that a server may ask for (Retry-After); it asks for one second when it sheds load
#: (apiserver v0.34 pkg/server/filters/maxinflight.go, retryAfter).
MOST_PATIENCE: Final = 30.0
#: Answers that may differ next time.
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
#: So many requests in a row without any answer, and the server counts as gone.
LOST_AFTER: Final = 3


class ReadOnlyServer:
    """One API server, as :class:`kwhy.live.answers.Api`. Several threads may ask at once.

    ``credentials`` gives the header of each request; tokens are renewed there. ``deadline`` is when reading ends, by
    ``time.monotonic``.
    """

    def __init__(
        self,
        pool: urllib3.PoolManager,
        url: str,
        credentials: Callable[[], Mapping[str, str]],
        deadline: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pool = pool
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._deadline = deadline
        self._sleep = sleep
        self._lock = Lock()
        self._unanswered = 0
        self._lost: str | None = None
        self._clock = ""

    @property
    def clock(self) -> str:
        return self._clock

    def give_up(self, says: str) -> None:
        """Send nothing more; see :class:`kwhy.live.answers.Api`."""
        with self._lock:
            self._lost = self._lost or says

    def get(self, path: str, query: Mapping[str, str], *, accept: str = JSON, of_node: bool = False) -> Answer:
        """The answer to GET ``path``; see :class:`kwhy.live.answers.Api`."""
        url = f"{self._url}/{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        outcome: Answer = Failure(Why.OTHER, "no attempt was made")
        for attempt in range(1 if of_node else ATTEMPTS):
            if self._lost is not None:
                return outcome if attempt else Failure(Why.UNREACHABLE, self._lost)
            patience = NODE_SECONDS if of_node else READ_SECONDS
            outcome, wait = self._once(url, accept, patience, BACKOFF * 2**attempt)
            if wait is None or of_node:
                return outcome
            if attempt + 1 < ATTEMPTS:
                if time.monotonic() + wait > self._deadline:
                    break
                self._sleep(wait)
        return outcome

    def _once(self, url: str, accept: str, patience: float, backoff: float) -> tuple[Answer, float | None]:
        """One attempt, and for how long to wait before another; None where that is of no use."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return Failure(Why.OTHER, "the time for reading was over"), None
        limit = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(patience, left))
        try:
            response = self._pool.request(
                "GET",
                url,
                headers={"Accept": accept, "Accept-Encoding": "gzip", **self._credentials()},
                timeout=limit,
                preload_content=False,
                retries=False,
                redirect=False,
            )
            self._answered(response.headers.get("Date", ""))
            body = self._body(response, time.monotonic() + min(ANSWER_SECONDS, left))
        except ReadTimeoutError:
            says = f"no answer within {patience:.0f} s"
            return (self._silent(says) if patience == READ_SECONDS else Failure(Why.OTHER, says)), backoff
        except (HTTPError, LocationParseError, OSError) as error:
            return self._silent(_plain(error)), backoff
        if isinstance(body, Failure):
            return body, None
        if response.status == 200:
            return Contents(body), None
        wait = None
        if response.status in _BUSY:
            wait = min(_seconds(response.headers.get("Retry-After")) or backoff, MOST_PATIENCE)
        return failure(response.status, body), wait

    def _body(self, response: urllib3.BaseHTTPResponse, until: float) -> bytes | Failure:
        """All of the answer, unpacked. An answer that breaks off raises what urllib3 raises."""
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in response.stream(PIECE_BYTES, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    return Failure(Why.OTHER, f"the answer is larger than {MOST_BYTES >> 20} MiB")
                if time.monotonic() > until or self._lost is not None:
                    return Failure(Why.OTHER, "the answer took too long")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(pieces)

    def _answered(self, date: str) -> None:
        with self._lock:
            self._unanswered = 0
            if date:
                self._clock = _rfc3339(date) or self._clock

    def _silent(self, says: str) -> Failure:
        with self._lock:
            self._unanswered += 1
            if self._unanswered >= LOST_AFTER and self._lost is None:
                self._lost = f"the API server does not answer any more: {says}"
        return Failure(Why.UNREACHABLE, says)


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is not used by API servers."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def _rfc3339(date: str) -> str:
    """ "Sun, 22 Nov 2026 02:25:38 GMT" (RFC 9110) as the API writes times."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, TypeError):
        return ""


#: "HTTPConnection(host='127.0.0.1', port=6443): Failed to establish a new connection: [Errno 111] Connection refused"
#: (urllib3 2.8, exceptions.NewConnectionError); "… Failed to resolve 'api.example' ([Errno -2] Name or service not
#: known)" (exceptions.NameResolutionError)
_AROUND: Final = expression(r"^.{0,300}?(?:\): |>: )(?:Failed to establish a new connection: )?|\[Errno -?\d{1,5}\] ")


def _plain(error: Exception) -> str:
    """A connection's failure in the words of the system: "Connection refused"."""
    cause = getattr(error, "reason", None) or error
    text = str(cause.args[-1] if isinstance(cause, Exception) and cause.args else cause)
    return " ".join(_AROUND.sub("", text).split()) or type(error).__name__
