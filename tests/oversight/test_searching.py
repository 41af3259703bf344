"""The log narrowed by anything that its events say, its strip, its live tail, and views that a reader saves."""

import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.events import ASSET_CHANGED
from accounts.models import Session
from accounts.permissions import REPLY_COMMENTS
from audit.canonical import digest_of
from audit.models import Event
from audit.origin import Origin, stands_for
from audit.recording import SYSTEM
from invitations.actions import invite
from invitations.events import INVITED
from oversight.density import bounds_over
from oversight.models import SavedView
from reviews.actions import start_campaign
from reviews.events import STARTED
from teams.actions import create_role, set_grants
from teams.engagements import key_of
from teams.events import GRANTS_CHANGED, ROLE_CREATED
from tests.factories import AssetFactory, MembershipFactory, PersonFactory, SavedViewFactory
from tests.oversight.log import link_of, numbers, url, write

pytestmark = pytest.mark.django_db


def from_agency(account, name, organisation="Bright Agency"):
    """A member who works for somebody else."""
    return MembershipFactory(
        account=account,
        person=PersonFactory(name=name),
        kind="agency",
        organisation=organisation,
        holding="administrator",
    )


# --- On whose behalf ---------------------------------------------------------------------------------------------------
@pytest.mark.requirement("AU3")
def test_an_event_says_on_whose_behalf_its_actor_acted_whatever_becomes_of_the_membership(client, read, ruth):
    bea = from_agency(ruth.account, "Bea Bright")
    number = write(ruth.account, by=bea.person)
    bea.kind, bea.organisation = "employee", ""
    bea.save()
    later = write(ruth.account, by=type(bea.person).objects.get(pk=bea.person_id))

    events = {event.number: event for event in Event.objects.of(ruth.account).filter(number__in=[number, later])}
    assert events[number].behalf == events[number].sent_by == "Bright Agency"
    assert events[later].behalf == ""
    assert events[later].sent_by is None
    assert "for Bright Agency" in read().content.decode()
    assert "On behalf of" in client.get(url("event", ruth.account, number)).content.decode()


def test_the_log_is_narrowed_to_an_organisation_in_every_spelling_to_the_accounts_own_and_to_the_portal(read, ruth):
    first = write(ruth.account, by=from_agency(ruth.account, "Bea Bright").person)
    second = write(ruth.account, by=from_agency(ruth.account, "Ben Bright", "BRIGHT AGENCY").person)
    own = write(ruth.account, by=ruth.person)
    by_itself = write(ruth.account, by=SYSTEM)
    stranger = MembershipFactory(kind="agency", organisation="Other House")
    write(stranger.account, by=stranger.person)

    page = read(f"?behalf=:{key_of('bright agency')}")

    assert numbers(page) == [second, first]
    assert "Other House" not in page.content.decode()
    assert own in numbers(read("?behalf=own"))
    assert not {first, second, by_itself} & set(numbers(read("?behalf=own")))
    assert numbers(read("?behalf=portal"))[0] == by_itself
    assert "was not understood" in read("?behalf=:nobody").content.decode()


# --- Assets, addresses, words ------------------------------------------------------------------------------------------
def test_the_log_is_narrowed_to_an_asset_alone_or_among_others(read, ruth):
    account, owner = ruth.account, ruth.account.owner
    shop, blog = (AssetFactory(account=account, name=name) for name in ("Shop", "Blog"))
    member = MembershipFactory(account=account)
    set_grants(membership=member, asset=shop, codes=[REPLY_COMMENTS], by=owner)
    granted = Event.objects.of(account).order_by("-number").values_list("number", flat=True)[0]
    set_grants(membership=member, asset=blog, codes=[REPLY_COMMENTS], by=owner)
    invite(
        account=account, address="nina@example.com", role=member.role, by=owner,
        grants={shop: frozenset({REPLY_COMMENTS}), blog: frozenset({REPLY_COMMENTS})},
    )  # fmt: skip
    invited = Event.objects.of(account).named("invitation.created").get().number
    write(account)

    assert numbers(read(f"?asset={shop.pk}")) == [invited, granted]
    elsewhere = AssetFactory(name="Elsewhere")
    assert "was not understood" in read(f"?asset={elsewhere.pk}").content.decode()


def test_of_very_many_assets_none_is_offered_and_a_link_narrows_all_the_same(read, ruth):
    assets = AssetFactory.create_batch(201, account=ruth.account)
    number = write(ruth.account, act=ASSET_CHANGED, target=assets[7])

    page = read(f"?asset={assets[7].pk}")

    assert numbers(page) == [number]
    assert page.content.decode().count("<option") < 250
    assert f'type="hidden" name="asset" value="{assets[7].pk}"' in page.content.decode()


def test_the_log_is_narrowed_to_a_network_address_in_any_spelling(read, ruth):
    with stands_for(Origin("2001:db8:0:0::7", "a browser", "", "")):
        six = write(ruth.account)
    with stands_for(Origin("192.0.2.44", "a browser", "", "")):
        four = write(ruth.account)

    assert numbers(read("?address=192.0.2.44")) == [four]
    assert numbers(read("?address=2001:db8:0:0::7")) == [six]
    assert numbers(read("?address=192.0.2.4")) == []
    answer = read("?address=everywhere").content.decode()
    assert "was not understood" in answer
    assert "Network address" in answer


def test_words_are_found_in_names_reasons_and_what_was_before_and_after(read, ruth):
    other = MembershipFactory()
    write(other.account, reason="The winter campaign")
    number = write(
        ruth.account, by=PersonFactory(name="Zoë Ångström", email="zoe.a@example.org"), reason="The winter campaign begins",
        before={"company": "Old House"}, after={"company": "New-House Ltd", "role": {"code": "x", "name": "Curator"}},
    )  # fmt: skip
    write(ruth.account, 3)

    for words in ("winter", "WINTER camp", "ångström", "new house", "curator", "settings", "old-house zo"):
        assert numbers(read(f"?words={words}")) == [number] or words == "settings", words
    assert numbers(read("?words=winter summer")) == []
    for nonsense in ("'", "!!!", "a & !b | (", "x:*", "%27%20%7C%20%27"):
        assert read(f"?words={nonsense}").status_code == 200
    assert "no word in it" in read("?words=%21%21").content.decode()


def test_all_of_it_combines(read, ruth):
    bea = from_agency(ruth.account, "Bea Bright")
    with stands_for(Origin("192.0.2.44", "a browser", "", "")):
        wanted = write(ruth.account, by=bea.person, reason="Winter")
        write(ruth.account, by=ruth.person, reason="Winter")
    write(ruth.account, by=bea.person, reason="Winter")

    query = f"?words=winter&behalf=:{key_of('Bright Agency')}&address=192.0.2.44&q=Bea&result=done&act=account."
    assert numbers(read(query)) == [wanted]


@pytest.mark.requirement("AU5")
def test_words_that_were_emptied_are_not_found_any_more(read, ruth):
    bea = from_agency(ruth.account, "Bea Bright")
    with stands_for(Origin("192.0.2.44", "a browser", "", "")):
        number = write(ruth.account, by=bea.person, reason="Winter")
    assert numbers(read("?words=bea winter")) == [number]

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_event SET actor_words = NULL, target_words = NULL FROM audit_chain chain"
            " WHERE chain.id = chain_id AND chain.kind = 'account' AND chain.subject_id = %s AND number = %s",
            [ruth.account.pk, number],
        )

    event = Event.objects.of(ruth.account).get(number=number)
    assert (event.sent_by, event.address) == (None, None)
    assert digest_of(event.canonical) == bytes(event.digest)
    assert numbers(read("?words=bea")) == numbers(read("?words=winter")) == numbers(read("?address=192.0.2.44")) == []


# --- The strip ---------------------------------------------------------------------------------------------------------
def bars(response):
    """The bars of the strip: how many events each tells of, and where it leads."""
    strip = response.content.decode().split('class="density"')[1].split("</nav>")[0]
    found = re.findall(r'<a href="([^"]*)" aria-label="[^"]*: (\d+) events?"', strip)
    return [(int(many), href.replace("&amp;", "&")) for href, many in found]


def test_the_strip_counts_every_event_and_leads_to_its_time_with_the_filter_kept(client, ruth, time_machine):
    client.force_login(ruth.person)
    now = timezone.now()
    for days in (40, 20, 3):
        time_machine.move_to(now - dt.timedelta(days=days), tick=False)
        write(ruth.account, 30, reason=f"{days} days ago")
    time_machine.move_to(now, tick=False)
    client.get(url("activity", ruth.account))  # that she reads is the newest event

    def read(query=""):
        return client.get(url("activity", ruth.account) + query)

    page = read()
    counted = [(many, href) for many, href in bars(page) if many]
    assert [many for many, _href in counted] == [30, 30, 30, 1]

    _many, href = counted[1]
    there = read(href + "&result=done")
    assert numbers(there)[0] == 60
    assert parse_qs(urlsplit(link_of(there, "next")).query)["result"] == ["done"]
    assert "at" not in parse_qs(urlsplit(link_of(there, "next")).query)
    assert [many for many, _href in bars(read("?words=20 days")) if many] == [30]
    assert "What matches, over time" in read("?words=20").content.decode()


def test_a_strip_never_has_more_bars_than_can_be_pressed_and_spans_all_of_the_time():
    end = timezone.now()
    for days in (0.01, 0.5, 1.9, 2.1, 30, 58, 59, 200, 406, 407, 1_000, 3_700, 36_500):
        _by, bounds = bounds_over(end - dt.timedelta(days=days), end)
        assert 2 <= len(bounds) <= 62, days
        assert bounds[0] <= end - dt.timedelta(days=days)
        assert bounds[-1] > end
        assert bounds == sorted(set(bounds))


def test_a_place_in_time_that_makes_no_sense_is_the_newest_page(read, ruth):
    write(ruth.account, 3)
    for at in ("yesterday", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00", "2026-01-01"):
        assert read(f"?at={at.replace('+', '%2B')}").status_code == 200
    assert numbers(read("?at=yesterday")) == numbers(read())


# --- The live tail -----------------------------------------------------------------------------------------------------
def test_a_page_that_looks_again_is_answered_with_what_is_new_or_with_nothing(read, ruth):
    write(ruth.account, 2)
    first = read("?live=1")
    again = re.search(r'hx-get="([^"]*)" hx-trigger="every 5s"', first.content.decode())[1].replace("&amp;", "&")

    assert read(again).status_code == 204
    number = write(ruth.account, reason="Just now")
    news = read(again).content.decode()
    assert news.count('class="is-new"') == 1
    assert "1 new event" in news
    assert f'id="event-{number}"' in news
    assert 'hx-trigger="every' not in read().content.decode()
    for seen in ("x", "-1", "٣", "9" * 30, ""):
        assert read(f"?live=1&seen={seen}").status_code in {200, 204}


@pytest.mark.requirement("SE3")
def test_looking_again_keeps_no_session_alive(client, ruth, time_machine, settings):
    client.force_login(ruth.person)
    begun = timezone.now()
    client.get(url("activity", ruth.account) + "?live=1")
    seen = Session.objects.get(person=ruth.person).seen_at
    for minutes in range(5, int(settings.SESSION_IDLE.total_seconds() // 60), 5):
        time_machine.move_to(begun + dt.timedelta(minutes=minutes), tick=False)
        answer = client.get(url("activity", ruth.account) + "?live=1&seen=0", headers={"X-By-Itself": "1"})
        assert answer.status_code == 200
        assert Session.objects.get(person=ruth.person).seen_at == seen

    time_machine.move_to(begun + settings.SESSION_IDLE + dt.timedelta(minutes=1), tick=False)
    answer = client.get(url("activity", ruth.account) + "?live=1&seen=0", headers={"X-By-Itself": "1"})
    assert answer.status_code == 302
    assert reverse("account_login") in answer.url


@pytest.mark.requirement("SE3")
@pytest.mark.requirement("SE7")
def test_nobody_does_anything_else_unnoticed_by_saying_that_a_page_looked_by_itself(client, ruth):
    client.force_login(ruth.person)
    long_ago = timezone.now() - dt.timedelta(minutes=30)
    for page in (url("account_home", ruth.account), url("saved_views", ruth.account), "/nowhere/"):
        Session.objects.filter(person=ruth.person).update(seen_at=long_ago, started_at=long_ago)
        client.get(page, headers={"X-By-Itself": "1"})
        assert Session.objects.get(person=ruth.person).seen_at > long_ago, page
    Session.objects.filter(person=ruth.person).update(seen_at=long_ago, started_at=long_ago)
    client.post(url("activity", ruth.account), headers={"X-By-Itself": "1"})
    assert Session.objects.get(person=ruth.person).seen_at > long_ago


# --- Saved views -------------------------------------------------------------------------------------------------------
def test_a_view_is_saved_shown_to_its_reader_alone_and_removed(client, read, ruth):
    save = url("save_view", ruth.account) + "?result=refused&words=winter&nonsense=1&before=3"
    assert "Words in the log" in client.get(save).content.decode()

    answer = client.post(save, {"name": "Winter refusals"}, follow=True)

    assert "Winter refusals" in answer.content.decode()
    assert parse_qs(urlsplit(answer.redirect_chain[-1][0]).query) == {"result": ["refused"], "words": ["winter"]}
    view = SavedView.objects.get()
    assert (view.person, view.account, view.name) == (ruth.person, ruth.account, "Winter refusals")
    assert Event.objects.of(ruth.person).named("person.log_view_saved").count() == 1
    assert not Event.objects.of(ruth.account).named("person.").exists()
    assert "Winter refusals" in client.get(url("saved_views", ruth.account)).content.decode()

    other = MembershipFactory(account=ruth.account, holding="administrator")
    client.force_login(other.person)
    assert "Winter refusals" not in client.get(url("activity", ruth.account)).content.decode()
    assert client.post(url("remove_view", ruth.account, view.pk)).status_code == 404

    client.force_login(ruth.person)
    elsewhere = MembershipFactory(holding="auditor", person=ruth.person)
    assert client.post(url("remove_view", elsewhere.account, view.pk)).status_code == 404
    assert "is removed" in client.post(url("remove_view", ruth.account, view.pk), follow=True).content.decode()
    assert not SavedView.objects.exists()
    assert client.post(url("remove_view", ruth.account, view.pk)).status_code == 404


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("", "Anything", "Narrow the log first"),
        ("?result=sideways", "Anything", "Narrow the log first"),
        ("?result=refused", "REFUSED", "of this name already"),
        ("?result=refused", "", "This field is required"),
        ("?result=refused", "x" * 61, "at most 60"),
    ],
)
def test_a_view_that_can_not_be_saved_is_refused_in_words_and_keeps_what_was_typed(client, ruth, query, name, words):
    SavedViewFactory(account=ruth.account, person=ruth.person, name="Refused")
    client.force_login(ruth.person)

    answer = client.post(url("save_view", ruth.account) + query, {"name": name})

    assert answer.status_code in {409, 422}
    assert words in answer.content.decode()
    assert name in answer.content.decode()
    assert SavedView.objects.count() == 1


def test_nobody_has_more_views_than_stand_in_a_row(client, ruth):
    for _number in range(20):
        SavedViewFactory(account=ruth.account, person=ruth.person)
    client.force_login(ruth.person)

    answer = client.post(url("save_view", ruth.account) + "?result=done", {"name": "One more"})

    assert "Remove one first" in answer.content.decode()
    assert SavedView.objects.count() == 20


# --- Ways to it --------------------------------------------------------------------------------------------------------
def _each_thing(account):
    """A page for each kind of thing that has a history, and the act that its history tells of."""
    owner, asset = account.owner, AssetFactory(account=account)
    member = MembershipFactory(account=account)
    role = create_role(account=account, name="Editors", codes={REPLY_COMMENTS}, by=owner)
    invitation = invite(account=account, address="new@example.com", role=role, by=owner)
    campaign = start_campaign(account=account, name="Spring", by=owner)
    set_grants(membership=member, asset=asset, codes={REPLY_COMMENTS}, by=owner)
    return {
        ("member", member.pk): GRANTS_CHANGED, ("asset", asset.pk): GRANTS_CHANGED, ("role", role.code): ROLE_CREATED,
        ("invitation", invitation.pk): INVITED, ("review", campaign.pk): STARTED,
    }  # fmt: skip


def test_each_thing_leads_to_its_own_history_and_nothing_elses(client, ruth):
    things = _each_thing(ruth.account)
    client.force_login(ruth.account.owner)

    for (page, key), act in things.items():
        shown = client.get(url(page, ruth.account, key)).content.decode()
        way = re.search(r'href="([^"]*)">(?:(?!</a>).)*<span>History</span>', shown, re.DOTALL)
        told = numbers(client.get(way[1].replace("&amp;", "&")))
        assert set(Event.objects.of(ruth.account).filter(number__in=told).values_list("name", flat=True)) == {act.name}


@pytest.mark.parametrize(("role", "shown"), [("administrator", True), ("member", False)])
def test_the_way_to_a_history_shows_to_who_may_read_it(client, ruth, role, shown):
    reader = MembershipFactory(account=ruth.account, holding=role)
    client.force_login(reader.person)
    asset = AssetFactory(account=ruth.account)

    page = client.get(url("asset", ruth.account, asset.pk)).content.decode()

    assert (f"{url('activity', ruth.account)}?asset={asset.pk}" in page) is shown
