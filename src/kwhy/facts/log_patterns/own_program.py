"""What programs print before they end because of how they were started or built: variables, arguments, missing parts,
defects and heaps of their own.

The texts are those of languages' run-time systems and of the libraries that read arguments and environments; each
example names its own. Identifiers begin with "own-container": they count near the end of a container's log alone.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

_NAME = r"[A-Z][A-Z0-9_]{1,80}"

VARIABLE_MISSING = LogPattern(
    "own-container.variable-missing",
    "",
    (
        *("parameter not set", "parameter null or not set", "unbound variable", "required key ", "KeyError: "),
        *("environment variable", "nvironment Variable", "env var", "is not set", "is required", "must be set"),
        *("not resolve placeholder",),
    ),
    rf"\b(?P<shell>{_NAME}): (?:parameter (?:not set|null or not set)|unbound variable)"
    rf"|required key (?P<envconfig>{_NAME}) missing value"
    rf"|^KeyError: '(?P<python>{_NAME})'$"
    rf"|Could not resolve placeholder '(?P<spring>{_NAME})' in value"
    rf"|(?i:(?:missing|required|undefined|unset)(?: required)? env(?:ironment)?(?: var(?:iable)?s?)?:? [\"'`$]{{0,2}})(?P<named>{_NAME})\b"
    rf"|(?i:env(?:ironment)? var(?:iable)?:? [\"'`$]{{0,2}})(?P<stated>{_NAME})[\"'`]?(?i: (?:is |was |has )?(?:not (?:set|found|defined|provided)|missing|required|undefined|unset|empty|must be set|should not be empty))"
    rf"|\b(?P<plain>[A-Z][A-Z0-9]*_[A-Z0-9_]{{1,80}})[\"'`]?(?i: (?:env(?:ironment)? var(?:iable)? )?(?:is not set|is required|must be set|is missing|is undefined|not set|is empty))",
    (
        # dash 0.5, bash 5.2 with `set -u`; recorded
        "sh: 1: DATABASE_URL: parameter not set",
        "dash: 1: DATABASE_URL: parameter not set or null",
        "bash: line 1: DATABASE_URL: unbound variable",
        # github.com/kelseyhightower/envconfig v1.4; recorded
        "2026/11/22 06:07:22 required key DATABASE_URL missing value",
        # CPython 3.11 Lib/os.py (_Environ.__getitem__); recorded
        "KeyError: 'DATABASE_URL'",
        # github.com/caarlos0/env v11 error.go (VarIsNotSetError, EmptyVarError)
        'env: required environment variable "DATABASE_URL" is not set',
        'env: environment variable "DATABASE_URL" should not be empty',
        # Spring Framework 6 PropertyPlaceholderHelper.java
        "java.lang.IllegalArgumentException: Could not resolve placeholder 'DATABASE_URL' in value \"${DATABASE_URL}\"",
        # docker-entrypoint.sh of many images, and programs' own words
        "FATAL: environment variable DATABASE_URL is required",
        "Error: missing required environment variable: DATABASE_URL",
        "DATABASE_URL is not set",
    ),
    "The programs named beside the examples.",
    key=("shell", "envconfig", "python", "spring", "named", "stated", "plain"),
)
#: The line above KeyError that tells a variable from a key of some other dictionary; recorded with CPython 3.11.
ENVIRON_LOOKED_UP = LogPattern(
    "own-container.environ-looked-up",
    "",
    (", in __getitem__",),
    r"File \"(?:<frozen os>|[^\"]{1,200}/os\.py)\", line \d+, in __getitem__",
    ('  File "<frozen os>", line 679, in __getitem__', '  File "/usr/lib/python3.9/os.py", line 679, in __getitem__'),
    "CPython 3.11 Lib/os.py (_Environ.__getitem__)",
)
ARGUMENT_REFUSED = LogPattern(
    "own-container.argument-refused",
    "",
    (
        *("flag provided but not defined", "unknown flag", "unknown shorthand flag", "unrecognized argument"),
        *("o such option", "nrecognized option", "invalid option", "bad option: ", "heap size: ", "invalid value "),
        *("invalid argument ", ": invalid ", "Invalid value for ", "Missing option ", "unknown command "),
        *("arguments are required", "unexpected argument ", "Found argument ", "illegal option", ": is unknown"),
        "unknown option",
    ),
    r"flag provided but not defined: (?P<go>-\S{1,100})"
    r"|unknown (?:shorthand )?flag: (?P<pflag>\S{1,100}(?: in -\w{1,40})?)"
    r"|error: unrecognized arguments: (?P<argparse>\S[^\n]{0,200})"
    r"|error: argument (?P<argparse_value>-\S{1,100}): (?:invalid|expected)"
    r"|error: the following arguments are required: (?P<argparse_required>\S[^\n]{0,200})"
    r"|[Nn]o such option:? '?(?P<click>--?[\w-]{1,100})"
    r"|Invalid value for '(?P<click_value>--?[\w-]{1,100})'"
    r"|Missing option '(?P<click_required>--?[\w-]{1,100})'"
    r"|[Uu]nrecognized option:? '?(?P<getopt>-{1,2}[\w:+.=-]{1,100})"
    r"|(?:invalid|illegal) option -- '?(?P<short>\w)"
    r"|(?:bad|unknown|invalid) option:? '?\"?(?P<node>-{0,2}\w[\w=-]{0,100})"
    r"|option (?P<curl>--?[\w-]{1,100}): is unknown"
    r"|Invalid (?:maximum|initial) heap size: (?P<java>-Xm\S{1,40})"
    r"|invalid value \"(?:[^\"\n]{0,200})\" for flag (?P<go_value>-\S{1,100}): "
    r"|invalid argument \"(?:[^\"\n]{0,200})\" for \"(?P<pflag_value>-[^\"\n]{1,100})\" flag"
    r"|unknown command \"(?P<cobra>[^\"\n]{1,100})\" for \""
    r"|(?:unexpected argument|Found argument) '(?P<clap>[^'\n]{1,100})'",
    (
        # Go flag (FlagSet.failf); recorded
        "flag provided but not defined: -prot",
        'invalid value "abc" for flag -port: parse error',
        # github.com/spf13/pflag v1.0, cobra v1.10; recorded
        "Error: unknown flag: --prot",
        "Error: unknown shorthand flag: 'z' in -z",
        'Error: invalid argument "x" for "--port" flag: strconv.ParseInt: parsing "x": invalid syntax',
        'Error: unknown command "rnu" for "server"',
        # CPython 3.11 Lib/argparse.py; recorded
        "server: error: unrecognized arguments: --prot 80",
        "server: error: argument --port: invalid int value: 'x'",
        "server: error: the following arguments are required: --port",
        # click 8.1; recorded
        "Error: No such option '--prot'. Did you mean '--port'?",
        "Error: Invalid value for '--port': 'x' is not a valid integer.",
        "Error: Missing option '--url'.",
        # glibc getopt_long, as psql and ls print it; recorded
        "/usr/lib/postgresql/15/bin/psql: unrecognized option '--foo'",
        "grep: invalid option -- 'Q'",
        # Node.js 20 src/node.cc; recorded
        "node: bad option: --bad-option",
        # nginx 1.22 src/core/nginx.c; recorded
        'nginx: invalid option: "z"',
        # curl 7.88; recorded
        "curl: option --foo: is unknown",
        # OpenJDK 17 src/hotspot/share/runtime/arguments.cpp; recorded
        "Unrecognized option: -foo",
        "Invalid maximum heap size: -Xmx1z",
        # clap 4 and 3 (Rust), src/error/kind.rs
        "error: unexpected argument '--prot' found",
        "error: Found argument '--prot' which wasn't expected, or isn't valid in this context",
    ),
    "The programs named beside the examples.",
    key=(
        *("go", "pflag", "argparse", "argparse_value", "argparse_required", "click", "click_value", "click_required"),
        *("getopt", "short", "node", "curl", "java", "go_value", "pflag_value", "cobra", "clap"),
    ),
)
PART_MISSING = LogPattern(
    "own-container.part-missing",
    "",
    (
        *("error while loading shared libraries", "Error loading shared library", "' not found (required by"),
        *("ModuleNotFoundError", "annot find module", "not find or load main class", "Unable to access jarfile"),
        *("no main manifest attribute", "ClassNotFoundException", "NoClassDefFoundError", "cannot load such file"),
        *("UnsupportedClassVersionError", "in @INC", "You must install or update .NET"),
    ),
    r"error while loading shared libraries: (?P<glibc>[^:\s]{1,200}): cannot open shared object"
    r"|Error loading shared library (?P<musl>[^:\s]{1,200}): No such file"
    r"|version `(?P<symbol>[A-Z]{2,10}[A-Z]*_[\d.]{1,20})' not found \(required by"
    r"|ModuleNotFoundError: No module named '(?P<python>[^'\n]{1,200})'"
    r"|Cannot find module '(?P<node>[^'\n]{1,300})'"
    r"|Could not find or load main class (?P<main>[\w.$/]{1,200})"
    r"|Unable to access jarfile (?P<jar>\S{1,300})"
    r"|no main manifest attribute, in (?P<manifest>\S{1,300})"
    r"|(?:ClassNotFoundException|NoClassDefFoundError): (?P<java>[\w.$/]{1,200})"
    r"|UnsupportedClassVersionError: (?P<version>[\w.$/]{1,200})"
    r"|cannot load such file -- (?P<ruby>\S{1,200})"
    r"|Can't locate (?P<perl>\S{1,200}) in @INC"
    r"|(?P<dotnet>You must install or update \.NET) to run this application",
    (
        # glibc 2.36 elf/dl-load.c; recorded
        "./l2: error while loading shared libraries: libbar.so.1: cannot open shared object file: No such file or directory",
        # musl ldso/dynlink.c (load_deps)
        "Error loading shared library libstdc++.so.6: No such file or directory (needed by /usr/local/bin/node)",
        # glibc elf/dl-version.c (match_symbol)
        "/app/server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /app/server)",
        # CPython 3.11; recorded
        "ModuleNotFoundError: No module named 'flaskk'",
        # Node.js 20 lib/internal/modules/cjs/loader.js; recorded
        "Error: Cannot find module '/app/server.js'",
        # OpenJDK 17 src/java.base/share/native/libjli/java.c, sun/launcher/LauncherHelper.java; recorded
        "Error: Could not find or load main class com.example.Main",
        "Error: Unable to access jarfile /app/app.jar",
        'Exception in thread "main" java.lang.ClassNotFoundException: org.postgresql.Driver',
        "no main manifest attribute, in /app/app.jar",
        "java.lang.UnsupportedClassVersionError: com/example/Main has been compiled by a more recent version of the Java Runtime",
        # Ruby 3 kernel_require.rb
        "<internal:/usr/lib/ruby/vendor_ruby/rubygems/core_ext/kernel_require.rb>:86:in `require': cannot load such file -- sinatra (LoadError)",
        # perl 5 pp_ctl.c
        "Can't locate DBI.pm in @INC (you may need to install the DBI module)",
        # .NET 8 src/native/corehost/fxr/fx_resolver.messages.cpp
        "You must install or update .NET to run this application.",
    ),
    "The programs named beside the examples.",
    key=(
        *("glibc", "musl", "symbol", "python", "node", "main", "jar", "manifest", "java", "version", "ruby", "perl"),
        "dotnet",
    ),
)
PROGRAM_DEFECT = LogPattern(
    "own-container.program-defect",
    "",
    (
        *("panic: runtime error", "panic: assignment to entry in nil map", "panic: interface conversion"),
        *("fatal error: all goroutines are asleep", "fatal error: concurrent map", "Exception in thread "),
        *("NameError: ", "UnboundLocalError: ", "IndexError: ", "ZeroDivisionError: ", "RecursionError: "),
        *("SyntaxError: ", "IndentationError: ", "TabError: ", "ReferenceError: ", "System.NullReferenceException"),
        "index out of bounds: the len is",
    ),
    r"panic: (?P<go>runtime error: [^\n]{1,160}|assignment to entry in nil map|interface conversion: [^\n]{1,160})"
    r"|fatal error: (?P<runtime>all goroutines are asleep - deadlock!|concurrent map [a-z ]{4,40})"
    r"|Exception in thread \"[^\"\n]{1,100}\" java\.lang\.(?P<java>(?:NullPointer|ClassCast|(?:Array|String)?IndexOutOfBounds|Arithmetic|NegativeArraySize)Exception|StackOverflowError|NoSuch(?:Method|Field)Error|AbstractMethodError|IncompatibleClassChangeError)"
    r"|^(?P<python>(?:Name|UnboundLocal|Index|ZeroDivision|Recursion|Syntax|Indentation|Tab)Error: (?![^\n]{0,160}JSON)[^\n]{1,160})"
    r"|^(?P<node>ReferenceError: [^\n]{1,120} is not defined)"
    r"|Unhandled exception\. (?P<dotnet>System\.NullReferenceException)"
    r"|^(?P<rust>index out of bounds: the len is \d+ but the index is \d+)",
    (
        # Go 1.26 runtime; recorded
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "panic: runtime error: index out of range [3] with length 0",
        "panic: assignment to entry in nil map",
        "panic: interface conversion: interface {} is string, not int",
        "fatal error: all goroutines are asleep - deadlock!",
        # OpenJDK 17; recorded
        'Exception in thread "main" java.lang.NullPointerException: Cannot invoke "String.length()" because "<local1>" is null',
        # CPython 3.11; recorded
        "NameError: name 'undefined_name' is not defined",
        "IndexError: list index out of range",
        "ZeroDivisionError: division by zero",
        "SyntaxError: invalid syntax",
        # Node.js 20; recorded
        "ReferenceError: undefinedThing is not defined",
        "SyntaxError: Unexpected token ';'",
        # .NET 8
        "Unhandled exception. System.NullReferenceException: Object reference not set to an instance of an object.",
        # Rust 1.73 and later, on the line below "thread 'main' panicked at …"
        "index out of bounds: the len is 0 but the index is 3",
    ),
    "The programs named beside the examples.",
    key=("go", "runtime", "java", "python", "node", "dotnet", "rust"),
)
HEAP_EXHAUSTED = LogPattern(
    "own-container.heap-exhausted",
    "",
    ("java.lang.OutOfMemoryError", "JavaScript heap out of memory"),
    r"java\.lang\.OutOfMemoryError: (?P<java>Java heap space|GC overhead limit exceeded|Metaspace|Compressed class space|Direct buffer memory)"
    r"|FATAL ERROR: (?P<node>[^\n]{1,120}) - JavaScript heap out of memory",
    (
        # OpenJDK 17 src/hotspot/share/memory/universe.cpp; recorded
        'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
        # Node.js 20, V8 heap/heap.cc; recorded
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ),
    "The programs named beside the examples.",
    key=("java", "node"),
)
