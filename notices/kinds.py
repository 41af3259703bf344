"""The one table of what people are told of, and how it reaches them as usual: pages and mails read it."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOTICE_MAIL, DIGEST_MAIL, CHECKPOINT_MAIL = "notice", "notice_digest", "checkpoint"


class Channel(TextChoices):
    """How a notice reaches a person, beside the inbox, which holds them all."""

    AT_ONCE = "at_once", _("At once")
    DIGEST = "digest", _("Daily digest")
    INBOX = "inbox", _("Inbox only")
    WEEKLY = "weekly", _("Every week")  # these two are for what is no notice, but a mail that one may want
    NEVER = "never", _("Never")


USUAL_WAYS = (Channel.AT_ONCE, Channel.DIGEST, Channel.INBOX)


class About(TextChoices):
    """What a kind is about: the heading under which the page of choices shows it."""

    YOU = "you", _("About you")
    TEAM = "team", _("About the teams that you manage")
    SECURITY = "security", _("Security")
    PROOF = "proof", _("Proof that you keep")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice: what a person chooses about. `mails` are the kinds of mails that acts themselves send for it.

    With a `fixed` reason it can't be turned off: it is always mailed at once. `ways` are those that can be chosen.
    """

    code: str
    label: str | Promise
    words: str | Promise
    about: About
    usual: Channel = Channel.AT_ONCE
    fixed: str | Promise = ""
    mails: tuple[str, ...] = ()
    ways: tuple[Channel, ...] = USUAL_WAYS

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
REVIEW = Kind(
    "review",
    _("Accesses wait for your review"),
    _("When a review begins, seven days and one day before its deadline, and when one is given to you."),
    About.YOU,
)
REVIEW_CLOSED = Kind(
    "review_closed",
    _("A review is closed"),
    _("Its report can be read."),
    About.TEAM,
    usual=Channel.DIGEST,
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
    _("Changed or planned: for those who manage it, and for everybody of whom it asks something else."),
    About.SECURITY,
    fixed=_SAFETY,
    mails=("policy_planned", "policy_reminder"),
)
FREEZE = Kind(
    "freeze",
    _("Freeze, and undoing"),
    _("Somebody stopped every change of access in an account, lifted that, or undid what another one had changed."),
    About.SECURITY,
    fixed=_SAFETY,
)
SECOND_PERSON = Kind(
    "second_person",
    _("A sensitive act waits"),
    _("For your approval, or for its time; and how what you asked for went on."),
    About.SECURITY,
    fixed=_SAFETY,
)
STAFF_LOOKED = Kind(
    "staff_looked",
    _("The platform’s staff looked into your account"),
    _("Who, when, and for which reason. Staff can read for an hour, and change nothing."),
    About.SECURITY,
    fixed=_SAFETY,
)
RECORD = Kind(
    "record",
    _("The record of acts"),
    _("Its daily check found a break in what is recorded of your account, or of you."),
    About.SECURITY,
    fixed=_SAFETY,
)
STREAMS = Kind(
    "streams",
    _("The log, sent on to your log system"),
    _("Somebody set that up, changed, paused or ended it; or your log system does not take what is sent."),
    About.SECURITY,
    fixed=_SAFETY,
)
SIGNING_IN = Kind(
    "signing_in",
    _("Your way of signing in changed"),
    _("Password, second factor, or address; or somebody signed you out."),
    About.SECURITY,
    fixed=_SAFETY,
)

NEW_SIGN_IN = Kind(
    "new_sign_in",
    _("A sign-in from elsewhere"),
    _("From a device or a place that you had not used before."),
    About.SECURITY,
    fixed=_SAFETY,
)

FACTOR_RESET = Kind(
    "factor_reset",
    _("A second factor is to be reset"),
    _("Yours, or that of somebody whose team you manage, and how that went on."),
    About.SECURITY,
    fixed=_SAFETY,
    mails=("factor_reset",),
)

ALERT_HIGH = Kind(
    "alert_high",
    _("A grave alert"),
    _("Something was noticed in an account whose team you manage that should be looked at now; or a rule was muted."),
    About.SECURITY,
    fixed=_SAFETY,
)
ALERT_MEDIUM = Kind(
    "alert_medium",
    _("An alert"),
    _("Something was noticed that should be looked at soon."),
    About.TEAM,
    usual=Channel.DIGEST,
)
ALERT_LOW = Kind(
    "alert_low",
    _("A light alert"),
    _("Members who are not seen any more, and powers that nobody uses."),
    About.TEAM,
    usual=Channel.INBOX,
)

CHECKPOINT = Kind(
    "checkpoint",
    _("The checkpoint of the week"),
    _("Signed, for each account that you own. Whatever becomes of the portal, it shows what the record held."),
    About.PROOF,
    usual=Channel.NEVER,
    ways=(Channel.WEEKLY, Channel.NEVER),
)

KINDS = {
    kind.code: kind
    for kind in (
        INVITED, ENDING, DECIDED, REVIEW, REQUESTED, REVIEW_CLOSED, JOINED, TEAM_ENDING, TEAM_ENDED,
        CHANGED, ENDED, NEW_ADMINISTRATOR, OWNERSHIP, POLICY, SECOND_PERSON, FREEZE, STAFF_LOOKED, RECORD, STREAMS,
        SIGNING_IN, NEW_SIGN_IN, FACTOR_RESET, CHECKPOINT,
        ALERT_HIGH, ALERT_MEDIUM, ALERT_LOW,
    )
}  # fmt: skip
CHOOSABLE = {code: kind for code, kind in KINDS.items() if not kind.fixed}
SECURITY = [code for code, kind in KINDS.items() if kind.is_security]
KIND_OF_MAIL = {mail: kind for kind in KINDS.values() for mail in kind.mails}


def channel_of(kind: Kind, chosen: str | None) -> str:
    """Return how a kind reaches a person who chose `chosen`, or nothing."""
    return kind.usual if kind.fixed or chosen not in kind.ways else str(chosen)
