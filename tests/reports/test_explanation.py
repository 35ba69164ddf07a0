from __future__ import annotations

from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict, unsure
from kwhy.reports.explanation import catalogue_entries, conditions_of, page, row_order

RESTART = Remedy(
    "restart-daemon",
    "Restart {name}",
    "now",
    "medium",
    (Step("Restart it.", "systemctl restart {name}"),),
    (Step("It runs.", "systemctl status {name}"),),
    (),
)
DOWN = Condition("service.no-endpoints", "Service", Nature.EFFECT, "{name} has no endpoint", "No pod is ready.")
STUCK = Condition("cni.daemon-stuck", "Process", Nature.ROOT, "{name} waits{reason}", "It waits for ever.", (RESTART,))
SERVES = Relation("is served by", lambda scene, subject: ())


def dumps(scene: object, subject: Subject) -> int:
    """A goroutine dump of the daemon.

    More that is not shown.
    """
    return 0


@rule(STUCK, rows=("N10", "N2"), leads=(leads_to(DOWN, via=SERVES),))
def stuck(process: Subject, dump: int = given(dumps)) -> Verdict:
    """A daemon waits for the kernel.

    What it means: Nothing that needs it
    goes on.
    Source: netlink(7).
    """
    return unsure("a dump")


@rule(DOWN, rows=("S1",))
def down(service: Subject) -> Verdict:
    """No endpoint is ready."""
    return unsure("endpoints")


RULES = (stuck, down)


def test_a_page_tells_what_it_is_what_it_needs_and_what_mends_it() -> None:
    text = page("cni.daemon-stuck", RULES)
    assert text is not None
    assert text.startswith("# cni.daemon-stuck\n\nNAME waits REASON\n\nIt waits for ever.\n")
    assert "- Nature: root-capable\n- Field rows: N2, N10\n" in text
    assert "## What it means\n\nNothing that needs it\ngoes on.\n\n## Source\n\nnetlink(7).\n" in text
    assert "## What it needs\n\n- A goroutine dump of the daemon\n" in text
    assert "## Fix now: Restart NAME\n\nRisk: medium\n\n1. Restart it.\n\n       systemctl restart NAME\n" in text
    assert "- Verify: It runs." in text
    assert "\n\n\n" not in text


def test_links_are_shown_from_both_ends() -> None:
    cause, effect = page("cni.daemon-stuck", RULES), page("service.no-endpoints", RULES)
    assert cause is not None
    assert effect is not None
    assert "## Leads to\n\n- service.no-endpoints (by is served by)" in cause
    assert "## May come from\n\n- cni.daemon-stuck (by is served by)" in effect


def test_an_unknown_condition_has_no_page() -> None:
    assert page("no.such", RULES) is None


def test_the_list_follows_the_contract() -> None:
    assert catalogue_entries(RULES)[0] == {
        "condition": "cni.daemon-stuck",
        "title": "NAME waits REASON",
        "layer": "cni",
        "nature": "root-capable",
        "rows": ["N2", "N10"],
        "needs": ["A goroutine dump of the daemon"],
        "remedies": ["restart-daemon"],
    }
    assert list(conditions_of(RULES)) == ["cni.daemon-stuck", "service.no-endpoints"]


def test_rows_are_ordered_as_people_count() -> None:
    assert sorted(["N10", "C1", "N2"], key=row_order) == ["C1", "N2", "N10"]
