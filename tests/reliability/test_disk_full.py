"""A full disk fails the act in plain words, loses nothing, and heals (RE6)."""

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from accounts.models import OutgoingMail
from tests.reliability.portal import DONE, SMALL_DISK, UNAVAILABLE
from tests.together import until

pytestmark = pytest.mark.requirement("RE6")
MOST = 2_000  # acts that may find room in pages that are there already


@pytest.fixture
def disk(portal):
    """The database's disk; it has room again afterwards."""
    if not portal.disk.is_own:
        pytest.skip("neither mount nor unshare lets us have a disk of our own")
    yield portal.disk
    portal.disk.make_room()


def test_a_full_disk_fails_the_act_loses_nothing_and_heals(portal, disk):
    owner = portal.owner()
    assert owner.invite("before@example.com").status == DONE
    disk.fill()

    answered = {}
    for number in range(MOST):
        answered[f"guest{number}@example.com"] = answer = owner.invite(f"guest{number}@example.com")
        if answer.status != DONE:
            break
    assert answer.status == UNAVAILABLE
    assert portal.has_said("web", "No space left on device")
    assert "This is not possible just now" in answer.page
    assert "happened wholly or not at all" in answer.page

    assert owner.get("").status == 200
    page = owner.get("invitations/")
    assert page.status == 200
    assert "before@example.com" in page.page
    acknowledged = {"before@example.com", *(address for address, each in answered.items() if each.status == DONE)}
    assert owner.invited() == acknowledged

    disk.make_room()
    assert owner.invite("after@example.com").status == DONE
    acknowledged.add("after@example.com")
    assert owner.invited() == acknowledged
    until(
        lambda: OutgoingMail.objects.filter(address="after@example.com", account=owner.account, state="sent").exists()
    )
    call_command("verify_audit", account=owner.account.slug)


def test_a_database_that_stops_for_want_of_room_has_lost_nothing_once_there_is_some(portal, disk):
    owner = portal.owner()
    assert owner.invite("before@example.com").status == DONE
    disk.fill()
    with (
        connection.cursor() as cursor,
        pytest.raises(OperationalError),
    ):  # PostgreSQL panics where its log finds no room
        # One record larger than the disk: whatever its log keeps to use again, there is not enough of it.
        cursor.execute("SELECT pg_logical_emit_message(true, '', repeat('x', %s))", [SMALL_DISK * 1_100_000])
    connection.close()
    answer = owner.invite("meanwhile@example.com")  # it may have started anew, and found room in pages of its own
    assert answer.status in {DONE, UNAVAILABLE}

    disk.make_room()
    portal.database.stop()  # as a supervisor would, if it has not come back by itself
    portal.database.start(dies_with_us=True)
    until(lambda: owner.get("").status == 200)
    assert owner.invite("after@example.com").status == DONE

    acknowledged = {"before@example.com", "after@example.com"}
    acknowledged |= {"meanwhile@example.com"} if answer.status == DONE else set()
    assert owner.invited() == acknowledged
    call_command("verify_audit", account=owner.account.slug)
