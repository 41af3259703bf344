"""The reading questions about roles, memberships, asset grants, ownership offers and claims, and receipts."""

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, Least, Lower, Now
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.normalising import ending_of
from accounts.permissions import MANAGE_TEAM
from accounts.querysets import LockableQuerySet
from audit.models import Chain, Event

from .permissions import BUILT_IN, NEEDED_FOR, OWNER
from .uses import CHANGING, GIVING, RESTORED, TRACED, UNUSED_AFTER, acts_using

OUTSIDE = ["contractor", "agency"]
SOON = dt.timedelta(days=14)  # an end that a list calls soon
QUIET = dt.timedelta(days=90)  # so long without a sign-in, and nobody seems to need the access


class RoleQuerySet(LockableQuerySet):
    """Roles: the built-in ones, and those that an account made."""

    def of(self, account: Any) -> Self:
        """Those that can be given in this account, the built-in ones first."""
        return self.ever_of(account).filter(retired_at=None)

    def of_any(self, accounts: Iterable[Any]) -> Self:
        """Those that can be given in some of these accounts: built-in ones, and each account's own."""
        return self.filter(Q(account=None) | Q(account__in=list(accounts)), retired_at=None)

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
        holders = self.model.lasting_in.rel.related_model.objects.current().filter(account=account)
        holders = holders.annotate(held=role_now()).filter(held=OuterRef("pk")).order_by().values("held")
        many = holders.annotate(many=Count("pk")).values("many")
        return self.of(account).annotate(holders=Coalesce(Subquery(many), 0))

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

    def with_roles(self, *also: str) -> Self:
        """With what the role that counts is read from, and what else is named, in the same query."""
        return self.select_related("lasting_role", "raised_to", *also)

    def in_role(self, role: Any) -> Self:
        """Those whose role is this one now."""
        raised = _raised()
        return self.filter((raised & Q(raised_to=role)) | (~raised & Q(lasting_role=role)))

    def raised(self) -> Self:
        """Those who hold a role for a time now."""
        return self.filter(_raised())

    def reached_by(self, role: Any) -> Self:
        """Those who hold a role, for a time now or lastingly, be it under another one for a time."""
        return self.current().filter(Q(lasting_role=role) | (_raised() & Q(raised_to=role)))

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
        """What lacks the confirmation, address or second factor that a policy asks for. The check says so of one."""
        blocked = Q(confirmed_at=None) if policy.confirmation == policy.Confirmation.BEFORE else Q(pk__in=[])
        if policy.domains:
            endings = (Q(person__email__endswith=ending_of(domain)) for domain in policy.domains)
            owns = Q(lasting_role__account=None, lasting_role__code=OWNER)
            blocked |= ~reduce(or_, endings, owns)
        without_factor = self._lacks_factor(policy)
        match policy.second_factor:
            case policy.SecondFactor.EVERYONE:
                blocked |= without_factor
            case policy.SecondFactor.ADMINISTRATORS:
                blocked |= without_factor & _administering()
        return blocked

    def shut_out_by(self, then: Any, now: Any) -> Self:
        """Those that a policy `then` would keep out, though the one of `now` doesn't."""
        return self.exclude(self._blocked_by(now)).filter(self._blocked_by(then))

    def lacking_factor(self, policy: Any) -> Self:
        """Those whose person has no second factor of the kinds that count under a policy."""
        return self.filter(self._lacks_factor(policy))

    def lacking_factor_in_each(self, policies: Mapping[Any, Any]) -> Self:
        """Those of several accounts whose person has no second factor that counts there; `policies` by account."""
        by_kinds: dict[str, list[Any]] = {}
        for account_id, policy in policies.items():
            by_kinds.setdefault(policy.second_factor_kinds, []).append(account_id)
        lacking = Q(pk__in=[])
        for ids in by_kinds.values():
            lacking |= Q(account__in=ids) & self._lacks_factor(policies[ids[0]])
        return self.filter(lacking)

    def _lacks_factor(self, policy: Any) -> Q:
        kinds = ["webauthn"] if policy.second_factor_kinds == policy.Kinds.PASSKEY else ["totp", "webauthn"]
        return Q(~Exists(self._factors().filter(type__in=kinds)))

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
        if wanted["role"]:
            rows = rows.in_role(wanted["role"])
        return rows.filter(kind=wanted["kind"]) if wanted["kind"] else rows

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
        rows = self.with_roles("person", "sponsor").annotate(granted_assets=Coalesce(Subquery(assets), 0))
        return rows.with_second_factor().order_by("person__name", "person__email", "pk")

    def in_order(self, sort: str) -> Self:
        """In the order of a column of the team page: name, role, joined, ends; with a minus the other way round."""
        columns = {"role": role_position(), "joined": F("joined_at"), "ends": next_end()}
        column = columns.get(sort.removeprefix("-"), F("person__name"))
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
            case "no_sponsor" | "no_end" | "quiet":
                wanted = {"no_sponsor": self._lacks_sponsor, "no_end": self._lacks_end, "quiet": self._is_quiet}
                return rows.filter(wanted[state]())
            case "no_second_factor":
                return rows.without_second_factor()
            case "unused":
                return rows.filter(pk__in=self._with_unused(policy.account_id).values("pk"))
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
            no_end=Count("pk", filter=current & self._lacks_end()),
            quiet=Count("pk", filter=current & self._is_quiet()),
            to_confirm=Count("pk", filter=current & Q(confirmed_at=None)),
            ended=Count("pk", filter=Q(state=kinds.ENDED)),
            no_second_factor=Count("pk", filter=current & Q(~Exists(self._factors()))),
            unused=Count("pk", filter=Q(pk__in=self._with_unused(policy.account_id).values("pk"))),
        )

    def _ends_soon(self) -> Q:
        now = timezone.now()
        soon = now + SOON
        return Q(ends_at__gt=now, ends_at__lte=soon) | Q(raised_until__gt=now, raised_until__lte=soon)

    def from_outside(self) -> Self:
        """Those of contractors and agencies."""
        return self.filter(kind__in=OUTSIDE)

    def without_sponsor(self) -> Self:
        """Those from outside for whom nobody answers."""
        return self.filter(self._lacks_sponsor())

    def without_end(self) -> Self:
        """Those from outside whose access stays for ever."""
        return self.filter(self._lacks_end())

    def quiet(self) -> Self:
        """Those that give power to somebody who has not been here for long."""
        return self.filter(self._is_quiet())

    def _lacks_sponsor(self) -> Q:
        return Q(kind__in=OUTSIDE, sponsor=None)

    def _lacks_end(self) -> Q:
        """What stays for ever, though the person is from outside. Of the owner that is asked (rule 3)."""
        return Q(kind__in=OUTSIDE, ends_at=None) & ~Q(lasting_role__account=None, lasting_role__code=OWNER)

    def _is_quiet(self) -> Q:
        """What gives power to somebody who has long been there and has not signed in for long, or ever.

        A session lasts a day at most, so the last sign-in says it.
        """
        now = timezone.now()
        since = now - QUIET
        away = Q(person__last_login=None) | Q(person__last_login__lt=since)
        lasting = Q(ends_at=None) | Q(ends_at__gt=now)
        return Q(state=self.model.State.ACTIVE, joined_at__lt=since) & lasting & away

    def _with_unused(self, account_id: int) -> Self:
        """Those in an account with a power that was not used for long, as `teams.using` says it; the owner aside.

        A question of its own within another: only who holds such a power is looked up in the log.
        """
        since, text = timezone.now() - UNUSED_AFTER, models.TextField()
        chain = Chain.objects.filter(kind=Chain.Kind.ACCOUNT, subject_id=account_id).values("pk")
        log = Event.objects.filter(chain=Subquery(chain), result=Event.Result.DONE, at__gte=since)
        named = Concat(Value('"membership":'), Cast(OuterRef("pk"), text), Value(","), output_field=text)
        anew = log.filter(about_id=OuterRef("person_id"), name__in=[*GIVING, RESTORED])
        changed = log.filter(name__in=CHANGING, canonical__contains=named)
        unused = reduce(or_, (_holding(code) & ~self._has_used(code, log, since) for code in sorted(TRACED)))
        here = self.model.objects.current().filter(account=account_id, joined_at__lte=since)
        here = here.exclude(lasting_role__account=None, lasting_role__code=OWNER)
        return here.filter(unused, ~Exists(anew), ~Exists(changed))

    def _has_used(self, code: str, log: Any, since: dt.datetime) -> Q:
        """What has used a permission since then, by an act of the log or by an approval that asks for it."""
        acts = [act for act, needed in NEEDED_FOR.items() if needed == code]
        approved = self.model._meta.apps.get_model("teams", "PendingAct").objects.filter(
            account=OuterRef("account_id"), approved_by=OuterRef("person_id"), approved_at__gte=since, act__in=acts
        )
        did = log.filter(actor_kind="person", actor_id=OuterRef("person_id"), name__in=acts_using(code))
        return Q(Exists(did)) | Q(Exists(approved))

    def beyond_policy(self, account: Any) -> Self:
        """Those with no end, or a later one than the account's policy would give them now. The owner has none."""
        policy, now = account.policy, timezone.now()
        here = self.current().filter(account=account).exclude(person_id=account.owner_id)
        beyond = Q(pk__in=[])
        for days, whom in ((policy.member_days, Q()), (policy.outside_days, Q(kind__in=["contractor", "agency"]))):
            if days is not None:
                beyond |= whom & (Q(ends_at=None) | Q(ends_at__gt=now + dt.timedelta(days=days)))
        return here.filter(beyond)

    def ending(self) -> Self:
        """Those that end soon, the first to end first."""
        return self.current().filter(self._ends_soon()).order_by(next_end(), "pk")

    def with_end_to_tell(self) -> Self:
        """Those in open accounts with an end of which people have not been told as far as they should be by now."""
        return self.current().filter(_end_to_tell(), account__closed_at=None)

    def with_raise_to_tell(self) -> Self:
        """Those in open accounts with a role for a time whose end people have not been told of as far as due."""
        return self.current().filter(_end_to_tell("raised_until", "raise_told"), account__closed_at=None)

    def able_to(self, code: str, asset: Any) -> Self:
        """Those whose role or grants give one permission on an asset, leaving the standing aside."""
        return self.filter(_able_to(code, asset))

    def able_counts(self, codes: Iterable[str], asset: Any) -> dict[str, int]:
        """Return how many are able to do each of `codes` on an asset, in one query."""
        return self.order_by().aggregate(**{code: Count("pk", filter=_able_to(code, asset)) for code in codes})

    def heirs(self, account: Any) -> Self:
        """Those to whom the ownership of an account can be offered: active members but the owner, and no agency."""
        rows = self.active().filter(account=account).exclude(person_id=account.owner_id)
        return rows.exclude(kind="agency").with_roles("person").order_by("person__name", "person__email", "pk")


def _named(text: str) -> Q:
    """What holds of a row whose person's name or address holds this text; of every row where none is asked for."""
    return Q(person__name__icontains=text) | Q(person__email__icontains=text) if text else Q()


def _administering() -> Q:
    """What holds of a membership whose role manages the team."""
    return _holding(MANAGE_TEAM)


def _holding(code: str) -> Q:
    """What holds of a membership whose role holds a permission."""
    raised = _raised()
    return (raised & _role_holds("raised_to", code)) | (~raised & _role_holds("lasting_role", code))


def _role_holds(role: str, code: str) -> Q:
    built_in = [entry.code for entry in BUILT_IN.values() if code in entry.holds]
    made = {f"{role}__held__contains": [code]}
    return Q(**{f"{role}__account": None, f"{role}__code__in": built_in}) | Q(**made)


def _raised() -> Q:
    """What holds of a membership in which a role for a time counts: the same as `Membership.is_raised`."""
    return Q(raised_until__isnull=False, raised_until__gt=Coalesce(F("ended_at"), Value(timezone.now())))


def role_now() -> Case:
    """Return the id of the role that counts now, as `Membership.role` has it."""
    return Case(When(_raised(), then=F("raised_to")), default=F("lasting_role"))


def role_position() -> Case:
    """Return the place of the role that counts now, by which rows are ordered."""
    return Case(When(_raised(), then=F("raised_to__position")), default=F("lasting_role__position"))


def next_end() -> Least:
    """Return when a membership, or the role held for a time in it, ends first; what is over is left out of the latter.

    NULL where neither ends.
    """
    return Least(F("ends_at"), Case(When(_raised(), then=F("raised_until"))))


def _able_to(code: str, asset: Any) -> Q:
    """What holds of a membership whose role or grants give a permission on an asset."""
    lasting = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
    grants = asset.grants.filter(lasting, membership=OuterRef("pk"), permission__codename=code)
    return _holding(code) | Q(Exists(grants))


def _end_to_tell(end: str = "ends_at", told: str = "told") -> Q:
    """What has an end of which people have not been told as far as they should be: told 1 a week, 2 a day before it."""
    now, due = timezone.now(), Q()
    for days, far in ((0, 3), (1, 2), (7, 1)):
        due |= Q(**{f"{end}__lte": now + dt.timedelta(days=days), f"{told}__lt": far})
    return due


class AssetGrantQuerySet(models.QuerySet):
    """Single permissions of one person on one asset."""

    def with_end_to_tell(self) -> Self:
        """Those of current members in open accounts with an end of which people should be told by now."""
        rows = self.filter(_end_to_tell(), membership__account__closed_at=None)
        return rows.exclude(membership__state="ended")

    def of(self, membership: Any) -> Self:
        """Those that one member holds in the account."""
        return self.of_each([membership])

    def of_each(self, memberships: Any) -> Self:
        """Those that some members hold in their accounts."""
        return self.filter(membership__in=memberships).select_related("content_object", "permission")

    def in_use_of_each(self, memberships: Any) -> dict[int, list[tuple[Any, frozenset[str]]]]:
        """Return what some members hold on assets that are in use, permission by permission, by membership."""
        found: dict[int, list[tuple[Any, frozenset[str]]]] = {}
        rows = (
            self.of_each(memberships).filter(content_object__archived_at=None).select_related("content_object__account")
        )
        for row in rows.order_by("pk"):
            found.setdefault(row.membership_id, []).append((row.content_object, frozenset({row.permission.codename})))
        return found

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
        held = ["membership__lasting_role", "membership__raised_to"]
        return self.select_related("account", *held, "person", "role", "asset", "decided_by")


class OwnershipOfferQuerySet(LockableQuerySet):
    """Offers of ownership."""

    def open(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(state=self.model.State.OPEN)


def _waited_since(field: str) -> Q:
    """Return what holds for rows that have waited from the moment in `field` to `ripe_at`.

    By the database's clock, and from the day it first saw them: no writer can make a row older than it is.
    """
    return Q(ripe_at__lte=Now(), recorded_at__lte=Now() - (F("ripe_at") - F(field)))


class OwnershipClaimQuerySet(LockableQuerySet):
    """Claims of ownership."""

    def open(self) -> Self:
        """Those that nothing has ended yet."""
        return self.filter(state=self.model.State.OPEN)

    def ripe(self) -> Self:
        """Open ones that have waited their whole time."""
        return self.open().filter(_waited_since("claimed_at"))

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related("account", "account__owner", "person", "answered_by")


class FactorResetQuerySet(LockableQuerySet):
    """Resets of second factors."""

    def open(self) -> Self:
        """Those that nothing has ended yet."""
        return self.filter(state=self.model.State.OPEN)

    def ripe(self) -> Self:
        """Open ones that have waited their whole time."""
        return self.open().filter(_waited_since("asked_at"))

    def concerning(self, *people: Any) -> Self:
        """Those of these people's second factors, and those that they asked for."""
        return self.filter(Q(person__in=people) | Q(asked_by__in=people))

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related("account", "person", "asked_by", "answered_by")


class ReceiptQuerySet(LockableQuerySet):
    """Receipts of offboarding."""

    def of(self, membership: Any) -> Self:
        """Those about one membership: one at most, since it ends once."""
        return self.filter(membership=membership)

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related(
            "account__policy", "membership__sponsor", "offboarding__person", "offboarding__by", "brought_back_by"
        )


class EndedEngagementQuerySet(LockableQuerySet):
    """Engagements that have ended, with their receipts."""

    def of(self, membership: Any) -> Self:
        """Those in which one membership ended: one at most."""
        return self.filter(members=membership)

    def with_all(self) -> Self:
        """Each with what its page names, the newest first."""
        return self.select_related("account", "by", "brought_back_by").order_by("-pk")


class PendingActQuerySet(LockableQuerySet):
    """Sensitive acts that wait for a second person, or did."""

    def open(self) -> Self:
        """Those that have not come to their end, expired ones among them."""
        return self.filter(state__in=[self.model.State.WAITING, self.model.State.APPROVED])

    def waiting(self) -> Self:
        """Those that can still be approved or cancelled."""
        return self.filter(state=self.model.State.WAITING, expires_at__gt=timezone.now())

    def ripe(self) -> Self:
        """Delayed ones that have waited their whole time."""
        return self.filter(_waited_since("asked_at"), state=self.model.State.WAITING)

    def visible_to(self, codes: Any, person: Any) -> Self:
        """One's own, and those of the kinds `codes`."""
        return self.filter(Q(person=person) | Q(act__in=codes))

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, those that have not come to their end."""
        return self.filter(state=state) if state else self.open()

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of the list, in one query."""
        states = ("done", "failed", "cancelled", "expired")
        return self.order_by().aggregate(
            open=Count("pk", filter=Q(state__in=["waiting", "approved"])),
            **{state: Count("pk", filter=Q(state=state)) for state in states},
        )

    def matching(self, text: str) -> Self:
        """Those whose asker's name or address holds this text."""
        return self.filter(_named(text))

    def with_all(self) -> Self:
        """Each with what its page names."""
        return self.select_related("account", "person", "approved_by", "answered_by")
