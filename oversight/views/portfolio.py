"""All of one's own accounts in one table: the role in each, what waits there, and what is at risk (rule 4)."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.access import Standing
from accounts.checklist import Checklist
from accounts.models import BusinessAccount
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, VIEW_AUDIT
from accounts.views import SignedInMixin, chips_of, page_of
from teams.holdings import Access, accesses_of
from teams.models import Membership
from teams.querysets import SOON

from ..checklist import scores_of
from ..forms import PORTFOLIO_STATES, PortfolioForm
from ..navigation import address_of
from ..querysets import current_seats, last_acts, open_claims_in, risks_in, waiting_in

WAITING: dict[str, Callable[[int], str]] = {  # the gravest first
    "claims": lambda many: ngettext("%d claim of the ownership", "%d claims of the ownership", many),
    "alerts": lambda many: ngettext("%d open alert", "%d open alerts", many),
    "exposed": lambda many: ngettext("%d password to change", "%d passwords to change", many),
    "roles": lambda many: ngettext("%d role to confirm", "%d roles to confirm", many),
    "requests": lambda many: ngettext("%d request", "%d requests", many),
    "undelivered": lambda many: ngettext("%d undelivered invitation", "%d undelivered invitations", many),
    "ending": lambda many: ngettext("%d access ends soon", "%d accesses end soon", many),
}


@dataclass
class Line:
    """One of the reader's accounts, with what may be told of it: beyond the own access only where the reader manages.

    `waiting` has words by name, `risks` words by the name of the risk.
    """

    seat: Membership
    account: BusinessAccount
    standing: Standing
    role: str
    manages: bool = False
    owns: bool = False
    waiting: list[dict[str, str]] = field(default_factory=list)
    risks: dict[str, str] = field(default_factory=dict)
    security: Checklist | None = None  # where the reader may see it
    last_at: dt.datetime | None = None
    last_is_mine: bool = False

    @property
    def standing_name(self) -> str:
        """The standing, as templates compare it."""
        return self.standing.name

    @property
    def tells_role(self) -> bool:
        """Whether the role says anything now."""
        return self.standing not in {Standing.SUSPENDED, Standing.EXPIRED}


class Portfolio(SignedInMixin, TemplateView):
    """My accounts: my role in each, what waits there, what is at risk; the same few queries for any number."""

    template_name = "oversight/portfolio.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Narrow, count for the chips, sort, page."""
        form = PortfolioForm(self.request.GET)
        wanted = form.wanted()
        lines = lines_of(self.me, list(current_seats(self.me, wanted["q"])))
        if wanted["risk"]:
            lines = [line for line in lines if wanted["risk"] in line.risks]
        counts = {state: sum(map(belongs, lines)) for state, belongs in _STATES.items()}
        chosen = _in_order([line for line in lines if _STATES[wanted["state"]](line)], wanted["sort"])
        return super().get_context_data(
            form=form,
            page_obj=page_of(chosen, self.request),
            chips=chips_of(self.request, PORTFOLIO_STATES, counts, wanted["state"]),
            narrowed=any(wanted[name] for name in ("q", "risk", "state")),
            **kwargs,
        )


def lines_of(person: Any, seats: Sequence[Membership]) -> list[Line]:
    """Return a line for each of a person's memberships, in their order."""
    accounts = {seat.account_id: seat.account for seat in seats}
    accesses = accesses_of(person, accounts)
    lines = [_line(person, seat, accesses[seat.account_id]) for seat in seats if seat.account_id in accesses]
    managed = [line.account.pk for line in lines if line.manages]
    waiting, claims, risks = waiting_in(managed), open_claims_in(managed), risks_in(managed)
    logs = [line.account.pk for line in lines if line.standing is Standing.ACTIVE and _sees_log(person, line)]
    scores = scores_of([line.account for line in lines if _sees_security(person, line)])
    overall, mine = last_acts(logs), last_acts(accounts, by=person)
    for line in lines:
        pk = line.account.pk
        line.last_at, line.last_is_mine = overall.get(pk) or mine.get(pk), pk not in overall
        line.security = scores.get(pk)
        if line.manages:
            line.waiting = _waiting_words(line.account, {**waiting.get(pk, {}), "claims": claims.get(pk, 0)})
            line.risks |= _risk_words(line.account, {name: numbers.get(pk, 0) for name, numbers in risks.items()})
    return lines


def _line(person: Any, seat: Membership, access: Access) -> Line:
    standing, _since = access.standing
    active = standing is Standing.ACTIVE
    line = Line(seat, seat.account, standing, access.role.name, owns=seat.account.owner_id == person.pk)
    line.manages = active and person.has_perm(MANAGE_TEAM, seat.account)
    if standing is Standing.NO_SECOND_FACTOR:
        line.risks["no_factor"] = _("You have no second factor, and it is asked for")
    now = timezone.now()
    if line.tells_role and access.ends_at and now < access.ends_at <= now + SOON:
        line.risks["ends"] = _("Your access ends soon")
    return line


def _sees_log(person: Any, line: Line) -> bool:
    return person.has_perm(VIEW_AUDIT, line.account)


def _sees_security(person: Any, line: Line) -> bool:
    return line.standing is Standing.ACTIVE and person.has_perm(MANAGE_SECURITY, line.account)


def _waiting_words(account: BusinessAccount, numbers: dict[str, int]) -> list[dict[str, str]]:
    """Return what waits in an account, in words, each with the page where it is done."""
    urls = {
        "claims": account.get_absolute_url(),
        "exposed": address_of("shared_logins", account.slug),
        "alerts": address_of("alerts", account.slug),
        "roles": f"{address_of('team', account.slug)}?state=to_confirm",
        "requests": address_of("access_requests", account.slug),
        "undelivered": f"{address_of('invitations', account.slug)}?state=failed",
        "ending": f"{address_of('team', account.slug)}?state=ends_soon",
    }
    return [
        {"words": words(numbers[name]) % numbers[name], "url": urls[name]}
        for name, words in WAITING.items()
        if numbers.get(name)
    ]


def _risk_words(account: BusinessAccount, numbers: dict[str, int]) -> dict[str, str]:
    words = {}
    if account.is_business and numbers["administrators"] <= 1:
        words["alone"] = _("Only one person administers it")
    if many := numbers["without_factor"]:
        words["without_factor"] = (
            ngettext("%d person without second factor", "%d people without second factor", many) % many
        )
    return words


_STATES: dict[str, Callable[[Line], bool]] = {
    "": lambda line: True,
    "managed": lambda line: line.manages,
    "todo": lambda line: bool(line.waiting),
    "risk": lambda line: bool(line.risks),
}


def _in_order(lines: list[Line], sort: str) -> list[Line]:
    """Return the lines in the order of a column; what has no value there stands last, whichever way."""
    keys: dict[str, Callable[[Line], Any]] = {
        "role": lambda line: line.seat.role.position if line.tells_role else None,
        "ends": lambda line: line.seat.ends_at,
        "waiting": lambda line: len(line.waiting) or None,
        "seen": lambda line: line.last_at,
        "security": lambda line: line.security.done / line.security.of if line.security else None,
    }
    name, backwards = sort.removeprefix("-"), sort.startswith("-")
    key = keys.get(name, lambda line: (line.account.name.casefold(), line.account.pk))
    there = [line for line in lines if key(line) is not None]
    return sorted(there, key=key, reverse=backwards) + [line for line in lines if key(line) is None]
