"""What programs print about what they find in their own container: ports, files, configuration.

There is no common source: the texts are those of libc's strerror, of languages' standard libraries and of the parsers
that programs use; each example names its own.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

PORT_IN_USE = LogPattern(
    "own-container.port-in-use",
    "",
    ("address already in use", "Address already in use", "EADDRINUSE", "already in use.", "Connection in use"),
    r"listen (?:tcp|udp)[46]? \S{0,80}?:(?P<port>\d{1,5}): bind: address already in use"
    r"|EADDRINUSE(?:: address already in use)?:? \S{0,60}?:(?P<node>\d{1,5})(?!\d)"
    r"|bind\(\) to \S{0,80}?:(?P<nginx>\d{1,5}) failed \(98"
    r"|Port (?P<spring>\d{1,5}) (?:was|is) already in use"
    r"|(?:Connection in use: |bind on address )\('[^']{0,60}', (?P<python>\d{1,5})\)"
    r"|could not bind to address \S{0,60}?:(?P<apache>\d{1,5})(?!\d)"
    r"|socket \S{0,60}?:(?P<redis>\d{1,5}): bind: Address already in use"
    r"|cannot bind '\S{0,60}?:(?P<envoy>\d{1,5})': Address already in use"
    r"|(?:[Aa]ddress already in use|EADDRINUSE)",
    (
        # Go net (OpError); recorded
        "2026-11-22T02:32:30.290635281Z 2026-11-22T02:32:30.290Z FATAL listen tcp :8080: bind: address already in use",
        # Node.js lib/net.js (ExceptionWithHostPort)
        "Error: listen EADDRINUSE: address already in use :::3000",
        # nginx src/core/ngx_connection.c (ngx_open_listening_sockets)
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
        # Spring Boot 2 and 3, PortInUseFailureAnalyzer.java
        "Web server failed to start. Port 8080 was already in use.",
        # CPython Lib/asyncio/base_events.py (create_server)
        "[Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
        # gunicorn/sock.py (create_sockets)
        "[2021-11-23 17:20:58 +0000] [1] [ERROR] Connection in use: ('0.0.0.0', 8000)",
        # Apache httpd server/listen.c (make_sock)
        "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80",
        # Redis src/server.c (listenToPort)
        "1:M 21 Nov 2026 21:36:48.884 # Could not create server TCP listening socket *:6379: bind: Address already in use",
        # CPython Lib/socketserver.py (server_bind)
        "OSError: [Errno 98] Address already in use",
        # OpenJDK sun.nio.ch.Net
        "java.net.BindException: Address already in use",
    ),
    "The programs named beside the examples.",
    key=("port", "node", "nginx", "spring", "python", "apache", "redis", "envoy"),
)
UDP_LISTENING = LogPattern(
    "own-container.listening-on-udp",
    "",
    ("istening on udp", "istening on UDP", "tarting UDP listener"),
    r"(?:[Ll]istening on (?:udp|UDP)(?: port)?|[Ss]tarting UDP listener)[^\d\n]{0,40}?(?:(?:\d{1,3}\.){3}\d{1,3}|\[::\]|\*)?:?(?P<port>\d{2,5})(?![\d.])",
    (
        # a Go program; recorded
        "2026-11-22T03:14:33.518477663Z 2026/11/22 03:14:33.518343 listening on udp :5140",
        # Logstash input-udp lib/logstash/inputs/udp.rb (udp_listener)
        '[2021-05-01T00:00:00,000][INFO ][logstash.inputs.udp      ] Starting UDP listener {:address=>"0.0.0.0:5140"}',
    ),
    "The programs named beside the examples; there is no common source.",
    key=("port",),
)
#: The groups of a file error's expression that hold the path.
PATHS = ("path", "python", "node", "shell", "java", "nginx", "nio", "named")


def _file_error(words: str, code: str, number: int, extra: str = "") -> str:
    """The shapes in which programs say that a system call on a path failed with these words of strerror."""
    any_case = f"(?i:{words})"
    return (
        # open /data/records.lock: permission denied (Go os.PathError); not "exec /x: …", which is no file of its own
        rf"\b(?:open|openat|creat|create|mkdir|mkdirat|write|rename|unlink|unlinkat|remove|chmod|chown|stat|lstat|link|symlink|truncate|fsync|sync|readdirent|mkfifo) (?P<path>/[^\s:]{{1,300}})(?: /\S{{1,300}})?: {any_case}"
        # PermissionError: [Errno 13] Permission denied: '/data/records.lock' (CPython)
        rf"|\[Errno {number}\] {any_case}: b?'(?P<python>/[^']{{1,300}})'"
        # Error: EACCES: permission denied, open '/data/records.lock' (Node.js)
        rf"|{code}: {any_case}, \w{{1,20}} '(?P<node>/[^']{{1,300}})'"
        # mkdir: cannot create directory '/data/x': Permission denied (coreutils); can't create /data/x: … (busybox)
        rf"|(?:[Cc]annot|[Cc]an't|could not|couldn't|[Uu]nable to|[Ff]ailed to|changing \w{{5,12}} of) [^'\"‘`/:]{{0,60}}['\"‘`]?(?P<shell>/[^'\"’`:\s]{{1,300}})['\"’`]?: {any_case}"
        # java.io.FileNotFoundException: /data/records.lock (Permission denied)
        rf"|(?P<java>/[^\s(]{{1,300}}) \({any_case}\)"
        # mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied) (nginx)
        rf"|\"(?P<nginx>/[^\"]{{1,300}})\" failed \({number}: {any_case}\)"
        rf"{extra}"
        rf"|(?<!exec )(?P<named>/[^\s:'\"()]{{1,300}})['\"]?: {any_case}"
    )


PERMISSION_DENIED = LogPattern(
    "own-container.permission-denied",
    "",
    ("permission denied", "Permission denied", "peration not permitted", "AccessDeniedException: "),
    # java.nio.file.AccessDeniedException: /data/records.lock
    _file_error("(?:permission denied|operation not permitted)", "E(?:ACCES|PERM)", 13, r"|AccessDeniedException: (?P<nio>/\S{1,300})"),
    (
        # Go os.PathError; recorded
        "2026-11-22T02:32:32.111741989Z 2026/11/22 02:32:32.106737 cannot create lock file: open /data/records.lock: permission denied",
        # CPython Objects/exceptions.c (OSError); recorded with 3.11
        "PermissionError: [Errno 13] Permission denied: '/data/records.lock'",
        # Node.js lib/internal/errors.js (uvException)
        "Error: EACCES: permission denied, open '/data/records.lock'",
        # GNU coreutils src/mkdir.c; recorded with 9.1
        "mkdir: cannot create directory ‘/data/x’: Permission denied",
        # BusyBox shell/ash.c
        "sh: can't create /data/x: Permission denied",
        # OpenJDK java.io.FileOutputStream, sun.nio.fs.UnixException
        "java.io.FileNotFoundException: /data/records.lock (Permission denied)",
        "java.nio.file.AccessDeniedException: /data/records.lock",
        # nginx src/os/unix/ngx_files.c, src/core/ngx_file.c (ngx_create_paths)
        '2021/05/01 00:00:00 [emerg] 1#1: mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)',
        # GNU coreutils src/chown-core.c, as the entrypoint of the postgres image reports it
        "chown: changing ownership of '/var/lib/postgresql/data': Operation not permitted",
    ),
    "The programs named beside the examples; strerror(EACCES), strerror(EPERM).",
    key=PATHS,
)  # fmt: skip
READ_ONLY = LogPattern(
    "own-container.read-only-file-system",
    "",
    ("read-only file system", "Read-only file system"),
    _file_error("read-only file system", "EROFS", 30),
    (
        # Go os.PathError; recorded
        "2026-11-22T02:32:38.250889864Z 2026/11/22 02:32:38.250337 cannot create lock file: open /tmp/sessions.lock: read-only file system",
        # CPython Objects/exceptions.c (OSError)
        "OSError: [Errno 30] Read-only file system: '/tmp/sessions.lock'",
        # Node.js lib/internal/errors.js (uvException)
        "Error: EROFS: read-only file system, open '/tmp/sessions.lock'",
        # GNU coreutils src/touch.c
        "touch: cannot touch '/tmp/x': Read-only file system",
        # OpenJDK sun.nio.fs.UnixException (FileSystemException)
        "java.nio.file.FileSystemException: /tmp/tomcat.8080.123: Read-only file system",
        # nginx src/core/ngx_file.c (ngx_create_paths)
        '2021/05/01 00:00:00 [emerg] 1#1: mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)',
    ),
    "The programs named beside the examples; strerror(EROFS).",
    key=tuple(name for name in PATHS if name != "nio"),
)
NO_SPACE = LogPattern(
    "own-container.no-space-left",
    "",
    ("no space left on device", "No space left on device", "ENOSPC"),
    _file_error("no space left on device", "ENOSPC", 28) + r"|(?i:no space left on device)|\bENOSPC\b",
    (
        # Go os.PathError (mkdir, write)
        "write /data/segment-000123: no space left on device",
        # CPython Objects/exceptions.c (OSError)
        "OSError: [Errno 28] No space left on device: '/data/segment'",
        # Node.js lib/internal/errors.js (uvException)
        "Error: ENOSPC: no space left on device, write",
        # PostgreSQL src/backend/storage/smgr/md.c (mdextend)
        'ERROR:  could not extend file "base/16384/16397": No space left on device',
        # OpenJDK java.io.FileOutputStream.writeBytes
        "java.io.IOException: No space left on device",
        # GNU coreutils src/dd.c; recorded with 9.1
        "dd: error writing '/data/fill': No space left on device",
    ),
    "The programs named beside the examples; strerror(ENOSPC).",
    key=tuple(name for name in PATHS if name != "nio"),
)
OPEN_FILES = LogPattern(
    "own-container.too-many-open-files",
    "",
    ("oo many open files", "EMFILE", "ENFILE"),
    r"(?i:too many open files)(?P<system> in system)?|\bEMFILE\b|\b(?P<table>ENFILE)\b",
    (
        # BusyBox shell/ash.c; recorded
        "2026-11-22T02:31:48.124000996Z sh: eval: line 0: can't create /dev/null: Too many open files",
        # Go net (OpError), os (PathError)
        "accept tcp [::]:8080: accept4: too many open files",
        # CPython Objects/exceptions.c (OSError)
        "OSError: [Errno 24] Too many open files: '/data/segment-1021'",
        # Node.js lib/internal/errors.js (uvException)
        "Error: EMFILE: too many open files, open '/data/segment-1021'",
        # nginx src/event/ngx_event_accept.c
        "2021/05/01 00:00:00 [crit] 7#7: accept4() failed (24: Too many open files)",
        # OpenJDK java.net.ServerSocket
        "java.net.SocketException: Too many open files",
    ),
    "The programs named beside the examples; strerror(EMFILE), strerror(ENFILE).",
)
SHELL_REFUSED = LogPattern(
    "own-container.shell-cannot-run",
    "",
    (": not found", "command not found", ": Permission denied"),
    r"(?:^|\s)(?:-?(?:/\S{0,100}/)?(?:ba|da|a|z|k)?sh|/?\S{1,200}\.sh): (?:line )?(?:\d{1,6}: )?"
    r"(?P<command>[^\s:'\"]{1,200}): (?P<why>(?:command )?not found|Permission denied)",
    (
        # BusyBox 1.36 shell/ash.c; recorded
        "2026-11-22T03:18:02.394964945Z sh: report-generator: not found",
        "2026-11-22T03:17:40.251967105Z sh: /tmp/motd.txt: Permission denied",
        # GNU bash 5.2 execute_cmd.c; recorded
        "/entrypoint.sh: line 3: report-generator: command not found",
        # dash 0.5 src/exec.c
        "/bin/sh: 1: report-generator: not found",
    ),
    "The shells named beside the examples; POSIX.1-2017 XCU 2.8.2 (exit status 126 and 127).",
    key=("command", "why"),
)
CONFIG_REFUSED = LogPattern(
    "own-container.configuration-refused",
    "",
    (
        "yaml: ", "yaml.scanner.", "yaml.parser.", "snakeyaml.", "YAMLException", "YAMLParseError",
        "invalid character ", "JSONDecodeError", "JsonParseException", "in JSON at position", "is not valid JSON",
        "toml: ", "TOMLDecodeError", "SAXParseException", "MissingSectionHeaderError", "[emerg]",
        "annot parse", "nable to parse", "ailed to parse", "rror parsing", "ould not parse", "rror reading config",
        "nable to read config", "ailed to load config", "rror loading config", "ailed to read config", "syntax error", "yntaxError",
    ),
    # The file where one is named; then the place in it, if any: "line 4", "(3:8)", "lineNumber: 5", "nginx.conf:12".
    r"(?P<file>/[\w./+@-]{1,255}\.(?:ya?ml|json|toml|ini|conf|cfg|cnf|properties|env|xml|hcl|tmpl|rules))\b(?:[: ]{1,2}(?P<at>\d{1,6})\b)?"
    r"|\byaml: (?:line \d{1,6}: |unmarshal errors|invalid|control characters|did not find|found )"
    r"|\byaml\.(?:scanner|parser|composer)\.\w{1,40}Error|snakeyaml\.\w{1,30}\.\w{1,40}Exception|YAMLException|YAMLParseError"
    r"|invalid character .{1,12} (?:looking for|after|in string|in literal|in numeric)"
    r"|json\.decoder\.JSONDecodeError|JsonParseException: |in JSON at position \d|is not valid JSON"
    r"|\btoml: (?:line|expected|invalid|cannot)|tomllib\.TOMLDecodeError|SAXParseException; |MissingSectionHeaderError",
    (
        # sigs.k8s.io/yaml and gopkg.in/yaml.v3 yaml.go, decode.go; recorded
        "2026-11-22T02:32:45.150308251Z 2026/11/22 02:32:45.150144 cannot parse configuration /etc/shop/application.yaml: yaml: line 4: found a tab character that violates indentation",
        "2026/11/22 02:32:50.114915 cannot parse configuration: yaml: line 3: mapping values are not allowed in this context",
        # Go encoding/json scanner.go; recorded
        "2026/11/22 02:32:28.176059 cannot parse configuration /etc/shop/settings.json: invalid character '}' looking for beginning of object key string",
        # PyYAML lib/yaml/scanner.py; recorded with 6.0
        "yaml.scanner.ScannerError: while scanning for the next token",
        # CPython Lib/json/decoder.py; recorded with 3.11
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 6 column 3 (char 85)",
        # V8 src/json/json-parser.cc, Node.js 18 and 20
        "SyntaxError: Unexpected token } in JSON at position 85",
        # snakeyaml ScannerException.java, as Spring Boot logs it
        "Caused by: org.yaml.snakeyaml.scanner.ScannerException: while scanning for the next token",
        # Jackson core JsonParser.java
        "com.fasterxml.jackson.core.JsonParseException: Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
        # nginx src/core/ngx_conf_file.c
        'nginx: [emerg] unexpected "}" in /etc/nginx/conf.d/default.conf:12',
        # nodeca/js-yaml lib/exception.js
        "YAMLException: bad indentation of a mapping entry (3:8)",
    ),
    "The parsers named beside the examples.",
    key=("file",),
)  # fmt: skip
