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
from accounts.sealing import seal
from audit.models import Verification
from invitations.models import Import, ImportRow, Invitation
from invitations.tokens import hash_of, token_for
from logins.models import ChangeTask, Knower, SharedLogin
from oversight.models import LogExport, SavedView
from reviews.models import Campaign, Item, Schedule
from reviews.reports import statement_of
from reviews.snapshots import see
from streams.messages import SEALED_FOR, new_secret
from streams.models import Delivery, Stream
from teams.actions.grants import write_grants
from teams.engagements import key_of
from teams.models import (
    AccessRequest,
    AssetGrant,
    AssetGroup,
    EndedEngagement,
    FactorReset,
    Membership,
    Offboarding,
    OwnershipClaim,
    OwnershipOffer,
    PendingAct,
    PeopleGroup,
    Receipt,
    Role,
    Succession,
)
from teams.packing import packed
from watching.models import Alert

PASSWORD = "a long enough sentence 4 tests"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
# The form of an account's policy, filled in whole.
POLICY_FORM = {
    "second_factor": "nobody",
    "second_factor_kinds": "any",
    "confirmation": "after",
    "most_administrators": 5,
    "invitation_days": 7,
    "probation_days": 0,
    "claim_days": 14,
}


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
        now = timezone.now()
        Membership.objects.create(
            account=self,
            person=self.owner,
            lasting_role=role,
            confirmed_at=now,
            administers_since=now - dt.timedelta(days=365),
        )


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
        rename = {"role": "lasting_role"}

    class Params:
        holding = "editor"
        suspended = factory.Trait(state="suspended", suspended_at=factory.LazyFunction(timezone.now))
        ended = factory.Trait(state="ended", ended_at=factory.LazyFunction(timezone.now))
        unconfirmed = factory.Trait(confirmed_at=None)

    account = factory.SubFactory(BusinessAccountFactory)
    person = factory.SubFactory(PersonFactory)
    role = factory.LazyAttribute(lambda member: Role.objects.built_in(member.holding))
    confirmed_at = factory.LazyFunction(timezone.now)
    administers_since = factory.LazyAttribute(
        lambda member: timezone.now() - dt.timedelta(days=365) if member.role.administers else None
    )


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


class FactorResetFactory(DjangoModelFactory):
    """An open reset of a member's second factor, asked for by the owner `hours` ago, with 48 hours to wait."""

    class Meta:
        model = FactorReset

    hours = 0
    account = factory.SubFactory(BusinessAccountFactory, policy_and_seat={"second_factor": "everyone"})
    person = factory.LazyAttribute(lambda reset: locked_out_in(reset.account).person)
    asked_by = factory.LazyAttribute(lambda reset: reset.account.owner)
    reason = "Lost the phone on a train"
    asked_at = factory.LazyFunction(timezone.now)
    ripe_at = factory.LazyAttribute(lambda reset: reset.asked_at + dt.timedelta(hours=48))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        hours = kwargs.pop("hours", 0)
        reset = super()._create(model_class, *args, **kwargs)
        return waited(reset, dt.timedelta(hours=hours)) if hours else reset


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


class StreamFactory(DjangoModelFactory):
    """A webhook that begins with the first event, its secret made. Nobody answers at its address."""

    class Meta:
        model = Stream

    account = factory.SubFactory(BusinessAccountFactory)
    label = factory.Sequence(lambda number: f"Log system {number}")
    address = "https://logs.example.com/in"
    secret = factory.LazyFunction(lambda: seal(new_secret(), purpose=SEALED_FOR))


class LogExportFactory(DjangoModelFactory):
    """An export of the whole log that waits for a worker, asked for by the owner."""

    class Meta:
        model = LogExport

    account = factory.SubFactory(BusinessAccountFactory)
    person = factory.LazyAttribute(lambda export: export.account.owner)
    name = "northwind-activity-2026-01-01.csv"
    kind = "csv"
    before = 1_000_000


class SavedViewFactory(DjangoModelFactory):
    """A view of the log that the owner saved: what was refused."""

    class Meta:
        model = SavedView

    account = factory.SubFactory(BusinessAccountFactory)
    person = factory.LazyAttribute(lambda view: view.account.owner)
    name = factory.Sequence(lambda n: f"Refused {n}")
    asks = factory.LazyFunction(lambda: {"result": "refused"})


class DeliveryFactory(DjangoModelFactory):
    """A batch that was put aside."""

    class Meta:
        model = Delivery

    stream = factory.SubFactory(StreamFactory)
    first = 1
    last = 2
    state = "parked"
    tries = 6
    problem = "It answered 500."
    tried_at = factory.LazyFunction(timezone.now)


class CampaignFactory(DjangoModelFactory):
    """A review of everybody that the account's owner started, with a week left."""

    class Meta:
        model = Campaign

    class Params:
        closed = factory.Trait(state="closed", closed_at=factory.LazyFunction(timezone.now))
        overdue = factory.Trait(deadline=factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1)))

    account = factory.SubFactory(BusinessAccountFactory)
    name = factory.Sequence(lambda number: f"Review {number}")
    started_by = factory.LazyAttribute(lambda campaign: campaign.account.owner)
    silence_by = factory.LazyAttribute(lambda campaign: campaign.account.owner)
    started_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=7))
    deadline = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=7))


class ReviewItemFactory(DjangoModelFactory):
    """An editor's access that the account's owner has to decide on."""

    class Meta:
        model = Item

    campaign = factory.SubFactory(CampaignFactory)
    membership = factory.SubFactory(MembershipFactory, account=factory.SelfAttribute("..campaign.account"))
    snapshot = factory.LazyAttribute(lambda item: _seen(item.membership))
    must_decide = True
    why = factory.LazyFunction(lambda: ["new"])
    suggestion = "keep"
    suggestion_reason = "Nothing of it is known to be unused."
    reviewer = factory.LazyAttribute(lambda item: item.campaign.account.owner)
    decided_at = factory.LazyAttribute(lambda item: timezone.now() if getattr(item, "decision", "") else None)


class ReviewScheduleFactory(DjangoModelFactory):
    """A schedule by which a review should have started an hour ago."""

    class Meta:
        model = Schedule

    account = factory.SubFactory(BusinessAccountFactory)
    set_by = factory.LazyAttribute(lambda schedule: schedule.account.owner)
    next_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1))


def closed_review_in(account: BusinessAccount) -> Campaign:
    """Return a closed review of an account with its report; one access in it was kept."""
    campaign = CampaignFactory(account=account, closed=True)
    kept = {"decision": "keep", "decided_by": account.owner, "reason": "Still needed"}
    item = ReviewItemFactory(campaign=campaign, **kept)
    campaign.report = statement_of(campaign, [item], by=account.owner, at=campaign.closed_at)
    campaign.save(update_fields=["report"])
    return campaign


def _seen(membership: Membership) -> dict:
    """What a review saw of an access."""
    row = Membership.objects.with_roles("person", "sponsor").with_second_factor().get(pk=membership.pk)
    return see(membership.account, [row])[0].snapshot


def with_plan(account: BusinessAccount, *, days: float = 3, **given) -> BusinessAccount:
    """Let a change of the account's policy be planned, by the owner: a second factor from everybody, in so many days."""
    now = timezone.now()
    wanted = {
        "planned": {"second_factor": "everyone"}, "planned_from": now + dt.timedelta(days=days), "planned_at": now,
        "planned_by": account.owner, "planned_reason": "A password leaked", **given,
    }  # fmt: skip
    SecurityPolicy.objects.filter(account=account).update(**wanted)
    account.policy = SecurityPolicy.objects.get(account=account)
    return account


class PendingActFactory(DjangoModelFactory):
    """A change of role to administrator that an administrator asked for, waiting for a second person."""

    class Meta:
        model = PendingAct

    account = factory.SubFactory(BusinessAccountFactory)
    person = factory.LazyAttribute(lambda act: MembershipFactory(account=act.account, holding="administrator").person)
    act = "administrator"
    does = "change_role"
    arguments = factory.LazyAttribute(
        lambda act: packed({
            "membership": MembershipFactory(account=act.account), "role": Role.objects.built_in("administrator"),
            "reason": "",
        })
    )  # fmt: skip
    says = ["Eddie: Editor → Administrator"]
    way = "approve"
    asked_at = factory.LazyFunction(timezone.now)
    ripe_at = factory.LazyAttribute(lambda act: act.asked_at + dt.timedelta(hours=24) if act.way == "delay" else None)
    expires_at = factory.LazyAttribute(lambda act: (act.ripe_at or act.asked_at) + dt.timedelta(days=7))


def older(pending: PendingAct, by: dt.timedelta) -> PendingAct:
    """Let an act have waited so much longer. Only the owner of the tables can: the trigger refuses it otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what still waits to be checked would forbid the next line
        cursor.execute("ALTER TABLE teams_pendingact DISABLE TRIGGER pending_act_keeps_its_time")
        cursor.execute(
            "UPDATE teams_pendingact SET asked_at = asked_at - %s, ripe_at = ripe_at - %s, expires_at = expires_at - %s,"
            " recorded_at = recorded_at - %s, approved_at = approved_at - %s WHERE id = %s",
            [by, by, by, by, by, pending.pk],
        )
        cursor.execute("ALTER TABLE teams_pendingact ENABLE TRIGGER pending_act_keeps_its_time")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    pending.refresh_from_db()
    return pending


def claimant_in(account: BusinessAccount, **given) -> Membership:
    """Return a member who may claim the ownership: long in the account, with a second factor."""
    member = MembershipFactory(
        **{"account": account, "holding": "administrator", "joined_at": timezone.now() - dt.timedelta(days=60), **given}
    )
    TOTP.activate(member.person, TOTP_SECRET)
    return member


def locked_out_in(account: BusinessAccount, **given) -> Membership:
    """Return a member with a second factor, in an account whose owner has one, too."""
    for person in (account.owner, (member := MembershipFactory(account=account, **given)).person):
        with_factor(person)
    return member


def with_factor(person: Person) -> Person:
    """Give a person a second factor, unless there is one."""
    if not person.authenticator_set.exists():
        TOTP.activate(person, TOTP_SECRET)
    return person


def waited(reset: FactorReset, by: dt.timedelta) -> FactorReset:
    """Let a reset be so much older. Only the owner of the tables can: the trigger refuses it to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what still waits to be checked would forbid the next line
        cursor.execute("ALTER TABLE teams_factorreset DISABLE TRIGGER reset_keeps_its_time")
        cursor.execute(
            "UPDATE teams_factorreset SET asked_at = asked_at - %(by)s, ripe_at = ripe_at - %(by)s,"
            " recorded_at = recorded_at - %(by)s WHERE id = %(id)s",
            {"by": by, "id": reset.pk},
        )
        cursor.execute("ALTER TABLE teams_factorreset ENABLE TRIGGER reset_keeps_its_time")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    reset.refresh_from_db()
    return reset


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


class VerificationFactory(DjangoModelFactory):
    """A good check of the record `hours` ago, against a checkpoint that was `checkpoint_hours` old then."""

    class Meta:
        model = Verification

    class Params:
        hours = 1
        checkpoint_hours = 1

    events = 1_234
    chains = 56
    checkpoint = 7
    outcome = Verification.Outcome.HOLDS
    at = factory.LazyAttribute(lambda row: timezone.now() - dt.timedelta(hours=row.hours))
    checkpoint_at = factory.LazyAttribute(lambda row: row.at - dt.timedelta(hours=row.checkpoint_hours))


class AlertFactory(DjangoModelFactory):
    """An open alert about a member who signed in at night."""

    class Meta:
        model = Alert

    class Params:
        acknowledged = factory.Trait(
            state="acknowledged",
            note="It was her, on a journey.",
            answered_by=factory.SelfAttribute("account.owner"),
            answered_at=factory.LazyFunction(timezone.now),
        )

    account = factory.SubFactory(BusinessAccountFactory)
    rule = "unusual_sign_in"
    severity = "high"
    concerns = factory.LazyAttribute(lambda alert: MembershipFactory(account=alert.account).person)
    subject = factory.LazyAttribute(lambda alert: f"person/{alert.concerns.pk}" if alert.concerns else "record")
    window = factory.Sequence(lambda number: f"person/1:{number}")
    facts = factory.LazyFunction(
        lambda: {"network": "192.0.2.0/24", "hour": "03:12", "browser": True, "points": 6, "limit": 5, "known": 40}
    )
    happened_at = factory.LazyFunction(timezone.now)
    quiet_until = factory.LazyAttribute(lambda alert: alert.happened_at + dt.timedelta(hours=12))
