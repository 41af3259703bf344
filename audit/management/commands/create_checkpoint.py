"""manage.py create_checkpoint: a signed statement of what the record holds now, to be kept on another machine."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit import checkpoints, keeping, store
from audit.comparing import heads_now, links_between
from audit.events import CHECKPOINTS_ANEW
from audit.notes import SignerKey
from audit.recording import PORTAL, SYSTEM, note


class Command(BaseCommand):
    """Prints what it made. Exit code 2 without a key to sign it, or when asked wrongly."""

    help = "Print a signed checkpoint of all chains; keep it where the database can't reach it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("--public-key", action="store_true", help="print the key that whoever checks needs to know")
        parser.add_argument("--keep", action="store_true", help="write the next one of the store, and print its name")
        parser.add_argument("--anew", action="store_true", help="with --keep: one that extends none before it")
        parser.add_argument(
            "--links", nargs=2, metavar=("OLD", "NEW"), help="print the links between two checkpoints, for a witness"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print it."""
        try:
            key = store.signer()
        except ValueError:
            key = None
        if key is None:
            raise CommandError("set CHECKPOINT_KEY to 32 bytes in hexadecimal: openssl rand -hex 32", returncode=2)
        self.stdout.write(self._asked(key, options), ending="")

    def _asked(self, key: SignerKey, options: dict[str, Any]) -> str:
        if options["public_key"]:
            return f"{key.verifier}\n"
        if options["links"]:
            old, new = (self._read(path, key) for path in options["links"])
            links = links_between(old, new)
            if objections := checkpoints.objections(old, new, links):
                raise CommandError("\n".join(objections), returncode=1)
            return checkpoints.links_file(links)
        if options["keep"]:
            return f"{store.name_of(self._kept(anew=options['anew']))}\n"
        return checkpoints.make(heads_now(), key=key, at=timezone.now()).file

    def _kept(self, *, anew: bool) -> int:
        """Keep one now, and return its number."""
        if store.store() is None:
            raise CommandError("set CHECKPOINT_STORE to the folder or storage that keeps them", returncode=2)
        try:
            number = keeping.keep_checkpoint(anew=anew)
        except (keeping.NotExtending, checkpoints.BadCheckpoint) as problem:
            raise CommandError(f"nothing is signed: {problem}", returncode=1) from None
        if number is None:
            raise CommandError("another one is being made: try again", returncode=2)
        if anew:
            note(CHECKPOINTS_ANEW, by=SYSTEM, on=PORTAL, after={"number": number})
        return number

    def _read(self, path: str, key: SignerKey) -> checkpoints.Checkpoint:
        try:
            found = checkpoints.read(Path(path).read_text(encoding="utf-8"), keys=[key.verifier])
        except (OSError, UnicodeDecodeError, checkpoints.BadCheckpoint) as problem:
            raise CommandError(f"{path}: {problem}", returncode=2) from None
        if not found.whole:
            raise CommandError(f"{path}: it holds one chain only", returncode=2)
        return found
