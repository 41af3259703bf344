"""manage.py check_access: who may do what on what, and why."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.access import Answer
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_CODES, ASSET_PERMISSIONS, PERMISSIONS
from teams.access import explain


class Command(BaseCommand):
    """Asks the very same question as every page, and prints the answer with its reason.

    Exit code 0: yes (or the whole list was asked for). 1: no. 2: asked wrongly.
    """

    help = "Say whether a person may do something on an account or asset, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("address", metavar="EMAIL", help="the person's e-mail address")
        parser.add_argument("account", metavar="ACCOUNT", help="the account's slug")
        parser.add_argument(
            "rest", nargs="*", metavar="[ASSET] [PERMISSION]", help="an asset's name or id; a permission"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer one question, or all of them where no permission is named."""
        person = Person.objects.find(options["address"])
        account = BusinessAccount.objects.filter(slug=options["account"]).first()
        if person is None or account is None:
            raise CommandError(
                "there is no such person" if person is None else "there is no such account", returncode=2
            )
        asset, code = self._read(account, options["rest"])
        if code is None:
            permissions = ASSET_PERMISSIONS if asset else ACCOUNT_PERMISSIONS
            for permission in permissions:
                self._say(permission.code, explain(person, permission.code, asset or account))
            return
        answer = explain(person, code, asset or account)
        self._say(code, answer)
        if not answer.allowed:
            raise CommandError("no", returncode=1)

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
