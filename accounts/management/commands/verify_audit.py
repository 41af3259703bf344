"""manage.py verify_audit: recompute the whole record, and name the first break of each chain."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum

from accounts.models import BusinessAccount, Person
from audit import checkpoints
from audit.models import Chain
from audit.verification import Break, Verdict, verify


class Command(BaseCommand):
    """Exit code 0: every chain holds. 1: something was changed, and the output says what. 2: asked wrongly."""

    help = "Recompute every number, digest and hash of the audit record, and name the first break."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("--account", metavar="SLUG", help="only the chain of this account")
        parser.add_argument("--person", metavar="ADDRESS", help="only the chain of this person")
        parser.add_argument("--checkpoint", metavar="FILE", help="also hold the record against this earlier checkpoint")
        parser.add_argument("--public-key", metavar="HEX", default="", help="the key that must have signed it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, and say how it went."""
        statement = self._statement(options["checkpoint"], options["public_key"])
        chains = self._chains(options["account"], options["person"])
        self.total = chains.aggregate(total=Sum("length"))["total"] or 0
        self.before = 0
        verdicts = []
        for verdict in verify(chains, progress=self._progress):
            verdicts.append(verdict)
            self.before += verdict.events
        self._end_progress()
        self._report(verdicts, checkpoints.breaks(statement) if statement else [])

    def _chains(self, slug: str | None, address: str | None) -> Any:
        chains = Chain.objects.order_by("kind", "subject_id")
        if slug:
            account = BusinessAccount.objects.filter(slug=slug).first()
            return chains.filter(kind=Chain.Kind.ACCOUNT, subject_id=_known(account, "account", slug))
        if address:
            person = Person.objects.find(address)
            return chains.filter(kind=Chain.Kind.PERSON, subject_id=_known(person, "person", address))
        return chains

    def _progress(self, count: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{self.before + count:,} of {self.total:,} events", ending="")
            self.stderr.flush()

    def _end_progress(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")

    def _statement(self, path: str | None, public_key: str) -> dict[str, Any] | None:
        if path is None:
            return None
        try:
            return checkpoints.read(Path(path).read_text(encoding="utf-8"), public_key=public_key)
        except (OSError, UnicodeDecodeError, checkpoints.BadCheckpoint) as problem:
            raise CommandError(f"{path}: {problem}", returncode=2) from None

    def _report(self, verdicts: list[Verdict], beside: list[Break]) -> None:
        broken = [*(verdict.broken for verdict in verdicts if verdict.broken), *beside]
        for place in broken:
            line = f"BROKEN {place.chain} at event {place.number}: {place.problem}{_whose(place.chain)}"
            self.stderr.write(self.style.ERROR(line))
        if broken:
            many = len({place.chain for place in broken})
            raise CommandError("1 chain does not hold" if many == 1 else f"{many:,} chains do not hold", returncode=1)
        events, many = sum(verdict.events for verdict in verdicts), len(verdicts)
        chains = "1 chain holds" if many == 1 else f"{many:,} chains hold"
        self.stdout.write(self.style.SUCCESS(f"OK: {events:,} event{'' if events == 1 else 's'} in {chains}"))


def _whose(chain: str) -> str:
    """Return whose chain it is, as one would ask for it alone; nothing for the portal's, or what is there no more."""
    kind, _slash, pk = chain.partition("/")
    account = BusinessAccount.objects.filter(pk=pk).first() if kind == Chain.Kind.ACCOUNT else None
    person = Person.objects.filter(pk=pk).first() if kind == Chain.Kind.PERSON else None
    if account:
        return f" ({account.name}: --account {account.slug})"
    return f" ({person.name}: --person {person.email})" if person else ""


def _known(row: BusinessAccount | Person | None, kind: str, wanted: str) -> int:
    if row is None:
        raise CommandError(f"there is no {kind} {wanted!r}", returncode=2)
    return row.pk
