"""The table of plans: what each one allows an account. Nothing is paid or charged here; a plan is a limit."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan: how many people and assets in use an account may have by it; None where there is no limit."""

    code: str
    name: str | Promise
    purpose: str | Promise
    most_people: int | None = None
    most_assets: int | None = None


PLANS = {
    plan.code: plan
    for plan in (
        Plan("starter", _("Starter"), _("For a brand that begins."), most_people=5, most_assets=3),
        Plan("team", _("Team"), _("For a brand with a team of its own."), most_people=50, most_assets=25),
        Plan("scale", _("Scale"), _("For many hands: no limit."), None, None),
    )
}
USUAL = "scale"  # of every account in which nobody has chosen one
