"""Rows for tests: whole and valid, by plain sequences, so that a failure can be run again. History comes from actions.

One cast everywhere: Olga owns, Anna administers, Eddie edits, Stella is a stranger.
"""

import datetime as dt

import factory
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from invitations.models import Import, ImportRow, Invitation
from invitations.tokens import hash_of, token_for
from logins.models import ChangeTask, Knower, SharedLogin
from teams.actions.grants import write_grants
from teams.engagements import key_of
from teams.models import (
    AccessRequest,
    AssetGrant,
    AssetGroup,
    EndedEngagement,
    Membership,
    Offboarding,
    OwnershipClaim,
    OwnershipOffer,
    PeopleGroup,
    Receipt,
    Role,
    Succession,
)

PASSWORD = "a long enough sentence 4 tests"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"


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


class AssetGroupFactory(DjangoModelFactory):
    """A group with one asset in use."""

    class Meta:
        model = AssetGroup
        skip_postgeneration_save = True

    account = factory.SubFactory(BusinessAccountFactory)
    name = factory.Sequence(lambda number: f"Asset group {number}")

    @factory.post_generation
    def holds(self, create, extracted, **kwargs):
        self.assets.set([AssetFactory(account=self.account)] if extracted is None else extracted)


class PeopleGroupFactory(DjangoModelFactory):
    """A group with one editor in it."""

    class Meta:
        model = PeopleGroup
        skip_postgeneration_save = True

    account = factory.SubFactory(BusinessAccountFactory)
    name = factory.Sequence(lambda number: f"People group {number}")

    @factory.post_generation
    def holds(self, create, extracted, **kwargs):
        self.memberships.set([MembershipFactory(account=self.account)] if extracted is None else extracted)


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


class AccessRequestFactory(DjangoModelFactory):
    """An editor's open wish for the administrator's role."""

    class Meta:
        model = AccessRequest

    class Params:
        wanted = "administrator"

    account = factory.SubFactory(BusinessAccountFactory)
    membership = factory.LazyAttribute(lambda wish: MembershipFactory(account=wish.account))
    person = factory.LazyAttribute(lambda wish: wish.membership.person)
    role = factory.LazyAttribute(lambda wish: None if wish.asset else Role.objects.built_in(wish.wanted))
    asset = None
    reason = "Cover for Anna in August"


class ImportFactory(DjangoModelFactory):
    """A list of two people to invite as editors, that the account's owner uploaded and nobody has started."""

    class Meta:
        model = Import
        skip_postgeneration_save = True

    account = factory.SubFactory(BusinessAccountFactory)
    by = factory.LazyAttribute(lambda listing: listing.account.owner)
    file_name = "staff.csv"
    head = ["E-mail", "Role"]
    columns = factory.LazyFunction(lambda: {"address": 0, "role": 1, "message": None})
    total = 2

    @factory.post_generation
    def rows(self, create, extracted, fate="waiting", **kwargs):
        cells = extracted or [[f"listed{self.pk}-{number}@example.com", "Editor"] for number in range(2)]
        editor = Role.objects.built_in("editor")
        ImportRow.objects.bulk_create(
            ImportRow(
                source=self, number=number, typed=row, shown=row[0][:254], address=row[0][:254], role=editor, fate=fate
            )
            for number, row in enumerate(cells, 2)
        )


class OwnershipOfferFactory(DjangoModelFactory):
    """An open offer of the ownership to a member."""

    class Meta:
        model = OwnershipOffer

    account = factory.SubFactory(BusinessAccountFactory)
    offered_by = factory.LazyAttribute(lambda offer: offer.account.owner)
    person = factory.LazyAttribute(lambda offer: MembershipFactory(account=offer.account).person)


class OwnershipClaimFactory(DjangoModelFactory):
    """An open claim by an administrator who has a second factor, made `days` ago, with 14 days to wait."""

    class Meta:
        model = OwnershipClaim

    days = 0
    account = factory.SubFactory(BusinessAccountFactory)
    person = factory.LazyAttribute(lambda claim: claimant_in(claim.account).person)
    reason = "Nobody has heard of her since June"
    claimed_at = factory.LazyFunction(timezone.now)
    ripe_at = factory.LazyAttribute(lambda claim: claim.claimed_at + dt.timedelta(days=14))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        days = kwargs.pop("days", 0)
        claim = super()._create(model_class, *args, **kwargs)
        return aged(claim, dt.timedelta(days=days)) if days else claim


class ReceiptFactory(DjangoModelFactory):
    """The receipt of an editor who was offboarded by the account's owner."""

    class Meta:
        model = Receipt

    account = factory.SubFactory(BusinessAccountFactory)
    membership = factory.LazyAttribute(lambda receipt: MembershipFactory(account=receipt.account, ended=True))
    offboarding = factory.LazyAttribute(
        lambda receipt: Offboarding.objects.create(person=receipt.membership.person, by=receipt.account.owner)
    )
    statement = factory.LazyAttribute(lambda receipt: {**_the_act(receipt.account), **_of_one(receipt.membership)})


class EndedEngagementFactory(DjangoModelFactory):
    """The receipt of an agency's engagement with one editor, ended by the account's owner."""

    class Meta:
        model = EndedEngagement
        skip_postgeneration_save = True

    account = factory.SubFactory(BusinessAccountFactory)
    organisation = "Brightside"
    key = factory.LazyAttribute(lambda act: key_of(act.organisation))
    by = factory.LazyAttribute(lambda act: act.account.owner)

    @factory.post_generation
    def people(self, create, extracted, **kwargs):
        then = MembershipFactory(account=self.account, ended=True, kind="agency", organisation=self.organisation)
        self.members.add(then)
        self.statement = {
            **_the_act(self.account),
            "organisation": self.organisation, "spellings": [], "invitations": [], "checked": [],
            "people": [{**_of_one(then), "membership": then.pk}],
        }  # fmt: skip
        self.save(update_fields=["statement"])


def _the_act(account: BusinessAccount) -> dict:
    """What a receipt says of the act."""
    return {
        "account": {"id": account.pk, "name": account.name},
        "by": {"id": account.owner_id, "name": str(account.owner)},
        "at": "2026-11-01T12:00:00.000000Z",
        "reason": "Left the company",
    }


def _of_one(then: Membership) -> dict:
    """What a receipt says of one person."""
    return {
        "person": {"id": 0, "name": str(then.person), "address": then.person.email},
        "ended": {
            "role": then.role.as_event(), "state": "active", "grants": [], "offers": 0, "others": {},
            "sessions": 0, "password": "kept", "joined_at": "2026-10-01T12:00:00.000000Z", "ends_at": None,
        },
        "checked": [{"what": "Memberships", "field": "teams.Membership.person", "found": 0}],
    }  # fmt: skip


class SharedLoginFactory(DjangoModelFactory):
    """A shared login in use that nobody is noted to know."""

    class Meta:
        model = SharedLogin

    account = factory.SubFactory(BusinessAccountFactory, kind=BusinessAccount.Kind.STANDARD)
    label = factory.Sequence(lambda number: f"TikTok {number}")
    platform = "tiktok.com"
    username = "@brand"


class KnowerFactory(DjangoModelFactory):
    """Somebody who knows a shared login and may."""

    class Meta:
        model = Knower

    login = factory.SubFactory(SharedLoginFactory)
    name = factory.Sequence(lambda number: f"Knower {number}")
    address = factory.Sequence(lambda number: f"knower{number}@example.com")
    since_on = dt.date(2026, 1, 1)


class ChangeTaskFactory(DjangoModelFactory):
    """An open task to change a password; its next reminder is due."""

    class Meta:
        model = ChangeTask

    login = factory.SubFactory(SharedLoginFactory)
    opened_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=2))
    remind_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=1))


def claimant_in(account: BusinessAccount, **given) -> Membership:
    """Return a member who may claim the ownership: long in the account, with a second factor."""
    member = MembershipFactory(
        **{"account": account, "holding": "administrator", "joined_at": timezone.now() - dt.timedelta(days=60), **given}
    )
    TOTP.activate(member.person, TOTP_SECRET)
    return member


def aged(claim: OwnershipClaim, by: dt.timedelta) -> OwnershipClaim:
    """Let a claim be so much older. Only the owner of the tables can: the trigger refuses it to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what still waits to be checked would forbid the next line
        cursor.execute("ALTER TABLE teams_ownershipclaim DISABLE TRIGGER claim_keeps_its_time")
        cursor.execute(
            "UPDATE teams_ownershipclaim SET claimed_at = claimed_at - %s, ripe_at = ripe_at - %s, "
            "recorded_at = recorded_at - %s WHERE id = %s",
            [by, by, by, claim.pk],
        )
        cursor.execute("ALTER TABLE teams_ownershipclaim ENABLE TRIGGER claim_keeps_its_time")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    claim.refresh_from_db()
    return claim


def named_as_successor(membership: Membership) -> Membership:
    """Let a member be the successor whom the owner named."""
    sealed = Succession.seal(membership.account, membership.person)
    Succession.objects.update_or_create(account=membership.account, defaults={"sealed": sealed})
    return membership


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
