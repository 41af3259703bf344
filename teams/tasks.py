"""Thin doors from the queue to the actions of this floor. They stand being run twice, and by two workers at once."""

from collections.abc import Iterator
from typing import Any

from celery import shared_task

from accounts.errors import ChangedMeanwhile
from accounts.models import Asset
from audit.recording import SYSTEM

from . import actions
from .models import AccessRequest, AssetGrant, Membership, Told

MOST_A_RUN = 500  # the rest is found by the next run


@shared_task
def watch_ends(**_later: Any) -> None:
    """Tell people of the ends that come near, and write down what ran out. No power hangs on it (rule 1)."""
    for membership, asset, told in _due():
        act = actions.note_end if told is Told.OVER else actions.announce_end
        try:
            act(membership=membership, asset=asset, by=SYSTEM)
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


def _due() -> Iterator[tuple[Membership, Asset | None, Told]]:
    for row in Membership.objects.with_end_to_tell().order_by("ends_at", "pk")[:MOST_A_RUN]:
        yield row, None, Told.due(row.ends_at)
    grants = AssetGrant.objects.with_end_to_tell().select_related("membership", "content_object")
    seen = set()
    for grant in grants.order_by("ends_at", "pk")[:MOST_A_RUN]:
        told = Told.due(grant.ends_at)
        if (key := (grant.membership_id, grant.content_object_id, told is Told.OVER)) not in seen:
            seen.add(key)
            yield grant.membership, grant.content_object, told
