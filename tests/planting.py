"""A word of its own in every field that holds text, of every row of an account: where it shows tells what is shown."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, Model

from accounts.models import BusinessAccount, Person
from teams.models import Membership

# Columns that hold text which nobody has typed, or which has to be of a certain form; everything else is planted in.
NOT_PLANTED = {
    "accounts.Person": {"password", "time_zone"},
    "accounts.Session": {"session_key", "session_data"},
    "accounts.KnownDevice": {"digest"},
    "accounts.KnownNetwork": {"network"},
    "accounts.SignInAlarm": {"token_hash", "network"},
    "accounts.RecoveryCode": {"digest"},
    "accounts.Tally": {"key"},
    "accounts.OutgoingMail": {"kind", "about_kind", "message_id", "sealed"},
    "accounts.SecurityPolicy": {"planned", "domains", "sensitive_ranges"},  # names of fields and hosts, networks
    "accounts.Billing": {"plan_code"},
    "account.EmailConfirmation": {"key"},
    "mfa.Authenticator": {"data"},  # sealed, but for the name of a passkey, which is planted below
    "usersessions.UserSession": {"session_key", "data"},
    "invitations.Invitation": {"token_hash"},
    "invitations.Import": {"columns", "counts"},
    "logins.Signature": {"digest"},
    "oversight.LogExport": {"kind", "wanted", "place", "parts"},
    "streams.Stream": {"secret", "former_secret"},
    "reviews.Item": {"why", "passed_by"},
    "teams.Succession": {"sealed"},
    "teams.Role": {"held"},
    "teams.PendingAct": {"does", "arguments", "adds"},
    "teams.AccessRequest": {"codes", "given"},
    "teams.EndedEngagement": {"key"},
    "notices.Notice": {"kind", "event", "needs", "page"},
    "notices.Choice": {"kind"},
    "watching.Alert": {"rule", "subject", "window", "facts", "events"},  # codes and numbers, and words of our own
    "watching.Tuning": {"rule", "values"},
    "watching.Round": {"done_at"},
    "audit.Verification": {"problems"},  # chains by their ids, and words of our own
    "audit.Event": {
        "canonical",
        "actor_words",
        "target_words",
        "name",
        "actor_kind",
        "target_kind",
    },  # written once: by acts, not here
}
OTHERS = {"auth", "contenttypes", "guardian"}  # tables of libraries, without a word of ours
TYPED = {"name", "address", "reason", "organisation", "spellings"}  # the words in a receipt
TEXT = {"CharField", "TextField", "EmailField", "JSONField", "ArrayField"}
MARKUP = """ onload=zq'"><svg/onload=zq></script>"""
SHORT = """'"><svg/onload=zq>"""
JAVASCRIPT = re.compile(r"\s*javascript:", re.IGNORECASE)
MARK = re.compile(r"(zq|fq)(\d{3})\.(\d+)\.(\d+)q")


def columns() -> list[tuple[type[Model], Field]]:
    """Every column in which a word is planted, in a fixed order; its place is its number."""
    return [
        (model, column)
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label)
        if model._meta.app_label not in OTHERS and model._meta.managed
        for column in model._meta.concrete_fields
        if type(column).__name__ in TEXT
        and not column.choices
        and column.name not in NOT_PLANTED.get(model._meta.label, set())
    ]


COLUMNS = columns()
NAMES = [f"{model._meta.label}.{column.name}" for model, column in COLUMNS]


class Owners:
    """Finds the account that a row is of, and the person whom it is about."""

    def __init__(self) -> None:
        self.of_people: dict[int, set[int]] = {}
        for account, person in Membership.objects.values_list("account_id", "person_id"):
            self.of_people.setdefault(person, set()).add(account)

    def account(self, row: Any) -> int | None:
        """Return the account's id; None for what is of no account, or of several."""
        if isinstance(row, BusinessAccount):
            return row.pk
        if hasattr(row, "account_id"):
            return row.account_id
        if (person := self.person(row)) and len(accounts := self.of_people.get(person, set())) == 1:
            return next(iter(accounts))
        for name in ("source", "login", "invitation", "membership", "stream"):
            if hasattr(row, f"{name}_id"):
                return self.account(getattr(row, name))
        return None

    def person(self, row: Any) -> int:
        """Return the id of the person whose own row it is; 0 for none."""
        if isinstance(row, Person):
            return row.pk
        return getattr(row, "user_id", None) or getattr(row, "person_id", None) or 0


def plant(accounts: dict[int, str]) -> set[str]:
    """Put a word with markup into every such field of the accounts' rows, each beginning as told; return which were there."""
    owners, planted = Owners(), set()
    for number, (model, column) in enumerate(COLUMNS):
        for row in model._base_manager.all():
            begins = accounts.get(owners.account(row) or 0)
            if begins is None:
                continue
            mark = f"{begins}{number:03}.{row.pk}.{owners.person(row)}q"
            value = _worded(getattr(row, column.attname), column, mark)
            model._base_manager.filter(pk=row.pk).update(**{column.attname: value})
            planted.add(NAMES[number])
    return planted


def _worded(value: Any, column: Field, mark: str) -> Any:
    longest = column.max_length or 1_000
    word = mark + (MARKUP if longest >= len(mark + MARKUP) else SHORT)
    match type(column).__name__:
        case "ArrayField":
            return [_nested(item, word) for item in value]
        case "JSONField":
            return _nested_json(value, word)
        case _:
            return word[:longest]


def _nested(item: Any, word: str) -> Any:
    return [word] * len(item) if isinstance(item, list) else word


def _nested_json(value: Any, word: str, *, typed: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _nested_json(item, word, typed=key in TYPED) for key, item in value.items()}
    if isinstance(value, list):
        return [_nested_json(item, word, typed=typed) for item in value]
    return word if typed and isinstance(value, str) else value


def marks_in(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield whose words stand in a text: how they begin, the column, and the person they are about."""
    for begins, number, _row, person in set(MARK.findall(text)):
        yield begins, NAMES[int(number)], int(person)


def comes_alive(elements: list[tuple[str, dict[str, str]]], text: str = "") -> list[str]:
    """Return what a planted word has become besides text: attributes that run, and in `text`, markup left as it was."""
    named = [(tag, name, value) for tag, attributes in elements for name, value in attributes.items()]
    alive = [
        f"<{tag} {name}={value}>" for tag, name, value in named if name.startswith("on") or JAVASCRIPT.match(value)
    ]
    return alive + re.findall(r"\S{0,40}<svg/onload", text)
