"""Which permissions are more together than each alone: what a second pair of eyes would otherwise see."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import (
    MANAGE_BILLING,
    MANAGE_ROLES,
    MANAGE_SECURITY,
    MANAGE_TEAM,
    RUN_ADS,
    RUN_REVIEWS,
    VIEW_AUDIT,
)


@dataclass(frozen=True, slots=True)
class Combination:
    """Permissions that one person should not hold together without a thought, and why."""

    codes: frozenset[str]
    name: str | Promise
    why: str | Promise


COMBINATIONS = (
    Combination(
        frozenset({MANAGE_TEAM, MANAGE_BILLING}),
        _("Team and billing"),
        _("Can bring people in and pay for them, so nobody else need notice someone who isn’t real."),
    ),
    Combination(
        frozenset({MANAGE_SECURITY, MANAGE_BILLING}),
        _("Security and billing"),
        _("Can lower the protection of sign-ins, and reach the money behind it."),
    ),
    Combination(
        frozenset({RUN_ADS, MANAGE_BILLING}),
        _("Ads and billing"),
        _("Spends the budget and looks after the bills for it, so nobody else checks one against the other."),
    ),
    Combination(
        frozenset({MANAGE_ROLES, MANAGE_TEAM}),
        _("Roles and team"),
        _("Decides what a role holds and also who gets it, so a role can grow without a second look."),
    ),
    Combination(
        frozenset({MANAGE_SECURITY, MANAGE_TEAM}),
        _("Security and team"),
        _("Can loosen the rules for entering and then let people in by them."),
    ),
    Combination(
        frozenset({RUN_REVIEWS, MANAGE_TEAM}),
        _("Reviews and team"),
        _("Gives access and then reviews it, so a mistake is checked by whoever made it."),
    ),
    Combination(
        frozenset({VIEW_AUDIT, MANAGE_SECURITY, MANAGE_BILLING}),
        _("Log, security and billing"),
        _("Sees what the log catches, and can change both the protection and the money."),
    ),
)


def combinations_in(codes: Collection[str]) -> list[Combination]:
    """Return the powerful combinations that a set of permissions holds, the table's order."""
    return [combination for combination in COMBINATIONS if combination.codes <= frozenset(codes)]
