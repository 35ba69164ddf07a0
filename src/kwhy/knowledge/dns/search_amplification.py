"""Most DNS questions of a client are for names that never existed: the search list multiplies what it asks."""

from __future__ import annotations

import msgspec

from kwhy.facts.dialogues import NameQuestion
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.scene import Scene

SEARCH_AMPLIFICATION = Condition(
    code="dns.search-amplification",
    kind="Connection",
    nature=Nature.ROOT,
    title="{missing} of {all} DNS questions from {client} to {server} ask for names with a search domain appended, "
    "which do not exist: each name costs {factor} questions",
    summary="ndots:5 makes the resolver try every search domain before the name as it was written.",
    remedies=(
        Remedy(
            id="ask-once",
            title="Ask for the name as it is",
            when="now",
            risk="low",
            steps=(
                Step("End external names with a dot in the application's settings ({example})"),
                Step(
                    "Or lower ndots for the pods: names of Services then need at least one dot.",
                    "kubectl patch deployment NAME -n NAMESPACE --type merge -p "
                    '\'{{"spec":{{"template":{{"spec":{{"dnsConfig":{{"options":[{{"name":"ndots","value":"2"}}]}}}}}}}}}}\'',
                ),
            ),
            verify=(
                Step(
                    "The questions for names with search domains are gone.",
                    "timeout 20 tcpdump -ni any -c 200 udp port 53",
                ),
            ),
            undo=(Step("Remove dnsConfig from the pods again."),),
        ),
        Remedy(
            id="cache",
            title="Answer from a cache on the node",
            when="lasting",
            risk="low",
            steps=(Step("Run NodeLocal DNSCache: answers that a name does not exist are kept there too."),),
            verify=(Step("CoreDNS is asked less.", "kubectl get daemonset -n kube-system node-local-dns"),),
            undo=(Step("Remove the DaemonSet again."),),
        ),
    ),
)

#: So many questions for nothing, and this share of all, are worth a word.
LEAST, SHARE = 20, 0.5


class Amplified(msgspec.Struct, frozen=True):
    """Questions of one client to one server, counted. ``appended`` asked for what exists without its last labels."""

    client: str
    server: str
    all: int
    missing: int
    names: int
    first: NameQuestion
    answered: NameQuestion

    @property
    def factor(self) -> float:
        return self.all / max(1, self.names)


def _amplified(scene: Scene) -> dict[Subject, Amplified | NameQuestion]:
    """By client's host and server; the first question where there is no amplification."""
    groups: dict[tuple[Subject, str, str], list[NameQuestion]] = {}
    for question in scene.facts(NameQuestion):
        host = scene.host_of(question.first.document)
        groups.setdefault((host, question.client, question.server), []).append(question)
    found: dict[Subject, Amplified | NameQuestion] = {}
    for (host, client, server), questions in groups.items():
        subject = Subject("Connection", f"{server}:53", node=host.name)
        amplified = _judged(client, server, questions)
        if amplified is not None or subject not in found:
            found[subject] = amplified or questions[0]
    return found


def _judged(client: str, server: str, questions: list[NameQuestion]) -> Amplified | None:
    existing = {question.name: question for question in questions if question.addresses}
    missing = [(q, name) for q in questions if q.code == "NXDOMAIN" and (name := _without_search(q.name, existing))]
    total, lost = sum(question.count for question in questions), sum(question.count for question, _ in missing)
    if lost < LEAST or lost < SHARE * total:
        return None
    first, name = missing[0]
    return Amplified(client, server, total, lost, len({name for _, name in missing}), first, existing[name])


def _without_search(name: str, existing: dict[str, NameQuestion]) -> str | None:
    """The existing name of which ``name`` is one with a domain appended."""
    labels = name.split(".")
    return next((short for n in range(1, len(labels)) if (short := ".".join(labels[:n])) in existing), None)


def amplified_of(scene: Scene, subject: Subject) -> Amplified | NameQuestion | None:
    """A capture of the DNS questions (tcpdump port 53)"""
    return scene.derive_once(_amplified).get(subject)


def _among(scene: Scene) -> list[Subject]:
    return [subject for subject, found in scene.derive_once(_amplified).items() if isinstance(found, Amplified)]


@rule(SEARCH_AMPLIFICATION, rows=("D5",), among=_among, answers=("dns", "slow"))
def search_amplification(connection: Subject, found: Amplified | NameQuestion | None = given(amplified_of)) -> Verdict:
    """The search list multiplies DNS questions.

    What it means: A name with fewer dots than ndots (5 in pods) is first tried with every search domain, for A and AAAA
    each: an external name costs ten questions instead of two, and each must be answered before the next.
    How it shows: The capture holds NXDOMAIN for NAME.SEARCH-DOMAIN and an answer for NAME, again and again.
    What looks like it: Names that do not exist at all (no answer without the suffix either); a wrong name in a
    setting.
    Source: resolv.conf(5); glibc 2.36 resolv/res_query.c (__res_context_search); Kubernetes "DNS for Services and
    Pods".
    """
    if found is None:
        name = connection.name.rpartition(":")[0]
        return unsure("a capture of the DNS questions", CAPTURE.of(node=connection.node, name=name))
    if isinstance(found, NameQuestion):
        return Absent((Evidence(found.at, "few questions ask for names with a search domain appended"),))
    because = (
        Evidence(found.first.at, f"{found.first.name} does not exist"),
        Evidence(found.answered.at, f"{found.answered.name} does"),
    )
    values = {
        "missing": found.missing,
        "all": found.all,
        "client": found.client,
        "server": found.server,
        "factor": round(found.factor),
        "example": f"{found.answered.name}.",
    }
    return Present(because, values, since=by(found.first.first.time), basis=Basis.RECOMPUTED)
