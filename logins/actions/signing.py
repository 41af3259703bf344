"""The two acts that close a task: signing that a password was changed, and that a login opens nothing any more."""

import datetime as dt
from collections.abc import Collection

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.normalising import name_key
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import action, record

from .. import policies
from ..events import LOGIN_RETIRED, PASSWORD_SIGNED
from ..models import Knower, SharedLogin, Signature
from .exposing import close_task


@action(PASSWORD_SIGNED)
def record_change(
    *,
    login: SharedLogin,
    changed_at: dt.datetime,
    told: Collection[Knower],
    statement: str,
    signature: str,
    by: Person,
) -> Signature:
    """Sign that the password of a login was changed, and return the signature. It closes the task, if one is open.

    From then on it is known to who signs and to those `told`, and to nobody else. `statement` is what was read, word
    for word, and `signature` the typed name. Raises MissingPermission, PolicyViolation (the time can't be; another
    name), ChangedMeanwhile (retired; somebody of `told` is gone since; the statement would read otherwise now).
    """
    account, login = _lock(login)
    authority.require(by, MANAGE_TEAM, on=account)
    trusted = list(login.knowers.trusted().exclude(address=by.email).order_by("name", "pk"))
    wanted = {knower.pk for knower in told}
    keeping = [knower for knower in trusted if knower.pk in wanted]
    if len(keeping) != len(wanted):
        raise ChangedMeanwhile(_("Who knows this login has changed since you opened the page. Please look again."))
    gone_at = login.knowers.gone().order_by("-gone_at").values_list("gone_at", flat=True).first()
    if problem := policies.problem_with_moment(changed_at, last_changed_at=login.changed_at, gone_at=gone_at):
        raise PolicyViolation(problem)
    words = policies.statement_of_change(by, login, changed_at, keeping)
    _require_signed(words, statement, signature, by)
    knew = list(login.knowers.knowing().order_by("pk").values_list("name", flat=True))
    now = timezone.now()
    on = changed_at.astimezone(by.zone).date()
    mine = login.knowers.trusted().filter(address=by.email)
    login.knowers.knowing().exclude(pk__in=[*wanted, *mine.values_list("pk", flat=True)]).update(cleared_at=now)
    if not mine.update(since_on=on, told_by=""):  # whoever sets a password knows it
        Knower.objects.create(login=login, name=str(by)[:100], address=by.email, since_on=on)
    login.knowers.filter(pk__in=wanted).update(since_on=on, told_by=str(by)[:100])
    before = {"changed_at": instant(login.changed_at) if login.changed_at else None, "knew": knew}
    login.changed_at, login.changed_by = changed_at, by
    login.save(update_fields=["changed_at", "changed_by"])
    signed = _sign(login, Signature.Kind.CHANGED, at=changed_at, statement=words, by=by, now=now)
    after = {
        "changed_at": instant(changed_at),
        "told": [knower.name for knower in keeping],
        "task_closed": close_task(login.pk, at=now),
        "statement": words,
        "digest": signed.digest,
    }
    record(PASSWORD_SIGNED, by=by, on=account, target=login, before=before, after=after)
    return signed


@action(LOGIN_RETIRED)
def retire_login(*, login: SharedLogin, statement: str, signature: str, by: Person, reason: str = "") -> Signature:
    """Sign that a login works no more, and put it away; return the signature. It closes the task, if one is open.

    Raises MissingPermission, PolicyViolation (another name; a password stands in the reason), ChangedMeanwhile
    (retired already; renamed since).
    """
    account, login = _lock(login)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_no_secret(reason)
    words = policies.statement_of_retirement(by, login)
    _require_signed(words, statement, signature, by)
    now = timezone.now()
    knew = list(login.knowers.knowing().order_by("pk").values_list("name", flat=True))
    login.knowers.knowing().update(cleared_at=now)
    login.retired_at = now
    login.save(update_fields=["retired_at"])
    signed = _sign(login, Signature.Kind.RETIRED, at=now, statement=words, by=by, now=now)
    after = {"task_closed": close_task(login.pk, at=now), "statement": words, "digest": signed.digest}
    record(LOGIN_RETIRED, by=by, on=account, target=login, before={"knew": knew}, after=after, reason=reason)
    return signed


def _lock(login: SharedLogin) -> tuple[BusinessAccount, SharedLogin]:
    account = BusinessAccount.objects.open().lock(login.account_id)
    return account, SharedLogin.objects.in_use().lock(login.pk)


def _require_signed(words: str, statement: str, signature: str, by: Person) -> None:
    """Demand that what was read is what is true now, and that it is signed by the name of who acts."""
    if statement != words:
        raise ChangedMeanwhile(_("What you would sign has changed since you read it. Please read it again."))
    if name_key(signature) != name_key(str(by)):
        raise PolicyViolation(_("Sign with your own name: %(person)s.") % {"person": by})


def _sign(login: SharedLogin, kind: str, *, at: dt.datetime, statement: str, by: Person, now: dt.datetime) -> Signature:
    return Signature.objects.create(
        login=login,
        kind=kind,
        at=at,
        statement=statement,
        digest=policies.digest_of_statement(statement),
        signed_by=by,
        signed_at=now,
    )
