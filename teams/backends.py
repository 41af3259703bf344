"""The authentication backend that answers for accounts and assets (rule 1)."""

from typing import Any

from django.urls import reverse

from accounts.access import Answer
from accounts.models import BusinessAccount, Person

from . import access
from .holdings import access_of
from .models import Membership
from .permissions import ADMINISTERS
from .querysets import role_position


class AccessBackend:
    """Answers `user.has_perm(code, obj)` from memberships, roles and asset grants. Signs nobody in, finds nobody."""

    def authenticate(self, request: Any) -> None:
        """Know nobody: Django asks every backend."""

    def explain(self, person: Any, code: str, obj: Any) -> Answer:
        """Say whether, and why."""
        return access.explain(person, code, obj)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Say whether; for what is no account and no asset, leave the answer to others."""
        return obj is not None and access.explain(user_obj, perm, obj).allowed

    def who_can_give(self, code: str, account: BusinessAccount) -> list[Person]:
        """Return the active members who manage the team and hold `code` themselves, the owner last (rules 2, 4)."""
        return [row.person for row in self._managing(account) if code in row.role.permissions]

    def way_to_ask(self, code: str, account: BusinessAccount) -> str:
        """Return the path of the page that explains why not, and takes a request for it."""
        return f"{reverse('ask_for_access', args=[account.slug])}?permission={code}"

    def who_can_confirm(self, person: Person, account: BusinessAccount) -> list[Person]:
        """Return the active members who can confirm the role of `person`: only the owner, where it manages the team."""
        held = access_of(person, account.pk)
        asked = held.role_permissions if held else frozenset()
        rows = [row for row in self._managing(account) if asked <= row.role.permissions]
        return [row.person for row in rows if row.role.is_owner or not asked & ADMINISTERS]

    def _managing(self, account: BusinessAccount) -> list[Membership]:
        rows = Membership.objects.active().filter(account=account).administering().with_roles("person")
        return sorted(rows.order_by(role_position(), "person__name", "pk"), key=lambda row: row.role.is_owner)
