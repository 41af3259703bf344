"""What lies inside the accounts that are open: members, roles, grants, invitations, the policy, and the log."""

from typing import Any

from django.contrib.admin import display, register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import BusinessAccount, SecurityPolicy
from accounts.permissions import words_for
from audit.models import Chain, Event
from invitations.models import Invitation
from oversight.views.activity import OUTCOMES, changes_of
from teams.models import AssetGrant, Membership, Role

from .overall import name_of
from .reading import OfAccounts, State, choice
from .site import site


@register(Membership, site=site)
class Members(OfAccounts):
    """Who has access, and with which role."""

    list_name, page_name, folder = "staff_members", "staff_member", "members"
    heading = _lazy("Members")
    search_label, search_fields = _lazy("Name, or the whole address"), ["person__name", "=person__email"]
    labels = {
        "joined_at": _lazy("joined"), "ends_at": _lazy("ends"), "raised_until": _lazy("role for a time, until"),
        "confirmed_at": _lazy("role confirmed"), "suspended_at": _lazy("suspended"), "ended_at": _lazy("ended"),
    }  # fmt: skip
    list_display = ["person_name", "role_name", "state_words", "kind_words", "joined_at", "ends_at"]
    page_fields = [
        *list_display, "account_name", "organisation", "raised_until", "confirmed_at", "suspended_at", "ended_at",
    ]  # fmt: skip
    list_filter = [choice("state", _lazy("state"), Membership.State.choices)]
    list_select_related = ["person", "account", "lasting_role", "raised_to"]
    ordering = ["person__name", "pk"]

    @display(description=_lazy("person"), ordering="person__name")
    def person_name(self, member: Membership) -> str:
        """Whose access it is."""
        return name_of(member.person)

    @display(description=_lazy("role"))
    def role_name(self, member: Membership) -> str:
        """The role that counts now."""
        return str(member.role)

    @display(description=_lazy("state"), ordering="state")
    def state_words(self, member: Membership) -> State:
        """How it stands."""
        tones = {"active": "ok", "suspended": "warn", "ended": ""}
        return State(member.get_state_display(), tones[member.state])

    @display(description=_lazy("kind"), ordering="kind")
    def kind_words(self, member: Membership) -> str:
        """On what terms."""
        return member.get_kind_display().capitalize()


@register(Role, site=site)
class Roles(OfAccounts):
    """The roles that accounts have made; the built-in ones are the same everywhere."""

    list_name, page_name, folder = "staff_roles", "staff_role", "roles"
    heading, lead = _lazy("Roles"), _lazy("Those that accounts have made. The built-in ones are the same everywhere.")
    search_label, search_fields = _lazy("Name"), ["name"]
    labels = {"about": _lazy("whom it is for"), "retired_at": _lazy("retired")}
    list_display = ["name", "about", "retired_at"]
    page_fields = [*list_display, "account_name", "holds"]
    list_select_related = ["account"]
    ordering = ["name", "pk"]

    @display(description=_lazy("permissions"))
    def holds(self, role: Role) -> list[str | Promise]:
        """What it gives."""
        return [words_for(code) for code in sorted(role.permissions)]


@register(AssetGrant, site=site)
class Grants(OfAccounts):
    """What single people may do on single assets, beside their role."""

    of = "membership__account"
    list_name, page_name, folder = "staff_grants", "staff_grant", "grants"
    heading = _lazy("Asset grants")
    search_label, search_fields = _lazy("Person or asset"), ["user__name", "content_object__name"]
    labels = {"given_at": _lazy("since"), "ends_at": _lazy("ends")}
    list_display = ["person_name", "what", "asset_name", "given_at", "ends_at"]
    page_fields = [*list_display, "account_name", "giver_name"]
    list_select_related = ["user", "content_object", "permission", "membership__account", "given_by"]
    ordering = ["user__name", "pk"]

    @display(description=_lazy("person"), ordering="user__name")
    def person_name(self, grant: AssetGrant) -> str:
        """Who was given it."""
        return name_of(grant.user)

    @display(description=_lazy("permission"))
    def what(self, grant: AssetGrant) -> str:
        """What is allowed."""
        words = str(words_for(grant.permission.codename))
        return words[:1].upper() + words[1:]

    @display(description=_lazy("asset"), ordering="content_object__name")
    def asset_name(self, grant: AssetGrant) -> str:
        """On what."""
        return grant.content_object.name

    @display(description=_lazy("given by"))
    def giver_name(self, grant: AssetGrant) -> str:
        """Who gave it."""
        return name_of(grant.given_by) if grant.given_by else ""


@register(Invitation, site=site)
class Invitations(OfAccounts):
    """Offers of access. Their links are nowhere."""

    list_name, page_name, folder = "staff_invitations", "staff_invitation", "invitations"
    heading, lead = _lazy("Invitations"), _lazy("Their links are not shown to anybody.")
    search_label, search_fields = _lazy("The whole address"), ["=address"]
    labels = {
        "created_at": _lazy("invited"), "expires_at": _lazy("open until"), "sent_at": _lazy("sent last"),
        "answered_at": _lazy("answered"), "sending": _lazy("times sent"),
    }  # fmt: skip
    list_display = ["address", "role_name", "state_words", "inviter_name", "expires_at"]
    page_fields = [*list_display, "account_name", "created_at", "channel_words", "sending", "sent_at", "answered_at"]
    list_filter = [choice("state", _lazy("state"), Invitation.State.choices)]
    list_select_related = ["account", "role", "invited_by"]
    ordering = ["-created_at", "-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Leave out what the link is known by."""
        return super().get_queryset(request).defer("token_hash")

    @display(description=_lazy("role"))
    def role_name(self, invitation: Invitation) -> str:
        """What is offered."""
        return str(invitation.role)

    @display(description=_lazy("state"), ordering="state")
    def state_words(self, invitation: Invitation) -> State:
        """How it stands."""
        if invitation.is_expired:
            return State(_lazy("expired"), "warn")
        return State(invitation.get_state_display(), {"open": "info", "accepted": "ok"}.get(invitation.state, ""))

    @display(description=_lazy("invited by"), ordering="invited_by__name")
    def inviter_name(self, invitation: Invitation) -> str:
        """Who invites."""
        return name_of(invitation.invited_by)

    @display(description=_lazy("sent"))
    def channel_words(self, invitation: Invitation) -> str:
        """By mail, or handed over."""
        return invitation.get_channel_display().capitalize()


@register(SecurityPolicy, site=site)
class Policies(OfAccounts):
    """What an account demands of its team."""

    list_name, page_name, folder = "staff_policies", "staff_policy", "policies"
    heading = _lazy("Security policies")
    list_display = ["account_name", "factor_words", "confirmation_words", "most_administrators"]
    page_fields = [
        *list_display, "invitation_days", "outside_days", "member_days", "session_idle_minutes", "session_total_hours",
        "probation_days", "claim_days",
    ]  # fmt: skip
    list_select_related = ["account"]
    ordering = ["account__name", "pk"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns: the account is one of them already."""
        return list(self.list_display)

    @display(description=_lazy("second factor"))
    def factor_words(self, policy: SecurityPolicy) -> str:
        """Who needs one."""
        return policy.get_second_factor_display().capitalize()

    @display(description=_lazy("role confirmation"))
    def confirmation_words(self, policy: SecurityPolicy) -> str:
        """Whether roles are confirmed."""
        return policy.get_confirmation_display().capitalize()


@register(Event, site=site)
class Events(OfAccounts):
    """The log, as those inside read it; from where somebody acted is not shown."""

    of = "chain__subject_id"
    list_name, page_name, folder = "staff_events", "staff_event", "events"
    heading = _lazy("Events")
    labels = {"at": _lazy("when"), "name": _lazy("act"), "number": _lazy("number in the log")}
    list_display = ["sentence_words", "result_words", "at"]
    page_fields = ["at", "actor_words", "name", "result_words", "reason", "account_name", "number"]
    list_filter = [choice("result", _lazy("result"), Event.Result.choices)]
    ordering = ["-at", "-pk"]
    change_form_template = "staff/event.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the events in the chains of the accounts that this session has open."""
        rows = super().get_queryset(request)
        return rows.filter(chain__kind=Chain.Kind.ACCOUNT).select_related("chain")

    @display(description=_lazy("event"))
    def sentence_words(self, event: Event) -> str:
        """What happened."""
        return event.sentence

    @display(description=_lazy("who"))
    def actor_words(self, event: Event) -> str:
        """Who did it."""
        return event.actor

    @display(description=_lazy("result"), ordering="result")
    def result_words(self, event: Event) -> State:
        """Done, refused, or failed."""
        done = OUTCOMES.get(event.name, (_lazy("done"), "ok"))
        return State(_lazy("refused"), "bad") if event.refused else State(*done)

    @display(description=_lazy("reason"))
    def reason(self, event: Event) -> str:
        """Why."""
        return event.parts["reason"]

    @display(description=_lazy("account"))
    def account_name(self, event: Event) -> str:
        """In whose log it stands."""
        return BusinessAccount.objects.values_list("name", flat=True).get(pk=event.chain.subject_id)

    def more_of_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the act changed."""
        return {"changes": changes_of(row.parts["before"], row.parts["after"])}
