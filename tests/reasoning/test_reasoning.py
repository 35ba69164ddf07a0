"""From symptoms to causes, over made-up worlds in which it is plain what follows."""

from __future__ import annotations

from tests.reasoning.made_up import N1, N2, SAME, World, causes, effect, root, to

from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict

DOWN = effect("node.down")
HUNG = effect("runtime.hung")
FULL = root("disk.full")
OLD = root("kernel.old")
BUG = root("daemon.bug")


def test_the_cause_of_a_symptom_is_its_root() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
    )
    assert causes(found) == [("root-cause", "disk.full")]
    assert found.outcome == "explained"
    assert [(link.cause, link.effect) for link in found.links] == [("f2", "f1")]


def test_an_effect_never_becomes_a_root_however_little_is_known_below_it() -> None:
    world = World({("node.down", N1): True, ("runtime.hung", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(HUNG, leads_to(DOWN, via=SAME)),
        world.rule_of(FULL, leads_to(HUNG, via=SAME)),
    )
    assert causes(found) == [("deepest-known", "runtime.hung")]
    assert found.outcome == "partly-explained"
    assert found.root_causes[0].confidence < 0.5


def test_a_root_that_nothing_suffers_from_is_not_named() -> None:
    world = World({("disk.full", N1): True, ("node.down", N2): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME), forward=True),
    )
    assert causes(found) == [("deepest-known", "node.down")]
    assert found.outcome == "unexplained"


def test_a_root_with_a_present_cause_is_none() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): True, ("daemon.bug", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(BUG, leads_to(FULL, via=SAME)),
    )
    assert causes(found) == [("root-cause", "daemon.bug")]
    assert [found.findings[int(name[1:]) - 1].condition.code for name in found.root_causes[0].chain] == [
        "daemon.bug",
        "disk.full",
        "node.down",
    ]


def test_two_roots_of_one_symptom_are_both_named() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): True, ("kernel.old", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(OLD, leads_to(DOWN, via=SAME)),
    )
    assert sorted(causes(found)) == [("root-cause", "disk.full"), ("root-cause", "kernel.old")]


def test_the_root_that_accounts_for_more_symptoms_is_first() -> None:
    world = World(
        {
            ("node.down", N1): True,
            ("node.down", N2): True,
            ("disk.full", N1): True,
            ("kernel.old", N2): True,
        }
    )
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(OLD, leads_to(DOWN, via=to(N2))),
    )
    assert causes(found) == [("root-cause", "kernel.old"), ("root-cause", "disk.full")]


def test_a_root_found_unasked_explains_across_one_open_step_with_less_confidence() -> None:
    claims = {("node.down", N1): True, ("daemon.bug", N1): True}
    world = World(claims)
    symptom = world.rule_of(DOWN, symptom=True)
    middle = world.rule_of(HUNG, leads_to(DOWN, via=SAME))
    found = world.diagnosis(symptom, middle, world.rule_of(BUG, leads_to(HUNG, via=SAME), forward=True))
    assert causes(found) == [("root-cause", "daemon.bug")]
    proven = World({**claims, ("runtime.hung", N1): True})
    certain = proven.diagnosis(
        proven.rule_of(DOWN, symptom=True),
        proven.rule_of(HUNG, leads_to(DOWN, via=SAME)),
        proven.rule_of(BUG, leads_to(HUNG, via=SAME), forward=True),
    )
    assert found.root_causes[0].confidence < certain.root_causes[0].confidence


def test_a_root_that_only_an_open_step_asks_for_is_not_believed() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(HUNG, leads_to(DOWN, via=SAME)),
        world.rule_of(FULL, leads_to(HUNG, via=SAME)),
    )
    assert causes(found) == [("deepest-known", "node.down")]


def test_what_began_after_its_effect_is_no_cause() -> None:
    world = World({("node.down", N1): 100.0, ("disk.full", N1): 200.0})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
    )
    assert causes(found) == [("deepest-known", "node.down")]


def test_unknown_order_refutes_nothing() -> None:
    world = World({("node.down", N1): 100.0, ("disk.full", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
    )
    assert causes(found) == [("root-cause", "disk.full")]


def test_conditions_that_cause_each_other_are_one_end() -> None:
    world = World({("node.down", N1): True, ("runtime.hung", N1): True, ("disk.full", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(HUNG, leads_to(DOWN, via=SAME), leads_to(FULL, via=SAME)),
        world.rule_of(FULL, leads_to(HUNG, via=SAME)),
    )
    assert causes(found) == [("root-cause", "disk.full")]


def test_what_worsens_is_reported_and_is_no_root() -> None:
    world = World({("node.down", N1): True, ("kernel.old", N1): True, ("disk.full", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(OLD, worsens(DOWN, via=SAME)),
    )
    assert causes(found) == [("root-cause", "disk.full")]
    assert [finding.condition.code for finding in found.contributing] == ["kernel.old"]


def test_what_was_asked_and_does_not_hold_is_ruled_out() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): False, ("kernel.old", N2): False})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(OLD, leads_to(DOWN, via=SAME)),
    )
    assert [(each.condition.code, each.subject) for each in found.ruled_out] == [("disk.full", N1)]
    assert [(each.condition.code, each.subject) for each in found.undetermined] == [("kernel.old", N1)]


def test_a_symptom_that_could_not_be_judged_is_not_health() -> None:
    world = World({("node.down", N1): False})
    unseen = effect("pod.failing")

    def candidates(scene: object) -> list[Subject]:
        return [N1]

    @rule(unseen, rows=(), among=candidates, symptom=True)
    def failing(subject: Subject) -> Verdict:
        return world.judge(unseen, subject)

    assert world.diagnosis(world.rule_of(DOWN, symptom=True), failing).outcome == "insufficient-evidence"


def test_the_open_cause_that_would_account_for_the_symptom_is_a_hypothesis_and_its_question_is_next() -> None:
    world = World({("node.down", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(HUNG, leads_to(DOWN, via=SAME)),
        world.rule_of(FULL, leads_to(HUNG, via=SAME)),
    )
    assert [[condition.code for condition, _ in each.conditions] for each in found.hypotheses] == [["disk.full"]]
    assert [step.command for step in found.next_steps] == ["ask runtime.hung n1", "ask disk.full n1"]


def test_the_nearest_question_below_what_is_proven_comes_first() -> None:
    world = World({("node.down", N1): True, ("runtime.hung", N1): True})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(HUNG, leads_to(DOWN, via=SAME)),
        world.rule_of(OLD, leads_to(FULL, via=SAME)),
        world.rule_of(FULL, leads_to(HUNG, via=SAME)),
    )
    assert [step.command for step in found.next_steps] == ["ask disk.full n1", "ask kernel.old n1"]


def test_several_ways_to_a_condition_hold_where_one_proves_it() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): True})
    silent = World({})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        silent.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
    )
    assert causes(found) == [("root-cause", "disk.full")]


def test_one_refutation_decides_where_no_way_proves() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): False})
    silent = World({})
    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        silent.rule_of(FULL, leads_to(DOWN, via=SAME)),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
    )
    assert [each.condition.code for each in found.ruled_out] == ["disk.full"]
    assert not found.undetermined


def test_a_rule_that_raises_is_reported_and_the_rest_goes_on() -> None:
    world = World({("node.down", N1): True, ("disk.full", N1): True})

    @rule(OLD, rows=(), leads=(leads_to(DOWN, via=SAME),))
    def broken(subject: Subject) -> Verdict:
        raise ZeroDivisionError("the kernel's age is zero")

    found = world.diagnosis(
        world.rule_of(DOWN, symptom=True),
        world.rule_of(FULL, leads_to(DOWN, via=SAME)),
        broken,
    )
    assert causes(found) == [("root-cause", "disk.full")]
    assert len(found.coverage.failed_rules) == 1
    assert "ZeroDivisionError: the kernel's age is zero" in found.coverage.failed_rules[0]


def test_pods_of_one_owner_are_one_finding_of_the_owner() -> None:
    failing = Condition("pod.failing", "Pod", Nature.EFFECT, "{count} pods of {subject} fail", "a pod fails")
    wrong = Condition("image.wrong", "Pod", Nature.ROOT, "the image of {subject} is wrong", "a wrong image")
    pods = [Subject("Pod", f"web-6f5c6d7f64-{suffix}", "shop") for suffix in ("kplqg", "sks9j", "t64rl")]
    world = World({(code, pod): True for pod in pods for code in ("pod.failing", "image.wrong")})
    found = world.diagnosis(
        world.rule_of(failing, symptom=True),
        world.rule_of(wrong, leads_to(failing, via=SAME)),
    )
    assert [str(finding.subject) for finding in found.findings] == ["Deployment shop/web", "Deployment shop/web"]
    assert causes(found) == [("root-cause", "image.wrong")]
    assert found.findings[0].affected == tuple(pods)
    assert len(found.findings[0].evidence) == 3
    assert found.findings[0].title == "3 pods of Deployment shop/web fail"
