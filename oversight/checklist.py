"""The security checklist of accounts: what a careful owner, or an insurer, would ask for, and what of it is there.

Nothing is kept: each look asks how things stand now, in as many queries for many accounts and people as for few.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from accounts.access import Standing
from accounts.checklist import Checklist, Line
from accounts.models import BusinessAccount, Person, SecurityPolicy
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, OWN_ACCOUNT
from accounts.sensitive import SensitiveAct
from logins.models import SharedLogin
from teams.access import way_to_mend
from teams.coverage import SingleHanded, done_by_one_in_each
from teams.holdings import access_of
from teams.models import Membership, SecondPerson, Succession, Way

from .querysets import number_of, people_to_ask


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one account: its policy as it counts now, and the numbers of QUESTIONS and of lone acts."""

    account: BusinessAccount
    policy: SecurityPolicy
    numbers: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    @property
    def has_team(self) -> bool:
        """Whether there is anybody beside the owner, or could be by an invitation."""
        return self.account.is_business

    def plans(self, demand: str) -> bool:
        """Whether a change of a demand of the policy is planned, which does not count yet."""
        return self.policy.has_plan_ahead and demand in self.policy.planned

    @property
    def others(self) -> int:
        """How many have access and don't manage the team."""
        return self["people"] - self["administrators"]


Policies = Mapping[int, SecurityPolicy]


def _without(policies: Policies) -> Any:
    return Membership.objects.active().lacking_factor_in_each(policies)


# What is counted, each by its own question, for all accounts at once.
QUESTIONS: dict[str, Callable[[Policies], QuerySet[Any]]] = {
    "people": lambda _policies: Membership.objects.active(),
    "administrators": lambda _policies: Membership.objects.active().administering(),
    "administrators_without": lambda policies: _without(policies).administering(),
    "all_without": _without,
    "quiet": lambda _policies: Membership.objects.quiet(),
    "outside": lambda _policies: Membership.objects.current().from_outside(),
    "endless": lambda _policies: Membership.objects.current().without_end(),
    "without_sponsor": lambda _policies: Membership.objects.current().without_sponsor(),
    "unconfirmed": lambda _policies: Membership.objects.to_confirm(),
    "logins": lambda _policies: SharedLogin.objects.in_use(),
    "exposed": lambda _policies: SharedLogin.objects.exposed(),
    "successors": lambda _policies: Succession.objects.all(),
    "second_person": lambda _policies: SecondPerson.objects.filter(
        act=SensitiveAct.ADMINISTRATOR, way__in=[Way.DELAY, Way.APPROVE]
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. `missing` says what is missing, or nothing where it is done; `applies` whether it counts at all.

    The fix is a page of the account, with what comes behind its address, for who holds `permission`. `demand` is the
    field of the policy that a line is about: where a change of it is planned, the plan is the fix.
    """

    key: str
    title: str | Promise
    why: str | Promise
    permission: str
    page: str
    verb: str | Promise
    missing: Callable[[Facts], str]
    behind: str = ""
    applies: Callable[[Facts], bool] = lambda _facts: True
    else_: str | Promise = ""  # why it doesn't apply
    demand: str = ""


_TEAM_ONLY = gettext_lazy("A standard account has no team.")
_ALONE = gettext_lazy("Nobody is here beside the owner.")
_NO_OUTSIDER = gettext_lazy("Nobody from outside is in the account.")

RULES = (  # the gravest first
    Rule(
        "administrators_factor",
        gettext_lazy("Everyone who manages the team has a second factor"),
        gettext_lazy("A stolen password of one of them would be enough to take the account over."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("See who"),
        lambda facts: _have_none(facts["administrators_without"], facts["administrators"]),
        behind="#lacking",
    ),
    Rule(
        "factor_required",
        gettext_lazy("A second factor is required"),
        gettext_lazy("Else it is everybody’s own choice, and whoever joins tomorrow comes without one."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("Require it"),
        lambda facts: _unset(facts, "second_factor", SecurityPolicy.SecondFactor.NOBODY, _("It is asked of nobody.")),
        behind="#id_second_factor",
        demand="second_factor",
    ),
    Rule(
        "exposed_logins",
        gettext_lazy("No shared login is exposed"),
        gettext_lazy("Somebody who is gone still knows its password, until it is changed."),
        MANAGE_TEAM,
        "shared_logins",
        gettext_lazy("Change it"),
        lambda facts: _counted(
            ngettext_lazy("%d password is to be changed.", "%d passwords are to be changed."), facts["exposed"]
        ),
        applies=lambda facts: facts["logins"] > 0,
        else_=gettext_lazy("No login is shared."),
    ),
    Rule(
        "second_administrator",
        gettext_lazy("Somebody manages the team beside the owner"),
        gettext_lazy("When the owner is away, somebody must be able to suspend and offboard."),
        MANAGE_TEAM,
        "team",
        gettext_lazy("Choose who"),
        lambda facts: "" if facts["administrators"] > 1 else _("The owner is the only one."),
        applies=lambda facts: facts.has_team,
        else_=_TEAM_ONLY,
    ),
    Rule(
        "single_handed",
        gettext_lazy("Nothing hangs on one person"),
        gettext_lazy("What one person alone can do, nobody can do when that person is ill, or gone."),
        MANAGE_TEAM,
        "account_home",
        gettext_lazy("See what"),
        lambda facts: _counted(
            ngettext_lazy("%d act can be done by one person only.", "%d acts can be done by one person only."),
            facts["lone"],
        ),
        behind="#alone",
        applies=lambda facts: facts.has_team and facts["people"] > 1,
        else_=_ALONE,
    ),
    Rule(
        "successor",
        gettext_lazy("A successor is named"),
        gettext_lazy("For the day the owner is gone: sealed, and of no power until then."),
        OWN_ACCOUNT,
        "name_successor",
        gettext_lazy("Name one"),
        # Only that somebody is named, never whether that person could take over now: else whoever suspends one member
        # after the other would see by this line whom the owner named.
        lambda facts: "" if facts["successors"] else _("Nobody is named."),
        applies=lambda facts: facts.has_team and (facts["people"] > 1 or facts["successors"] > 0),
        else_=_ALONE,
    ),
    Rule(
        "everyone_factor",
        gettext_lazy("Everybody else has a second factor"),
        gettext_lazy("What a member may do, whoever steals the password may do, too."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("See who"),
        lambda facts: _have_none(facts["all_without"] - facts["administrators_without"], facts.others),
        behind="#lacking",
        applies=lambda facts: facts.others > 0,
        else_=gettext_lazy("Everybody here manages the team."),
    ),
    Rule(
        "quiet_members",
        gettext_lazy("Nobody has access who has not been here for 90 days"),
        gettext_lazy("Access that nobody uses is missed by nobody when somebody else uses it."),
        MANAGE_TEAM,
        "team",
        gettext_lazy("See who"),
        lambda facts: _counted(
            ngettext_lazy("%d person has not been here.", "%d people have not been here."), facts["quiet"]
        ),
        behind="?state=quiet",
        applies=lambda facts: facts.has_team and facts["people"] > 1,
        else_=_ALONE,
    ),
    Rule(
        "outside_ends",
        gettext_lazy("Access from outside has an end"),
        gettext_lazy("Contractors and agencies go, and rarely say so. An end takes their access with them."),
        MANAGE_TEAM,
        "team",
        gettext_lazy("Set ends"),
        lambda facts: _counted(ngettext_lazy("%d person has none.", "%d people have none."), facts["endless"]),
        behind="?state=no_end",
        applies=lambda facts: facts["outside"] > 0,
        else_=_NO_OUTSIDER,
    ),
    Rule(
        "outside_sponsor",
        gettext_lazy("Somebody answers for each person from outside"),
        gettext_lazy("Somebody inside knows whether they are still needed, and is asked before an access ends."),
        MANAGE_TEAM,
        "team",
        gettext_lazy("Name sponsors"),
        lambda facts: _counted(
            ngettext_lazy("%d person has no sponsor.", "%d people have no sponsor."), facts["without_sponsor"]
        ),
        behind="?state=no_sponsor",
        applies=lambda facts: facts["outside"] > 0,
        else_=_NO_OUTSIDER,
    ),
    Rule(
        "confirmed_roles",
        gettext_lazy("Every role has been confirmed"),
        gettext_lazy("A second look finds the invitation that gave too much, or went to the wrong person."),
        MANAGE_TEAM,
        "team",
        gettext_lazy("Confirm"),
        lambda facts: _counted(ngettext_lazy("%d role waits.", "%d roles wait."), facts["unconfirmed"]),
        behind="?state=to_confirm",
        applies=lambda facts: facts.has_team and facts["people"] > 1,
        else_=_ALONE,
    ),
    Rule(
        "confirmation_first",
        gettext_lazy("Access begins only when it is confirmed"),
        gettext_lazy("Then nobody is inside before somebody has looked at the role."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("Turn it on"),
        lambda facts: (
            ""
            if facts.policy.confirmation == SecurityPolicy.Confirmation.BEFORE
            else _("It begins when an invitation is accepted.")
        ),
        behind="#id_confirmation",
        demand="confirmation",
        applies=lambda facts: facts.has_team,
        else_=_TEAM_ONLY,
    ),
    Rule(
        "domains",
        gettext_lazy("Only addresses of known domains come in"),
        gettext_lazy("No private mailbox joins, which stays when its person leaves the company."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("Name them"),
        lambda facts: _unset(facts, "domains", [], _("Any address can be invited.")),
        behind="#id_domains",
        demand="domains",
        applies=lambda facts: facts.has_team,
        else_=_TEAM_ONLY,
    ),
    Rule(
        "probation",
        gettext_lazy("New administrators are on probation"),
        gettext_lazy("Whoever gets in as an administrator can’t raise others, or weaken the second factor, for days."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("Set the days"),
        lambda facts: _unset(facts, "probation_days", 0, _("There is no probation.")),
        behind="#id_probation_days",
        demand="probation_days",
        applies=lambda facts: facts.has_team,
        else_=_TEAM_ONLY,
    ),
    Rule(
        "second_person",
        gettext_lazy("Nobody makes an administrator alone"),
        gettext_lazy(
            "It waits for a second person, or long enough to be cancelled: a thief of one session gains nothing."
        ),
        MANAGE_SECURITY,
        "second_person",
        gettext_lazy("Ask for one"),
        lambda facts: "" if facts["second_person"] else _("It is done at once, by one person."),
        applies=lambda facts: facts.has_team,
        else_=_TEAM_ONLY,
    ),
    Rule(
        "session_idle",
        gettext_lazy("Who walks away is signed out"),
        gettext_lazy("After so many minutes without a click an open laptop shows the account to nobody."),
        MANAGE_SECURITY,
        "security_policy",
        gettext_lazy("Set the minutes"),
        lambda facts: _unset(facts, "session_idle_minutes", None, _("Only the portal’s own limit counts.")),
        behind="#id_session_idle_minutes",
        demand="session_idle_minutes",
    ),
)


def _counted(words: Any, many: int) -> str:
    """Return the words for so many, which `ngettext_lazy` chooses by it; nothing for none."""
    return words % many if many else ""


def _have_none(without: int, of: int) -> str:
    words = ngettext("%(count)d of %(of)d has none that counts.", "%(count)d of %(of)d have none that counts.", without)
    return words % {"count": without, "of": of} if without else ""


def _unset(facts: Facts, name: str, off: Any, words: str) -> str:
    """Return what is missing where the policy leaves a demand off."""
    return words if getattr(facts.policy, name) == off else ""


def checklist_of(
    account: BusinessAccount, *, reader: Person, lone: Collection[SingleHanded] | None = None
) -> Checklist:
    """Return the checklist of an account for one who may see it, with the way to each fix, or who can do it.

    `lone` is what `done_by_one` says of it, where that is known already.
    """
    known = None if lone is None else {account.pk: lone}
    [facts] = facts_of([account], {account.pk: account.policy}, lone=known).values()
    others = [rule for rule in RULES if not reader.has_perm(rule.permission, account)]
    asked = {MANAGE_TEAM: [], OWN_ACCOUNT: [account.owner]} if others else {}
    if any(rule.permission == MANAGE_TEAM for rule in others):
        asked[MANAGE_TEAM] = people_to_ask([account.pk], but=reader).get(account.pk, [])
    lines = [_line(rule, facts, asked.get(rule.permission, []) if rule in others else None) for rule in RULES]
    return Checklist([_own_factor_first(line, facts, reader) for line in lines])


def _own_factor_first(line: Line, facts: Facts, reader: Person) -> Line:
    """Lead whoever lacks a second factor to setting up the own one, where a line counts it as missing."""
    mine = "administrators_factor" if reader.has_perm(MANAGE_TEAM, facts.account) else "everyone_factor"
    access = access_of(reader, facts.account.pk)
    if line.key != mine or line.done or access is None or access.has_factor_that_counts:
        return line
    return replace(line, href=way_to_mend(Standing.NO_SECOND_FACTOR, facts.policy), verb=_("Set up yours"))


def scores_of(accounts: Collection[BusinessAccount]) -> dict[int, Checklist]:
    """Return the checklists of many accounts for their scores: they lead to no fix."""
    policies = {policy.pk: policy for policy in SecurityPolicy.objects.filter(account__in=accounts)}
    found = facts_of(accounts, policies)
    return {pk: Checklist([_line(rule, facts, []) for rule in RULES]) for pk, facts in found.items()}


def facts_of(
    accounts: Collection[BusinessAccount],
    policies: Policies,
    *,
    lone: Mapping[int, Collection[SingleHanded]] | None = None,
) -> dict[int, Facts]:
    """Read what the rules ask about these accounts; five queries for any number of accounts and people."""
    if not accounts:
        return {}
    by_id = {account.pk: account for account in accounts}
    numbers = {name: number_of(question(policies)) for name, question in QUESTIONS.items()}
    rows: Any = BusinessAccount.objects.filter(pk__in=by_id).values("pk", **numbers)
    if lone is None:
        lone = done_by_one_in_each(list(by_id))
    return {
        row["pk"]: Facts(
            by_id[row["pk"]], policies[row["pk"]], {**row, "lone": sum(len(found.acts) for found in lone[row["pk"]])}
        )
        for row in rows
    }


def _line(rule: Rule, facts: Facts, others: Collection[Person] | None) -> Line:
    """Return a rule as it stands; `others` can fix it where the reader can't (None)."""
    if not rule.applies(facts):
        return Line(rule.key, str(rule.title), str(rule.why), None, now=str(rule.else_))
    missing = rule.missing(facts)
    page, verb = reverse(rule.page, args=[facts.account.slug]) + rule.behind, str(rule.verb)
    if missing and facts.plans(rule.demand):
        missing = _("A change is planned, and does not count yet.")
        page, verb = reverse("policy_plan", args=[facts.account.slug]), _("See the plan")
    mine = others is None and bool(missing)
    return Line(
        rule.key,
        str(rule.title),
        str(rule.why),
        not missing,
        now=missing,
        href=page if mine else "",
        verb=verb if mine else "",
        fixers=tuple(others or ()) if missing else (),
    )
