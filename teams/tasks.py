"""Thin doors from the queue to the actions of this floor. They stand being run twice, and by two workers at once."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from celery import shared_task

from accounts.errors import ChangedMeanwhile
from audit.recording import SYSTEM

from . import actions
from .models import AccessRequest, AssetGrant, Membership, Told

MOST_A_RUN = 500  # the rest is found by the next run


@shared_task
def watch_ends(**_later: Any) -> None:
    """Tell people of the ends that come near, and write down what ran out. No power hangs on it (rule 1)."""
    for act in _due():
        try:
            act(by=SYSTEM)
        except ChangedMeanwhile:
            continue  # another worker was quicker, or the end is another one now


@shared_task
def note_lapses(**_later: Any) -> None:
    """Write down which requests lapsed undecided."""
    for request in AccessRequest.objects.with_lapse_to_note().order_by("lapses_at", "pk")[:MOST_A_RUN]:
        try:
            actions.note_lapse(request=request, by=SYSTEM)
        except ChangedMeanwhile:
            continue  # another worker was quicker, or it was decided


@shared_task
def mind_claims(**_later: Any) -> None:
    """Remind owners of open claims of their ownership, and end those that lapsed."""
    actions.mind_claims()


@shared_task
def mind_resets(**_later: Any) -> None:
    """End resets of second factors that lapsed."""
    actions.mind_resets()


@shared_task
def mind_plans(**_later: Any) -> None:
    """Write down which planned policies count by now, and tell of those ahead. No power hangs on it (rule 1)."""
    actions.mind_plans()


@shared_task
def mind_pending_acts(**_later: Any) -> None:
    """Do the acts whose second person or time has come, and end those that nobody decided on."""
    actions.mind_pending_acts()


def _due() -> Iterator[Callable[..., Membership]]:
    for row in Membership.objects.with_raise_to_tell().order_by("raised_until", "pk")[:MOST_A_RUN]:
        over = Told.due(row.raised_until) is Told.OVER
        yield partial(actions.note_role_end if over else actions.announce_role_end, membership=row)
    for row in Membership.objects.with_end_to_tell().order_by("ends_at", "pk")[:MOST_A_RUN]:
        yield partial(_act_on_end(Told.due(row.ends_at)), membership=row)
    grants = AssetGrant.objects.with_end_to_tell().select_related("membership", "content_object")
    seen = set()
    for grant in grants.order_by("ends_at", "pk")[:MOST_A_RUN]:
        told = Told.due(grant.ends_at)
        if (key := (grant.membership_id, grant.content_object_id, told is Told.OVER)) not in seen:
            seen.add(key)
            yield partial(_act_on_end(told), membership=grant.membership, asset=grant.content_object)


def _act_on_end(told: Told) -> Callable[..., Membership]:
    return actions.note_end if told is Told.OVER else actions.announce_end
