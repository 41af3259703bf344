"""Rows for tests: whole and valid, by plain sequences, so that a failure can be run again. History comes from actions.

One cast everywhere: Olga owns, Anna administers, Eddie edits, Stella is a stranger.
"""

import datetime as dt

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from invitations.models import Invitation
from invitations.tokens import hash_of, token_for
from teams.actions.grants import write_grants
from teams.models import AssetGrant, Membership, Offboarding, OwnershipOffer, Receipt, Role

PASSWORD = "a long enough sentence 4 tests"


class PersonFactory(DjangoModelFactory):
    """A person with a verified address and PASSWORD."""

    class Meta:
        model = Person
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    name = factory.Sequence(lambda number: f"Person {number}")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))

    @factory.post_generation
    def verified(self, create, extracted, **kwargs):
        if extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class BusinessAccountFactory(DjangoModelFactory):
    """A business account with its policy, and its owner seated (rule 3)."""

    class Meta:
        model = BusinessAccount
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Brand {number}")
    slug = factory.Sequence(lambda number: f"brand-{number}")
    kind = BusinessAccount.Kind.BUSINESS
    owner = factory.SubFactory(PersonFactory)

    @factory.post_generation
    def policy_and_seat(self, create, extracted, **kwargs):
        SecurityPolicy.objects.create(account=self, **(extracted or {}))
        role = Role.objects.built_in("owner")
        Membership.objects.create(account=self, person=self.owner, role=role, confirmed_at=timezone.now())


class RoleFactory(DjangoModelFactory):
    """A role that an account made: it reads the numbers and answers comments."""

    class Meta:
        model = Role

    account = factory.SubFactory(BusinessAccountFactory)
    code = factory.Sequence(lambda number: f"own-{number}")
    name = factory.Sequence(lambda number: f"Own role {number}")
    held = factory.LazyFunction(lambda: ["reply_comments", "view_account", "view_analytics"])


class MembershipFactory(DjangoModelFactory):
    """A whole, valid member of a business account with an owner. `holding` names the built-in role."""

    class Meta:
        model = Membership

    class Params:
        holding = "editor"
        suspended = factory.Trait(state="suspended", suspended_at=factory.LazyFunction(timezone.now))
        ended = factory.Trait(state="ended", ended_at=factory.LazyFunction(timezone.now))
        unconfirmed = factory.Trait(confirmed_at=None)

    account = factory.SubFactory(BusinessAccountFactory)
    person = factory.SubFactory(PersonFactory)
    role = factory.LazyAttribute(lambda member: Role.objects.built_in(member.holding))
    confirmed_at = factory.LazyFunction(timezone.now)


class AssetFactory(DjangoModelFactory):
    """A TikTok profile in use."""

    class Meta:
        model = Asset

    account = factory.SubFactory(BusinessAccountFactory)
    name = factory.Sequence(lambda number: f"Profile {number}")
    handle = factory.Sequence(lambda number: f"@profile{number}")


class InvitationFactory(DjangoModelFactory):
    """An open invitation as Editor, sent by the account's owner."""

    class Meta:
        model = Invitation
        skip_postgeneration_save = True

    class Params:
        holding = "editor"
        expired = factory.Trait(expires_at=factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1)))

    account = factory.SubFactory(BusinessAccountFactory)
    address = factory.Sequence(lambda number: f"invited{number}@example.com")
    role = factory.LazyAttribute(lambda offer: Role.objects.built_in(offer.holding))
    invited_by = factory.LazyAttribute(lambda offer: offer.account.owner)
    expires_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=7))

    @factory.post_generation
    def link(self, create, extracted, **kwargs):
        self.token_hash = hash_of(token_for(self.pk, self.sending))
        self.save(update_fields=["token_hash"])


class OwnershipOfferFactory(DjangoModelFactory):
    """An open offer of the ownership to a member."""

    class Meta:
        model = OwnershipOffer

    account = factory.SubFactory(BusinessAccountFactory)
    offered_by = factory.LazyAttribute(lambda offer: offer.account.owner)
    person = factory.LazyAttribute(lambda offer: MembershipFactory(account=offer.account).person)


class ReceiptFactory(DjangoModelFactory):
    """The receipt of an editor who was offboarded by the account's owner."""

    class Meta:
        model = Receipt

    account = factory.SubFactory(BusinessAccountFactory)
    membership = factory.LazyAttribute(lambda receipt: MembershipFactory(account=receipt.account, ended=True))
    offboarding = factory.LazyAttribute(
        lambda receipt: Offboarding.objects.create(person=receipt.membership.person, by=receipt.account.owner)
    )
    statement = factory.LazyAttribute(
        lambda receipt: {
            "person": {"id": 0, "name": str(receipt.membership.person), "address": receipt.membership.person.email},
            "account": {"id": receipt.account.pk, "name": receipt.account.name},
            "by": {"id": receipt.account.owner_id, "name": str(receipt.account.owner)},
            "at": "2026-11-01T12:00:00.000000Z",
            "reason": "Left the company",
            "ended": {
                "role": receipt.membership.role.as_event(), "state": "active", "grants": [], "offers": 0, "others": {},
                "sessions": 0, "password": "kept", "joined_at": "2026-10-01T12:00:00.000000Z", "ends_at": None,
            },
            "checked": [{"what": "Memberships", "field": "teams.Membership.person", "found": 0}],
        }
    )  # fmt: skip


def owner_of(account: BusinessAccount) -> Membership:
    """Return the owner's membership."""
    return Membership.objects.get(account=account, person=account.owner)


def grant(membership: Membership, asset: Asset, *codes: str) -> list[AssetGrant]:
    """Grant permissions on one asset of the membership's account."""
    write_grants(membership, asset, codes)
    return list(AssetGrant.objects.filter(membership=membership, content_object=asset))


def token_of(invitation: Invitation) -> str:
    """Return the token of the invitation's present link."""
    return token_for(invitation.pk, invitation.sending)
