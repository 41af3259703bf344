"""What an undone offboarding would bring back, and what stands in its way: asked by the page, and by the act again."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from accounts.policies import no_person_room, people_left_in_each
from audit.recording import Refused

from . import authority, policies
from .models import EndedEngagement, Membership, Proof, Receipt, Role, Terms

Grants = dict[tuple[Asset, dt.datetime | None], frozenset[str]]  # codes of grants by asset and end


@dataclass(frozen=True, slots=True)
class Return:
    """What comes back to one person in one account: roles and terms, whether it rests, and the grants.

    A role that was held for a time comes back with what is left of its time, unless it doesn't fit any more.
    """

    person: Person
    account: BusinessAccount
    lasting_role: Role
    raised_to: Role | None
    raised_until: dt.datetime | None
    terms: Terms
    suspended: bool
    grants: Grants

    @property
    def role(self) -> Role:
        """The role that will count at once."""
        return self.raised_to or self.lasting_role


@dataclass(frozen=True, slots=True)
class Gone:
    """One membership that ended `then`, and what a proof says `ended` with it. The account comes with its policy."""

    then: Membership
    person: Person
    account: BusinessAccount
    ended: dict[str, Any]
    proof: Proof

    @classmethod
    def of_engagement(
        cls, act: EndedEngagement, members: Iterable[Membership], account: BusinessAccount
    ) -> list["Gone"]:
        """Return some of the memberships, with person and sponsor, that ended with an engagement in `account`."""
        ended = {one["membership"]: one["ended"] for one in act.statement["people"]}
        return [cls(then, then.person, account, ended[then.pk], act) for then in members]


def what_returns(receipts: Sequence[Receipt], *, by: Person) -> list[Return | Refused]:
    """Return what `by` would bring back with each of these receipts, as `what_is_given_back` does.

    They come with membership and sponsor, offboarding and person, account and policy.
    """
    return what_is_given_back(
        [Gone(row.membership, row.offboarding.person, row.account, row.statement["ended"], row) for row in receipts],
        by=by,
    )


def what_is_given_back(gone: Sequence[Gone], *, by: Person) -> list[Return | Refused]:
    """Return what `by` would give back of each: no more than `by` could give anew (rules 2, 5); or why nothing.

    What is archived or would have run out by now stays away. An earlier one takes the seat of an administrator before a
    later one does. The refusals, each of which names the account: MissingPermission, PolicyViolation (too late, no
    room, the role is gone), ChangedMeanwhile (brought back already, or a member again). The number of queries is the
    same for any number.
    """
    today, answers = _Today.read(gone, by=by), list[Return | Refused]()
    for one in gone:
        try:
            answers.append(today.returning(one))
        except Refused as refusal:
            answers.append(refusal)
    return answers


def given_back(answers: Iterable[Return | Refused]) -> list[Return]:
    """Return all that comes back. Raises the first refusal: it is all or nothing."""
    given = []
    for answer in answers:
        if isinstance(answer, Refused):
            raise answer
        given.append(answer)
    return given


@dataclass(frozen=True, slots=True)
class _Today:
    """All that decides whether people can come back, as the database says now."""

    actor: Person | None
    again: set[tuple[int, int]]  # account and person of the members of now
    roles: dict[int, Role]
    assets: dict[int, Asset]
    left: dict[int, int]  # seats of administrators, by account
    people_left: dict[int, int | None]  # people whom the plan allows, by account
    answering: dict[int, set[int]]  # who can answer for others, by account

    @classmethod
    def read(cls, gone: Sequence[Gone], *, by: Person) -> "_Today":
        """Read it for all of them at once."""
        accounts = {one.account.pk: one.account for one in gone}
        again = Membership.objects.current().filter(account__in=accounts, person__in=[one.person.pk for one in gone])
        asked = {grant["asset"] for one in gone for grant in one.ended["grants"]}
        assets = Asset.objects.in_use().filter(account__in=accounts).in_bulk(asked)
        for asset in assets.values():
            asset.account = accounts[asset.account_id]
        sponsors = [one.then.sponsor_id for one in gone if one.then.sponsor_id]
        return cls(
            actor=authority.read_anew(by, accounts),
            again=set(again.values_list("account_id", "person_id")),
            roles=Role.objects.of_any(accounts).in_bulk(
                {pk for one in gone for pk in (one.then.lasting_role_id, one.then.raised_to_id) if pk}
            ),
            assets=assets,
            left=policies.seats_left_in_each(accounts.values()),
            people_left=people_left_in_each(accounts.values()),
            answering=policies.who_may_answer(accounts.values(), among=sponsors),
        )

    def returning(self, one: Gone) -> Return:
        """Return what comes back of one, who then sits there. Raises what `what_is_given_back` returns."""
        then, person, account = one.then, one.person, one.account
        names = {"person": person, "account": account}
        if one.proof.brought_back_at or (account.pk, person.pk) in self.again:
            raise ChangedMeanwhile(_("%(person)s is a member of %(account)s again already.") % names)
        if not one.proof.can_be_undone:
            raise PolicyViolation(_("It is too long ago to be undone in one act. Send a new invitation."))
        if not person.is_active:
            raise PolicyViolation(_("The sign-in of this person is switched off."))
        if then.is_expired:
            words = _("The membership in %(account)s would have run out by now. Send a new invitation.")
            raise PolicyViolation(words % names)
        lasting = self._role(then.lasting_role_id, account)
        if lasting is None:
            raise PolicyViolation(_("The role of that time is gone in %(account)s. Send a new invitation.") % names)
        raised_to, raised_until = self._raise_as_it_was(then, account, lasting)
        role = raised_to or lasting
        grants = self._grants_as_they_were(one)
        adding_on = [(asset, codes) for (asset, _ends_at), codes in grants.items()]
        authority.require_of(self.actor, MANAGE_TEAM, on=account, adding=role.permissions, adding_on=adding_on)
        policies.require_room(account, role, left=self.left[account.pk])
        people_left = self.people_left[account.pk]
        if people_left is not None and people_left <= 0:
            raise no_person_room(account)
        terms, answering = then.terms, self.answering[account.pk]
        if terms.sponsor and terms.sponsor.pk not in answering:
            terms = replace(terms, sponsor=None)
        policies.require_terms(account, terms, of=person, answering=answering)
        self.left[account.pk] -= role.administers
        if people_left is not None:
            self.people_left[account.pk] = people_left - 1
        suspended = one.ended["state"] == Membership.State.SUSPENDED
        return Return(person, account, lasting, raised_to, raised_until, terms, suspended, grants)

    def _role(self, pk: int | None, account: BusinessAccount) -> Role | None:
        """Return a role of that time, where it can be given in the account now."""
        role = self.roles.get(pk) if pk else None
        return role if role and role.account_id in {None, account.pk} else None

    def _raise_as_it_was(
        self, then: Membership, account: BusinessAccount, lasting: Role
    ) -> tuple[Role | None, dt.datetime | None]:
        """Return the role that was held for a time with its end; none where it would be over, or doesn't fit now."""
        role = self._role(then.raised_to_id, account)
        over = then.raised_until is None or then.raised_until <= timezone.now()
        if role is None or over or policies.unfit_for_a_time(lasting, role):
            return None, None
        return role, then.raised_until

    def _grants_as_they_were(self, one: Gone) -> Grants:
        """Return the grants of a receipt, without what is archived or would have run out."""
        codes: dict[tuple[Asset, dt.datetime | None], set[str]] = defaultdict(set)
        for grant in one.ended["grants"]:
            ends_at = dt.datetime.fromisoformat(grant["ends_at"]) if grant["ends_at"] else None
            asset = self.assets.get(grant["asset"])
            if asset and asset.account_id == one.account.pk and (ends_at is None or ends_at > timezone.now()):
                codes[asset, ends_at].add(grant["code"])
        return {where: frozenset(given) for where, given in codes.items()}
