"""Setting a stream up, changing and testing it, pausing and ending it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority, second_person
from accounts.doorbell import ring
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_SECURITY, VIEW_AUDIT
from accounts.sealing import seal
from accounts.sensitive import SensitiveAct
from audit.models import Chain
from audit.querysets import kind_of
from audit.recording import action, record

from ..calling import BadAddress, trusting
from ..events import (
    SECRET_MADE,
    STREAM_ADDED,
    STREAM_CHANGED,
    STREAM_PAUSED,
    STREAM_REMOVED,
    STREAM_RESUMED,
    STREAM_TESTED,
)
from ..messages import SEALED_FOR, new_secret
from ..models import Delivery, Stream
from ..policies import FORMER_SECRET_FOR, MOST_STREAMS

WORK = "streams.tasks.deliver"
FIELDS = ("label", "form", "address", "authority")


@action(STREAM_ADDED)
def add_stream(
    *,
    account: BusinessAccount,
    label: str,
    kind: str,
    form: str,
    address: str,
    authority_pem: str = "",
    whole: bool = False,
    by: Person,
    approval: Any = None,
) -> Stream:
    """Let the account's log be sent on from now on, or `whole`, from its first event; return the stream.

    A webhook begins once its secret is made. Raises MissingPermission, PolicyViolation (an address that nothing may be
    sent to, no certificate, the name taken, too many), NeedsSecondPerson.
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    _require(by, account)
    stream = Stream(account=account, label=label, kind=kind, form=form, address=address, authority=authority_pem)
    _require_sound(stream)
    if Stream.objects.filter(account=account).count() >= MOST_STREAMS:
        raise PolicyViolation(_("There are %(most)d already, which is the most.") % {"most": MOST_STREAMS})
    given = {"account": account, "kind": kind, "whole": whole, **_as_given(stream)}
    _require_second(account, stream, by=by, does="add_stream", given=given, approval=approval)
    stream.cursor = 0 if whole else _length_of(account)
    stream.save(force_insert=True)
    record(STREAM_ADDED, by=by, on=account, target=stream, after={**stream.as_event(), "next": stream.cursor + 1})
    ring(WORK, stream_id=stream.pk)
    return stream


@action(STREAM_CHANGED)
def change_stream(
    *,
    stream: Stream,
    label: str,
    form: str,
    address: str,
    authority_pem: str = "",
    by: Person,
    approval: Any = None,
) -> Stream:
    """Change where and in which form it is sent; what is being tried is tried there at once. Return the stream.

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (removed), NeedsSecondPerson.
    """
    account, stream = _lock(stream)
    _require(by, account)
    old, before = _as_given(stream), stream.as_event()
    stream.label, stream.form, stream.address, stream.authority = label, form, address, authority_pem
    if old == _as_given(stream):
        return stream
    _require_sound(stream)
    given = {"stream": stream, **_as_given(stream)}
    _require_second(account, stream, by=by, does="change_stream", given=given, approval=approval)
    stream.due_at = timezone.now()
    stream.save(update_fields=[*FIELDS, "due_at"])
    record(STREAM_CHANGED, by=by, on=account, target=stream, before=before, after=_changed(stream, old))
    ring(WORK, stream_id=stream.pk)
    return stream


@action(SECRET_MADE)
def make_secret(*, stream: Stream, by: Person) -> str:
    """Make a new secret for a webhook and return it, once: only sealed it is kept. For a day the former one signs, too.

    Raises MissingPermission, PolicyViolation (syslog needs none), ChangedMeanwhile (removed).
    """
    account, stream = _lock(stream)
    _require(by, account)
    if not stream.is_webhook:
        raise PolicyViolation(_("Only webhooks are signed: syslog is protected by its TLS connection."))
    made = new_secret()
    stream.former_secret, stream.former_until = stream.secret, timezone.now() + FORMER_SECRET_FOR
    stream.secret, stream.due_at = seal(made, purpose=SEALED_FOR), timezone.now()
    stream.save(update_fields=["secret", "former_secret", "former_until", "due_at"])
    record(SECRET_MADE, by=by, on=account, target=stream)
    ring(WORK, stream_id=stream.pk)
    return made


@action(STREAM_TESTED)
def test_stream(*, stream: Stream, by: Person) -> Delivery:
    """Let a test be sent at once, also while it is paused, and return what is to be delivered. It is tried once.

    Raises MissingPermission, PolicyViolation (no secret, or a test waits), ChangedMeanwhile (removed).
    """
    account, stream = _lock(stream)
    _require(by, account)
    if stream.waits_for_secret:
        raise PolicyViolation(_("Make its secret first: nothing is sent without a signature."))
    if stream.deliveries.by_hand().filter(is_test=True).exists():
        raise PolicyViolation(_("A test is on its way already."))
    delivery = Delivery.objects.create(stream=stream, is_test=True, state=Delivery.State.TEST)
    record(STREAM_TESTED, by=by, on=account, target=stream)
    ring(WORK, stream_id=stream.pk)
    return delivery


@action(STREAM_PAUSED)
def pause_stream(*, stream: Stream, by: Person) -> Stream:
    """Send nothing more until it is resumed; nothing is lost. Raises MissingPermission, ChangedMeanwhile (paused)."""
    account, stream = _lock(stream, state=Stream.State.ACTIVE)
    _require(by, account)
    stream.state = Stream.State.PAUSED
    stream.save(update_fields=["state"])
    record(STREAM_PAUSED, by=by, on=account, target=stream, after={"next": stream.cursor + 1})
    return stream


@action(STREAM_RESUMED)
def resume_stream(*, stream: Stream, by: Person) -> Stream:
    """Go on with the first event that was not sent. Raises MissingPermission, ChangedMeanwhile (not paused)."""
    account, stream = _lock(stream, state=Stream.State.PAUSED)
    _require(by, account)
    stream.state, stream.due_at, stream.failing_since, stream.problem = Stream.State.ACTIVE, timezone.now(), None, ""
    stream.save(update_fields=["state", "due_at", "failing_since", "problem"])
    stream.deliveries.open_batch().update(tries=0)
    record(STREAM_RESUMED, by=by, on=account, target=stream, after={"next": stream.cursor + 1})
    ring(WORK, stream_id=stream.pk)
    return stream


@action(STREAM_REMOVED)
def remove_stream(*, stream: Stream, by: Person) -> None:
    """End it for good, with its secret and all that was put aside. Raises MissingPermission, ChangedMeanwhile."""
    account, stream = _lock(stream)
    _require(by, account)
    before = {**stream.as_event(), "last": stream.cursor, "parked": stream.deliveries.parked().count()}
    record(STREAM_REMOVED, by=by, on=account, target=stream, before=before)
    stream.delete()


def _lock(stream: Stream, **wanted: Any) -> tuple[BusinessAccount, Stream]:
    """Lock the account first, always, then the stream, which must be in this state."""
    account = BusinessAccount.objects.open().lock(stream.account_id)
    stream = Stream.objects.filter(**wanted).lock(stream.pk)
    stream.account = account
    return account, stream


def _require(by: Any, account: BusinessAccount) -> None:
    """Demand both powers: what leaves is the log, and who can't read it must not send it to themselves."""
    authority.require(by, MANAGE_SECURITY, on=account)
    authority.require(by, VIEW_AUDIT, on=account)


def _require_sound(stream: Stream) -> None:
    same = Stream.objects.filter(account=stream.account_id, label__iexact=stream.label).exclude(pk=stream.pk)
    if same.exists():
        raise PolicyViolation(_("There is one named “%(name)s” already.") % {"name": stream.label})
    try:
        stream.place  # noqa: B018  # it says what is wrong with it
        trusting(stream.authority)
    except BadAddress as problem:
        raise PolicyViolation(str(problem)) from None


def _require_second(account: BusinessAccount, stream: Stream, **asked: Any) -> None:
    says = [_("%(name)s: %(address)s") % {"name": stream.label, "address": stream.shown_address}]
    second_person.require(SensitiveAct.POLICY, account, says=says, **asked)


def _as_given(stream: Stream) -> dict[str, str]:
    return {
        "label": stream.label,
        "form": stream.form,
        "address": stream.address,
        "authority_pem": stream.authority,
    }


def _changed(stream: Stream, old: dict[str, str]) -> dict[str, Any]:
    """Return what is now, and whether the part of the address changed that no event holds."""
    return {**stream.as_event(), "path_changed": old["address"] != stream.address}


def _length_of(account: BusinessAccount) -> int:
    chain = Chain.objects.filter(kind=kind_of(account), subject_id=account.pk)
    return chain.values_list("length", flat=True).first() or 0
