"""A thousand tamperings by the owner of the tables, with the triggers off: each is found, and named where it begins.

`SEED=7 pytest tests/audit/test_tampering.py` tampers at other places; a failure names the seed and its number.
"""

import datetime as dt
import os
import random

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q

from accounts.events import ACCOUNT_SETTINGS_CHANGED
from audit import keeping, store
from audit.events import ERASED, REMOVED
from audit.models import Chain, Event
from audit.origin import Origin, stands_for
from audit.recording import PORTAL, SYSTEM, note
from teams.actions import erase_person
from tests.accounts.test_retention import LONG_AGO, chosen, removed
from tests.audit.test_keeping import kept  # noqa: F401  # a fixture
from tests.factories import BusinessAccountFactory, PersonFactory
from tests.tampering import KINDS, Known, Scene, run
from tests.together import committed

pytestmark = [
    pytest.mark.rule(15),
    pytest.mark.rule(16),
    pytest.mark.requirement("AU6"),
    pytest.mark.requirement("AU7"),
]
SEED = os.environ.get("SEED") or "1"
PARTS, EACH = 10, 100
BEGUN = dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC)


def writes(draw, subjects, people, count):
    """Write so many acts of people on these things, with words, without them, done and refused."""
    for number in range(count):
        by = draw.choice([*people, SYSTEM, AnonymousUser()])
        with stands_for(Origin("192.0.2.7", "A browser", f"{number:016x}", f"{draw.getrandbits(128):032x}")):
            note(
                ACCOUNT_SETTINGS_CHANGED,
                by=by,
                on=draw.choice(subjects),
                target=draw.choice([None, *people]),
                before={"name": f"Ünïcode {number}", "role": "editor"} if number % 2 else None,
                after={"name": f"“{number}”", "role": "analyst"},
                reason=draw.choice(["", "tidy", 'so \\ "it" was asked']),
                result=draw.choice(list(Event.Result)),
            )


@pytest.fixture
def subjects(fresh_database, kept):  # noqa: F811  # the imported fixture
    """Things with a chain each: of one the beginning was removed, in most somebody was erased; three checkpoints."""
    draw = random.Random(SEED)
    with time_machine.travel(LONG_AGO, tick=True):
        old = committed(BusinessAccountFactory)
        writes(draw, [old], [old.owner], 10)
        keeping.keep_checkpoint()
    accounts = [old, *(committed(BusinessAccountFactory) for _each in range(3))]
    people = [account.owner for account in accounts[:2]]
    leaver = committed(lambda: PersonFactory(name="Lea Leaver"))
    subjects = [*accounts, *people, leaver, PORTAL]
    writes(draw, subjects, [*people, leaver], 60)
    chosen(old)
    assert "10 events" in removed()
    erase_person(address=leaver.email, by=SYSTEM, reason="asked for it")
    keeping.keep_checkpoint()
    writes(draw, subjects, people, 150)
    keeping.keep_checkpoint()
    writes(draw, subjects, people, 40)
    return subjects


@pytest.fixture
def chains(subjects):
    """The chains of these, as they are before anybody touches them."""
    _number, newest = store.newest(store.store())
    lengths = {head.chain: head.length for head in newest.heads}
    rows = Chain.objects.order_by("pk")
    return [_known(row, lengths[f"{row.kind}/{row.subject_id}"]) for row in rows]


def _known(row, checkpointed):
    emptied = row.events.filter(Q(actor_words=None) | Q(target_words=None))
    said = [
        rows.order_by("number").values_list("number", flat=True).first() or 0
        for rows in (row.events.named(REMOVED.name), emptied, row.events.named(ERASED.name))
    ]
    return Known(row.pk, f"{row.kind}/{row.subject_id}", row.removed, row.length, checkpointed, *said)


def named():
    return {(place.chain, place.number) for place in keeping.check().breaks}


@pytest.mark.parametrize("part", range(PARTS))
def test_each_of_a_thousand_tamperings_is_found_and_its_first_bad_place_is_named(part, subjects, chains):
    assert named() == set()
    missed = []
    for number in range(part * EACH, (part + 1) * EACH):
        turn, kind = number // len(KINDS), list(KINDS)[number % len(KINDS)]
        scene = Scene(turn, random.Random(f"{SEED}:{number}"), chains, subjects)
        with transaction.atomic():  # noqa: TID251  # undone at its end
            run("SET LOCAL session_replication_role = replica")
            expected = KINDS[kind](scene)
            found = named()
            transaction.set_rollback(True)
        if not expected or found != expected:
            told = "; ".join(scene.done)
            missed.append(f"SEED={SEED}, number {number}, {kind}: {told}: named {found}, not {expected}")

    assert missed == []
    assert named() == set()
