"""What the staff sees without opening an account: which accounts and people there are, and how mails fare."""

import datetime as dt
import re
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.admin import display, register
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import BusinessAccount, OutgoingMail, Person
from accounts.normalising import masked
from audit.models import Event
from invitations.models import Invitation
from teams.models import AssetGrant, Membership, Role

from ..looks import open_looks
from .reading import Choice, Reading, State, choice
from .site import site

ADDRESS = re.compile(r"[^\s<>@:;,'\"()]+@[^\s<>@:;,'\"()]+")


def name_of(person: Person) -> str:
    """Return a person's name; of who has none, the address with its inside hidden."""
    return person.name or masked(person.email)


class AccountState(Choice):
    """Open, frozen or closed."""

    parameter_name = "state"
    title = _lazy("state")
    choices_of = [("open", _lazy("open")), ("frozen", _lazy("frozen")), ("closed", _lazy("closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow the list."""
        narrowings = {
            "open": Q(closed_at=None, frozen_at=None),
            "frozen": Q(closed_at=None, frozen_at__isnull=False),
            "closed": Q(closed_at__isnull=False),
        }
        wanted = narrowings.get(self.value() or "")
        return queryset.filter(wanted) if wanted else queryset


class WithSecondFactor(Choice):
    """With a second factor, or without."""

    parameter_name = "second_factor"
    title = _lazy("second factor")
    choices_of = [("True", _lazy("with a second factor")), ("False", _lazy("without a second factor"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow the list."""
        chosen = self.value()
        return queryset.filter(has_factor=chosen == "True") if chosen in ("True", "False") else queryset


@register(BusinessAccount, site=site)
class Accounts(Reading):
    """Which accounts there are; what is inside one is shown while it is open."""

    list_name, page_name, folder = "staff_accounts", "staff_account", "accounts"
    heading, lead = _lazy("Accounts"), _lazy("What is inside one is shown after you have opened it, for a reason.")
    search_label, search_fields = _lazy("Name or address"), ["name", "slug"]
    labels = {"slug": _lazy("address"), "created_at": _lazy("since")}
    list_display = ["name", "slug", "kind_words", "state", "owner_name", "members", "created_at"]
    page_fields = list_display
    list_filter = [AccountState, choice("kind", _lazy("kind"), BusinessAccount.Kind.choices)]
    ordering = ["name", "pk"]
    change_form_template = "staff/account.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return every account, with its owner and how many members it has."""
        now = Count("memberships", filter=~Q(memberships__state=Membership.State.ENDED))
        return super().get_queryset(request).select_related("owner").annotate(member_count=now)

    @display(description=_lazy("kind"), ordering="kind")
    def kind_words(self, account: BusinessAccount) -> str:
        """Standard or business."""
        return account.get_kind_display().capitalize()

    @display(description=_lazy("state"))
    def state(self, account: BusinessAccount) -> State:
        """Whether it is open."""
        if account.closed_at:
            return State(_lazy("closed"))
        return State(_lazy("frozen"), "warn") if account.frozen_at else State(_lazy("open"), "ok")

    @display(description=_lazy("owner"), ordering="owner__name")
    def owner_name(self, account: BusinessAccount) -> str:
        """The name of its owner."""
        return name_of(account.owner)

    @display(description=_lazy("members"), ordering="member_count")
    def members(self, account: Any) -> int:
        """How many people it has."""
        return account.member_count

    def more_of_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return until when the account is open, and how much of what lies inside."""
        ends_at = open_looks(request).get(row.pk)
        if ends_at is None:
            return {"ends_at": None}
        inside = [
            (_("Members, past ones too"), "staff_members", Membership.objects.filter(account=row).count()),
            (_("Roles of its own"), "staff_roles", Role.objects.filter(account=row).count()),
            (_("Asset grants"), "staff_grants", AssetGrant.objects.filter(membership__account=row).count()),
            (_("Invitations"), "staff_invitations", Invitation.objects.filter(account=row).count()),
            (_("Events"), "staff_events", Event.objects.in_chain_of(row).count()),
        ]
        parts = [
            {"label": label, "href": f"{reverse(page)}?account={row.pk}", "count": count}
            for label, page, count in inside
        ]
        return {"ends_at": ends_at, "parts": parts, "policy_href": reverse("staff_policy", args=[row.pk])}


@register(Person, site=site)
class People(Reading):
    """Who signs in here. In which accounts they are is not said."""

    list_name, page_name, folder = "staff_people", "staff_person", "people"
    heading, lead = _lazy("People"), _lazy("Who signs in here. In which accounts they are is not shown.")
    search_label, search_fields = _lazy("Name, or the whole address"), ["name", "=email"]
    labels = {"joined_at": _lazy("joined"), "last_login": _lazy("last sign-in")}
    list_display = ["shown_name", "masked_address", "staff", "active", "second_factor", "joined_at"]
    page_fields = [*list_display, "last_login"]
    list_filter = [
        WithSecondFactor,
        choice("is_staff", _lazy("staff"), [(True, _lazy("staff")), (False, _lazy("not staff"))]),
        choice("is_active", _lazy("sign-in"), [(True, _lazy("active")), (False, _lazy("switched off"))]),
    ]
    ordering = ["name", "pk"]
    change_form_template = "staff/person.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return everybody, without their secrets, and whether they have a second factor."""
        factors = Authenticator.objects.filter(user_id=OuterRef("pk"), type__in=["totp", "webauthn"])
        rows = super().get_queryset(request).defer("password", "reset_links")
        return rows.annotate(has_factor=Exists(factors))

    @display(description=_lazy("name"), ordering="name")
    def shown_name(self, person: Person) -> str:
        """The name."""
        return name_of(person)

    @display(description=_lazy("address"))
    def masked_address(self, person: Person) -> str:
        """The address with its inside hidden."""
        return masked(person.email)

    @display(description=_lazy("staff"), ordering="is_staff")
    def staff(self, person: Person) -> bool:
        """Whether it is one of the staff."""
        return person.is_staff

    @display(description=_lazy("active"), ordering="is_active")
    def active(self, person: Person) -> bool:
        """Whether the sign-in works."""
        return person.is_active

    @display(description=_lazy("second factor"), ordering="has_factor")
    def second_factor(self, person: Any) -> bool:
        """Whether there is one."""
        return person.has_factor


@register(OutgoingMail, site=site)
class Mails(Reading):
    """Mails that have not gone out: how often it was tried, and what the mail server said. Never what they say."""

    list_name, page_name, folder = "staff_mails", "staff_mail", "mails"
    heading, lead = _lazy("Mails"), _lazy("Those that wait, and those that failed for good. Their text is not shown.")
    labels = {"created_at": _lazy("since")}
    list_display = ["kind", "masked_address", "state_words", "plain_problem", "created_at"]
    page_fields = [*list_display, "tries", "next_try"]
    list_filter = [
        choice(
            "state",
            _lazy("state"),
            [
                (state.value, state.label)
                for state in OutgoingMail.State
                if state.value in ("queued", "sending", "parked")
            ],
        )
    ]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return those that did not go out, without what they say."""
        rows = super().get_queryset(request).defer("sealed", "message_id")
        return rows.filter(state__in=["queued", "sending", "parked"])

    @display(description=_lazy("to"))
    def masked_address(self, mail: OutgoingMail) -> str:
        """The address with its inside hidden."""
        return masked(mail.address)

    @display(description=_lazy("state"), ordering="state")
    def state_words(self, mail: OutgoingMail) -> State:
        """How it stands."""
        return State(mail.get_state_display(), "bad" if mail.state == mail.State.PARKED else "")

    @display(description=_lazy("what the mail server said"))
    def plain_problem(self, mail: OutgoingMail) -> str:
        """The words of the mail server, which like to repeat the address."""
        return ADDRESS.sub(lambda found: masked(found.group()), mail.problem)

    @display(description=_lazy("next try"), ordering="due_at")
    def next_try(self, mail: OutgoingMail) -> dt.datetime | None:
        """When it is tried again."""
        return None if mail.state == mail.State.PARKED else mail.due_at
