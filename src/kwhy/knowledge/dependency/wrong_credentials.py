"""A program has the wrong user or password for its database or cache."""

from __future__ import annotations

from kwhy.knowledge.dependency.access_refused import ACCESS_REFUSED
from kwhy.knowledge.dependency.credentials import Account, Refusal, refusal_of
from kwhy.knowledge.dependency.settings import unseen_sources
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.probe import ProbeCall
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, LOGS
from kwhy.scene.relations import ITSELF, pods_selected
from kwhy.scene.views import PodView

# Access denied for user 'orders'@'%' to database 'shop_v2' (MariaDB 1044) · permission denied for table (PostgreSQL) ·
# not authorized on shop to execute command (MongoDB): the account is let in, and may not do this.
_RIGHTS = expression(r"\bto database '|permission denied for|not authorized on|pg_hba\.conf|is not allowed to connect")

WRONG_CREDENTIALS = Condition(
    code="dependency.wrong-credentials",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} {what}",
    summary="The workload takes the wrong user or password, or the Secret holds what the server does not accept.",
    remedies=(
        Remedy(
            id="correct-the-credentials",
            title="Give the workload the credentials that the server accepts",
            when="now",
            risk="low",
            steps=(
                Step("See which variables the workload takes, and from which keys.", "{look}"),
                Step("Correct the reference, or the value in the Secret; then restart the workload.", "{edit}"),
                Step("Or set the account's password on the server to what the Secret holds."),
            ),
            verify=(Step("The log shows that the server accepts it.", "kubectl logs {pod} -n {namespace} --tail=50"),),
            undo=(Step("Restore the former reference or value.", "{edit}"),),
        ),
    ),
)


@rule(WRONG_CREDENTIALS, rows=("E4", "P19"), leads=(leads_to(ACCESS_REFUSED, via=ITSELF),))
def wrong_credentials(pod: PodView, refusal: Refusal | None = given(refusal_of)) -> Verdict:
    """A program has the wrong user or password for its database or cache.

    What it means: Compared with the workloads that the same server accepts, this one takes its password from another
    key, or uses another user with the same password; or everyone who takes this Secret's key is refused, while others
    are not: then it is the Secret's value. A program that sends no password at all has no variable for it.
    How it shows: The log names the refused user; the pods' variables name the keys; the logs of the other workloads of
    the same server complain of nothing.
    What looks like it: An account that the server does not know, or whose password was changed there: the Secret and
    the server disagree either way, and no object tells which is right. Missing rights on a database or table. A server
    that refuses everybody.
    Source: Kubernetes v1.34 core/v1 types.go (EnvVarSource, SecretKeySelector); for the servers see
    dependency.access-refused.
    """
    if refusal is None:
        return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    if _RIGHTS.search(refusal.errors.last.excerpt):
        return unsure(f"which rights {refusal.account.user or 'the account'} has on the server")
    mine = refusal.account
    if refusal.nobody:
        return _judge_nobody(pod, refusal)
    if mine.password is None:
        return unsure(f"where {pod.subject} has the password from", _describe(pod))
    accepted = [other for other in refusal.others if other.state == "accepted" and other.password is not None]
    for other in accepted:
        if other.user == mine.user and not _same_place(other, mine):
            return _other_key(pod, refusal, other)
    for other in accepted:
        if _same_place(other, mine) and other.user and mine.user and other.user != mine.user:
            return _other_user(pod, refusal, other)
    return _judge_value(pod, refusal, accepted)


def _same_place(one: Account, other: Account) -> bool:
    a, b = one.password, other.password
    return a is not None and b is not None and (a.source, a.key) == (b.source, b.key) and a.source.kind == "Secret"


def _judge_nobody(pod: PodView, refusal: Refusal) -> Verdict:
    mine = refusal.account
    with_password = [other for other in refusal.others if other.password is not None and other.state == "accepted"]
    if mine.password is not None or not with_password or not _spec_shown(pod):
        return unsure(f"whether {pod.subject} is to have a password for {_server(refusal)}", _describe(pod))
    other = with_password[0]
    assert other.password is not None  # chosen for it above
    what = f"sends no password to {_server(refusal)}; {other.owner.name} has {other.password.name}"
    return _present(
        pod, refusal, what, mine.owner, [Evidence(other.password.at, f"{other.owner}: {other.password.name}")]
    )


def _spec_shown(pod: PodView) -> bool:
    """A log without a name is a document's: what it belongs to has no spec."""
    return pod.subject.kind == "Pod" and PodView(pod.scene, pod.subject).containers.observed


def _other_key(pod: PodView, refusal: Refusal, other: Account) -> Verdict:
    mine = refusal.account
    assert mine.password is not None and other.password is not None  # chosen for it by the caller
    user = f"user {mine.user}" if mine.user else "the same user"
    what = (
        f"takes the password of {user} from {_place(mine)}, which {_server(refusal)} refuses; "
        f"{other.owner.name} takes it from {_place(other)}"
    )
    proof = [
        Evidence(mine.password.at, f"{mine.owner}: {mine.password.where}"),
        Evidence(other.password.at, f"{other.owner}: {other.password.where}"),
    ]
    return _present(pod, refusal, what, mine.owner, proof, other)


def _other_user(pod: PodView, refusal: Refusal, other: Account) -> Verdict:
    mine = refusal.account
    assert mine.password is not None  # chosen for it by the caller
    setting = mine.user_setting
    blamed = setting.source if setting is not None and setting.source.kind == "ConfigMap" else mine.owner
    what = (
        f"names user {mine.user} with the password of {_place(mine)}, which {_server(refusal)} refuses; "
        f"{other.owner.name} uses it as user {other.user}"
    )
    proof = [Evidence(setting.at, f"{mine.owner}: {setting.where}")] if setting is not None else []
    return _present(pod, refusal, what, blamed, proof, other)


def _judge_value(pod: PodView, refusal: Refusal, accepted: list[Account]) -> Verdict:
    """Nobody shows that this password works; that others are accepted shows that the server itself lets people in."""
    mine = refusal.account
    assert mine.password is not None  # judged by the caller
    if any(_same_place(other, mine) for other in accepted):
        return unsure(f"why {_server(refusal)} accepts the same password from others", _describe(pod))
    source = mine.password.source
    if not accepted and not _only_password(pod, refusal):
        return unsure(f"whether {_server(refusal)} accepts any account", _describe(pod))
    user = f" for user {mine.user}" if mine.user else ""
    shared = [other for other in refusal.others if _same_place(other, mine) and other.state == "refused"]
    if source.kind != "Secret":
        what = f"has a password in {mine.password.name} that {_server(refusal)} refuses{user}"
        return _present(pod, refusal, what, source, [Evidence(mine.password.at, mine.password.where)], *accepted[:1])
    what = f"holds in key {mine.password.key} what {_server(refusal)} refuses{user}"
    proof = [Evidence(mine.password.at, f"{mine.owner}: {mine.password.where}")]
    proof += [Evidence(o.at, f"{o.owner} is refused with the same key") for o in shared[:2] if o.at is not None]
    return _present(pod, refusal, what, source, proof, *accepted[:1])


def _only_password(pod: PodView, refusal: Refusal) -> bool:
    """Whether the server has one password for all, all its clients take it from one key, and the server does not."""
    call = refusal.errors.call
    mine = refusal.account.password
    if call is None or call.protocol != "redis" or refusal.server is None or mine is None:
        return False
    behind = pods_selected(pod.scene, refusal.server)
    sources = [unseen_sources(pod.scene, server) for server in behind]
    if not behind or any(found is None or mine.source in found for found in sources):
        return False
    return all(_same_place(other, refusal.account) for other in refusal.others)


def _place(account: Account) -> str:
    setting = account.password
    assert setting is not None  # asked for where it is known
    return f"key {setting.key} of Secret {setting.source.name}" if setting.source.kind == "Secret" else setting.name


def _server(refusal: Refusal) -> str:
    return f"Service {refusal.server.name}" if refusal.server is not None else "the server"


def _present(
    pod: PodView, refusal: Refusal, what: str, blamed: Subject, proof: list[Evidence], accepted: Account | None = None
) -> Present:
    errors = refusal.errors
    because = [Evidence(errors.locate(errors.last), f"access refused, {errors.count} times"), *proof]
    if accepted is not None and accepted.at is not None:
        because.append(Evidence(accepted.at, f"the log of {accepted.owner} complains of nothing"))
    named = f"{blamed.kind.lower()} {blamed.name} -n {blamed.namespace}"
    owner = refusal.account.owner
    values = {
        "what": what,
        "pod": pod.name,
        "look": f"kubectl describe {owner.kind.lower()} {owner.name} -n {owner.namespace}",
        "edit": f"kubectl edit {named}",
    }
    return Present(tuple(because), values, basis=Basis.INFERRED, blames=blamed, affected=(owner,))


def _describe(pod: PodView) -> ProbeCall:
    return DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)
