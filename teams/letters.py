"""The mails of the team's floor."""

import datetime as dt
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import who_can_give
from accounts.letters import Letter, absolute, compose
from accounts.models import BusinessAccount, OutgoingMail, Person
from accounts.normalising import plain_name
from accounts.permissions import MANAGE_TEAM, words_for

from . import policies
from .access import standing_under, way_to_mend
from .models import (
    NOTICES,
    AccessRequest,
    AssetGrant,
    EndedEngagement,
    FactorReset,
    Membership,
    Offboarding,
    OwnershipClaim,
    OwnershipOffer,
    PendingAct,
    Receipt,
    Told,
    Way,
)
from .querysets import MembershipQuerySet

MOST_NAMED = 3  # of those who can be asked


def ownership_offer(mail: OutgoingMail) -> Letter | None:
    """Write the mail to the one whom the ownership is offered to; None when the offer is not open any more."""
    rows = OwnershipOffer.objects.open().filter(pk=mail.about_id, account__closed_at=None)
    offer = rows.select_related("account", "offered_by", "person").first()
    if offer is None:
        return None
    names = {"person": plain_name(str(offer.offered_by)), "account": plain_name(offer.account.name)}
    link = absolute(reverse("ownership_offer", args=[offer.account.slug, offer.pk]))
    return compose(
        "ownership_offer",
        subject=_("%(person)s offers you the ownership of %(account)s") % names,
        context={**names, "link": link},
    )


def access_ended(mail: OutgoingMail) -> Letter | None:
    """Tell a person that access has ended, where, and what that means for signing in; never why.

    Where the password was reset and none is set since, the letter carries the link to a new one, made as it is sent.
    """
    act = Offboarding.objects.select_related("person", "by").get(pk=mail.about_id)
    receipts = list(act.receipts.select_related("account").order_by("account__name", "pk"))
    names = [receipt.account.name for receipt in receipts]
    was_reset = receipts[0].statement["ended"]["password"] == policies.PASSWORD_RESET
    return _ended(act.person, names, by=act.by, at=act.at, was_reset=was_reset)


def engagement_ended(mail: OutgoingMail) -> Letter | None:
    """Tell one of an engagement's people that access has ended, as `access_ended` does; None for nobody of them."""
    act = EndedEngagement.objects.with_all().get(pk=mail.about_id)
    then = act.members.filter(person__email=mail.address).select_related("person").first()
    if then is None:
        return None
    was_reset = act.ended_of(then.pk)["ended"]["password"] == policies.PASSWORD_RESET
    return _ended(then.person, [act.account.name], by=act.by, at=act.at, was_reset=was_reset)


def engagement_back(mail: OutgoingMail) -> Letter | None:
    """Tell one of an engagement's people that the access is back; None when it has ended again."""
    act = EndedEngagement.objects.with_all().get(pk=mail.about_id)
    seats = Membership.objects.current().filter(account=act.account, person__email=mail.address)
    return _back(seats)


def _ended(person: Person, accounts: list[str], *, by: Person, at: dt.datetime, was_reset: bool) -> Letter:
    names, link = [plain_name(name) for name in accounts], ""
    if was_reset and not person.has_usable_password() and person.is_active:
        key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
        link = get_adapter().get_reset_password_from_key_url(key)
    return compose(
        "access_ended",
        subject=_("Your access to %(accounts)s has ended") % {"accounts": ", ".join(names)},
        context={
            "accounts": names,
            "by": plain_name(str(by)),
            "at": at,
            "link": link,
            "ask_again": absolute(reverse("account_reset_password")),
        },
    )


def access_back(mail: OutgoingMail) -> Letter | None:
    """Tell a person where the access is back, for all accounts of one act; None when it has all ended again."""
    first = Receipt.objects.with_all().get(pk=mail.about_id)
    together = Receipt.objects.filter(offboarding=first.offboarding_id, brought_back_at=first.brought_back_at)
    seats = Membership.objects.held_by(first.offboarding.person).filter(account__in=together.values("account"))
    return _back(seats)


def _back(seats: MembershipQuerySet) -> Letter | None:
    rows = list(seats.with_roles("account").order_by("account__name", "pk"))
    if not rows:
        return None
    names = [plain_name(row.account.name) for row in rows]
    return compose(
        "access_back",
        subject=_("Your access to %(accounts)s is back") % {"accounts": ", ".join(names)},
        context={
            "seats": [{"account": plain_name(row.account.name), "role": plain_name(str(row.role))} for row in rows],
            "link": absolute(reverse("dashboard")),
        },
    )


def access_ending(mail: OutgoingMail) -> Letter | None:
    """Tell a member what of their access ends soon, and whom to ask; None when nothing does any more."""
    rows = Membership.objects.current().with_roles("account", "sponsor", "person")
    member = rows.filter(pk=mail.about_id).first()
    if member is None:
        return None
    within = timezone.now() + NOTICES[Told.WEEK_BEFORE]
    everything = member.ends_at if member.ends_at and member.ends_at <= within else None
    grants = AssetGrant.objects.of(member).filter(ends_at__gt=timezone.now(), ends_at__lte=within)
    raised = member.is_raised and member.raised_until is not None and member.raised_until <= within
    if everything is None and not grants and not raised:
        return None
    account = plain_name(member.account.name)
    return compose(
        "access_ending",
        subject=_("Your access to %(account)s ends soon") % {"account": account},
        context={
            "account": account,
            "ends_at": everything,
            "role": role_words(member) if raised else None,
            "grants": [
                {
                    "asset": plain_name(grant.content_object.name),
                    "act": words_for(grant.permission.codename),
                    "ends_at": grant.ends_at,
                }
                for grant in grants.order_by("ends_at", "content_object__name", "permission_id")
            ],
            "ask": [plain_name(str(person)) for person in _whom_to_ask(member)],
            "link": absolute(reverse("account_home", args=[member.account.slug])),
        },
    )


def accesses_ending(mail: OutgoingMail) -> Letter | None:
    """Tell whoever manages the team, or answers for somebody, what ends within a week; None when nothing does."""
    account = BusinessAccount.objects.open().filter(pk=mail.about_id).first()
    seat = Membership.objects.active().filter(account=account, person__email=mail.address).with_roles().first()
    if account is None or seat is None:
        return None
    now = timezone.now()
    within = now + NOTICES[Told.WEEK_BEFORE]
    soon = {"ends_at__gt": now, "ends_at__lte": within}
    everybody = Membership.objects.current().filter(account=account).with_roles("person")
    members, raised = everybody.filter(**soon), everybody.raised().filter(raised_until__lte=within)
    grants = AssetGrant.objects.filter(membership__account=account, **soon).exclude(membership__state="ended")
    grants = grants.select_related("membership__person", "content_object", "permission")
    if not seat.role.administers:
        members, raised = members.filter(sponsor=seat.person_id), raised.filter(sponsor=seat.person_id)
        grants = grants.filter(membership__sponsor=seat.person_id)
    rows = [{"who": plain_name(str(row.person)), "what": str(row.role), "ends_at": row.ends_at} for row in members]
    rows += [
        {
            "who": plain_name(str(row.person)),
            "what": _("%(role)s, then %(then)s") % role_words(row),
            "ends_at": row.raised_until,
        }
        for row in raised
    ]
    rows += [
        {
            "who": plain_name(str(row.membership.person)),
            "what": f"{words_for(row.permission.codename)} · {plain_name(row.content_object.name)}",
            "ends_at": row.ends_at,
        }
        for row in grants
    ]
    if not rows:
        return None
    path = f"{reverse('team', args=[account.slug])}?state=ends_soon" if seat.role.administers else reverse("dashboard")
    name = plain_name(account.name)
    return compose(
        "accesses_ending",
        subject=_("Access to %(account)s that ends within a week") % {"account": name},
        context={"account": name, "rows": sorted(rows, key=lambda row: row["ends_at"]), "link": absolute(path)},
    )


def access_ran_out(mail: OutgoingMail) -> Letter | None:
    """Tell a member that the access has run out, and whom to ask; None when it was extended meanwhile."""
    rows = Membership.objects.current().filter(ends_at__lte=timezone.now(), account__closed_at=None)
    member = rows.select_related("account", "sponsor", "person").filter(pk=mail.about_id).first()
    if member is None:
        return None
    account = plain_name(member.account.name)
    return compose(
        "access_ran_out",
        subject=_("Your access to %(account)s has run out") % {"account": account},
        context={
            "account": account,
            "ends_at": member.ends_at,
            "ask": [plain_name(str(person)) for person in _whom_to_ask(member)],
            "link": absolute(reverse("dashboard")),
        },
    )


def role_ran_out(mail: OutgoingMail) -> Letter | None:
    """Tell a member that a role for a time has run out, and which one counts; None where another was given since."""
    rows = Membership.objects.current().filter(raised_until__lte=timezone.now(), account__closed_at=None)
    member = rows.with_roles("account", "sponsor", "person").filter(pk=mail.about_id).first()
    if member is None:
        return None
    names = {"account": plain_name(member.account.name), **role_words(member)}
    return compose(
        "role_ran_out",
        subject=_("You are %(then)s again in %(account)s") % names,
        context={
            **names,
            "ask": [plain_name(str(person)) for person in _whom_to_ask(member)],
            "link": absolute(reverse("account_home", args=[member.account.slug])),
        },
    )


def role_words(member: Membership) -> dict[str, Any]:
    """What the letters say of a role for a time: which, until when, and which one comes then."""
    roles = {"role": plain_name(str(member.raised_to)), "then": plain_name(str(member.lasting_role))}
    return {**roles, "until": member.raised_until}


def request_made(mail: OutgoingMail) -> Letter | None:
    """Tell whoever manages the team what a member asks for; None when it is decided or has lapsed."""
    wish = AccessRequest.objects.open().filter(pk=mail.about_id, account__closed_at=None).with_all().first()
    if wish is None:
        return None
    names = {"person": plain_name(str(wish.person)), "account": plain_name(wish.account.name)}
    context = {
        **names,
        **_wish_words(wish),
        "link": absolute(reverse("access_request", args=[wish.account.slug, wish.pk])),
    }
    return compose("request_made", subject=_("%(person)s asks for more access to %(account)s") % names, context=context)


def request_decided(mail: OutgoingMail) -> Letter | None:
    """Tell who asked what was decided, by whom and why, or that nobody decided in time; None after a withdrawal."""
    wish = AccessRequest.objects.filter(account__closed_at=None).with_all().get(pk=mail.about_id)
    if wish.state == AccessRequest.State.WITHDRAWN or wish.is_open:
        return None
    account = {"account": plain_name(wish.account.name)}
    match wish.state:
        case AccessRequest.State.APPROVED:
            subject = _("Your request in %(account)s is approved")
        case AccessRequest.State.REFUSED:
            subject = _("Your request in %(account)s is refused")
        case _lapsed:
            subject = _("Nobody decided on your request in %(account)s")
    context = {
        **account,
        **_wish_words(wish),
        "state": "lapsed" if wish.is_lapsed else str(wish.state),
        "by": plain_name(str(wish.decided_by)) if wish.decided_by else "",
        "answer": [plain_name(line) for line in wish.answer.splitlines()],
        "link": absolute(reverse("access_request", args=[wish.account.slug, wish.pk])),
    }
    return compose("request_decided", subject=subject % account, context=context)


def _wish_words(wish: AccessRequest) -> dict[str, Any]:
    """What the letters say of a wish, in plain text."""
    what = [plain_name(str(wish.role))] if wish.role else [words_for(code) for code in wish.codes]
    return {
        "role": bool(wish.role),
        "asset": plain_name(wish.asset.name) if wish.asset else "",
        "what": what,
        "ends_at": wish.ends_at,
        "reason": [plain_name(line) for line in wish.reason.splitlines()],
    }


def _whom_to_ask(member: Membership) -> list[Person]:
    """Return who can extend an access: the sponsor first, then whoever manages the team."""
    able = [person for person in who_can_give(MANAGE_TEAM, member.account) if person.pk != member.person_id]
    return list(dict.fromkeys([*([member.sponsor] if member.sponsor else []), *able]))[:MOST_NAMED]


def policy_planned(mail: OutgoingMail) -> Letter | None:
    """Tell a member what a planned policy asks of them, from when, and how to do it; None when it asks nothing more."""
    member = Membership.objects.current().select_related("account__policy", "person").filter(pk=mail.about_id).first()
    policy = member.account.policy if member else None
    if member is None or policy is None or not policy.has_plan_ahead or member.account.closed_at:
        return None
    if not policies.losing_by_plan(policy).filter(pk=member.pk).exists():
        return None
    then = policy.under(policy.planned)
    standing = standing_under(then, member)
    account = plain_name(member.account.name)
    link = way_to_mend(standing, then) or reverse("account_home", args=[member.account.slug])
    return compose(
        "policy_planned",
        subject=_("Your access to %(account)s needs something from you") % {"account": account},
        context={
            "account": account,
            "starts_at": policy.planned_from,
            "standing": standing.name,
            "passkey_only": then.second_factor_kinds == then.Kinds.PASSKEY,
            "domains": then.domains,
            "reason": plain_name(policy.planned_reason),
            "ask": [plain_name(str(person)) for person in _whom_to_ask(member)],
            "link": absolute(link),
        },
    )


def claim(mail: OutgoingMail) -> Letter | None:
    """Tell the owner of a claim, and how to refuse it; None when it is not open any more."""
    return _of_open_claim(mail, _("%(person)s claims the ownership of %(account)s"), to_owner=True)


def claim_reminder(mail: OutgoingMail) -> Letter | None:
    """Remind the owner of a claim; None when it is not open any more."""
    subject = _("Reminder: %(person)s claims the ownership of %(account)s")
    return _of_open_claim(mail, subject, to_owner=True)


def claim_told(mail: OutgoingMail) -> Letter | None:
    """Tell somebody else of a claim, or the claimant that it is ripe; None when it is not open any more."""
    return _of_open_claim(mail, _("A claim of the ownership of %(account)s"), to_owner=False)


def claim_ended(mail: OutgoingMail) -> Letter:
    """Tell how a claim came to its end."""
    row = OwnershipClaim.objects.with_all().get(pk=mail.about_id)
    names = _names_of(row)
    subjects = {
        OwnershipClaim.State.REFUSED: _("The claim of the ownership of %(account)s is refused"),
        OwnershipClaim.State.WITHDRAWN: _("The claim of the ownership of %(account)s is withdrawn"),
        OwnershipClaim.State.CARRIED_OUT: _("%(person)s owns %(account)s now"),
    }
    subject = subjects.get(OwnershipClaim.State(row.state), _("The claim of the ownership of %(account)s has lapsed"))
    link = absolute(reverse("account_home", args=[row.account.slug]))
    context = {**names, "state": row.state, "by": plain_name(str(row.answered_by or "")), "link": link}
    return compose("claim_ended", subject=subject % names, context={**context, "at": row.answered_at})


def _of_open_claim(mail: OutgoingMail, subject: str, *, to_owner: bool) -> Letter | None:
    rows = OwnershipClaim.objects.open().filter(pk=mail.about_id, account__closed_at=None)
    row = rows.select_related("account", "person").first()
    if row is None:
        return None
    names = _names_of(row)
    page, arguments = "refuse_claim" if to_owner else "ownership_claim", [row.account.slug, row.pk]
    members = Membership.objects.current().filter(account=row.account, person__email=mail.address)
    if not to_owner and not members.administering().exists():  # the successor's own page, which no other member has
        page, arguments = "claim_as_successor", [row.account.slug]
    context = {
        **names,
        "link": absolute(reverse(page, args=arguments)),
        "reason": plain_name(row.reason),
        "ripe_at": row.ripe_at,
        "waiting": row.is_waiting,
        "mine": mail.address == row.person.email,
    }
    return compose("claim" if to_owner else "claim_told", subject=subject % names, context=context)


def _names_of(row: OwnershipClaim | PendingAct) -> dict[str, str]:
    return {"person": plain_name(str(row.person)), "account": plain_name(row.account.name)}


def factor_reset(mail: OutgoingMail) -> Letter | None:
    """Tell a person that their second factor is to end, with a link that refuses; None when that has ended."""
    row = FactorReset.objects.open().filter(pk=mail.about_id, account__closed_at=None).with_all().first()
    if row is None:
        return None
    names = {"by": plain_name(str(row.asked_by)), "account": plain_name(row.account.name)}
    link = absolute(reverse("refuse_factor_reset", args=[row.pk, row.refusal_token]))
    context = {**names, "link": link, "reason": plain_name(row.reason), "ripe_at": row.ripe_at}
    return compose(
        "factor_reset", subject=_("Your second factor is to be reset: refuse it, if you still have it"), context=context
    )


def pending_act(mail: OutgoingMail) -> Letter | None:
    """Tell of an act that waits, or that was done at once; None when it is not waiting any more."""
    row = PendingAct.objects.with_all().get(pk=mail.about_id)
    told = row.way == Way.NOTIFY and row.state == PendingAct.State.DONE
    if not (told or row.is_waiting) or row.account.closed_at:
        return None
    subjects = {
        Way.APPROVE: _("%(person)s asks for your approval in %(account)s"),
        Way.DELAY: _("An act in %(account)s waits, and can be cancelled"),
        Way.NOTIFY: _("A sensitive act in %(account)s"),
    }
    return _of_pending(row, "pending_act", subjects[Way(row.way)], mine=mail.address == row.person.email)


def pending_act_settled(mail: OutgoingMail) -> Letter:
    """Tell who asked how an act that waited came to its end."""
    row = PendingAct.objects.with_all().get(pk=mail.about_id)
    subjects = {
        PendingAct.State.APPROVED: _("Approved in %(account)s: you can take the file now"),
        PendingAct.State.DONE: _("Done in %(account)s: what you asked for"),
        PendingAct.State.FAILED: _("Not done in %(account)s: what you asked for"),
        PendingAct.State.CANCELLED: _("Cancelled in %(account)s: what you asked for"),
    }
    subject = subjects.get(PendingAct.State(row.state), _("Expired in %(account)s: what you asked for"))
    return _of_pending(row, "pending_act_settled", subject, mine=True)


def _of_pending(row: PendingAct, template: str, subject: str, *, mine: bool) -> Letter:
    names = _names_of(row)
    link = absolute(reverse("pending_act", args=[row.account.slug, row.pk]))
    context = {
        **names,
        "act": str(row),
        "says": [plain_name(line) for line in row.says],
        "way": row.way,
        "state": row.state,
        "why": row.why,
        "reason": plain_name(row.reason),
        "by": plain_name(str(row.approved_by or row.answered_by or "")),
        "until": row.ripe_at or row.expires_at,
        "mine": mine,
        "link": link,
    }
    return compose(template, subject=subject % names, context=context)


OF_CLAIMS = {
    policies.CLAIM_MAIL: claim,
    policies.CLAIM_REMINDER: claim_reminder,
    policies.CLAIM_TOLD: claim_told,
    policies.CLAIM_ENDED: claim_ended,
}
