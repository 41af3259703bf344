"""Who sets streams up and who sees them (rules 2, 4, 12), and what the record keeps of that (rule 17)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.errors import MissingPermission
from accounts.models import BusinessAccount, Person
from audit.models import Event
from notices.models import Notice
from streams import actions
from streams.models import Stream
from teams.models import PendingAct, SecondPerson
from tests.factories import (
    BusinessAccountFactory,
    DeliveryFactory,
    MembershipFactory,
    RoleFactory,
    StreamFactory,
)
from tests.oversight.log import write
from tests.showing import signed_in

pytestmark = pytest.mark.django_db
FORM = {
    "label": "Logs",
    "kind": "webhook",
    "address": "https://logs.example.com/in?token=opens-it",
    "form": "json",
    "begin": "now",
}


def _url(page, account, *more):
    return reverse(page, args=[account.slug, *more])


def test_a_stream_is_set_up_and_its_event_names_no_path():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person

    response = signed_in(anna).post(_url("add_stream", account), FORM)

    stream = Stream.objects.get()
    assert response.headers["Location"] == _url("stream", account, stream.pk)
    assert stream.address == FORM["address"]
    [event] = Event.objects.of(account).filter(name="stream.added")
    assert event.parts["after"] == {
        "name": "Logs", "kind": "webhook", "form": "json", "address": "https://logs.example.com", "own_authority": False,
        "next": 1,
    }  # fmt: skip
    assert "opens-it" not in event.canonical
    assert [notice.person for notice in Notice.objects.filter(kind="streams")] == [account.owner]


def test_a_change_is_an_event_that_says_whether_the_hidden_part_changed():
    stream = StreamFactory()
    page = _url("change_stream", stream.account, stream.pk)
    client = signed_in(stream.account.owner)

    assert stream.address in client.get(page).content.decode()
    client.post(page, {"label": "Other", "form": "ocsf", "address": "https://logs.example.com/other"})
    client.post(page, {"label": "Other", "form": "ocsf", "address": "https://logs.example.com/other"})

    [event] = Event.objects.of(stream.account).filter(name="stream.changed")
    assert (event.parts["before"]["form"], event.parts["after"]["form"]) == ("json", "ocsf")
    assert event.parts["after"]["path_changed"] is True


def test_the_auditor_sees_all_but_the_path_of_the_address_and_changes_nothing():
    stream = StreamFactory(address=FORM["address"])
    batch = DeliveryFactory(stream=stream)
    write(stream.account, 2)
    client = signed_in(MembershipFactory(account=stream.account, holding="auditor").person)
    seen = [("streams",), ("stream", stream.pk), ("stream_delivery", stream.pk, batch.pk)]
    hidden = [
        ("add_stream",),
        ("change_stream", stream.pk),
        ("stream_secret", stream.pk),
        ("drop_batch", stream.pk, batch.pk),
    ]

    pages = [client.get(_url(page, stream.account, *more)) for page, *more in seen]
    refused = [client.post(_url(page, stream.account, *more)) for page, *more in hidden]

    assert [page.status_code for page in pages] == [200] * 3
    assert all("logs.example.com" in page.content.decode() for page in pages[:2])
    assert not any("opens-it" in page.content.decode() for page in pages)
    assert not any("/edit/" in page.content.decode() or "/again/" in page.content.decode() for page in pages)
    assert [answer.status_code for answer in refused] == [403] * 4


@pytest.mark.rule(2)
def test_who_manages_the_policy_but_may_not_read_the_log_sends_it_nowhere():
    account = BusinessAccountFactory()
    role = RoleFactory(account=account, held=["manage_security", "view_account"])
    paul = MembershipFactory(account=account, role=role).person
    stream = StreamFactory(account=account)
    given = {"account": account, "label": "Mine", "kind": "webhook", "form": "json", "address": "https://mine.example/"}

    shown = signed_in(paul).get(_url("add_stream", account))
    with pytest.raises(MissingPermission) as refused:
        actions.add_stream(**given, by=paul)
    with pytest.raises(MissingPermission):
        actions.make_secret(stream=stream, by=paul)

    assert (shown.status_code, refused.value.code) == (403, "view_audit")
    assert "view the audit log" in shown.content.decode()


@pytest.mark.rule(4)
def test_a_stream_of_another_account_is_not_there():
    mine, theirs = BusinessAccountFactory(), StreamFactory()
    batch = DeliveryFactory(stream=theirs)
    own = StreamFactory(account=mine)
    client = signed_in(mine.owner)
    pages = [
        "stream",
        "change_stream",
        "stream_secret",
        "test_stream",
        "pause_stream",
        "resume_stream",
        "remove_stream",
    ]

    answers = [client.get(_url(page, mine, theirs.pk)) for page in pages]
    answers += [client.post(_url(page, mine, theirs.pk)) for page in pages[1:]]
    for page in ("stream_delivery", "send_batch_again", "drop_batch"):
        answers += [client.get(_url(page, mine, theirs.pk, batch.pk)), client.get(_url(page, mine, own.pk, batch.pk))]
    answers += [client.get(_url(page, theirs.account, theirs.pk)) for page in pages]

    assert {answer.status_code for answer in answers} <= {404, 405}
    assert not Event.objects.filter(name__startswith="stream.").exists()


def test_another_accounts_events_never_go_out():
    stream, other = StreamFactory(), BusinessAccountFactory()
    write(other, 3)
    write(stream.account, 1)

    turn = actions.delivering.claim(stream.pk)

    assert [one.event.chain.subject_id for one in turn.events] == [stream.account_id]


def test_an_account_that_asks_for_a_second_person_is_asked_for_a_stream_and_its_change():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person
    stream = StreamFactory(account=account)
    SecondPerson.objects.create(account=account, act="policy", way="approve")
    client = signed_in(anna)

    client.post(_url("add_stream", account), FORM)
    client.post(
        _url("change_stream", account, stream.pk),
        {"label": "Other", "form": "json", "address": "https://mine.example/"},
    )
    waiting = list(PendingAct.objects.order_by("pk"))

    assert [waits.does for waits in waiting] == ["add_stream", "change_stream"]
    assert Stream.objects.get().address == stream.address
    for waits in waiting:
        signed_in(account.owner).post(_url("pending_act", account, waits.pk), {"decision": "approve"})
    assert sorted(Stream.objects.values_list("address", flat=True)) == sorted(
        [FORM["address"], "https://mine.example/"]
    )


def test_there_are_five_at_most_each_of_another_name():
    account = BusinessAccountFactory()
    client = signed_in(account.owner)
    page = _url("add_stream", account)

    answers = [client.post(page, {**FORM, "label": label}).status_code for label in ("A", "a", "B", "C", "D", "E", "F")]

    assert answers == [302, 422, 302, 302, 302, 302, 422]


def test_removing_ends_it_with_all_it_has():
    stream = StreamFactory(cursor=7)
    DeliveryFactory(stream=stream)

    signed_in(stream.account.owner).post(_url("remove_stream", stream.account, stream.pk))

    assert not Stream.objects.exists()
    event = Event.objects.get(name="stream.removed")
    assert (event.parts["before"]["last"], event.parts["before"]["parked"]) == (7, 1)


def test_the_lists_are_searched_paged_and_have_their_words_when_empty():
    account = BusinessAccountFactory()
    client = signed_in(account.owner)
    nothing = client.get(_url("streams", account)).content.decode()
    stream = StreamFactory(account=account, label="Vector")
    StreamFactory(account=account, label="Splunk", state="paused")
    for number in range(1, 31):
        DeliveryFactory(stream=stream, first=number * 10, last=number * 10 + 9, state="delivered", problem="")
    DeliveryFactory(stream=stream, first=7, last=7, problem="It answered 418.")

    def shown(name, *more, **query):
        return client.get(_url(name, account, *more), query).content.decode()

    assert "The log is not sent on anywhere" in nothing
    assert "Splunk" not in shown("streams", q="vect")
    assert "Vector" not in shown("streams", state="paused")
    assert "No stream fits this search" in shown("streams", q="zzz")
    assert "Events 10 to 19" not in shown("stream", stream.pk)
    assert "Events 10 to 19" in shown("stream", stream.pk, q="13")
    assert "Events 10 to 19" in shown("stream", stream.pk, page=2)
    assert "Event 7<" in shown("stream", stream.pk, state="parked").replace("\n", "")
    assert "Event 7<" in shown("stream", stream.pk, q="418").replace("\n", "")
    assert "No delivery fits this search" in shown("stream", stream.pk, q="9" * 40)


def test_who_lost_the_power_meanwhile_is_refused_by_the_act():
    stream = StreamFactory()
    anna = MembershipFactory(account=stream.account, holding="administrator")
    person = Person.objects.get(pk=anna.person_id)
    assert person.has_perm("manage_security", BusinessAccount.objects.get())
    anna.state, anna.suspended_at = anna.State.SUSPENDED, timezone.now()
    anna.save()

    with pytest.raises(MissingPermission):
        actions.pause_stream(stream=stream, by=person)
