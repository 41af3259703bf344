"""What the mails of the outbox say. Every app registers how its letters are written (design.md 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from .models import OutgoingMail

_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go: its subject on one line, its text, and the same as HTML."""

    subject: str
    text: str
    html: str


Writer = Callable[[OutgoingMail], Letter | None]
_writers: dict[str, Writer] = {}


def register_writer(kind: str, writer: Writer) -> None:
    """Say how letters of a kind are written. The writer returns None for one that is no longer wanted."""
    _writers[kind] = writer


def write(mail: OutgoingMail) -> Letter | None:
    """Write the letter of a mail as things stand now, or None when it is no longer wanted."""
    return _writers[mail.kind](mail)


def compose(template: str, *, subject: str, context: Mapping[str, Any]) -> Letter:
    """Compose a letter from `mail/<template>.txt` and `mail/<template>.html`, with the styles put in line."""
    words = {**context, "subject": subject, "site_url": settings.SITE_URL, "site_name": settings.SITE_NAME}
    html = render_to_string(f"mail/{template}.html", words)
    return Letter(
        subject=" ".join(subject.split())[:200],
        text=render_to_string(f"mail/{template}.txt", words),
        html=_inliner.inline(html),
    )


def absolute(path: str) -> str:
    """Return the full link of a path, from the configured site address and never from a request (rule 8)."""
    return f"{settings.SITE_URL}{path}"
