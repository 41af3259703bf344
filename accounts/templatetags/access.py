"""The one tag by which templates ask what the reader may do."""

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: Any, code: str, obj: Any) -> bool:
    """Say whether the reader may do `code` on an account or asset: `{% can "manage_team" account as may_manage %}`."""
    return context["request"].user.has_perm(code, obj)
