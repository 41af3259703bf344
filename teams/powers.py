"""What one person may and may not do in an account, laid out to be read: the answers of rule 1, grouped."""

from collections.abc import Iterable
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import way_to_ask
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_PERMISSIONS, OWN_ACCOUNT, Permission

from .access import explain

NAMED = 6  # assets that a heading names; of more it gives the number


def powers_of(
    person: Person, account: BusinessAccount, assets: Iterable[Asset], *, asking: bool = False
) -> list[dict[str, Any]]:
    """Return groups for the component `permission_matrix`: the account first, then the assets.

    Assets on which the person may do the very same for the same reasons share a group. With `asking`, what is not
    allowed leads to the page where it can be asked for.
    """
    groups = [{"label": _("On the account"), "rows": _rows(person, ACCOUNT_PERMISSIONS, account), "assets": []}]
    alike: dict[tuple, dict[str, Any]] = {}
    for asset in assets:
        rows = _rows(person, ASSET_PERMISSIONS, asset)
        key = tuple((row["allowed"], row["reason"]) for row in rows)
        alike.setdefault(key, {"rows": rows, "assets": []})["assets"].append(asset)
    groups += [{**group, "label": _heading(group["assets"])} for group in alike.values()]
    if asking and account.owner_id != person.pk:
        for group in groups:
            _lead_to_asking(group, account)
    return groups


def may_words(groups: list[dict[str, Any]]) -> list[str]:
    """Return in words what is allowed in these groups, without looking at the account, which all may.

    What is allowed on some of the assets only is told with their names, once for each set of them.
    """
    on_account, on_assets = groups[:1], groups[1:]
    rows = [row for group in on_account for row in group["rows"]]
    words = [lower_first(row["label"]) for row in rows if row["allowed"] and not row["plain"]]
    everywhere: list[str] = []
    if on_assets:
        labels = [row["label"] for row in on_assets[0]["rows"]]
        sets = [{row["label"] for row in group["rows"] if row["allowed"]} for group in on_assets]
        everywhere = [label for label in labels if all(label in allowed for allowed in sets)]
        words += [lower_first(label) for label in everywhere]
    for group in on_assets:
        here = [row["label"] for row in group["rows"] if row["allowed"] and row["label"] not in everywhere]
        if here:
            words.append(f"{lower_first(group['label'])}: {', '.join(map(lower_first, here))}")
    return words


def lower_first(text: str) -> str:
    """Return the text as it stands inside a sentence."""
    return text[:1].lower() + text[1:]


def _rows(person: Person, permissions: list[Permission], thing: Any) -> list[dict[str, Any]]:
    rows = []
    for permission in permissions:
        answer = explain(person, permission.code, thing)
        rows.append(
            {
                "code": permission.code,
                "label": capfirst(str(permission.words)),
                "sensitive": permission.sensitive,
                "allowed": answer.allowed,
                "reason": answer.reason,
                "plain": permission is ACCOUNT_PERMISSIONS[0],
            }
        )
    return rows


def _lead_to_asking(group: dict[str, Any], account: BusinessAccount) -> None:
    asset = f"&asset={group['assets'][0].pk}" if len(group["assets"]) == 1 else ""
    for row in group["rows"]:
        if not row["allowed"] and row["code"] != OWN_ACCOUNT:
            row["ask_url"] = way_to_ask(row["code"], account) + asset


def _heading(assets: list[Asset]) -> str:
    names = ", ".join(asset.name for asset in assets[:NAMED])
    if len(assets) == 1:
        return _("On %(name)s") % {"name": names}
    if len(assets) <= NAMED:
        return _("On each of these: %(names)s") % {"names": names}
    more = len(assets) - NAMED
    words = ngettext(
        "On each of these: %(names)s and %(more)d more", "On each of these: %(names)s and %(more)d more", more
    )
    return words % {"names": names, "more": more}
