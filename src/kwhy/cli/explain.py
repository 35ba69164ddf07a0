"""``kwhy explain``."""

from __future__ import annotations

from argparse import Namespace
from difflib import get_close_matches

import msgspec

from kwhy.cli.output import complain, write_report
from kwhy.knowledge.catalogue import all_rules
from kwhy.reports.explanation import catalogue_entries, conditions_of, page
from kwhy.reports.wording import unfilled


def run(options: Namespace) -> int:
    rules = all_rules()
    if options.list:
        if options.format == "json":
            write_report(
                msgspec.json.format(msgspec.json.encode(catalogue_entries(rules)), indent=2).decode() + "\n", None
            )
        else:
            conditions = conditions_of(rules)
            column = max(map(len, conditions), default=0)
            lines = [f"{code:<{column}}  {unfilled(condition.title)}\n" for code, condition in conditions.items()]
            write_report("".join(lines), None)
        return 0
    if options.code is None:
        complain("explain needs a CODE, or --list")
        return 2
    text = page(options.code, rules)
    if text is None:
        near = get_close_matches(options.code, conditions_of(rules), n=3)
        complain(
            f"there is no condition {options.code!r}"
            + (f"; near: {', '.join(near)}" if near else "; kwhy explain --list names all")
        )
        return 2
    write_report(text, None)
    return 0
