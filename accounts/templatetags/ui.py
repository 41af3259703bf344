"""The components every page is made of; their parameters stand at the top of each template in `templates/components/`.

The library is built into the template engine, so no page loads it. Tags that hold markup between them end with `end`
and their own name (`{% panel %}…{% endpanel %}`).
"""

import ipaddress
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BoundField, Form
from django.http import QueryDict
from django.template.context import Context
from django.template.engine import Engine
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ..places import browser_words

register = template.Library()

NOTICE_ICONS = {"ok": "circle-check", "warn": "alert-triangle", "bad": "alert-circle", "info": "info-circle"}
MESSAGE_TONES = {"debug": "info", "info": "info", "success": "ok", "warning": "warn", "error": "bad"}
AVATAR_COLOURS = 6
_menu_numbers = count(1)


def _fill(context: Context, name: str, values: Mapping[str, Any]) -> SafeString:
    """Render a component that holds markup, with the request's token so that a form in it can be sent."""
    inner = context.new({"request": context.get("request"), "csrf_token": context.get("csrf_token"), **values})
    return Engine.get_default().get_template(f"components/{name}.html").render(inner)


def _trim(content: str) -> SafeString:
    """Rendered markup without the blank space around it: `SafeString.strip` alone would forget that it is safe."""
    return mark_safe(content.strip())  # noqa: S308  # nosec B308 B703  # what the template engine has rendered and escaped itself


def _with_request(context: Context, **values: Any) -> dict[str, Any]:
    return {"request": context.get("request"), **values}


# --- Words and signs --------------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon of the sprite; silent for screen readers unless it has a `label`. `size` may be "lg"."""
    address = f"{static('img/icons.svg')}#{name}"
    kind = f"icon icon-{size}" if size else "icon"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', kind, label, address)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', kind, address)


@register.inclusion_tag("components/badge.html")
def badge(text: str, tone: str = "", title: str = "", icon: str = "") -> dict[str, Any]:
    return {"text": text, "tone": tone, "title": title, "icon": icon}


def initials(name: str) -> str:
    """The letters an avatar shows: of the first and the last word, or "?" where there is none."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
def avatar(name: Any, size: str = "", shape: str = "", key: str = "") -> SafeString:
    """A disc with initials in a colour that stays the same for the same `key` (the name, if there is none)."""
    words = str(name or "")
    colour = zlib.crc32((key or words).casefold().encode()) % AVATAR_COLOURS
    kinds = ["ava", f"ava-{colour}", *(f"ava-{kind}" for kind in (size, shape) if kind)]
    return format_html('<span class="{}" aria-hidden="true">{}</span>', " ".join(kinds), initials(words))


@register.inclusion_tag("components/person.html")
def person(
    name: Any, email: str = "", note: str = "", href: str = "", badge: str = "", tone: str = "", size: str = ""
) -> dict[str, Any]:
    shown = str(name or "") or email
    return {
        "name": shown,
        "email": email if email != shown else "",
        "key": email or shown,
        "note": note,
        "href": href,
        "badge": badge,
        "tone": tone,
        "size": size,
    }


def relative_words(moment: datetime, now: datetime | None = None) -> str:
    """How far `moment` is from now, in the largest fitting unit: "2 hours ago", "in 6 days", "just now"."""
    seconds = round(((now or timezone.now()) - moment).total_seconds())
    past, distance = seconds >= 0, abs(seconds)
    if distance < 45:
        return _("just now") if past else _("in a moment")
    if distance < 45 * 60:
        number = max(1, round(distance / 60))
        return (
            ngettext("%d minute ago", "%d minutes ago", number) % number
            if past
            else ngettext("in %d minute", "in %d minutes", number) % number
        )
    if distance < 22 * 3600:
        number = max(1, round(distance / 3600))
        return (
            ngettext("%d hour ago", "%d hours ago", number) % number
            if past
            else ngettext("in %d hour", "in %d hours", number) % number
        )
    number = max(1, round(distance / 86400))
    if number == 1:
        return _("yesterday") if past else _("tomorrow")
    if number < 60:
        return _("%d days ago") % number if past else _("in %d days") % number
    if number < 700:
        number = round(number / 30.4)
        return _("%d months ago") % number if past else _("in %d months") % number
    number = round(number / 365.25)
    return _("%d years ago") % number if past else _("in %d years") % number


@register.simple_tag
def when(value: datetime | date | None, style: str = "relative", empty: str = "") -> str:
    """A `<time>`: `style` is "relative" (default), "date", "short" (day and time) or "full" (with the zone's name).

    The exact value in the reader's zone stands in the title. Without a value it says `empty` ("never" by default).
    """
    if value is None:
        return format_html('<span class="mute">{}</span>', empty or pgettext("no point in time", "never"))
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.date_format(value, "j M Y"))
    moment = value if timezone.is_aware(value) else timezone.make_aware(value, UTC)
    local = timezone.localtime(moment)
    zone = timezone.get_current_timezone_name()
    exact = f"{formats.date_format(local, 'j M Y, H:i:s')} {zone}"
    words = {
        "date": lambda: formats.date_format(local, "j M Y"),
        "short": lambda: formats.date_format(local, "j M Y, H:i"),
        "full": lambda: exact,
    }.get(style, lambda: relative_words(moment))()
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(timespec="seconds"), exact, words)


@register.filter
def soon(value: datetime | None, days: int = 14) -> bool:
    """Whether a moment lies ahead, but not more than `days` ahead: `{% if member.ends_at|soon:7 %}`."""
    if value is None:
        return False
    return timezone.now() <= value <= timezone.now() + timedelta(days=days)


@register.simple_tag
def site_address(path: str = "") -> str:
    """The configured address of the portal, with `path` behind it, for mails."""
    return f"{settings.SITE_URL}{path}"


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of one of Django's messages: `success` is "ok", `error` is "bad" and so on."""
    return MESSAGE_TONES.get(level_tag, "info")


# --- Acts -------------------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/button.html")
def button(
    label: str,
    href: str = "",
    tone: str = "",
    size: str = "",
    icon: str = "",
    type: str = "submit",
    name: str = "",
    value: str = "",
    form: str = "",
    id: str = "",
    title: str = "",
    disabled: bool = False,
    icon_only: bool = False,
    wide: bool = False,
    data: str = "",
) -> dict[str, Any]:
    return {
        "label": label,
        "href": href,
        "tone": tone,
        "size": size,
        "icon": icon,
        "type": type,
        "name": name,
        "value": value,
        "form": form,
        "id": id,
        "title": title,
        "disabled": disabled,
        "icon_only": icon_only,
        "wide": wide,
        "data": data,
    }


@register.simple_block_tag(takes_context=True)
def menu(
    context: Context,
    content: str,
    label: str,
    icon: str = "dots",
    key: Any = "",
    align: str = "end",
    show_label: bool = False,
    tone: str = "quiet",
    size: str = "sm",
) -> SafeString:
    """A button that opens a list of acts (`menu_item`s). `key` makes its id steady across renderings of a page."""
    identifier = f"menu-{key}" if key else f"menu-n{next(_menu_numbers)}"
    values = {"label": label, "icon": icon, "align": align, "show_label": show_label, "tone": tone, "size": size}
    return _fill(context, "menu", {"content": content, "id": identifier, **values})


@register.inclusion_tag("components/menu_item.html", takes_context=True)
def menu_item(
    context: Context,
    label: str,
    href: str = "",
    action: str = "",
    icon: str = "",
    tone: str = "",
    note: str = "",
    current: bool = False,
    name: str = "",
    value: str = "",
) -> dict[str, Any]:
    return _with_request(
        context,
        label=label,
        href=href,
        action=action,
        icon=icon,
        tone=tone,
        note=note,
        current=current,
        name=name,
        value=value,
    )


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    heading: str,
    verb: str,
    action: str = "",
    cancel: str = "",
    tone: str = "danger",
    effects: Iterable[str] = (),
    keeps: Iterable[str] = (),
    lead: str = "",
    typed: str = "",
) -> SafeString:
    """Shows what an act will do (`effects`), what stays (`keeps`), then asks, in a plain POST form."""
    values = {"heading": heading, "verb": verb, "action": action, "cancel": cancel, "tone": tone, "lead": lead}
    return _fill(
        context,
        "confirm",
        {"content": _trim(content), "effects": list(effects), "keeps": list(keeps), "typed": typed, **values},
    )


@register.inclusion_tag("components/copy_field.html")
def copy_field(value: str, label: str, id: str = "copy", help: str = "") -> dict[str, Any]:
    return {"value": value, "label": label, "id": id, "help": help}


# --- Parts of a page --------------------------------------------------------------------------------------------------
@register.simple_block_tag(takes_context=True)
def page_head(
    context: Context,
    content: str,
    title: str,
    lead: str = "",
    back: str = "",
    back_label: str = "",
    badge: str = "",
    badge_tone: str = "",
) -> SafeString:
    """The heading of a page: title, one sentence, the way back, and the acts between the tags."""
    values = {"title": title, "lead": lead, "back": back, "back_label": back_label, "badge": badge}
    return _fill(context, "page_head", {"content": _trim(content), "badge_tone": badge_tone, **values})


@register.simple_block_tag(takes_context=True)
def panel(
    context: Context, content: str, title: str = "", lead: str = "", tone: str = "", id: str = "", badge: str = ""
) -> SafeString:
    """A sheet of paper with a heading."""
    return _fill(
        context,
        "panel",
        {"content": content, "title": title, "lead": lead, "tone": tone, "id": id, "badge": badge},
    )


@register.simple_block_tag(takes_context=True)
def notice(
    context: Context, content: str, tone: str = "info", title: str = "", icon: str = "", role: str = ""
) -> SafeString:
    """A tinted strip that tells something about the page."""
    values = {"tone": tone, "title": title, "icon": icon or NOTICE_ICONS.get(tone, "info-circle"), "role": role}
    return _fill(context, "notice", {"content": _trim(content), **values})


@register.simple_block_tag(takes_context=True)
def empty(context: Context, content: str, title: str, text: str = "", icon: str = "inbox") -> SafeString:
    """What a page says when it has nothing to show, and what to do about it."""
    return _fill(context, "empty", {"content": _trim(content), "title": title, "text": text, "icon": icon})


@register.simple_block_tag(takes_context=True)
def todo_list(context: Context, content: str, title: str = "") -> SafeString:
    """The things that wait for the reader: holds `todo`s."""
    return _fill(context, "todo_list", {"content": content, "title": title or _("Waiting for you")})


@register.simple_block_tag(takes_context=True)
def todo(context: Context, content: str, title: str, text: str = "", tone: str = "warn") -> SafeString:
    """One thing that waits, with its acts between the tags."""
    return _fill(context, "todo", {"content": _trim(content), "title": title, "text": text, "tone": tone})


@register.inclusion_tag("components/stat.html")
def stat(value: Any, label: str, href: str = "", tone: str = "", note: str = "") -> dict[str, Any]:
    return {"value": value, "label": label, "href": href, "tone": tone, "note": note}


@register.simple_block_tag(takes_context=True)
def tabs(context: Context, content: str, label: str) -> SafeString:
    """A strip of links between the views of one subject: holds `nav_item`s."""
    return _fill(context, "tabs", {"content": content, "label": label})


@register.inclusion_tag("components/nav_item.html")
def nav_item(
    label: str, href: str, current: bool = False, icon: str = "", count: Any = None, tone: str = "", gap: bool = False
) -> dict[str, Any]:
    return {
        "label": label,
        "href": href,
        "current": current,
        "icon": icon,
        "count": count,
        "tone": tone,
        "gap": gap,
    }


@register.inclusion_tag("components/timeline.html")
def timeline(steps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"steps": steps}


@register.inclusion_tag("components/checklist.html")
def checklist(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"items": items}


@register.inclusion_tag("components/score.html")
def score(checklist: Any, label: str) -> dict[str, Any]:
    tone = "" if checklist.is_whole else "warn" if checklist.done * 2 >= checklist.of else "bad"
    return {"checklist": checklist, "label": label, "tone": tone}


@register.filter
def join_people(people: Iterable[Any]) -> str:
    """The names of people for a sentence; of many only the first three."""
    names = [str(person) for person in people]
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


@register.inclusion_tag("components/meter.html")
def meter(value: int, max: int, label: str, tone: str = "") -> dict[str, Any]:
    return {"value": value, "max": max, "label": label, "tone": tone}


@register.inclusion_tag("components/changes.html")
def changes(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"rows": rows}


@register.simple_block_tag(takes_context=True)
def facts(context: Context, content: str) -> SafeString:
    """A list of names and values: holds `fact`s."""
    return _fill(context, "facts", {"content": content})


@register.simple_block_tag(takes_context=True)
def fact(context: Context, content: str, label: str) -> SafeString:
    """One name and its value between the tags."""
    return _fill(context, "fact", {"content": _trim(content), "label": label})


@register.inclusion_tag("components/permission_matrix.html")
def permission_matrix(
    groups: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]] | None = None, caption: str = ""
) -> dict[str, Any]:
    return {"groups": groups, "columns": columns, "caption": caption, "width": len(columns or ()) + 1}


# --- Lists ------------------------------------------------------------------------------------------------------------
def _kind_of_filter(field: BoundField) -> str:
    return {"select": "select", "plainselect": "select", "selectmultiple": "select", "nullbooleanselect": "select"}.get(
        field.widget_type,
        {"checkbox": "check", "date": "date", "datetime": "date"}.get(field.widget_type, "text"),
    )


@register.inclusion_tag("components/filter_bar.html", takes_context=True)
def filter_bar(
    context: Context,
    form: Form | None = None,
    action: str = "",
    chips: Iterable[Mapping[str, Any]] = (),
    search: str = "q",
    label: str = "",
    target: str = "results",
    more: str = "",
) -> dict[str, Any]:
    behind = more.split()
    fields = [(field, _kind_of_filter(field)) for field in form.visible_fields()] if form is not None else []
    search_field = next((field for field, _kind in fields if field.name == search), None)
    if search_field is not None:
        search_field.field.widget.attrs.setdefault("placeholder", search_field.label)
        search_field.field.widget.input_type = "search"
    for field, kind in fields:
        field.field.widget.attrs.setdefault("aria-label", field.label)
        if kind == "text" and field.name not in behind:
            field.field.widget.attrs.setdefault("placeholder", field.label)
    return _with_request(
        context,
        form=form,
        search=search_field,
        fields=[(field, kind) for field, kind in fields if field is not search_field and field.name not in behind],
        more=[(field, kind) for field, kind in fields if field.name in behind],
        more_asked=sum(bool(field.data) for field, _kind in fields if field.name in behind),
        action=action,
        chips=list(chips),
        label=label or _("Filter the list"),
        target=target,
    )


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """The page's query string with some keys set, or taken away by an empty value; starts with `?`."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("components/sort_head.html", takes_context=True)
def sort_head(
    context: Context, label: str, field: str, default: str = "", key: str = "sort", number: bool = False
) -> dict[str, Any]:
    request = context.get("request")
    current = (request.GET.get(key) if request else "") or default
    direction = {field: "ascending", f"-{field}": "descending"}.get(current, "")
    following = f"-{field}" if direction == "ascending" else field
    return _with_request(
        context,
        label=label,
        direction=direction,
        number=number,
        href=query_with(context, **{key: following, "page": None}),
    )


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page, key: str = "page", target: str = "results") -> dict[str, Any]:
    numbers = [
        {"number": number, "href": query_with(context, **{key: number}) if isinstance(number, int) else ""}
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return _with_request(
        context,
        page=page,
        numbers=numbers,
        target=target,
        newer=query_with(context, **{key: page.previous_page_number()}) if page.has_previous() else "",
        older=query_with(context, **{key: page.next_page_number()}) if page.has_next() else "",
    )


@register.inclusion_tag("components/keyset_pager.html", takes_context=True)
def keyset_pager(
    context: Context, older: str = "", newer: str = "", note: str = "", target: str = "results"
) -> dict[str, Any]:
    return _with_request(context, older=older, newer=newer, note=note, target=target)


@register.filter
def address_range(address: str) -> str:
    """The network of an address, as a rough place: 203.0.113.0/24, or the first 48 bits of a longer one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


# --- Browsers ---------------------------------------------------------------------------------------------------------
@register.filter
def browser_name(user_agent: str) -> str:
    """Browser and system of a user agent, such as "Firefox on macOS"; "Unknown browser" where it says neither."""
    return browser_words(user_agent)
