"""Who could do what on a day, and by whose decision, told from the log alone (rules 16 to 18)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import BusinessAccount
from audit.models import Event
from oversight.demo.cast import CAST
from teams import actions
from teams.models import Membership, Role
from teams.past import ON_ACCOUNT, account_at, between
from tests.factories import MembershipFactory, PersonFactory
from tests.house import truth
from tests.showing import signed_in

pytestmark = pytest.mark.rule(17)
DAY = dt.timedelta(days=1)
BEGIN = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture
def brand(db):
    """Eddie may publish by his role until 4 March; from then on Mia, by a grant that ends on the 10th."""
    with time_machine.travel(BEGIN, tick=False) as clock:
        olga = PersonFactory(name="Olga Berg")
        account = actions.open_account(name="Northwind", kind="business", by=olga)
        eddie = MembershipFactory(account=account, holding="editor", person__name="Eddie Lang")
        mia = MembershipFactory(account=account, holding="member", person__name="Mia Wolf")
        asset = accounts.add_asset(account=account, kind="profile", name="Northwind US", handle="@nw_us", by=olga)
        clock.move_to(BEGIN + 2 * DAY)
        actions.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=olga, reason="Moved on")
        actions.set_grants(membership=mia, asset=asset, codes=["publish_content"], ends_at=BEGIN + 8 * DAY, by=olga)
    return account, asset, eddie, mia


def could_publish(account, asset, at):
    past = account_at(account, at)
    return [
        seat.person_id for seat in past.who_could("publish_content", asset.pk) if seat.person_id != account.owner_id
    ]


def test_each_day_has_its_own_answer_and_the_event_that_gave_it(brand):
    account, asset, eddie, mia = brand
    second, fifth, twelfth = BEGIN + DAY, BEGIN + 3 * DAY, BEGIN + 10 * DAY

    assert could_publish(account, asset, BEGIN - DAY) == []
    assert could_publish(account, asset, second) == [eddie.person_id]
    assert could_publish(account, asset, fifth) == [mia.person_id]
    assert could_publish(account, asset, twelfth) == []  # the grant had run out, with no event of it
    past = account_at(account, fifth)
    seat = next(seat for seat in past.present() if seat.person_id == mia.person_id)
    by = Event.objects.of(account).get(number=seat.since["publish_content", asset.pk])
    assert (by.name, by.actor) == ("grants.changed", "Olga Berg")


def test_two_days_are_compared(brand):
    account, asset, eddie, mia = brand

    changes = {change.person_id: change for change in between(*(account_at(account, BEGIN + n * DAY) for n in (1, 3)))}

    assert set(changes) == {eddie.person_id, mia.person_id}
    lost = {("publish_content", asset.pk), ("draft_content", asset.pk)}
    assert (changes[eddie.person_id].lost, changes[eddie.person_id].gained) == (lost, frozenset())
    assert changes[mia.person_id].gained == {("publish_content", asset.pk)}


def test_the_page_answers_in_words_with_the_decision(brand):
    account, asset, _eddie, _mia = brand
    client = signed_in(account.owner)
    address = reverse("as_of", args=[account.slug])

    then = client.get(address, {"day": "2026-03-03", "permission": "publish_content", "asset": asset.pk})
    later = client.get(address, {"day": "2026-03-05", "permission": "publish_content", "asset": asset.pk})
    compared = client.get(address, {"day": "2026-03-05", "against": "2026-03-03"})
    nobody = client.get(address, {"day": "2025-03-05"})
    searched = client.get(address, {"day": "2026-03-05", "q": "mia"})

    assert "Eddie Lang" in then.content.decode()
    assert "Mia Wolf" not in then.content.decode()
    assert "By the role Editor" in then.content.decode()
    html = later.content.decode()
    assert "Mia Wolf" in html
    assert "By a grant: Schedule and publish content · Northwind US" in html
    assert "Olga Berg changed" in html
    html = compared.content.decode()
    assert "Editor → Analyst" in html
    assert "What changed between" in html
    assert "Nobody yet" in nobody.content.decode()
    assert "Eddie Lang" not in searched.content.decode()


@pytest.mark.parametrize(
    "query", ["day=x", "day=9999-99-99", "asset=999999", "permission=fly", "against=1", "q=%00", "asset=%27", "page=x"]
)
def test_nonsense_reads_as_not_asked(brand, query):
    account, _asset, _eddie, _mia = brand
    answer = signed_in(account.owner).get(f"{reverse('as_of', args=[account.slug])}?{query}")

    assert answer.status_code == 200
    assert "Olga Berg" in answer.content.decode()


def test_another_accounts_asset_is_none(brand, django_user_model):
    account, asset, _eddie, _mia = brand
    other = MembershipFactory(holding="auditor")

    answer = signed_in(other.person).get(reverse("as_of", args=[other.account.slug]), {"asset": asset.pk})

    assert "Northwind US" not in answer.content.decode()
    assert signed_in(other.person).get(reverse("as_of", args=[account.slug])).status_code == 404


@pytest.mark.rule(16)
def test_the_demos_past_tells_its_present(demo_database):
    tables = truth.all_powers(whatever_the_policy=True)

    for account in BusinessAccount.objects.all():
        past = account_at(account, timezone.now())
        told = {seat.person_id: past.powers_of(seat) for seat in past.seats.values() if past.powers_of(seat)}
        assert told == {
            person: {(code, ON_ACCOUNT) for code in powers.on_account}
            | {(code, asset) for asset, codes in powers.on_assets.items() for code in codes}
            for (person, pk), powers in tables.items()
            if pk == account.pk
        }, account.name


def test_whoever_was_offboarded_stands_in_the_past_only(demo_database):
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    kofi = Membership.objects.get(account=northwind, person__email=CAST["kofi"].address)
    past = account_at(northwind, kofi.ended_at - dt.timedelta(minutes=1))

    assert kofi.person_id in {seat.person_id for seat in past.present()}
    assert kofi.person_id not in {seat.person_id for seat in account_at(northwind, timezone.now()).present()}
