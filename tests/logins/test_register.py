"""The register of shared logins: who knows which password, and what follows when somebody is gone."""

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import OutgoingMail
from audit.models import Event
from logins import actions, policies
from logins.models import ChangeTask, Knower, SharedLogin, Signature
from logins.tasks import remind_owners
from teams import actions as teams
from teams.models import Receipt, Role
from tests.factories import (
    BusinessAccountFactory,
    ChangeTaskFactory,
    KnowerFactory,
    MembershipFactory,
    SharedLoginFactory,
)
from tests.logins.signing import sign
from tests.post import the_post_goes_out
from tests.written import written

pytestmark = pytest.mark.django_db


def page(name, login, *more):
    return reverse(name, args=[login.account.slug, login.pk, *more])


def exposed(login):
    return SharedLogin.objects.exposed().filter(pk=login.pk).exists()


@pytest.fixture
def login():
    return SharedLoginFactory(account__owner__name="Olga Owner", label="TikTok")


@pytest.fixture
def owner(login, client):
    client.force_login(login.account.owner)
    return client


# --- Keeping it -------------------------------------------------------------------------------------------------------
def test_the_owner_of_a_standard_account_notes_a_login_and_who_knows_it(client):
    account = BusinessAccountFactory(kind="standard")
    client.force_login(account.owner)

    client.post(
        reverse("add_login", args=[account.slug]),
        {"label": "TikTok", "platform": "tiktok.com", "username": "@brand", "known_since": "2026-01-05"},
    )
    login = SharedLogin.objects.get()
    client.post(page("note_knower", login), {
        "name": "Marco", "address": "MARCO@example.com", "since_on": "2026-02-01", "told_by": "Olga", "purpose": "Posting",
    })  # fmt: skip

    assert list(login.knowers.order_by("pk").values_list("name", "address", "since_on")) == [
        (str(account.owner), account.owner.email, dt.date(2026, 1, 5)),
        ("Marco", "marco@example.com", dt.date(2026, 2, 1)),
    ]
    assert list(Event.objects.about(login).values_list("name", flat=True)) == ["login.added", "login.knower_noted"]
    shown = client.get(page("shared_login", login)).content.decode()
    assert "marco@example.com" in shown
    assert "Posting" in shown


def test_a_business_account_gets_no_new_shared_login():
    account = BusinessAccountFactory()

    with pytest.raises(PolicyViolation, match="invite each person"):
        actions.add_login(account=account, label="TikTok", platform="x", username="", by=account.owner)


def test_two_logins_in_use_never_have_the_same_name(login):
    with pytest.raises(PolicyViolation, match="already"):
        actions.add_login(account=login.account, label="tiktok", platform="x", username="", by=login.account.owner)


@pytest.mark.parametrize(
    "words",
    [
        "Password: hunter2",
        "pw=hunter2",
        "the PIN is 4711",
        "passwort = geheim",
        "https://olga:hunter2@tiktok.com",
        "secret->x",
    ],
)
def test_what_looks_like_a_password_is_refused_in_every_field_and_stands_nowhere(owner, login, words):
    owner.post(page("note_knower", login), {"name": "Marco", "since_on": "2026-02-01", "purpose": words})
    owner.post(page("change_login", login), {"label": words, "platform": words, "username": words})
    knower = KnowerFactory(login=login)
    answer = owner.post(page("knower_gone", login, knower.pk), {"reason": words})

    assert answer.status_code == 422
    assert "looks as if a password" in answer.content.decode()
    assert Knower.objects.get() == knower
    assert SharedLogin.objects.get().label == "TikTok"
    assert not any("hunter2" in text for text in written())
    with pytest.raises(PolicyViolation):
        actions.note_gone(knower=knower, reason=words, by=login.account.owner)


@pytest.mark.parametrize("words", ["Passes on the password at shifts", "The pin board", "https://tiktok.com/@brand"])
def test_words_that_only_speak_of_passwords_are_taken(words):
    assert policies.secret_in(words) == ""


def test_a_person_is_noted_once_for_a_login_by_address_or_by_bare_name(owner, login):
    KnowerFactory(login=login, name="Marco", address="marco@example.com")
    KnowerFactory(login=login, name="Anna", address="")

    again = [
        owner.post(page("note_knower", login), {"name": name, "address": address, "since_on": "2026-02-01"}).status_code
        for name, address in [("Somebody", "Marco@Example.com"), ("ANNA", ""), ("Anna", "anna@example.com")]
    ]

    assert again == [422, 422, 302]


def test_a_day_to_come_and_a_day_that_nobody_means_are_refused(owner, login):
    for day in (timezone.localdate() + dt.timedelta(days=2), dt.date(1, 1, 1), dt.date(9999, 12, 31), "yesterday"):
        assert owner.post(page("note_knower", login), {"name": "Marco", "since_on": str(day)}).status_code == 422


def test_an_entry_is_corrected_and_the_log_keeps_both_forms(owner, login):
    knower = KnowerFactory(login=login, name="Marko")

    owner.post(page("correct_knower", login, knower.pk), {"name": "Marco", "since_on": "2026-02-01"})

    event = Event.objects.named("login.knower_corrected").get()
    assert (event.parts["before"]["name"], event.parts["after"]["name"]) == ("Marko", "Marco")


# --- Somebody is gone -------------------------------------------------------------------------------------------------
def test_somebody_who_is_gone_exposes_the_login_until_a_signature(owner, login):
    marco, anna = KnowerFactory(login=login, name="Marco"), KnowerFactory(login=login, name="Anna")
    home = login.account.get_absolute_url()

    owner.post(page("knower_gone", login, marco.pk), {"reason": "Project over"})

    task = ChangeTask.objects.get()
    assert task.login == login
    for address in (
        home,
        reverse("dashboard"),
        reverse("shared_logins", args=[login.account.slug]),
        page("shared_login", login),
    ):
        assert "exposed" in owner.get(address).content.decode()
    assert "Marco is gone and knows its password" in owner.get(home).content.decode()
    the_post_goes_out()
    assert [(letter.to, "TikTok" in letter.subject) for letter in mail.outbox] == [([login.account.owner.email], True)]
    assert "Marco" in mail.outbox[0].body

    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    shown = owner.post(page("sign_change", login), {"changed_at": now, "told": [anna.pk]})
    statement = shown.context["statement"]
    assert "Olga Owner" in statement
    assert "only these know the new one: Anna" in statement
    assert exposed(login)  # reading signs nothing
    owner.post(page("sign_change", login), {
        "changed_at": shown.context["at"].isoformat(), "told": [anna.pk], "statement": statement, "signature": "olga owner",
    })  # fmt: skip

    assert not exposed(login)
    task.refresh_from_db()
    assert task.closed_at
    signed = Signature.objects.get()
    event = Event.objects.named("login.password_changed").get()
    assert (event.parts["after"]["statement"], event.parts["after"]["digest"]) == (statement, signed.digest)
    assert policies.digest_of_statement(signed.statement) == signed.digest
    assert set(login.knowers.trusted().values_list("name", flat=True)) == {"Anna", "Olga Owner"}
    marco.refresh_from_db()
    assert marco.cleared_at
    for address in (home, reverse("dashboard"), page("shared_login", login)):
        assert "exposed" not in owner.get(address).content.decode()


def test_a_second_one_gone_opens_no_second_task_and_sends_no_second_mail(login):
    for name in ("Marco", "Anna"):
        actions.note_gone(knower=KnowerFactory(login=login, name=name), by=login.account.owner)

    assert ChangeTask.objects.count() == 1
    assert OutgoingMail.objects.count() == 1
    with pytest.raises(ChangedMeanwhile):
        actions.note_gone(knower=login.knowers.first(), by=login.account.owner)


def test_who_is_gone_is_told_again_only_after_the_change(login):
    marco = KnowerFactory(login=login, name="Marco", address="marco@example.com")
    actions.note_gone(knower=marco, by=login.account.owner)
    again = {
        "name": "Marco",
        "address": "marco@example.com",
        "since_on": dt.date(2026, 1, 2),
        "told_by": "",
        "purpose": "",
    }

    with pytest.raises(PolicyViolation, match="Change the password first"):
        actions.note_knower(login=login, by=login.account.owner, **again)
    with pytest.raises(ChangedMeanwhile):
        sign(login, marco)
    sign(login)
    actions.note_knower(login=login, by=login.account.owner, **again)

    assert login.knowers.trusted().filter(name="Marco").exists()


# --- The signature ----------------------------------------------------------------------------------------------------
def test_a_change_before_the_exposure_or_in_the_future_or_never_is_refused(owner, login):
    actions.note_gone(knower=KnowerFactory(login=login), by=login.account.owner)
    moments = [
        timezone.now() - dt.timedelta(hours=1), timezone.now() + dt.timedelta(minutes=2), dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    ]  # fmt: skip

    for at in moments:
        assert owner.post(page("sign_change", login), {"changed_at": at.isoformat()}).status_code == 422
        with pytest.raises(PolicyViolation):
            actions.record_change(
                login=login, changed_at=at, told=[], statement="", signature="Olga Owner", by=login.account.owner
            )

    assert exposed(login)


@pytest.mark.requirement("AZ10")
def test_it_is_signed_with_ones_own_name_under_the_words_that_were_read(login):
    KnowerFactory(login=login)

    with pytest.raises(PolicyViolation, match="Olga Owner"):
        sign(login, signature="Marco")
    with pytest.raises(ChangedMeanwhile):
        sign(login, statement="I changed something.")

    assert not Signature.objects.exists()


def test_somebody_of_another_login_cannot_be_named_as_told(owner, login):
    KnowerFactory(login=login)
    other = KnowerFactory()

    assert (
        owner.post(page("sign_change", login), {"changed_at": "2026-01-02T10:00", "told": [other.pk]}).status_code
        == 422
    )
    with pytest.raises(ChangedMeanwhile):
        sign(login, other)


def test_a_login_that_works_no_more_is_retired_by_a_signature_too(owner, login):
    actions.note_gone(knower=KnowerFactory(login=login), by=login.account.owner)
    words = owner.get(page("retire_login", login)).context["statement"]

    refused = owner.post(page("retire_login", login), {"statement": words, "signature": "x"})
    assert (refused.status_code, exposed(login)) == (422, True)
    owner.post(page("retire_login", login), {"statement": words, "signature": "Olga Owner", "reason": "Closed there"})

    assert ChangeTask.objects.open().count() == 0
    assert Signature.objects.get().kind == "retired"
    assert not login.knowers.knowing().exists()
    assert owner.get(page("sign_change", login)).status_code == 302
    assert (
        owner.post(
            page("sign_change", login), {"changed_at": "2026-01-02T10:00", "statement": "x", "signature": "x"}
        ).status_code
        == 409
    )


# --- Reminders --------------------------------------------------------------------------------------------------------
def test_the_owner_is_reminded_after_a_day_after_three_then_every_week_and_once_each_time(login):
    start = timezone.now()
    actions.note_gone(knower=KnowerFactory(login=login, name="Marco"), by=login.account.owner)
    sent = []
    for hours in range(0, 24 * 25, 6):
        with time_machine.travel(start + dt.timedelta(hours=hours, minutes=1), tick=False):
            before = OutgoingMail.objects.count()
            remind_owners()
            remind_owners()
            the_post_goes_out()
            sent += [hours // 24] * (OutgoingMail.objects.count() - before)

    assert sent == [1, 3, 10, 17, 24]
    assert len(mail.outbox) == 6
    assert mail.outbox[-1].subject.startswith("Still to do: ")
    assert Event.objects.named("login.reminder_sent").count() == 5


def test_after_a_long_silence_there_is_one_reminder_and_not_all_that_were_missed(login):
    ChangeTaskFactory(login=login, opened_at=timezone.now() - dt.timedelta(days=40))
    KnowerFactory(login=login, gone_at=timezone.now())

    assert actions.remind_all() == 1
    assert actions.remind_all() == 0
    assert ChangeTask.objects.get().remind_at > timezone.now()


def test_several_logins_that_one_person_knew_are_one_mail_and_one_reminder():
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account)
    for _number in range(3):
        KnowerFactory(login=SharedLoginFactory(account=account), address=eddie.person.email)

    teams.suspend(membership=eddie, by=account.owner)
    with time_machine.travel(timezone.now() + dt.timedelta(days=1, hours=1), tick=False):
        actions.remind_all()
        the_post_goes_out()

    assert ChangeTask.objects.count() == 3
    to_owner = [letter for letter in mail.outbox if letter.to == [account.owner.email]]
    assert [letter.subject.partition("Change ")[2][:1] for letter in to_owner] == ["3", "3"]


@pytest.mark.parametrize("meanwhile", ["signed", "closed", "handed over"])
def test_a_mail_that_nobody_needs_any_more_is_dropped(login, meanwhile):
    actions.note_gone(knower=KnowerFactory(login=login), by=login.account.owner)
    if meanwhile == "signed":
        sign(login)
    elif meanwhile == "closed":
        teams.close_account(account=login.account, by=login.account.owner)
    else:
        type(login.account.owner).objects.filter(pk=login.account.owner_id).update(email="other@example.com")

    the_post_goes_out()

    assert mail.outbox == []
    assert OutgoingMail.objects.get().state == "dropped"


def test_nobody_is_reminded_of_a_closed_account(login):
    ChangeTaskFactory(login=login)
    teams.close_account(account=login.account, by=login.account.owner)

    assert actions.remind_all() == 0


# --- With the team ----------------------------------------------------------------------------------------------------
@pytest.fixture
def upgraded():
    """An account that was upgraded, in which a member knows two shared logins, and one whom nobody told."""
    account = BusinessAccountFactory(kind="standard")
    logins = [SharedLoginFactory(account=account, label=label) for label in ("Mailbox", "TikTok")]
    accounts.upgrade(account=account, by=account.owner)
    eddie = MembershipFactory(account=account)
    for login in logins:
        KnowerFactory(login=login, name="Eddie", address=eddie.person.email)
    return account, eddie


@pytest.mark.rule(13)
def test_offboarding_someone_who_knows_a_login_opens_one_task_each_and_the_receipt_says_so(upgraded):
    account, eddie = upgraded
    before = Event.objects.count()

    teams.offboard(membership=eddie, by=account.owner, reason="Left")

    receipt = Receipt.objects.get()
    assert ChangeTask.objects.open().count() == 2
    assert receipt.statement["ended"]["others"]["Shared logins known to the person"] == [
        "Mailbox is exposed until its password is changed",
        "TikTok is exposed until its password is changed",
    ]
    assert receipt.is_complete
    assert any(row["field"] == "logins.Knower.address" for row in receipt.statement["checked"])
    assert Event.objects.count() == before + 1
    assert OutgoingMail.objects.filter(kind=policies.EXPOSED_MAIL).count() == 1


@pytest.mark.parametrize("act", ["leave", "suspend"])
def test_leaving_and_being_suspended_expose_what_the_person_knows_in_one_event(upgraded, act, client):
    account, eddie = upgraded
    before = Event.objects.count()

    if act == "leave":
        teams.leave(membership=eddie, by=eddie.person)
    else:
        teams.suspend(membership=eddie, by=account.owner)

    assert ChangeTask.objects.open().count() == 2
    assert Event.objects.count() == before + 1
    assert Event.objects.latest("id").parts["before"]["others"] == {"Shared logins known to the person": 2}
    client.force_login(account.owner)
    shown = client.get(page("shared_login", ChangeTask.objects.first().login)).content.decode()
    assert "Eddie has no access to this account any more" in shown


def test_the_page_of_a_suspension_tells_what_it_exposes(upgraded, client):
    account, eddie = upgraded
    client.force_login(account.owner)

    shown = client.get(reverse("suspend_member", args=[account.slug, eddie.pk])).content.decode()

    assert "TikTok is exposed until its password is changed" in shown


def test_someone_of_another_account_who_is_ended_there_exposes_nothing_here(login):
    eddie = MembershipFactory()
    KnowerFactory(login=login, address=eddie.person.email)

    teams.offboard(membership=eddie, by=eddie.account.owner, reason="Left")

    assert not ChangeTask.objects.exists()


@pytest.mark.rule(4)
def test_the_register_asks_about_someone_who_left_another_account_only_whoever_manages_that_one(owner, login):
    register = reverse("shared_logins", args=[login.account.slug])
    eddie = MembershipFactory(account=BusinessAccountFactory(name="Brightside"))
    KnowerFactory(login=login, name="Eddie", address=eddie.person.email)
    teams.offboard(membership=eddie, by=eddie.account.owner, reason="Left")

    unknown = owner.get(register).content.decode()
    member = MembershipFactory(account=eddie.account, person=login.account.owner)
    as_editor = owner.get(register).content.decode()
    teams.change_role(membership=member, role=Role.objects.built_in("administrator"), by=eddie.account.owner)

    assert "Brightside" not in unknown.replace(member.account.slug, "")
    assert "Eddie has left" not in as_editor
    assert "Eddie has left Brightside" in owner.get(register).content.decode()


def test_an_upgrade_keeps_the_register_and_its_tasks(owner, login):
    actions.note_gone(knower=KnowerFactory(login=login), by=login.account.owner)
    accounts.upgrade(account=login.account, by=login.account.owner)

    shown = owner.get(reverse("shared_logins", args=[login.account.slug])).content.decode()

    assert exposed(login)
    assert "a last time" in shown
    assert (
        reverse("shared_logins", args=[login.account.slug])
        in owner.get(login.account.get_absolute_url()).content.decode()
    )
    login.account.refresh_from_db()
    sign(login)
    assert not exposed(login)


def test_a_business_account_without_a_register_has_no_line_for_it(client):
    account = BusinessAccountFactory()
    client.force_login(account.owner)

    assert reverse("shared_logins", args=[account.slug]) not in client.get(account.get_absolute_url()).content.decode()


# --- Others -----------------------------------------------------------------------------------------------------------
@pytest.mark.rule(4)
def test_an_administrator_of_another_account_finds_nothing_and_can_do_nothing(client, login):
    knower = KnowerFactory(login=login)
    anna = MembershipFactory(holding="administrator", account=BusinessAccountFactory()).person
    client.force_login(anna)
    mine = SharedLoginFactory(account=anna.memberships.get().account)

    theirs = [
        page("shared_login", login), page("sign_change", login), page("knower_gone", login, knower.pk),
        reverse("shared_login", args=[mine.account.slug, login.pk]),
        reverse("knower_gone", args=[mine.account.slug, mine.pk, knower.pk]),
        reverse("correct_knower", args=[mine.account.slug, mine.pk, knower.pk]),
    ]  # fmt: skip

    assert {client.get(address).status_code for address in theirs} == {404}
    assert {client.post(address, {"name": "x"}).status_code for address in theirs[1:3]} == {404}
    for act in (
        lambda: actions.note_gone(knower=knower, by=anna),
        lambda: sign(login, by=anna),
        lambda: actions.add_login(account=login.account, label="x", platform="x", username="", by=anna),
    ):
        with pytest.raises(MissingPermission):
            act()
    assert not exposed(login)


def test_someone_gone_from_one_login_of_the_account_is_still_noted_for_the_other(login):
    other = SharedLoginFactory(account=login.account)
    both = [KnowerFactory(login=one, name="Marco", address="marco@example.com") for one in (login, other)]

    actions.note_gone(knower=both[0], by=login.account.owner)

    assert (exposed(login), exposed(other)) == (True, False)


def test_pages_take_the_same_number_of_queries_for_one_and_for_many(owner, login, django_assert_max_num_queries):
    def queries(address):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        owner.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(address).status_code == 200
        return len(asked)

    addresses = [reverse("shared_logins", args=[login.account.slug]), page("shared_login", login)]
    KnowerFactory(login=login)
    ChangeTaskFactory(login=login)
    few = [queries(address) for address in addresses]
    for _number in range(30):
        KnowerFactory(login=login, gone_at=timezone.now())
        ChangeTaskFactory(login=KnowerFactory(login=SharedLoginFactory(account=login.account)).login)

    assert [queries(address) for address in addresses] == few


def test_people_are_searched_and_paged(owner, login):
    for number in range(30):
        KnowerFactory(login=login, name=f"Person {number:02}")
    KnowerFactory(login=login, name="Marco")

    first = owner.get(page("shared_login", login)).context["page_obj"]
    found = owner.get(page("shared_login", login), {"q": "marc"}).context["page_obj"]

    assert (len(first), first.paginator.num_pages) == (25, 2)
    assert [knower.name for knower in found] == ["Marco"]
