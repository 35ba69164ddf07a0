"""``./task picture``: docs/report.svg, the report of the default demo as a terminal shows it."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from kwhy.demo_incidents import NODE_NOTREADY
from kwhy.pipeline import diagnose
from kwhy.reports import text

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "report.svg"
WIDTH = 100
# "@font-face {{ font-family: …; src: …, url("https://…") }}": the picture loads nothing from elsewhere.
_FONT = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)


def main() -> int:
    report = text.render(diagnose([str(NODE_NOTREADY.archive)]), width=WIDTH, colour=True)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text.from_ansi(report), soft_wrap=True)
    code_format = _FONT.sub("", CONSOLE_SVG_FORMAT)
    # A fixed id keeps the picture equal as long as the report is.
    PICTURE.write_text(console.export_svg(title="kwhy demo", unique_id="kwhy-report", code_format=code_format), "utf-8")
    sys.stdout.write(f"{PICTURE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
