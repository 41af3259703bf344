"""manage.py check_access: who may do what on what, and why."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.access import Answer
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_CODES, ASSET_PERMISSIONS, PERMISSIONS
from teams.access import explain


class Command(BaseCommand):
    """Asks the very same question as every page, and prints the answer with its reason.

    Exit code 0: yes (where no permission is named: at least one). 1: no. 2: asked wrongly.
    """

    help = "Say whether a person may do something on an account or asset, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.usage = "%(prog)s EMAIL ACCOUNT [ASSET] [PERMISSION]"
        parser.add_argument("address", metavar="EMAIL", help="the person's e-mail address")
        parser.add_argument("account", metavar="ACCOUNT", help="the account's slug")
        words = "an asset's name, handle or id; a permission. Without one, all are answered"
        parser.add_argument("rest", nargs="*", default=[], metavar="ASSET, PERMISSION", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer one question, or all of them where no permission is named."""
        person = Person.objects.find(options["address"])
        account = BusinessAccount.objects.filter(slug=options["account"]).first()
        if person is None or account is None:
            raise CommandError(
                "there is no such person" if person is None else "there is no such account", returncode=2
            )
        asset, code = self._read(account, options["rest"])
        every = [entry.code for entry in (ASSET_PERMISSIONS if asset else ACCOUNT_PERMISSIONS)]
        answers = {asked: explain(person, asked, asset or account) for asked in ([code] if code else every)}
        for asked, answer in answers.items():
            self._say(asked, answer)
        if not any(answer.allowed for answer in answers.values()):
            sys.exit(1)

    def _read(self, account: BusinessAccount, rest: list[str]) -> tuple[Asset | None, str | None]:
        if len(rest) > 2:
            raise CommandError("give at most an asset and a permission", returncode=2)
        code = rest[-1] if rest and rest[-1] in PERMISSIONS else None
        named = rest[:-1] if code else rest
        if len(named) > 1:
            raise CommandError(f"unknown permission {rest[-1]!r}; one of: {', '.join(PERMISSIONS)}", returncode=2)
        asset = self._asset(account, named[0]) if named else None
        if code and (code in ASSET_CODES) != (asset is not None):
            needs = "an asset, which must be named" if code in ASSET_CODES else "the account, so name no asset"
            raise CommandError(f"{code} is asked on {needs}", returncode=2)
        return asset, code

    def _asset(self, account: BusinessAccount, name: str) -> Asset:
        assets = account.assets.named(name) | account.assets.filter(handle__iexact=name)
        if name.isdecimal() and len(name) < 19:
            assets = assets | account.assets.filter(pk=int(name))
        asset = assets.order_by("archived_at", "pk").first()
        if asset is None:
            raise CommandError(f"{account.name} has no asset {name!r}, and there is no such permission", returncode=2)
        return asset

    def _say(self, code: str, answer: Answer) -> None:
        word = self.style.SUCCESS("yes") if answer.allowed else self.style.ERROR("no ")
        since = f" (since {answer.since:%Y-%m-%d %H:%M} UTC)" if answer.since else ""
        self.stdout.write(f"{word}  {code:<16} {answer.reason}{since}")
