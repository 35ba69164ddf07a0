"""Secrets masked in excerpts. Cheap where nothing looks like one."""

from __future__ import annotations

import re

from kwhy.model.expressions import expression

MASK = "‹redacted›"

#: One pass tells whether any of the rules below could match; most lines contain none of these words.
_SUSPICIOUS = expression(
    r"(?i)bearer|basic |passw|passphrase|secret|token|api[-_]?key|access[-_]?key|private key|credential|eyJ|akia|asia"
    r"|[A-Za-z0-9+/]{60}|://[^/\s]*@|authorization|\.dockerconfigjson"
    r"|[\"'](?:auth|AUTH)[\"']|ghp_|glpat-|xox[abprs]-|hvs\."
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # -----BEGIN RSA PRIVATE KEY-----\nMIIE…   (RFC 7468; cut blocks too)
    (
        expression(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^\"-]{0,20000}(-----END [A-Z ]{0,30}PRIVATE KEY-----)?"),
        rf"\1{MASK}\2",
    ),
    # MIIEpAIBAAKCAQEA…   a line of a PEM block whose first line is elsewhere (RFC 7468: 64 characters)
    (expression(r"^([ \t]*)[A-Za-z0-9+/]{60,76}={0,2}[ \t]*$", re.MULTILINE), rf"\1{MASK}"),
    # Authorization: Bearer eyJhbGciOi…   (RFC 6750), Basic dXNlcjpw…   (RFC 7617)
    (expression(r"(?i)\b(bearer|basic)(\s+|%20)(?!(?:realm|auth)\b)[A-Za-z0-9._~+/=-]{8,}"), rf"\1\2{MASK}"),
    # eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOi….c2lnbmF0dXJl   (RFC 7519: base64url of '{"')
    (expression(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{2,}){0,2}"), MASK),
    # https://user:password@registry.example/v2/   (RFC 3986 userinfo)
    (expression(r"(://[^/\s:@\"']{0,256}:)[^/\s@\"']{1,512}(?=@)"), rf"\1{MASK}"),
    # AKIAIOSFODNN7EXAMPLE   (AWS IAM "Unique identifiers")
    (expression(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    # ghp_…, glpat-…, xoxb-…, hvs.…   (GitHub, GitLab, Slack, Vault token prefixes)
    (expression(r"\b(?:gh[pousr]_|glpat-|xox[abprs]-|hvs\.)[A-Za-z0-9_-]{10,}"), MASK),
    # command: { name: 'hello', args: [ '3', 'AUTH', 'default', 'hunter2' ] }   (ioredis 5 prints the failing command)
    (expression(r"((?i:'auth'),\s{0,3}(?:'[^'\n]{1,200}',\s{0,3})?)'[^'\n]{1,500}'"), rf"\1'{MASK}'"),
    # {"msg":"{\\"password\\":\\"hunter2\\"}"}   (JSON as a string of JSON)
    (
        expression(
            r"(?i)((?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|credentials?|auth)"
            r"(?:[-_]?(?:key|id|data|value))?\\{1,4}\"\s{0,3}:\s{0,3}\\{1,4}\")[^\"\\\n]{1,8000}"
        ),
        rf"\1{MASK}",
    ),
    # password=hunter2, "apiKey": "…", --token=…, MYSQL_ROOT_PASSWORD: x, aws_secret_access_key = …
    (
        expression(
            r"(?i)([\w.-]{0,64}(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|credentials?|auth)"
            r"(?:[-_]?(?:key|id|data|value))?[\"']?\s{0,3}(?:=|:(?!//))\s{0,3})"
            r"(\"(?:[^\"\\\n]|\\.){1,8000}\"?|'[^'\n]{1,8000}'?|[^\s\"',;&}\])<>{‹]{3,8000})"
        ),
        rf"\1{MASK}",
    ),
)

#: A word of the text after "token:" and the like that is no secret ("secret: not found", "token: <nil>").
_WORDS = expression(
    r"(?i)^(?:not|no|the|is|was|has|none|null|nil|true|false|invalid|expired|missing|failed|unknown|yes"
    r"|fatal:|error:?|\d{1,4})$"
)


def redacted(text: str) -> str:
    """``text`` with tokens, passwords, keys and other credentials masked."""
    if _SUSPICIOUS.search(text) is None:
        return text
    for pattern, replacement in _RULES[:-1]:
        text = pattern.sub(replacement, text)
    pattern, _ = _RULES[-1]
    return pattern.sub(_masked_value, text)


def _masked_value(match: re.Match[str]) -> str:
    key, value = match[1], match[2]
    if value.strip("\"'").startswith(MASK) or _WORDS.match(value.strip("\"'")):
        return match[0]
    # JSON and YAML stay what they are: a value in quotes keeps them, and so does one behind a key in quotes.
    quote = value[0] if value[0] in "\"'" else '"' if '"' in key else ""
    closing = "" if len(value) > 1 and value[0] == quote and value[-1] != quote else quote
    return f"{key}{quote}{MASK}{closing}"
