"""``./task picture``: docs/img/NAME.svg, the reports of the demo incidents as in a terminal, and a traced packet."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from kwhy.demo_incidents import INCIDENTS, Incident
from kwhy.model.trace import TraceEnd, TraceQuestion
from kwhy.pipeline import diagnose, trace
from kwhy.reports import text, trace_picture

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "img"
#: A recorded node with a firewall that drops what another node's overlay sends.
RECORDED = PICTURES.parent.parent / "tests" / "knowledge" / "path" / "recorded"
WIDTH = 120
# "@font-face {{ font-family: …; src: …, url("https://…") }}": the picture loads nothing from elsewhere.
_FONT = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    for incident in INCIDENTS.values():
        path = PICTURES / f"{incident.name}.svg"
        path.write_text(picture(incident), "utf-8")
        sys.stdout.write(f"{path.relative_to(PICTURES.parent.parent)}\n")
    path = PICTURES / "trace.svg"
    path.write_text(traced(), "utf-8")
    sys.stdout.write(f"{path.relative_to(PICTURES.parent.parent)}\n")
    return 0


def picture(incident: Incident) -> str:
    report = text.render(diagnose([str(incident.archive)]), width=WIDTH, colour=True)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text.from_ansi(report), soft_wrap=True)
    # A fixed id keeps a picture equal as long as its report is.
    return console.export_svg(
        title=f"kwhy demo {incident.name}",
        unique_id=f"kwhy-{incident.name}",
        code_format=_FONT.sub("", CONSOLE_SVG_FORMAT),
    )


def traced() -> str:
    """The way of a packet between two recorded nodes, of which one drops what its overlay network sends."""
    sender = TraceEnd("pod", "cart-6cf9dc644c-b4hjd", "shop")
    question = TraceQuestion(sender, TraceEnd("service", "db", "shop", 3306))
    answer, _ = trace([str(RECORDED / "firewall"), str(RECORDED / "objects")], question)
    return trace_picture.render(answer)


if __name__ == "__main__":
    sys.exit(main())
