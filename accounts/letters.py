"""What the mails of the outbox say. Every app registers how its letters are written (design.md 5)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from audit.querysets import kind_of

from .models import OutgoingMail, Person
from .sealing import seal, unseal

SEALED_FOR = "waiting mail"
_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go: its subject on one line, its text, and the same as HTML."""

    subject: str
    text: str
    html: str


Writer = Callable[[OutgoingMail], Letter | None]
_writers: dict[str, Writer] = {}
Wish = Callable[[OutgoingMail], bool]
_wishes: dict[str, Wish] = {}


def register_writer(kind: str, writer: Writer) -> None:
    """Say how letters of a kind are written. The writer returns None for one that is no longer wanted."""
    _writers[kind] = writer


def register_wish(kind: str, wish: Wish) -> None:
    """Say who wants letters of a kind: where the answer is no, the mail is dropped instead of written."""
    _wishes[kind] = wish


def write(mail: OutgoingMail) -> Letter | None:
    """Write the letter of a mail as things stand now, or open its sealed one; None when it is no longer wanted."""
    if mail.sealed:
        return _unsealed(mail)
    if mail.kind in _wishes and not _wishes[mail.kind](mail):
        return None
    return _writers[mail.kind](mail)


def compose(template: str, *, subject: str, context: Mapping[str, Any]) -> Letter:
    """Compose a letter from `mail/<template>.txt` and `mail/<template>.html`, with the styles put in line."""
    return _composed(f"mail/{template}", subject, context)


def compose_for_library(prefix: str, *, context: Mapping[str, Any]) -> Letter:
    """Compose a letter from the templates of the sign-in library, which begin with `prefix`, in the house's form."""
    return _composed(f"{prefix}_message", render_to_string(f"{prefix}_subject.txt", dict(context)), context)


def sealed(letter: Letter) -> str:
    """Return a letter as it waits in the database: neither a dump nor a replica shows what it says (rule 8)."""
    return seal(json.dumps(asdict(letter)), purpose=SEALED_FOR)


def _unsealed(mail: OutgoingMail) -> Letter | None:
    late = mail.wanted_until is not None and mail.wanted_until <= timezone.now()
    if late or (mail.about_kind == kind_of(Person) and not Person.objects.filter(pk=mail.about_id).exists()):
        return None
    return Letter(**json.loads(unseal(mail.sealed, purpose=SEALED_FOR)))


def _composed(template: str, subject: str, context: Mapping[str, Any]) -> Letter:
    words = {**context, "subject": subject, "site_url": settings.SITE_URL, "site_name": settings.SITE_NAME}
    return Letter(
        subject=" ".join(subject.split())[:200],
        text=render_to_string(f"{template}.txt", words),
        html=_inliner.inline(render_to_string(f"{template}.html", words)),
    )


def absolute(path: str) -> str:
    """Return the full link of a path, from the configured site address and never from a request (rule 8)."""
    return f"{settings.SITE_URL}{path}"
