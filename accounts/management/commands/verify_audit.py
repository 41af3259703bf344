"""manage.py verify_audit: recompute the whole record, and name the first break of each chain."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum

from accounts.models import BusinessAccount, Person
from audit import store
from audit.canonical import instant
from audit.checkpoints import BadCheckpoint, Checkpoint, read
from audit.comparing import breaks
from audit.models import Chain
from audit.notes import COSIGNATURE, VerifierKey
from audit.verification import Break, Verdict, verify


class Command(BaseCommand):
    """Exit code 0: every chain holds. 1: something was changed, and the output says what. 2: asked wrongly."""

    help = "Recompute every number, digest and hash of the audit record, and name the first break."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("--account", metavar="SLUG", help="only the chain of this account")
        parser.add_argument("--person", metavar="ADDRESS", help="only the chain of this person")
        parser.add_argument("--checkpoint", metavar="FILE", help="hold it against this one, not the store's newest")
        parser.add_argument("--alone", action="store_true", help="hold it against no checkpoint")
        parser.add_argument("--public-key", metavar="KEY", default="", help="the key that must have signed it")
        parser.add_argument("--witness", metavar="KEY", default="", help="the witness that must have countersigned it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, and say how it went."""
        checkpoint = self._checkpoint(options)
        chains = self._chains(options["account"], options["person"])
        self.total = chains.aggregate(total=Sum("length"))["total"] or 0
        self.before = 0
        verdicts = []
        for verdict in verify(chains, progress=self._progress):
            verdicts.append(verdict)
            self.before += verdict.events
        self._end_progress()
        self._report(verdicts, self._beside(checkpoint), checkpoint)

    def _chains(self, slug: str | None, address: str | None) -> Any:
        """Return the chains that are asked for; `narrowed` names them, also where one is not there any more."""
        chains = Chain.objects.order_by("kind", "subject_id")
        self.narrowed: list[str] | None = None
        if slug:
            account = BusinessAccount.objects.filter(slug=slug).first()
            kind, pk = Chain.Kind.ACCOUNT, _known(account, "account", slug)
        elif address:
            kind, pk = Chain.Kind.PERSON, _known(Person.objects.find(address), "person", address)
        else:
            return chains
        self.narrowed = [f"{kind}/{pk}"]
        return chains.filter(kind=kind, subject_id=pk)

    def _progress(self, count: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{self.before + count:,} of {self.total:,} events", ending="")
            self.stderr.flush()

    def _end_progress(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")

    def _checkpoint(self, options: dict[str, Any]) -> Checkpoint | None:
        """Read the checkpoint to hold the record against: that of the file, or the newest of the store."""
        if options["alone"]:
            return None
        path, kept = options["checkpoint"], store.store()
        try:
            keys = [VerifierKey.read(options["public_key"])] if options["public_key"] else store.own_keys()
            witness = VerifierKey.read(options["witness"], COSIGNATURE) if options["witness"] else None
        except ValueError as problem:
            raise CommandError(f"--public-key or --witness: {problem}", returncode=2) from None
        if path and not keys:
            raise CommandError("say with --public-key whose checkpoint counts", returncode=2)
        try:
            if path:
                text = Path(path).read_text(encoding="utf-8").replace("\r\n", "\n").strip("\n") + "\n"
                checkpoint = read(text, keys=keys)
            elif kept is not None and keys and (found := store.newest(kept)):
                checkpoint = found[1]
            elif witness:
                raise BadCheckpoint("there is none")
            else:
                return None
            if witness and not checkpoint.is_cosigned_by(witness):
                raise BadCheckpoint(f"{witness.name} did not countersign it")
        except (OSError, UnicodeDecodeError, BadCheckpoint) as problem:
            raise CommandError(f"{path or 'the newest checkpoint of the store'}: {problem}", returncode=2) from None
        return checkpoint

    def _beside(self, checkpoint: Checkpoint | None) -> list[Break]:
        return breaks(checkpoint, chains=self.narrowed) if checkpoint else []

    def _report(self, verdicts: list[Verdict], beside: list[Break], checkpoint: Checkpoint | None) -> None:
        broken = [*(verdict.broken for verdict in verdicts if verdict.broken), *beside]
        for place in broken:
            line = f"BROKEN {place.chain} at event {place.number}: {place.problem}{_whose(place.chain)}"
            self.stderr.write(self.style.ERROR(line))
        if broken:
            many = len({place.chain for place in broken})
            raise CommandError("1 chain does not hold" if many == 1 else f"{many:,} chains do not hold", returncode=1)
        events, many = sum(verdict.events for verdict in verdicts), len(verdicts)
        chains = "1 chain holds" if many == 1 else f"{many:,} chains hold"
        against = f", as at the checkpoint of {instant(checkpoint.statement.at)}" if checkpoint else ""
        self.stdout.write(self.style.SUCCESS(f"OK: {events:,} event{'' if events == 1 else 's'} in {chains}{against}"))


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
