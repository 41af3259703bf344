"""The reading questions about roles, memberships, asset grants, ownership offers and claims, and receipts."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Lower, Now
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import MANAGE_TEAM
from accounts.querysets import LockableQuerySet

from .permissions import BUILT_IN

SOON = dt.timedelta(days=14)  # an end that a list calls soon


class RoleQuerySet(LockableQuerySet):
    """Roles: the built-in ones, and those that an account made."""

    def of(self, account: Any) -> Self:
        """Those that can be given in this account, the built-in ones first."""
        return self.ever_of(account).filter(retired_at=None)

    def ever_of(self, account: Any) -> Self:
        """Those of this account with the retired ones, which ended memberships and answered invitations still name."""
        return self.filter(Q(account=None) | Q(account=account)).order_by(
            F("account").asc(nulls_first=True), F("retired_at").asc(nulls_first=True), "position", "name", "pk"
        )

    def made_by(self, account: Any) -> Self:
        """Those in use that the account made itself."""
        return self.filter(account=account, retired_at=None)

    def now(self, pk: Any) -> Any:
        """Return one of these as it stands now. Raises ChangedMeanwhile when it is not among them any more.

        Whoever asks has locked the account: that keeps its roles as they are, and built-in ones never change.
        """
        from accounts.errors import ChangedMeanwhile  # errors speak of models, models are made of querysets

        if (role := self.filter(pk=pk).first()) is None:
            raise ChangedMeanwhile(_("This role is not in use any more. Choose again."))
        return role

    def with_holders(self, account: Any) -> Self:
        """Those of an account, with the number of its current members who hold each one as `holders`."""
        here = Q(memberships__account=account) & ~Q(memberships__state="ended")
        return self.of(account).annotate(holders=Count("memberships", filter=here))

    def built_in(self, code: str) -> Any:
        """Return the built-in role with this code. Raises Role.DoesNotExist."""
        return self.get(account=None, code=code)


class MembershipQuerySet(LockableQuerySet):
    """Memberships. Ended ones stay as history."""

    def current(self) -> Self:
        """Those that have not ended, suspended ones among them."""
        return self.exclude(state=self.model.State.ENDED)

    def held_by(self, person: Any) -> Self:
        """Those of a person that have not ended, in accounts that are open."""
        return self.current().filter(person=person, account__closed_at=None)

    def active(self, *, at: dt.datetime | None = None) -> Self:
        """Those that give power at `at` (now): not suspended, not past their end.

        What an account's policy asks beyond that (a confirmation, a second factor) only the check itself answers.
        """
        return self.filter(state=self.model.State.ACTIVE).exclude(ends_at__lte=at or timezone.now())

    def administering(self) -> Self:
        """Those whose role manages the team."""
        return self.filter(_administering())

    def holding(self, code: str) -> Self:
        """Those whose role holds a permission."""
        return self.filter(_holding(code))

    def with_power(self, policy: Any) -> Self:
        """Those that give power now under an account's policy: `active`, and with all that it asks for (rule 1)."""
        return self.active().exclude(self._blocked_by(policy))

    def blocked(self, policy: Any) -> Self:
        """Those that would give power, had the person what the account's policy asks for."""
        return self.active().filter(self._blocked_by(policy))

    def _blocked_by(self, policy: Any) -> Q:
        """What lacks the confirmation or the second factor that a policy asks for. The check says the same of one."""
        blocked = Q(confirmed_at=None) if policy.confirmation == policy.Confirmation.BEFORE else Q(pk__in=[])
        without_factor = Q(~Exists(self._factors()))
        match policy.second_factor:
            case policy.SecondFactor.EVERYONE:
                blocked |= without_factor
            case policy.SecondFactor.ADMINISTRATORS:
                blocked |= without_factor & _administering()
        return blocked

    def to_confirm(self) -> Self:
        """Those whose role an administrator is asked to confirm (rule 11), the longest waiting first."""
        return self.current().filter(confirmed_at=None).order_by("joined_at", "pk")

    def without_second_factor(self) -> Self:
        """Those whose person has neither a time code nor a passkey."""
        return self.exclude(person__authenticator__type__in=["totp", "webauthn"])

    def matching(self, text: str) -> Self:
        """Those whose person's name or address holds this text."""
        return self.filter(_named(text))

    def narrowed(self, wanted: Mapping[str, Any]) -> Self:
        """Those that fit the search, the role and the kind of the team page's filter."""
        rows = self.matching(wanted["q"])
        chosen = {name: wanted[name] for name in ("role", "kind") if wanted[name]}
        return rows.filter(**chosen)

    def listed(self, wanted: Mapping[str, Any], policy: Any) -> Self:
        """Those that the team page lists under its filter, with all that it shows, in its order."""
        rows = self.narrowed(wanted).in_state(wanted["state"], policy)
        return rows.for_team_page().in_order(wanted["sort"] or ("ends" if wanted["state"] == "ends_soon" else "name"))

    def with_second_factor(self) -> Self:
        """With `has_second_factor` on each row."""
        return self.annotate(has_second_factor=Exists(self._factors()))

    def _factors(self) -> models.QuerySet:
        from allauth.mfa.models import Authenticator  # an installed app's model: only there once the apps are loaded

        return Authenticator.objects.filter(user_id=OuterRef("person_id"), type__in=["totp", "webauthn"])

    def for_team_page(self) -> Self:
        """Every row with all that the page shows, in one query; the order is total, so paging is stable."""
        grants = self.model.asset_grants.rel.related_model.objects.filter(membership=OuterRef("pk")).order_by()
        assets = grants.values("membership").annotate(many=Count("content_object", distinct=True)).values("many")
        # A subquery, not a join: it is asked for the rows of the page alone, however many members there are.
        rows = self.select_related("person", "role", "sponsor").annotate(granted_assets=Coalesce(Subquery(assets), 0))
        return rows.with_second_factor().order_by("person__name", "person__email", "pk")

    def in_order(self, sort: str) -> Self:
        """In the order of a column of the team page: name, role, joined, ends; with a minus the other way round."""
        columns = {"role": "role__position", "joined": "joined_at", "ends": "ends_at"}
        column = F(columns.get(sort.removeprefix("-"), "person__name"))
        first = column.desc(nulls_last=True) if sort.startswith("-") else column.asc(nulls_last=True)
        return self.order_by(first, "person__name", "person__email", "pk")

    def in_state(self, state: str, policy: Any) -> Self:
        """Those of one chip of the team page, under the account's policy; without one, all that have not ended."""
        rows = self if state == "ended" else self.current()
        match state:
            case "active":
                return rows.with_power(policy)
            case "blocked":
                return rows.blocked(policy)
            case "suspended" | "ended":
                return rows.filter(state=state)
            case "to_confirm":
                return rows.filter(confirmed_at=None)
            case "ends_soon":
                return rows.filter(self._ends_soon())
            case "run_out":
                return rows.filter(ends_at__lte=timezone.now())
            case "no_sponsor":
                return rows.filter(self._lacks_sponsor())
            case "no_second_factor":
                return rows.without_second_factor()
        return rows

    def state_counts(self, policy: Any) -> dict[str, int]:
        """Return how many there are for each chip of the team page under the account's policy, in one query."""
        kinds, now = self.model.State, timezone.now()
        current = ~Q(state=kinds.ENDED)
        active = Q(state=kinds.ACTIVE) & (Q(ends_at=None) | Q(ends_at__gt=now))
        blocked = self._blocked_by(policy)
        return self.order_by().aggregate(
            current=Count("pk", filter=current),
            active=Count("pk", filter=active & ~blocked),
            blocked=Count("pk", filter=active & blocked),
            suspended=Count("pk", filter=Q(state=kinds.SUSPENDED)),
            ends_soon=Count("pk", filter=current & self._ends_soon()),
            run_out=Count("pk", filter=current & Q(ends_at__lte=now)),
            no_sponsor=Count("pk", filter=current & self._lacks_sponsor()),
            to_confirm=Count("pk", filter=current & Q(confirmed_at=None)),
            ended=Count("pk", filter=Q(state=kinds.ENDED)),
            no_second_factor=Count("pk", filter=current & Q(~Exists(self._factors()))),
        )

    def _ends_soon(self) -> Q:
        now = timezone.now()
        return Q(ends_at__gt=now, ends_at__lte=now + SOON)

    def _lacks_sponsor(self) -> Q:
        return Q(kind__in=["contractor", "agency"], sponsor=None)

    def beyond_policy(self, account: Any) -> Self:
        """Those of people from outside with no end, or a later one than the account's policy would give them now."""
        days = account.policy.outside_days
        if days is None:
            return self.none()
        longest = timezone.now() + dt.timedelta(days=days)
        outside = self.current().filter(account=account, kind__in=["contractor", "agency"])
        return outside.filter(Q(ends_at=None) | Q(ends_at__gt=longest))

    def ending(self) -> Self:
        """Those that end soon, the first to end first."""
        return self.current().filter(self._ends_soon()).order_by("ends_at", "pk")

    def with_end_to_tell(self) -> Self:
        """Those in open accounts with an end of which people have not been told as far as they should be by now."""
        return self.current().filter(_end_to_tell(), account__closed_at=None)

    def able_to(self, code: str, asset: Any) -> Self:
        """Those whose role or grants give one permission on an asset, leaving the standing aside."""
        return self.filter(_able_to(code, asset))

    def able_counts(self, codes: Iterable[str], asset: Any) -> dict[str, int]:
        """Return how many are able to do each of `codes` on an asset, in one query."""
        return self.order_by().aggregate(**{code: Count("pk", filter=_able_to(code, asset)) for code in codes})

    def heirs(self, account: Any) -> Self:
        """Those to whom the ownership of an account can be offered: active members but the owner, and no agency."""
        rows = self.active().filter(account=account).exclude(person_id=account.owner_id)
        return (
            rows.exclude(kind="agency").select_related("person", "role").order_by("person__name", "person__email", "pk")
        )


def _named(text: str) -> Q:
    """What holds of a row whose person's name or address holds this text; of every row where none is asked for."""
    return Q(person__name__icontains=text) | Q(person__email__icontains=text) if text else Q()


def _administering() -> Q:
    """What holds of a membership whose role manages the team."""
    return _holding(MANAGE_TEAM)


def _holding(code: str) -> Q:
    """What holds of a membership whose role holds a permission."""
    built_in = [role.code for role in BUILT_IN.values() if code in role.holds]
    return Q(role__account=None, role__code__in=built_in) | Q(role__held__contains=[code])


def _able_to(code: str, asset: Any) -> Q:
    """What holds of a membership whose role or grants give a permission on an asset."""
    lasting = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
    grants = asset.grants.filter(lasting, membership=OuterRef("pk"), permission__codename=code)
    return _holding(code) | Q(Exists(grants))


def _end_to_tell() -> Q:
    """What has an end of which people have not been told as far as they should be: told 1 a week, 2 a day before it."""
    now = timezone.now()
    return (
        Q(ends_at__lte=now, told__lt=3)
        | Q(ends_at__lte=now + dt.timedelta(days=1), told__lt=2)
        | Q(ends_at__lte=now + dt.timedelta(days=7), told__lt=1)
    )


class AssetGrantQuerySet(models.QuerySet):
    """Single permissions of one person on one asset."""

    def with_end_to_tell(self) -> Self:
        """Those of current members in open accounts with an end of which people should be told by now."""
        rows = self.filter(_end_to_tell(), membership__account__closed_at=None)
        return rows.exclude(membership__state="ended")

    def of(self, membership: Any) -> Self:
        """Those that one member holds in the account."""
        return self.filter(membership=membership).select_related("content_object", "permission")

    def lasting(self) -> Self:
        """Those that have not run out."""
        return self.exclude(ends_at__lte=timezone.now())


class GroupQuerySet(LockableQuerySet):
    """Groups of assets, or of people."""

    def of(self, account: Any) -> Self:
        """Those of one account, by name."""
        return self.filter(account=account).order_by("name", "pk")

    def named(self, name: str) -> Self:
        """Those of one name without its case, compared as the constraint on the table compares it."""
        return self.filter(Exact(Lower("name"), Lower(Value(name))))

    def matching(self, text: str) -> Self:
        """Those whose name holds this text."""
        return self.filter(name__icontains=text) if text else self


class AssetGroupQuerySet(GroupQuerySet):
    """Groups of assets."""

    def counted(self) -> Self:
        """With `many` on each: how many of its assets are in use."""
        return self.annotate(many=Count("assets", filter=Q(assets__archived_at=None)))


class PeopleGroupQuerySet(GroupQuerySet):
    """Groups of people."""

    def counted(self) -> Self:
        """With `many` on each: how many of its members have not ended."""
        return self.annotate(many=Count("memberships", filter=~Q(memberships__state="ended")))


class AccessRequestQuerySet(LockableQuerySet):
    """Wishes for more. Whether one has lapsed is a question of the time, not of its state."""

    def unanswered(self) -> Self:
        """Those that nobody has decided or withdrawn, lapsed ones among them."""
        return self.filter(state=self.model.State.OPEN)

    def open(self) -> Self:
        """Those that can be decided now."""
        return self.unanswered().filter(lapses_at__gt=timezone.now())

    def lapsed(self) -> Self:
        """Those that nobody decided in time."""
        return self.unanswered().filter(lapses_at__lte=timezone.now())

    def waiting(self, account: Any, *, but: Any) -> Self:
        """The open ones of an account, without those of one person, the longest waiting first."""
        rows = self.open().filter(account=account).exclude(person=but)
        return rows.with_all().order_by("asked_at", "pk")

    def with_lapse_to_note(self) -> Self:
        """Those in open accounts that lapsed and of which the log doesn't say so yet."""
        return self.lapsed().filter(lapse_noted=False, account__closed_at=None)

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, the open ones."""
        match state:
            case "lapsed":
                return self.lapsed()
            case "approved" | "refused" | "withdrawn":
                return self.filter(state=state)
        return self.open()

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of the list, in one query."""
        unanswered, now = Q(state="open"), timezone.now()
        return self.order_by().aggregate(
            open=Count("pk", filter=unanswered & Q(lapses_at__gt=now)),
            lapsed=Count("pk", filter=unanswered & Q(lapses_at__lte=now)),
            **{state: Count("pk", filter=Q(state=state)) for state in ("approved", "refused", "withdrawn")},
        )

    def matching(self, text: str) -> Self:
        """Those whose person's name or address holds this text."""
        return self.filter(_named(text))

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related("account", "membership__role", "person", "role", "asset", "decided_by")


class OwnershipOfferQuerySet(LockableQuerySet):
    """Offers of ownership."""

    def open(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(state=self.model.State.OPEN)


class OwnershipClaimQuerySet(LockableQuerySet):
    """Claims of ownership."""

    def open(self) -> Self:
        """Those that nothing has ended yet."""
        return self.filter(state=self.model.State.OPEN)

    def ripe(self) -> Self:
        """Open ones that have waited their whole time, by the database's clock and from the day it first saw them."""
        whole = F("ripe_at") - F("claimed_at")
        return self.open().filter(ripe_at__lte=Now(), recorded_at__lte=Now() - whole)

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related("account", "account__owner", "person", "answered_by")


class ReceiptQuerySet(LockableQuerySet):
    """Receipts of offboarding."""

    def of(self, membership: Any) -> Self:
        """Those about one membership: one at most, since it ends once."""
        return self.filter(membership=membership)

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related(
            "account", "membership__sponsor", "offboarding__person", "offboarding__by", "brought_back_by"
        )


class EndedEngagementQuerySet(LockableQuerySet):
    """Engagements that have ended, with their receipts."""

    def of(self, membership: Any) -> Self:
        """Those in which one membership ended: one at most."""
        return self.filter(members=membership)

    def with_all(self) -> Self:
        """Each with what its page names, the newest first."""
        return self.select_related("account", "by", "brought_back_by").order_by("-pk")
