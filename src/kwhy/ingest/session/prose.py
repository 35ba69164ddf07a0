"""Somebody's own words between outputs: sentences, headings, separators."""

from __future__ import annotations

from kwhy.ingest.session.programs import PROSE, PROSE_IF_SEVERAL
from kwhy.model.expressions import expression

#: Chinese and Japanese characters, with their punctuation and full-width forms.
_CHINESE = expression("[\u3001-\u303f\u3040-\u30ff\u3400-\u9fff\uff01-\uffee]")
#: "=== pods ===", "##### kubectl describe node #####", "---------- n1 ----------", "*************".
_SEPARATOR = expression(r"(?P<mark>[=#*~+_-])(?P=mark){2,}(?: *[^\s=#*~+_-].{0,200}?)? *(?P=mark){3,}\s*")
#: "=== BEGIN goroutine stack dump ===" (containerd), "==== START logs for container …" (kubectl cluster-info dump).
_MARK_OF_A_PROGRAM = expression(r"={3,} (?:BEGIN|END|START) ")
#: "## Pods", "**Pods:**", "[pods]": headings of Markdown, and names in brackets alone on a line.
_MARKDOWN = expression(r"#{2,6} \S.{0,200}|\*\*\S.{0,200}\*\*:?")
#: "<details><summary>kubectl describe</summary>", "</details>", "<br>": HTML in Markdown.
_TAGS = expression(
    r"\s*(?:</?(?:details|summary|br|p|div|span|b|i|u|h\d|hr|ul|ol|li|img|a)(?: [^<>]{0,300})?/?>[^<>]{0,300})+"
)
_WORD = expression(r"[A-Za-z][a-z']*[,;:.!?]?")
_FIRST = expression(r"[A-Za-z][a-z']*,?")
#: Sentences that kubectl prints.
_OF_KUBECTL = expression(
    r"(?:No resources found|Error from server|error:|Warning:|The connection to the server|Unable to connect"
    r"|You must be|Flag --|Use \"kubectl|Kubernetes control plane|To further debug).*"
)
#: Of a line's characters, so many must be Chinese: a row of a table with a remark behind it has fewer.
_CHINESE_SHARE = 0.2
_LEAST_WORDS = 4


def is_chinese_prose(line: str) -> bool:
    """ "下面是第二个命令的输出：", but no log line or table row with Chinese in it."""
    if line.isascii():
        return False
    found = len(_CHINESE.findall(line))
    return found >= 2 and found >= _CHINESE_SHARE * len("".join(line.split())) and "  " not in line.strip()


def is_of_kubectl(line: str) -> bool:
    """Whether kubectl prints such a sentence."""
    return _OF_KUBECTL.match(line) is not None


def is_heading(line: str) -> bool:
    """ "=== pods ===", "## Events", "<details>"."""
    if line.lstrip()[:1] == "<":
        return _TAGS.fullmatch(line) is not None
    first = line[:1]
    if first not in "=#*~+_-" or _MARK_OF_A_PROGRAM.match(line) is not None:
        return False
    if len(line.strip()) >= 8 and _SEPARATOR.fullmatch(line) is not None:
        return True
    return _MARKDOWN.fullmatch(line.strip()) is not None


def is_prose(line: str) -> bool:
    """ "Here is what describe says about the pod:". Output of programs is no prose, what kubectl says included."""
    words = line.split()
    if len(words) < _LEAST_WORDS or "  " in line.strip() or _OF_KUBECTL.match(line) is not None:
        return False
    plain = sum(_WORD.fullmatch(word) is not None for word in words)
    lowered = [word.lower().rstrip(",;:.!?") for word in words]
    function_words = sum(word in PROSE or word in PROSE_IF_SEVERAL for word in lowered)
    return plain >= 0.7 * len(words) and function_words >= 2 and _FIRST.fullmatch(words[0]) is not None


#: A longer text is no remark between outputs.
_MOST_CHARACTERS = 20_000
_WORDS_SHARE = 0.8


def reads_as_prose(text: str) -> bool:
    """Whether nearly every line of ``text`` is somebody's own words."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or len(text) > _MOST_CHARACTERS:
        return False
    words = sum(is_chinese_prose(line) or is_heading(line) or is_prose(line) for line in lines)
    return words >= _WORDS_SHARE * len(lines)
