"""What programs behind Services print about themselves, whatever they are."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

LISTENING = LogPattern(
    "application.listening",
    "",
    ("istening on", "istening at", "unning on http", "started on port", "istening for HTTP"),
    # The address, where one is printed, then the port: ":8080", "0.0.0.0:8080", "[::]:8080", "port 8080", "port(s): 8080".
    r"(?:[Ll]istening (?:on|at|for HTTP (?:traffic )?on)|[Rr]unning on|started on)[: ]{1,3}"
    r"(?:(?:tcp|https?)(?:://| )|address |port(?:\(s\))?:? |all interfaces,? )?"
    r"(?:(?P<address>\[[0-9a-fA-F:.]{2,45}\]|[\w.*-]{1,253})?:)?(?P<port>\d{2,5})(?![\d.:\w])",
    (
        # Go programs; recorded
        "2026-11-21T21:36:48.884437873Z 2026-11-21T21:36:48.884Z INFO listening on :8080",
        # expressjs.com/en/starter/hello-world.html
        "Example app listening on port 3000",
        # docs.gunicorn.org/en/stable/custom.html, gunicorn/arbiter.py
        "[2021-11-23 17:20:58 +0000] [1] [INFO] Listening at: http://0.0.0.0:8000 (1)",
        # uvicorn.org, uvicorn/server.py
        "INFO:     Uvicorn running on http://0.0.0.0:80 (Press CTRL+C to quit)",
        # Spring Boot 3, TomcatWebServer.java; before 3.2 "port(s): 8080 (http)"
        "INFO 1 --- [main] o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http) with context path ''",
        # Flask, werkzeug/serving.py
        " * Running on http://127.0.0.1:5000",
    ),
    "The programs named beside the examples; there is no common source.",
    key=("address", "port"),
)
