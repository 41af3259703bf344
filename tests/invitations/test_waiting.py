"""What waited for the lock decides by what stands after the wait, policy and owner included (rules 5, 9, 11, 12)."""

import pytest

from accounts.errors import PolicyViolation
from invitations import actions
from invitations.models import Invitation
from teams.models import Membership, Role
from tests.factories import BusinessAccountFactory, InvitationFactory, MembershipFactory, PersonFactory
from tests.together import committed, waiting_behind

LOCK = "SELECT FROM accounts_businessaccount WHERE id = %s FOR NO KEY UPDATE"
MOST_ADMINISTRATORS = "UPDATE accounts_securitypolicy SET most_administrators = %s WHERE account_id = %s"
CONFIRMATION = "UPDATE accounts_securitypolicy SET confirmation = %s WHERE account_id = %s"
DAYS = "UPDATE accounts_securitypolicy SET invitation_days = %s WHERE account_id = %s"


def invited(account, **given):
    invitation = committed(lambda: InvitationFactory(account=account, **given))
    return {"invitation": invitation, "by": committed(lambda: PersonFactory(email=invitation.address))}


@pytest.mark.rule(5)
@pytest.mark.rule(9)
def test_an_acceptance_that_waited_counts_administrators_by_the_new_policy(fresh_database, as_owner):
    account = committed(lambda: BusinessAccountFactory(policy_and_seat={"most_administrators": 2}))
    committed(lambda: MembershipFactory(account=account, holding="administrator"))
    given = invited(account, holding="administrator")

    change = [(LOCK, [account.pk]), (MOST_ADMINISTRATORS, [1, account.pk])]
    answer = waiting_behind(as_owner, change, lambda: actions.accept(**given))

    assert isinstance(answer, PolicyViolation)
    assert Membership.objects.current().filter(account=account).administering().count() == 2  # the owner among them


@pytest.mark.rule(11)
def test_an_acceptance_that_waited_asks_for_the_confirmation_that_was_just_switched_on(fresh_database, as_owner):
    account = committed(lambda: BusinessAccountFactory(policy_and_seat={"confirmation": "never"}))
    given = invited(account)

    change = [(LOCK, [account.pk]), (CONFIRMATION, ["before", account.pk])]
    membership = waiting_behind(as_owner, change, lambda: actions.accept(**given))

    assert membership.confirmed_at is None
    assert not given["by"].has_perm("view_account", account)


@pytest.mark.rule(9)
def test_an_invitation_that_waited_stays_open_as_long_as_the_new_policy_says(fresh_database, as_owner):
    account = committed(lambda: BusinessAccountFactory(policy_and_seat={"invitation_days": 30}))
    given = {"account": account, "address": "new@example.com", "role": Role.objects.built_in("editor")}

    change = [(LOCK, [account.pk]), (DAYS, [1, account.pk])]
    waiting_behind(as_owner, change, lambda: actions.invite(**given, by=account.owner))

    invitation = Invitation.objects.get(account=account)
    assert (invitation.expires_at - invitation.sent_at).days == 1


@pytest.mark.rule(9)
def test_an_acceptance_that_waited_for_a_transfer_of_the_ownership_still_joins(fresh_database, as_owner):
    account = committed(BusinessAccountFactory)
    anna = committed(lambda: MembershipFactory(account=account, holding="administrator"))
    given = invited(account)
    seats = "UPDATE teams_membership SET role_id = (SELECT id FROM teams_role WHERE account_id IS NULL AND code = %s)"

    change = [
        (LOCK, [account.pk]),
        (f"{seats} WHERE account_id = %s AND person_id = %s", ["administrator", account.pk, account.owner_id]),
        (f"{seats} WHERE id = %s", ["owner", anna.pk]),
        ("UPDATE accounts_businessaccount SET owner_id = %s WHERE id = %s", [anna.person_id, account.pk]),
    ]
    answer = waiting_behind(as_owner, change, lambda: actions.accept(**given))

    assert isinstance(answer, Membership)
