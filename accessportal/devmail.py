"""Mail of the embedded setting: each message becomes a file, and the pages under /dev/mail/ show them."""

import email
import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as ParsedMessage
from email.policy import default as modern
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django import forms
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

NAME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9]+-[a-z0-9.@_+\-]{1,80}\.eml")
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],  # a mail's style stands in the mail; nothing else may load or run
    "img-src": ["data:"],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
_number = itertools.count(1)


class EmlFileBackend(BaseEmailBackend):
    """Writes each message to `$ACCESSPORTAL_DATA/mail/<time>-<n>-<to>.eml`, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages and return how many; raises OSError when the folder can't be written."""
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            path = folder / file_name(message)
            partial = path.with_suffix(".partial")
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(message.message().as_bytes())
            partial.rename(path)
        return len(email_messages)


def file_name(message: EmailMessage) -> str:
    """A name that sorts by time, is taken by no other process, and says to whom; safe whatever the address holds."""
    at = timezone.now().strftime("%Y%m%dT%H%M%S.%fZ")
    to = re.sub(r"[^a-z0-9.@_+\-]", "_", (message.recipients() or ["nobody"])[0].lower())[:80]
    return f"{at}-{os.getpid()}{next(_number):04}-{to}.eml"


@dataclass(frozen=True)
class Mail:
    """A mail as the pages show it."""

    name: str
    sent_at: datetime | None
    sender: str
    to: str
    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str

    @classmethod
    def read(cls, path: Path) -> "Mail":
        """The mail in the file at `path`; raises OSError when it is gone."""
        parsed: ParsedMessage = email.message_from_bytes(path.read_bytes(), policy=modern)
        date = parsed["Date"]
        return cls(
            name=path.name,
            sent_at=date.datetime if date is not None else None,
            sender=str(parsed["From"] or ""),
            to=str(parsed["To"] or ""),
            subject=str(parsed["Subject"] or ""),
            headers=[(name, str(value)) for name, value in parsed.items()],
            text=_part(parsed, "plain"),
            html=_part(parsed, "html"),
        )


def _part(parsed: ParsedMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _paths() -> list[Path]:
    folder = Path(settings.MAIL_FOLDER)
    found = [path for path in folder.glob("*.eml") if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: path.name, reverse=True)


def _mail_or_404(name: str) -> Mail:
    if not NAME.fullmatch(name):
        raise Http404
    try:
        return Mail.read(Path(settings.MAIL_FOLDER) / name)
    except OSError:
        raise Http404 from None


class SearchForm(forms.Form):
    """The words to look for."""

    q = forms.CharField(label=_("Search mails"), required=False, max_length=200)


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """All mails, the newest first; `q` looks for words in receiver, subject and text."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"].casefold().split() if form.is_valid() else []
    if words:
        mails: list[Path | Mail] = [mail for path in _paths() if _has(mail := Mail.read(path), words)]
    else:
        mails = list(_paths())
    page = Paginator(mails, 25).get_page(request.GET.get("page"))
    page.object_list = [mail if isinstance(mail, Mail) else Mail.read(mail) for mail in page.object_list]
    return render(request, "accessportal/mail_list.html", {"page": page, "form": form, "q": " ".join(words)})


def _has(mail: Mail, words: list[str]) -> bool:
    text = f"{mail.to}\n{mail.subject}\n{mail.text}".casefold()
    return all(word in text for word in words)


@require_safe
@csp_update({"frame-src": [SELF]})
def mail_page(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: headers, the text, and the HTML part in a frame of its own; 404 for a name that is none of ours."""
    return render(request, "accessportal/mail_page.html", {"mail": _mail_or_404(name)})


@require_safe
@xframe_options_sameorigin
@csp(MAIL_POLICY)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone, in a sandbox: no script, no form, no foreign picture; its links open a new window."""
    mail = _mail_or_404(name)
    if not mail.html:
        raise Http404
    return HttpResponse(re.sub(r"(<head[^>]*>)", r'\1<base target="_blank">', mail.html, count=1))
