"""``kwhy demo``."""

from __future__ import annotations

from argparse import Namespace

from kwhy.cli.diagnose import report
from kwhy.cli.output import complain, write_report
from kwhy.demo_incidents import INCIDENTS


def run(options: Namespace) -> int:
    if options.list:
        blocks = [
            f"{each.name}\n  {each.title}.\n  Evidence: {each.origin}.\n  Found to be true: {each.truth}\n"
            for each in INCIDENTS.values()
        ]
        write_report("\n".join(blocks), None)
        return 0
    incident = INCIDENTS.get(options.name)
    if incident is None:
        complain(f"there is no incident {options.name!r}; there are: {', '.join(INCIDENTS)}")
        return 2
    return report([str(incident.archive)], options, about=False)
