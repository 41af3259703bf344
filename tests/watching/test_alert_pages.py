"""The pages of alerts: who sees what, what is found, and what is done about it."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount
from audit.models import Event
from notices.models import Notice
from teams.models import Membership
from tests.factories import AlertFactory, BusinessAccountFactory, MembershipFactory
from tests.notices.inbox import mails_to
from tests.oversight.log import write
from tests.watching.lives import ABROAD, STRANGE, days_of_work, sign_in, the_watch_reads
from watching import actions
from watching.models import Alert

pytestmark = pytest.mark.django_db


def page(name, alert, *more):
    return reverse(name, args=[alert.account.slug, alert.pk, *more])


@pytest.fixture
def alert():
    return AlertFactory(account__name="Northwind", account__owner__name="Olga Owner")


@pytest.fixture
def anna(alert, client):
    anna = MembershipFactory(account=alert.account, holding="administrator", person__name="Anna")
    client.force_login(anna.person)
    return anna.person


# --- Looking ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("holding", "status"), [("administrator", 200), ("auditor", 200), ("editor", 403), ("finance", 403)]
)
def test_who_may_see_the_log_sees_its_alerts(client, alert, holding, status):
    client.force_login(MembershipFactory(account=alert.account, holding=holding).person)

    for address in (reverse("alerts", args=[alert.account.slug]), page("alert", alert)):
        assert client.get(address).status_code == status


@pytest.mark.rule(4)
def test_an_alert_of_another_account_is_not_found(client, alert):
    other = BusinessAccountFactory()
    client.force_login(other.owner)

    for name in ("alert", "acknowledge_alert", "reopen_alert", "freeze_from_alert"):
        assert client.get(page(name, alert)).status_code == 404
        assert client.get(reverse(name, args=[other.slug, alert.pk])).status_code == 404
        assert client.post(reverse(name, args=[other.slug, alert.pk]), {"note": "x"}).status_code == 404


def test_an_account_without_alerts_says_so(client):
    account = BusinessAccountFactory()
    client.force_login(account.owner)

    assert "No alerts" in client.get(reverse("alerts", args=[account.slug])).content.decode()


def test_the_list_is_searched_and_narrowed(client, alert, anna):
    quiet = AlertFactory(account=alert.account, rule="dormant_member", severity="low", facts={"idle": 93})
    AlertFactory(account=alert.account, rule="mass_export", facts={"exports": 7, "hours": 24}, acknowledged=True)
    AlertFactory()

    def shown(**query):
        response = client.get(reverse("alerts", args=[alert.account.slug]), query)
        return {row.pk for row in response.context["page_obj"]}

    assert shown() == {alert.pk, quiet.pk}
    assert shown(severity="low") == {quiet.pk}
    assert shown(rule="unusual_sign_in") == {alert.pk}
    assert shown(q=quiet.concerns.name) == {quiet.pk}
    assert shown(q="not there") == {quiet.pk}  # a word of the rule's name
    assert shown(q="on a journey", state="all") == set(Alert.objects.acknowledged().values_list("pk", flat=True))
    assert len(shown(state="all")) == 3
    assert shown(q="nobody at all") == set()
    assert shown(severity="'; --", rule="x", state="y") == {alert.pk, quiet.pk}


def test_the_list_is_paged_with_the_gravest_first(client, alert, anna):
    for _number in range(30):
        AlertFactory(account=alert.account, severity="low", rule="dormant_member", concerns=None)

    first = client.get(reverse("alerts", args=[alert.account.slug]))
    last = client.get(reverse("alerts", args=[alert.account.slug]), {"page": "2"})

    assert (len(first.context["page_obj"]), len(last.context["page_obj"])) == (25, 6)
    assert first.context["page_obj"][0] == alert


def test_an_alert_shows_why_and_by_which_events(client):
    eddie = MembershipFactory(person__name="Eddie")
    morning = days_of_work(eddie.person)
    sign_in(eddie.person, morning - dt.timedelta(hours=6), ABROAD, STRANGE)
    the_watch_reads()
    client.force_login(eddie.account.owner)

    shown = client.get(page("alert", Alert.objects.get())).content.decode()

    assert "The network 192.0.2.0/24 was never used by this person" in shown
    assert "It was 03:00 where this person lives" in shown
    assert "Eddie signed in" in shown
    assert ABROAD in shown
    assert "HOME" not in shown


def test_the_events_of_the_account_lead_into_its_log(client, alert, anna):
    number = write(alert.account, 3)
    Alert.objects.filter(pk=alert.pk).update(events=[[f"account/{alert.account_id}", number], ["account/999999", 1]])

    shown = client.get(page("alert", alert)).content.decode()

    assert reverse("event", args=[alert.account.slug, number]) in shown


def test_events_of_another_account_lead_nowhere(client, alert, anna):
    other = BusinessAccountFactory()
    number = write(other, 3)
    Alert.objects.filter(pk=alert.pk).update(events=[[f"account/{other.pk}", number]])

    shown = client.get(page("alert", alert)).content.decode()

    assert reverse("event", args=[alert.account.slug, number]) not in shown


def test_the_open_alerts_stand_in_the_navigation_and_on_the_dashboards(client, alert, anna):
    overview = client.get(alert.account.get_absolute_url())
    home = client.get(reverse("dashboard")).content.decode()

    assert alert.words in overview.content.decode()
    [line] = [row for row in overview.context["account_nav"]() if str(row["label"]) == "Alerts"]
    assert (line["count"], line["tone"]) == (1, "warn")
    assert "1 open alert" in home


def test_an_auditor_sees_the_count_and_nothing_of_the_team(client, alert):
    client.force_login(MembershipFactory(account=alert.account, holding="auditor").person)

    lines = {str(row["label"]): row for row in client.get(page("alert", alert)).context["account_nav"]()}

    assert lines["Alerts"]["count"] == 1
    assert "Team" not in lines


# --- Answering --------------------------------------------------------------------------------------------------------
def test_an_alert_is_acknowledged_with_a_note_and_reopened(client, alert, anna):
    client.post(page("acknowledge_alert", alert), {"note": "It was Eddie, at his sister’s."})

    alert.refresh_from_db()
    assert (alert.state, alert.note, alert.answered_by) == ("acknowledged", "It was Eddie, at his sister’s.", anna)
    assert "at his sister’s" in client.get(page("alert", alert)).content.decode()

    client.post(page("reopen_alert", alert), {"reason": "She denies it"})

    alert.refresh_from_db()
    assert (alert.state, alert.note, alert.answered_by) == ("open", "", None)
    told = Event.objects.about(alert)
    assert [(event.name, event.parts["reason"]) for event in told] == [
        ("alert.acknowledged", "It was Eddie, at his sister’s."), ("alert.reopened", "She denies it"),
    ]  # fmt: skip


def test_a_note_is_needed(client, alert, anna):
    response = client.post(page("acknowledge_alert", alert), {"note": "  "})

    assert response.status_code == 422
    alert.refresh_from_db()
    assert alert.is_open


@pytest.mark.parametrize("name", ["acknowledge_alert", "reopen_alert", "freeze_from_alert"])
def test_who_only_reads_the_log_can_do_nothing_about_it(client, alert, name):
    client.force_login(MembershipFactory(account=alert.account, holding="auditor").person)

    response = client.post(page(name, alert), {"note": "fine"})

    assert response.status_code == 403
    assert "manage the team" in response.content.decode()
    alert.refresh_from_db()
    assert alert.is_open


def test_nobody_puts_away_an_alert_about_themselves(client, alert, anna):
    Alert.objects.filter(pk=alert.pk).update(concerns=anna)

    response = client.post(page("acknowledge_alert", alert), {"note": "all is well"})

    assert response.status_code == 422
    assert "This alert is about you" in response.content.decode()
    alert.refresh_from_db()
    assert alert.is_open
    assert Event.objects.about(alert).get().result == "refused"


def test_who_alone_manages_the_team_may_look_at_an_alert_about_themselves():
    alert = AlertFactory()
    olga = alert.account.owner
    Alert.objects.filter(pk=alert.pk).update(concerns=olga)

    assert not actions.acknowledge(alert=alert, note="It was me", by=olga).is_open


def test_of_two_who_acknowledge_at_once_the_second_is_told(alert):
    actions.acknowledge(alert=alert, note="one", by=alert.account.owner)

    with pytest.raises(ChangedMeanwhile):
        actions.acknowledge(alert=alert, note="two", by=alert.account.owner)


def test_the_person_of_an_alert_is_not_told_of_it(client, alert):
    eddie = alert.concerns
    actions.acknowledge(alert=alert, note="Watch him", by=alert.account.owner)
    client.force_login(eddie)

    assert not Event.objects.filter(about_id=eddie.pk, name__startswith="alert.").exists()
    assert alert.words not in client.get(reverse("my_activity")).content.decode()


# --- Acting from it ---------------------------------------------------------------------------------------------------
def test_one_click_freezes_the_account(client, alert, anna):
    response = client.post(page("freeze_from_alert", alert))

    account = BusinessAccount.objects.get(pk=alert.account_id)
    assert response.status_code == 302
    assert account.frozen_by == anna
    assert alert.words in account.frozen_because
    assert "The account is frozen" in client.get(page("alert", alert)).content.decode()
    assert client.post(page("freeze_from_alert", alert)).status_code == 422


def test_the_member_of_an_alert_is_one_step_away_from_being_suspended_or_signed_out(client, alert, anna):
    eddie = Membership.objects.get(account=alert.account, person=alert.concerns)
    shown = client.get(page("alert", alert)).content.decode()

    for name in ("suspend_member", "end_member_sessions"):
        assert reverse(name, args=[alert.account.slug, eddie.pk]) in shown
    client.post(reverse("suspend_member", args=[alert.account.slug, eddie.pk]), {"reason": "the alert"})

    shown = client.get(page("alert", alert)).content.decode()
    assert reverse("suspend_member", args=[alert.account.slug, eddie.pk]) not in shown
    assert "is suspended" in shown


# --- Mail -------------------------------------------------------------------------------------------------------------
def test_a_grave_alert_is_mailed_at_once_and_the_others_come_later(client):
    eddie = MembershipFactory(person__name="Eddie")
    olga = eddie.account.owner
    morning = days_of_work(eddie.person)
    sign_in(eddie.person, morning - dt.timedelta(hours=6), ABROAD, STRANGE)

    the_watch_reads()

    notice = Notice.objects.get(person=olga)
    assert (notice.kind, notice.channel) == ("alert_high", "at_once")
    assert notice.get_absolute_url() == page("alert", Alert.objects.get())
    assert mails_to(olga) == [f"An unusual sign-in as Eddie · {eddie.account.name}"]
    assert not Notice.objects.filter(person=eddie.person).exists()


def test_a_muted_or_unknown_rule_does_not_break_the_pages(client, alert, anna):
    Alert.objects.filter(pk=alert.pk).update(rule="gone", facts={"x": 1})

    assert client.get(page("alert", alert)).status_code == 200
    assert client.get(reverse("alerts", args=[alert.account.slug])).status_code == 200


def test_a_fact_that_is_missing_reads_as_a_dash(client, alert, anna):
    Alert.objects.filter(pk=alert.pk).update(rule="mass_export", facts={})

    assert "exported – times within – hours" in client.get(page("alert", alert)).content.decode()


def test_an_alert_of_a_closed_account_is_not_answered(alert):
    BusinessAccount.objects.filter(pk=alert.account_id).update(closed_at=timezone.now())

    with pytest.raises((ChangedMeanwhile, PolicyViolation)):
        actions.acknowledge(alert=alert, note="x", by=alert.account.owner)
