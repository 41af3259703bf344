"""Writing and reading a log in tests."""

import re

from django.urls import reverse

from accounts.events import ACCOUNT_SETTINGS_CHANGED
from audit.recording import SYSTEM, note


def write(account, count=1, *, by=SYSTEM, act=ACCOUNT_SETTINGS_CHANGED, **event):
    """Write events at the head of an account's chain; return the last number."""
    number = 0
    for _turn in range(count):
        number = note(act, by=by, on=account, **event)
    return number


def url(page, account, *more):
    """The address of a page inside an account."""
    return reverse(page, args=[account.slug, *more])


def numbers(response):
    """The numbers of the events on a page, in its order."""
    return [int(number) for number in re.findall(r"no\. (\d+)</?", _list_of(response))] or [
        int(number) for number in re.findall(r"<small>no\. (\d+)", _list_of(response))
    ]


def _list_of(response):
    return response.content.decode().split('id="results"')[-1].split('class="sheet-foot"')[0]


def link_of(response, rel):
    """The query of the link to the newer ("prev") or the older ("next") part, None where there is none."""
    found = re.search(rf'href="([^"]*)" rel="{rel}"', response.content.decode())
    return found[1].replace("&amp;", "&") if found else None
