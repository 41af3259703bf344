"""The demo's past: made by the real commands, whole, and never on a real portal."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Asset, BusinessAccount, Person
from audit.models import Event
from audit.verification import verify
from invitations.models import Invitation
from oversight.demo.cast import PASSWORD
from teams.models import Membership, OwnershipOffer
from teams.permissions import BUILT_IN


def test_the_demo_shows_every_role_and_state_and_its_record_holds(fresh_database, settings, capsys):
    settings.DEBUG = True

    call_command("seed_demo")
    told = capsys.readouterr()
    people, events = Person.objects.count(), Event.objects.count()
    call_command("seed_demo")

    assert (Person.objects.count(), Event.objects.count()) == (people, events)
    assert 35 <= people <= 50
    assert set(Membership.objects.values_list("role__code", flat=True)) == set(BUILT_IN)
    assert set(Membership.objects.values_list("state", flat=True)) == set(Membership.State.values)
    assert set(Invitation.objects.values_list("state", flat=True)) == set(Invitation.State.values)
    assert Invitation.objects.expired().exists()
    assert Invitation.objects.undelivered().exists()
    assert Membership.objects.to_confirm().exists()
    assert set(BusinessAccount.objects.values_list("kind", flat=True)) == {"standard", "business"}
    assert set(Asset.objects.values_list("kind", flat=True)) == set(Asset.Kind.values)
    assert OwnershipOffer.objects.open().count() == 1
    assert Event.objects.filter(result="refused").exists()
    assert [verdict.broken for verdict in verify() if verdict.broken] == []
    assert not Event.objects.filter(canonical__contains=PASSWORD).exists()
    lines = told.out.splitlines()
    assert len(lines) >= 8
    assert all(line.count(" / ") == 2 for line in lines)


@pytest.mark.django_db
def test_a_real_portal_gets_no_demo(settings):
    settings.DEBUG = settings.EMBEDDED = False

    with pytest.raises(CommandError, match="embedded or debug setting only"):
        call_command("seed_demo")

    assert not Person.objects.exists()
