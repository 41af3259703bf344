"""The one table of what people are told of, and how it reaches them as usual: pages and mails read it."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOTICE_MAIL, DIGEST_MAIL = "notice", "notice_digest"


class Channel(TextChoices):
    """How a notice reaches a person, beside the inbox, which holds them all."""

    AT_ONCE = "at_once", _("At once")
    DIGEST = "digest", _("Daily digest")
    INBOX = "inbox", _("Inbox only")


class About(TextChoices):
    """What a kind is about: the heading under which the page of choices shows it."""

    YOU = "you", _("About you")
    TEAM = "team", _("About the teams that you manage")
    SECURITY = "security", _("Security")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice: what a person chooses about. `mails` are the kinds of mails that acts themselves send for it.

    With a `fixed` reason it can't be turned off: it is always mailed at once.
    """

    code: str
    label: str | Promise
    words: str | Promise
    about: About
    usual: Channel = Channel.AT_ONCE
    fixed: str | Promise = ""
    mails: tuple[str, ...] = ()

    @property
    def is_security(self) -> bool:
        """Whether it tells of something that may be an intrusion, or that takes or gives power."""
        return self.about == About.SECURITY


_SAFETY = _("Always at once")
WHY_ALWAYS = _("Security notices can’t be turned off, so that nobody acts behind your back.")

INVITED = Kind(
    "invited",
    _("You are invited"),
    _("Somebody offers you access to an account."),
    About.YOU,
    fixed=_("Always at once, with your link"),
)
ENDING = Kind(
    "ending",
    _("Your access ends soon"),
    _("Seven days and one day before the end."),
    About.YOU,
    mails=("access_ending",),
)
DECIDED = Kind(
    "decided",
    _("Your request is decided"),
    _("Approved, refused, or lapsed because nobody decided."),
    About.YOU,
    mails=("request_decided",),
)
REQUESTED = Kind(
    "requested",
    _("Somebody asks for access"),
    _("A member asks for more, and you can decide."),
    About.TEAM,
    mails=("request_made",),
)
JOINED = Kind(
    "joined",
    _("Somebody joined"),
    _("An invitation was accepted or declined, or a member was brought back."),
    About.TEAM,
    usual=Channel.DIGEST,
)
TEAM_ENDING = Kind(
    "team_ending",
    _("A member’s access ends soon"),
    _("Also of members whom you answer for."),
    About.TEAM,
    mails=("accesses_ending",),
)
TEAM_ENDED = Kind(
    "team_ended",
    _("A member’s access ended"),
    _("Left, offboarded, suspended, or run out."),
    About.TEAM,
    usual=Channel.DIGEST,
)
CHANGED = Kind(
    "changed",
    _("What you may do changed"),
    _("Your role, grants on single assets, or your access is back."),
    About.SECURITY,
    fixed=_SAFETY,
)
ENDED = Kind(
    "ended",
    _("Your access ended"),
    _("Offboarded, suspended, run out, or the account was closed."),
    About.SECURITY,
    fixed=_SAFETY,
)
NEW_ADMINISTRATOR = Kind(
    "new_administrator",
    _("Somebody new manages the team"),
    _("In an account whose team you manage."),
    About.SECURITY,
    fixed=_SAFETY,
)
OWNERSHIP = Kind(
    "ownership",
    _("Ownership"),
    _("Offered, taken over, claimed, and how that went on."),
    About.SECURITY,
    fixed=_SAFETY,
)
POLICY = Kind(
    "policy",
    _("The security policy changed"),
    _("For those who manage it, and for everybody of whom it asks something else."),
    About.SECURITY,
    fixed=_SAFETY,
)
SIGNING_IN = Kind(
    "signing_in",
    _("Your way of signing in changed"),
    _("Password, second factor, or address."),
    About.SECURITY,
    fixed=_SAFETY,
)

KINDS = {
    kind.code: kind
    for kind in (
        INVITED, ENDING, DECIDED, REQUESTED, JOINED, TEAM_ENDING, TEAM_ENDED,
        CHANGED, ENDED, NEW_ADMINISTRATOR, OWNERSHIP, POLICY, SIGNING_IN,
    )
}  # fmt: skip
CHOOSABLE = {code: kind for code, kind in KINDS.items() if not kind.fixed}
SECURITY = [code for code, kind in KINDS.items() if kind.is_security]
KIND_OF_MAIL = {mail: kind for kind in KINDS.values() for mail in kind.mails}


def channel_of(kind: Kind, chosen: str | None) -> str:
    """Return how a kind reaches a person who chose `chosen`, or nothing."""
    return kind.usual if kind.fixed or chosen not in Channel.values else str(chosen)
