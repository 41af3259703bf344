"""Making an evidence pack: who was in the account with what, what was decided, and the events that prove it."""

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import BusinessAccount
from accounts.papers import Paper
from accounts.permissions import PERMISSIONS
from audit import comparing, keeping, store
from audit.canonical import instant
from audit.checkpoints import BadCheckpoint, Checkpoint, Head
from audit.exporting import COLUMNS, csv_lines
from audit.models import Event
from audit.notes import to_base64
from audit.querysets import BY_TIME, EventQuerySet, every
from reviews import reports
from reviews.models import Campaign
from teams.models import EndedEngagement, Membership, Receipt, Role
from teams.past import account_at
from teams.receipts import as_json, event_of

from .verify import FORM, entry

CHECKER = Path(__file__).with_name("verify.py")
MOST_EVENTS = 500_000  # of one pack: it is made in one piece


class Archive:
    """A zip of which every byte follows from its files, and the hash of each."""

    def __init__(self, file: IO[bytes]) -> None:
        self.hashes: dict[str, str] = {}
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, name: str, data: bytes | str, *, listed: bool = True) -> None:
        """Put a file in; `listed` says whether the manifest names it."""
        content = data.encode() if isinstance(data, str) else data
        self._zip.writestr(entry(name), content)
        if listed:
            self.hashes[name] = hashlib.sha256(content).hexdigest()

    def add_json(self, name: str, value: Any) -> None:
        """Put a value in as JSON that people can read."""
        self.add(name, f"{json.dumps(value, indent=1, ensure_ascii=False, default=str)}\n")

    def add_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Put a file in line by line, in bounded memory."""
        digest = hashlib.sha256()
        with self._zip.open(entry(name), "w", force_zip64=False) as opened:
            for line in lines:
                digest.update(line)
                opened.write(line)
        self.hashes[name] = digest.hexdigest()

    def close(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and its hash, and end the archive."""
        text = f"{json.dumps({**manifest, 'files': self.hashes}, indent=1, ensure_ascii=False)}\n"
        self.add("manifest.json", text, listed=False)
        self.add("manifest.sha256", f"{hashlib.sha256(text.encode()).hexdigest()}\n", listed=False)
        self._zip.close()


def events_of(
    account: BusinessAccount, start: dt.datetime | None, end: dt.datetime | None, before: int
) -> EventQuerySet:
    """Return the events of a period that lie before an event, without a gap: by number, from first to last."""
    log = Event.objects.in_chain_of(account).filter(number__lt=before)
    return log.between(start, end)


def write_pack(
    file: IO[bytes],
    *,
    account: BusinessAccount,
    asked_by: str,
    start: dt.datetime | None,
    end: dt.datetime | None,
    before: int,
) -> int:
    """Write the evidence pack of a period, of what lies before the event with number `before`; return its events."""
    events = events_of(account, start, end, before)
    last = events.order_by("number").values_list("number", "at").last()
    moment = min(end or timezone.now(), timezone.now())
    archive, tally = Archive(file), _Tally()
    archive.add_lines("events.jsonl", map(_proof_line, tally.counted(every([events], by=BY_TIME))))
    archive.add_lines("events.csv", csv_lines(every([events], by=BY_TIME)))
    members = _members(account)
    archive.add_json("members.json", members)
    archive.add_json("roles.json", _roles(account))
    archive.add_json("policy.json", _policy(account))
    archive.add_json("access.json", _access(account, moment))
    papers = {**_receipts(account, start, end), **_reviews(account, start, end)}
    for name, paper in papers.items():
        archive.add_json(name, paper)
    proof = _proof(account, last[0]) if last else None
    for name, text in (proof or {}).items():
        archive.add(name, text)
    period = {"from": instant(start) if start else _("the beginning"), "to": instant(moment)}
    archive.add("summary.pdf", _summary(account, period, tally, members, papers, proof))
    archive.add("verify.py", CHECKER.read_bytes())
    archive.add("README.txt", _READ_ME)
    archive.close(
        {
            "form": FORM,
            "account": {"id": account.pk, "name": account.name, "slug": account.slug},
            "chain": f"account/{account.pk}",
            "period": period,
            "made_at": instant(timezone.now()),
            "asked_by": asked_by,
            "events": {"first": tally.first, "last": tally.last, "count": tally.count},
        }
    )
    return tally.count


_READ_ME = """Evidence from AccessPortal

  python verify.py THIS.zip            checks every file, event, receipt and the checkpoint, with nothing installed
  python verify.py THIS.zip --key KEY  the same, with the public key that you got from somebody you know

summary.pdf   for people who read paper
members.json  everybody who is or was in the account; roles.json, policy.json: as they are now
access.json   who could do what at the end of the period, told from the log alone
events.jsonl  the events of the period: for each the text that is hashed, which verify.py checks
events.csv    the same events in words, for a spreadsheet
receipts/     what offboarding ended; reviews/: what access reviews decided. Their digests stand in events
checkpoint.txt, links.txt, key.txt
              the signed statement of what the record held, and how the last event leads to it
manifest.json the hash of every file
"""


PROVEN = ("number", "digest", "previous_hash", "hash", "canonical", "actor_words", "target_words")


def _proof_line(event: Event) -> bytes:
    return f"{json.dumps({name: COLUMNS[name](event) for name in PROVEN}, ensure_ascii=False)}\n".encode()


class _Tally:
    """What went by: how many events, and the first and the last number."""

    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0, 0

    def counted(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self.first, self.last, self.count = self.first or event.number, event.number, self.count + 1
            yield event


def _members(account: BusinessAccount) -> list[dict[str, Any]]:
    rows = Membership.objects.filter(account=account).with_roles("person", "sponsor").order_by("pk")
    return [
        {
            "seat": row.pk,
            "person": {"id": row.person_id, "name": str(row.person), "address": row.person.email},
            **row.role_as_event(),
            "state": row.state,
            "kind": row.kind,
            "organisation": row.organisation,
            "sponsor": str(row.sponsor) if row.sponsor else "",
            "joined_at": instant(row.joined_at),
            "ends_at": instant(row.ends_at) if row.ends_at else None,
            "ended_at": instant(row.ended_at) if row.ended_at else None,
        }
        for row in rows
    ]


def _roles(account: BusinessAccount) -> dict[str, Any]:
    permissions = {row.code: {"words": str(row.words), "on": row.on} for row in PERMISSIONS.values()}
    roles = [
        {**role.as_event(), "built_in": role.account_id is None, "retired": role.is_retired}
        for role in Role.objects.ever_of(account).order_by("pk")
    ]
    return {"permissions": permissions, "roles": roles}


def _policy(account: BusinessAccount) -> dict[str, Any]:
    policy = account.policy
    columns = [column for column in policy._meta.concrete_fields if column.attname not in {"id", "account_id"}]
    return {column.attname: getattr(policy, column.attname) for column in columns}


def _access(account: BusinessAccount, moment: dt.datetime) -> list[dict[str, Any]]:
    past = account_at(account, moment)
    return [
        {
            "seat": seat.seat,
            "person_id": seat.person_id,
            "role": seat.role.name,
            "state": seat.state,
            "decided_by_event": seat.decided,
            "powers": [
                {"permission": code, "asset": asset or None, "since_event": seat.since.get((code, asset))}
                for code, asset in sorted(past.powers_of(seat))
            ],
        }
        for seat in past.present()
    ]


def _within(field: str, start: dt.datetime | None, end: dt.datetime | None) -> Q:
    wanted = Q(**{f"{field}__gte": start}) if start else Q()
    return wanted & Q(**{f"{field}__lt": end}) if end else wanted


def _receipts(account: BusinessAccount, start: dt.datetime | None, end: dt.datetime | None) -> dict[str, Any]:
    ended = Receipt.objects.filter(_within("offboarding__at", start, end), account=account).order_by("pk")
    engagements = EndedEngagement.objects.filter(_within("at", start, end), account=account).order_by("pk")
    found = {f"receipts/{row.pk}.json": as_json(row, event_of(row)) for row in ended}
    return found | {f"receipts/engagement-{row.pk}.json": as_json(row, event_of(row)) for row in engagements}


def _reviews(account: BusinessAccount, start: dt.datetime | None, end: dt.datetime | None) -> dict[str, Any]:
    closed = Campaign.objects.filter(_within("closed_at", start, end), account=account, state="closed").order_by("pk")
    return {f"reviews/{row.pk}.json": reports.as_json(row, event_of(row)) for row in closed}


def _proof(account: BusinessAccount, last: int) -> dict[str, str] | None:
    """Return checkpoint, links and key that prove the events up to `last`; None where no checkpoint reaches so far."""
    chain, signer = f"account/{account.pk}", store.signer()
    found = _checkpoint_beyond(chain, last)
    if found is None or signer is None:
        return None
    checkpoint, head = found
    digests = comparing.digests_between(chain, last + 1, head.length)
    return {
        "checkpoint.txt": checkpoint.file_of(chain) or "",
        "links.txt": "".join(f"{to_base64(digest)}\n" for digest in digests),
        "key.txt": f"{signer.verifier}\n",
    }


def _checkpoint_beyond(chain: str, last: int) -> tuple[Checkpoint, Head] | None:
    """Return a checkpoint whose head of this chain lies at `last` or beyond, made now where there is none yet."""
    kept = store.store()
    if kept is None or store.signer() is None:
        return None
    for _try in range(2):
        try:
            newest = store.newest(kept)
            heads = {head.chain: head for head in newest[1].heads} if newest else {}
            if newest and chain in heads and heads[chain].length >= last:
                return newest[1], heads[chain]
            keeping.keep_checkpoint()
        except (BadCheckpoint, keeping.NotExtending, OSError):
            return None
    return None


def _summary(
    account: BusinessAccount,
    period: dict[str, str],
    tally: _Tally,
    members: list[dict[str, Any]],
    papers: dict[str, Any],
    proof: Any,
) -> bytes:
    paper = Paper(_("Evidence"))
    paper.head(_("Evidence of %(account)s") % {"account": account.name}, f"{period['from']} – {period['to']}")
    there = [row for row in members if row["state"] != "ended"]
    paper.facts(
        [
            (_("Account"), f"{account.name} ({settings.SITE_URL}{account.get_absolute_url()})"),
            (_("Events"), f"{tally.count} ({tally.first} – {tally.last})"),
            (_("People in the account now"), str(len(there))),
            (_("Receipts of offboarding"), str(sum(name.startswith("receipts/") for name in papers))),
            (_("Closed access reviews"), str(sum(name.startswith("reviews/") for name in papers))),
            (_("Checkpoint"), _("signed, and the last event leads to it") if proof else _("none reaches so far")),
        ]
    )
    paper.heading(_("Who is in the account now"))
    paper.lines(
        f"{row['person']['name']} ({row['person']['address']}): {row['role']['name']}, {row['state']}" for row in there
    )
    paper.heading(_("How to check it"))
    paper.lines(
        [
            _("python verify.py PACK.zip --key KEY, on any machine with Python; the key from somebody you know."),
            _("It recomputes every hash, and names what was changed; one byte is enough."),
        ]
    )
    return paper.finished()
