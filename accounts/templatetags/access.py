"""The tags by which templates ask what the reader may do, and lead to what only some may see."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from ..permissions import VIEW_AUDIT
from .ui import icon

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: Any, code: str, obj: Any) -> bool:
    """Say whether the reader may do `code` on an account or asset: `{% can "manage_team" account as may_manage %}`."""
    return context["request"].user.has_perm(code, obj)


@register.simple_tag(takes_context=True)
def history(context: Any, kind: str, pk: int) -> str:
    """A button that leads to all that the log holds of a person, an asset, or a thing of another kind (`audit_kind`).

    It shows for readers who may see the log of the page's account.
    """
    account = context["account"]
    if not context["request"].user.has_perm(VIEW_AUDIT, account):
        return ""
    narrowed = f"{kind}={pk}" if kind in {"person", "asset"} else f"kind={kind}&target={pk}"
    address = f"{reverse('activity', args=[account.slug])}?{narrowed}"
    return format_html(
        '<a class="btn btn-quiet" href="{}">{}<span>{}</span></a>', address, icon("history"), _("History")
    )
