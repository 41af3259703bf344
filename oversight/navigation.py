"""What the frame of a page shows about the reader's accounts. Asked only by the pages that show it, and once."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access import Standing
from accounts.models import BusinessAccount
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, RUN_REVIEWS, VIEW_ACCOUNT, VIEW_AUDIT
from invitations.models import Invitation
from notices.access import unread_by
from teams.holdings import access_of

from .querysets import current_seats, navigation_counts

MOST_IN_SWITCH = 50  # the switch is for hopping; the rest is found by its search
SEARCH_FROM = 6  # accounts from which on the switch has a search


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the side navigation, for those who hold `permission` on the account."""

    page: str
    label: str | Promise
    icon: str
    permission: str
    count: str = ""
    gap: bool = False
    team: bool = False  # of no use in an account without a team
    alarms: str = ""  # the number that makes the line stand out when it is not zero


ENTRIES = (
    Entry("account_home", _("Overview"), "layout-dashboard", VIEW_ACCOUNT),
    Entry("team", _("Team"), "users", MANAGE_TEAM, count="members"),
    Entry("invitations", _("Invitations"), "mail", MANAGE_TEAM, count="open", alarms="failed"),
    Entry("access_requests", _("Requests"), "clipboard-check", VIEW_ACCOUNT, count="requests", team=True),
    Entry("shared_logins", _("Shared logins"), "lock", MANAGE_TEAM, count="exposed", alarms="exposed"),
    Entry("roles", _("Roles"), "key", VIEW_ACCOUNT),
    Entry("assets", _("Assets"), "box", VIEW_ACCOUNT),
    Entry("reviews", _("Reviews"), "rosette-discount-check", RUN_REVIEWS, team=True),
    Entry("review_reports", _("Reports"), "rosette-discount-check", VIEW_AUDIT, team=True),
    Entry("activity", _("Activity"), "activity", VIEW_AUDIT, gap=True),
    Entry("alerts", _("Alerts"), "bell", VIEW_AUDIT, count="alerts", alarms="grave_alerts"),
    Entry("security_policy", _("Security"), "shield-lock", MANAGE_SECURITY, gap=True),
    Entry("account_settings", _("Settings"), "settings", VIEW_ACCOUNT),
)


def address_of(page: str, *args: Any) -> str:
    """Return the path of a page, or an empty text where the portal has no such page."""
    try:
        return reverse(page, args=args)
    except NoReverseMatch:
        return ""


def navigation(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """Give templates `my_switch`, `my_role_name`, `my_waiting_invitations`, `my_unread_notices` and `account_nav`.

    Each is a function that the template calls, so a page that doesn't use it pays nothing. At most four queries, and
    two more where something unread needs a permission.
    """
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {}
    account: BusinessAccount | None = getattr(request, "account", None)
    questions = {
        "my_switch": lambda: switch_of(person),
        "my_role_name": lambda: _role_name(person, account),
        "my_waiting_invitations": lambda: Invitation.objects.waiting_for(person).count(),
        "my_unread_notices": lambda: unread_by(person),
        "account_nav": lambda: _account_nav(request, account),
    }
    return {name: functools.cache(question) for name, question in questions.items()}


def switch_of(person: Any, text: str = "") -> dict[str, Any]:
    """Return what the account switch shows: `accounts` that fit a search, whether there are `more`, and the search."""
    seats = list(current_seats(person, text)[: MOST_IN_SWITCH + 1])
    more, seats = len(seats) > MOST_IN_SWITCH, seats[:MOST_IN_SWITCH]
    accounts = [
        {
            "name": seat.account.name,
            "slug": seat.account.slug,
            "kind": seat.account.get_kind_display(),
            "role_name": "" if seat.state == seat.State.SUSPENDED or seat.is_expired else str(seat.role),
            "url": seat.account.get_absolute_url(),
        }
        for seat in seats
    ]
    return {"accounts": accounts, "more": more, "text": text, "searchable": len(accounts) >= SEARCH_FROM}


def _role_name(person: Any, account: BusinessAccount | None) -> str:
    access = access_of(person, account.pk) if account else None
    return access.role.name if access and access.standing[0] is Standing.ACTIVE else ""


def _account_nav(request: HttpRequest, account: BusinessAccount | None) -> list[dict[str, Any]]:
    """Return the lines that the reader may follow; a gap moves on to the next line that is there."""
    if account is None:
        return []
    lines: list[dict[str, Any]] = []
    gap = False
    manages, reads_log = (request.user.has_perm(code, account) for code in (MANAGE_TEAM, VIEW_AUDIT))
    counts = navigation_counts(account, manages=manages, reads_log=reads_log)
    for entry in ENTRIES:
        gap = gap or entry.gap
        url = address_of(entry.page, account.slug)
        of_use = account.is_business or not entry.team
        if not url or not of_use or not request.user.has_perm(entry.permission, account):
            continue
        if entry.page == "shared_logins" and account.is_business and not counts["logins"]:
            continue  # a business account needs none; one that was upgraded keeps its register
        if entry.page == "review_reports" and request.user.has_perm(RUN_REVIEWS, account):
            continue  # the list of all reviews leads to each report, too
        inside = request.path == url or (request.path.startswith(url) and entry.page != "account_home")
        lines.append(
            {
                "url": url,
                "label": entry.label,
                "icon": entry.icon,
                "current": inside,
                "count": counts.get(entry.count),
                "tone": "warn" if counts.get(entry.alarms) else "",
                "gap": gap and bool(lines),
            }
        )
        gap = False
    return lines
