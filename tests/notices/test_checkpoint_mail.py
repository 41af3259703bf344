"""The checkpoint of the week, by mail to owners who chose it: proof that no portal can take back (AU7)."""

import datetime as dt
import re

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from accessportal.embedded.paths import storage_of
from accounts.actions import check_record, mind_record, note_silence
from accounts.models import OutgoingMail
from audit.checkpoints import read
from audit.models import Event
from audit.recording import SYSTEM
from notices import tasks
from notices.models import Choice, Notice
from tests.audit.test_checkpoints import KEY, ORIGIN, OURS, cut
from tests.audit.test_record import seated_account, write
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.post import the_post_goes_out
from tests.together import at_once, committed

pytestmark = [pytest.mark.rule(16), pytest.mark.requirement("AU7")]
PAGE = "/profile/notices/"


@pytest.fixture
def kept(settings, tmp_path):
    settings.CHECKPOINT_KEY, settings.CHECKPOINT_ORIGIN = KEY, ORIGIN
    settings.STORAGES = {**settings.STORAGES, "checkpoints": storage_of("CHECKPOINT_STORE", str(tmp_path / "store"))}


@pytest.fixture
def account(fresh_database, kept):
    """An account whose owner chose the mail, beside another whose owner did not, in a portal with a checkpoint."""
    account, other = seated_account(), seated_account()
    write(account, 3)
    write(other, 2)
    committed(lambda: Choice.objects.create(person=account.owner, kind="checkpoint", channel="weekly"))
    mind_record()
    return account


def mailed(account):
    """Do what beat and worker do; return the mails to the owner of an account that are new."""
    known = len(mail.outbox)
    tasks.mail_checkpoints()
    the_post_goes_out()
    return [message for message in mail.outbox[known:] if message.to == [account.owner.email]]


@pytest.mark.django_db
def test_nobody_is_mailed_who_has_not_chosen_it_and_choosing_is_one_act(client, kept):
    olga = BusinessAccountFactory().owner
    mind_record()
    client.force_login(olga)
    page = client.get(PAGE).content.decode()

    assert "Proof that you keep" in page
    assert re.search(r'name="checkpoint" value="never"[^>]* checked', page)
    assert tasks.mail_checkpoints() is None
    assert not OutgoingMail.objects.exists()
    assert client.post(PAGE, {"checkpoint": "at_once"}).status_code == 422
    assert client.post(PAGE, {"checkpoint": "weekly"}).status_code == 302
    assert Event.objects.of(olga).named("person.notices_chosen").get().parts["after"] == {"checkpoint": "weekly"}
    assert re.search(r'name="checkpoint" value="weekly"[^>]* checked', client.get(PAGE).content.decode())


def test_every_week_the_owner_gets_a_checkpoint_that_an_auditor_can_hold_the_record_against(
    account, tmp_path, as_owner, capsys
):
    [message] = mailed(account)
    again = mailed(account)
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1)):
        mind_record()
        a_week_later = mailed(account)

    assert again == []
    assert len(a_week_later) == 1
    assert len(mail.outbox) == 2  # the other owner got none
    assert "held 3 events" in message.body
    assert str(OURS.verifier) in message.body
    text = re.search(r"accessportal-chain/v1\n.*?\n\n.*?\n\n— .*?\n", message.body, re.DOTALL)[0]
    alone = read(text, keys=[OURS.verifier])
    assert [(head.chain, head.length) for head in alone.heads] == [(f"account/{account.pk}", 3)]
    file = tmp_path / "from the mail"
    file.write_text(text)
    call_command("verify_audit", checkpoint=str(file), public_key=str(OURS.verifier))
    cut(as_owner, account, 2)
    with pytest.raises(CommandError):
        call_command("verify_audit", checkpoint=str(file), public_key=str(OURS.verifier))
    assert f"BROKEN account/{account.pk} at event 3: it was there at the checkpoint" in capsys.readouterr().err


def test_it_names_no_other_chain(account):
    [message] = mailed(account)

    for text in (message.body, message.alternatives[0][0]):
        assert set(re.findall(r"\b(?:account|person|portal)/\d+", text)) == {f"account/{account.pk}"}


def test_it_is_dropped_for_who_is_owner_no_more_or_chose_otherwise_meanwhile(account):
    tasks.mail_checkpoints()
    Choice.objects.filter(person=account.owner).update(channel="never")

    the_post_goes_out()

    assert mail.outbox == []
    assert OutgoingMail.objects.get(kind="checkpoint").state == "dropped"
    Choice.objects.filter(person=account.owner).update(channel="weekly")
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        tasks.mail_checkpoints()
        type(account.owner).objects.filter(pk=account.owner.pk).update(email="new@example.com")
        the_post_goes_out()
    assert mail.outbox == []


def test_two_workers_at_once_post_it_once(account):
    at_once(*[tasks.mail_checkpoints for _worker in range(4)])

    assert OutgoingMail.objects.filter(kind="checkpoint").count() == 1


def test_a_store_that_cannot_be_read_is_a_failed_try_and_no_mail_without_proof(account, settings, tmp_path):
    tasks.mail_checkpoints()
    (tmp_path / "store" / "00000001.checkpoint").chmod(0o644)
    (tmp_path / "store" / "00000001.checkpoint").write_text("changed")

    the_post_goes_out()

    assert mail.outbox == []
    waits = OutgoingMail.objects.get(kind="checkpoint")
    assert (waits.state, waits.problem) == ("queued", "BadCheckpoint")


def test_without_checkpoints_nothing_is_posted(account, settings):
    settings.CHECKPOINT_KEY = ""

    tasks.mail_checkpoints()

    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_whoever_keeps_checkpoints_learns_of_silence_like_the_staff():
    staff, olga = PersonFactory(is_staff=True), BusinessAccountFactory().owner
    other, member = BusinessAccountFactory().owner, MembershipFactory().person
    for person in (olga, member):  # a member owns nothing, whatever they chose
        Choice.objects.create(person=person, kind="checkpoint", channel="weekly")

    note_silence(what="checkpoint", since=timezone.now(), by=SYSTEM)

    told = set(Notice.objects.filter(kind="record").values_list("person", "page"))
    assert told == {(staff.pk, "staff"), (olga.pk, "my_activity")}
    assert other.pk not in {person for person, _page in told}
    assert check_record() is not None
