"""Granting on assets: to one member on one asset, or to several on several; each time the effect first (rule 2)."""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.access import way_to_ask
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ASSET_CODES, ASSET_PERMISSIONS, MANAGE_TEAM, OWN_ACCOUNT
from audit.canonical import instant

from .. import actions
from ..actions.grants import CODE_AND_END, Grants, added_by, wanted_of
from ..authority import lacking_on, obstacle
from ..coverage import Change, SingleHanded, left_on_assets
from ..forms import MOST_TICKED, NOTHING, OWN, PRESET_CHOICES, GrantManyForm, GrantsForm, ids_in
from ..models import AssetGrant, AssetGroup, Membership, PeopleGroup
from ..permissions import PRESETS, preset_of
from .members import MemberFormView
from .selection import ActOnSelection, Fate, words_of

MOST_PAIRS = 200  # of a person and an asset in one go
MOST_ASSETS = 500  # that one page lists to be ticked


@dataclass(kw_only=True)
class Pair(Fate):
    """One person on one asset: what is granted there, what would be, and what that changes, or why it is not done."""

    asset: Asset
    held: Grants = field(default_factory=dict)
    wanted: Grants = field(default_factory=dict)
    lasts: list[tuple[str, dt.datetime | None]] = field(default_factory=list)
    besides: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)
    codes: frozenset[str] = frozenset()
    idle: bool = False

    @property
    def shown(self) -> tuple[Any, ...]:
        """What the reader's yes is about."""
        return (*super().shown, self.asset.pk, _instants(self.held), _instants(self.wanted))

    @property
    def change(self) -> Change:
        """What the person would really get and lose on the asset: what the role gives is not lost by it."""
        member = self.member
        by_role, now = member.role.permissions, _lasting(self.held)
        counts = member.state == Membership.State.ACTIVE and not member.is_expired
        gets = frozenset(self.wanted) - now - by_role if counts else frozenset()
        return Change(self.asset, member.person_id, gets, now - frozenset(self.wanted) - by_role)


def pair_of(
    by: Person,
    account: BusinessAccount,
    member: Membership,
    asset: Asset,
    held: Grants,
    *,
    codes: Collection[str],
    ends_at: dt.datetime | None,
    add: bool,
) -> Pair:
    """Return what would become of one person on one asset. The action asks all of it again."""
    wanted = wanted_of(held, codes, ends_at, add=add)
    pair = Pair(member=member, asset=asset, held=held, wanted=wanted, codes=frozenset(codes))
    added, by_role, now = added_by(held, wanted), member.role.permissions, _lasting(held)
    if not member.is_current:
        pair.hindrance = _("The membership has ended.")
    elif refusal := obstacle(by, account, member):
        pair.hindrance = refusal.words
    elif wanted == held:
        pair.hindrance, pair.idle = _("Nothing changes."), True
    elif refusal := lacking_on(by, asset, added):
        pair.hindrance = refusal.words
    pair.adds = words_of(frozenset(wanted) - now - by_role)
    pair.besides = words_of((frozenset(wanted) - now) & by_role)
    pair.takes = words_of(now - frozenset(wanted) - by_role)
    pair.stays = words_of((now - frozenset(wanted)) & by_role)
    ends = {code: end for code, end in wanted.items() if code in now and end != held[code]}
    pair.lasts = [(words_of(frozenset({code}))[0], end) for code, end in sorted(ends.items())]
    return pair


def switches_for(by: Person, account: BusinessAccount, assets: Sequence[Asset], **now: Any) -> dict[str, Any]:
    """Return what can be chosen: presets and single permissions, each with what keeps the reader from giving it.

    `now` may say, of one member, `held` and `by_role` (codes), `chosen` (a preset) and `ticked` (codes).
    """
    held, by_role = frozenset(now.get("held", ())), frozenset(now.get("by_role", ()))
    refusals = {
        code: next(filter(None, (lacking_on(by, asset, [code]) for asset in assets)), None) for code in ASSET_CODES
    }

    def hindered(codes: Iterable[str]) -> dict[str, str]:
        code = next((code for code in sorted(codes) if refusals[code] and code not in held), "")
        asks = code and account.owner_id != by.pk and code != OWN_ACCOUNT
        on = f"&asset={assets[0].pk}" if len(assets) == 1 else ""
        refusal = refusals[code] if code else None
        return {
            "refusal": refusal.words if refusal else "",
            "ask_url": f"{way_to_ask(code, account)}{on}" if asks else "",
        }

    presets = [
        {
            "value": value,
            "label": label,
            "holds": words_of(PRESETS.get(value, frozenset())),
            "chosen": value == now.get("chosen", ""),
            **hindered(PRESETS.get(value, frozenset())),
        }
        for value, label in PRESET_CHOICES
    ]
    switches = [
        {
            "code": entry.code,
            "label": capfirst(str(entry.words)),
            "ticked": entry.code in now.get("ticked", ()) or entry.code in by_role,
            "by_role": entry.code in by_role,
            **hindered(() if entry.code in by_role else [entry.code]),
        }
        for entry in ASSET_PERMISSIONS
    ]
    return {"presets": presets, "switches": switches}


class MemberGrants(MemberFormView):
    """What a member is granted on one asset, on top of the role: presets, single switches, an end, and the effect."""

    form_class = GrantsForm
    template_name = "teams/member_grants.html"

    def load(self) -> None:
        """Find the member, the asset among those in use in the same account, and what is granted."""
        super().load()
        self.asset = get_object_or_404(Asset.objects.in_use(), account=self.account, pk=self.kwargs["asset_id"])
        self.asset.account = self.account
        rows = AssetGrant.objects.of(self.member).filter(content_object=self.asset)
        self.held: Grants = dict(rows.values_list(*CODE_AND_END))
        self.by_role = self.member.role.permissions & ASSET_CODES

    def get_initial(self) -> dict[str, Any]:
        """Choose what is granted."""
        preset = preset_of(frozenset(self.held))
        chosen = preset.code if preset else OWN if self.held else NOTHING
        ends = set(self.held.values())
        return {"preset": chosen, "codes": list(self.held), "ends_at": min(filter(None, ends), default=None)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what the role gives already, what is granted, and what the reader can't give."""
        context = super().get_context_data(asset=self.asset, by_role=words_of(self.by_role), **kwargs)
        form = context["form"]
        now = {"held": self.held, "by_role": self.by_role, "chosen": form["preset"].value() or OWN}
        now["ticked"] = form["codes"].value() or []
        return {
            **context,
            **switches_for(self.me, self.account, [self.asset], **now),
            "several_ends": len(set(self.held.values())) > 1,
        }

    def form_valid(self, form: GrantsForm) -> HttpResponse:
        """Show the effect first; a yes counts only for what was shown. What may not be is refused by the action."""
        codes = self._codes(form)
        ends_at = self._end(form.cleaned_data["ends_at"])
        pair = pair_of(
            self.me, self.account, self.member, self.asset, self.held, codes=codes, ends_at=ends_at, add=False
        )
        if pair.idle:
            return self.done_with(_("Nothing has changed for %(person)s."))
        asked = fingerprint([pair])
        if not pair.hindrance and self.request.POST.get("sure") != asked:
            shown = {"pair": pair, "asked": asked, "alone": left_on_assets(self.account, [pair.change])}
            shown["changed"] = "sure" in self.request.POST
            shown["sent"] = sent_again(form, codes, ends_at)
            return self.render_to_response(self.get_context_data(form=form, **shown))
        actions.set_grants(
            membership=self.member,
            asset=self.asset,
            codes=codes,
            ends_at=ends_at,
            reason=form.cleaned_data["reason"],
            seen=self.held,
            by=self.me,
        )
        return self.done_with(_("The grants of %(person)s are saved."))

    def _codes(self, form: GrantsForm) -> frozenset[str]:
        """Return what was chosen; a single switch that the role holds on keeps the grant behind it as it is."""
        if (form.cleaned_data["preset"] or OWN) != OWN:
            return form.chosen()
        return form.chosen() | (self.by_role & frozenset(self.held))

    def _end(self, typed: dt.datetime | None) -> dt.datetime | None:
        """Return the end; one that is the present one to the minute, which is all that the field shows, is that one."""
        present = [end for end in self.held.values() if end and typed and abs(end - typed) < dt.timedelta(minutes=1)]
        return present[0] if present else typed


class GrantMany(ActOnSelection):
    """Grant several people something on several assets: each pair is an act of its own, by the rules of one."""

    permission = MANAGE_TEAM
    form_class = GrantManyForm
    template_name = "teams/grant_many.html"
    verb = "grant"

    def load(self) -> None:
        """Find whom and what is ticked, or in a chosen group; ids of other accounts are like ids that never were."""
        sent = self.given
        members = Membership.objects.filter(account=self.account).with_roles("person")
        self.ticked, self.ticked_assets = set(ids_in(sent, "member")), set(ids_in(sent, "asset"))
        wanted, on = set(self.ticked), set(self.ticked_assets)
        if self.request.method == "POST":
            wanted |= self._in_group(PeopleGroup, "people")
            on |= self._in_group(AssetGroup, "assets")
        self.members = list(members.filter(pk__in=wanted).order_by("person__name", "pk")[: MOST_PAIRS + 1])
        self.assets = list(Asset.objects.of(self.account).in_use().filter(pk__in=on)[: MOST_PAIRS + 1])
        for asset in self.assets:
            asset.account = self.account
        self.too_many = False

    def _in_group(self, kind: Any, name: str) -> set[int]:
        ids = ids_in(self.given, name)
        group = kind.objects.of(self.account).filter(pk=ids[0]).first() if ids else None
        return {thing.pk for thing in group.present} if group else set()

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the groups of this account, those of the address chosen."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_initial(self) -> dict[str, Any]:
        """Begin with the groups that the address names."""
        groups = {name: next(iter(ids_in(self.request.GET, name)), None) for name in ("people", "assets")}
        return {"preset": "", "how": "add", **groups}

    def form_valid(self, form: Any) -> HttpResponse:
        """Ask for somebody and something, but not for too much at once; then show what would happen."""
        many = len(self.members) * len(self.assets)
        if not self.members or not self.assets:
            words = _("Choose at least one person.") if not self.members else _("Choose at least one asset.")
            form.add_error(None, words)
        elif many > MOST_PAIRS:
            words = _(
                "%(people)d people on %(assets)d assets are more than %(most)d at once. Take them in several goes."
            )
            form.add_error(None, words % {"people": len(self.members), "assets": len(self.assets), "most": MOST_PAIRS})
        return super().form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out what can be chosen, or the hidden fields of what was."""
        context = super().get_context_data(assets=self.assets, **kwargs)
        form = context["form"]
        if "fates" in context:
            return {**context, "sent": sent_again(form, form.chosen(), form.cleaned_data["ends_at"])}
        now = {"chosen": form["preset"].value() or "", "ticked": form["codes"].value() or []}
        return {
            **context,
            **switches_for(self.me, self.account, self.assets, **now),
            "people_choices": people_choices(self.account, self.ticked),
            "asset_choices": asset_choices(self.account, self.ticked_assets),
            "people_groups": PeopleGroup.objects.of(self.account).exists(),
            "asset_groups": AssetGroup.objects.of(self.account).exists(),
        }

    def fates(self, form: Any) -> list[Fate]:
        """Return what would become of each person on each asset."""
        rows = AssetGrant.objects.filter(membership__in=self.members, content_object__in=self.assets)
        held: dict[tuple[int, int], Grants] = {}
        for member_id, asset_id, code, end in rows.values_list("membership_id", "content_object_id", *CODE_AND_END):
            held.setdefault((member_id, asset_id), {})[code] = end
        return [
            self._pair(form, member, asset, held.get((member.pk, asset.pk), {}))
            for member in self.members
            for asset in self.assets
        ]

    def _pair(self, form: Any, member: Membership, asset: Asset, held: Grants) -> Pair:
        """Return one pair. Whose role gives all of it already gets no grant besides, which would outlive the role."""
        codes = form.chosen()
        by_role = bool(codes) and codes <= member.role.permissions
        given = {"codes": codes & frozenset(held) if by_role else codes, "ends_at": form.cleaned_data["ends_at"]}
        pair = pair_of(self.me, self.account, member, asset, held, add=form.adds(), **given)
        if pair.idle and by_role:
            pair.hindrance = _("The role %(role)s gives all of it already.") % {"role": member.role}
        return pair

    def about(self, form: Any) -> Any:
        """Return what else was shown: each pair says it all."""
        return form.cleaned_data["reason"]

    def alone(self, changing: Sequence[Fate], form: Any) -> list[SingleHanded]:
        """Return what only one person could do on an asset afterwards."""
        return left_on_assets(self.account, [cast("Pair", fate).change for fate in changing])

    def act(self, fate: Fate, form: Any) -> None:
        """Grant to one person on one asset."""
        pair, given = cast("Pair", fate), form.cleaned_data
        actions.set_grants(
            membership=pair.member,
            asset=pair.asset,
            codes=pair.codes,
            ends_at=given["ends_at"],
            reason=given["reason"],
            add=form.adds(),
            seen=pair.held,
            by=self.me,
        )


def people_choices(account: BusinessAccount, ticked: Collection[int]) -> list[dict[str, Any]]:
    """Return the members to be ticked: all of a small account; of a larger one those that are ticked already."""
    rows = Membership.objects.current().filter(account=account).with_roles("person")
    rows = rows.order_by("person__name", "pk")
    found = list(rows[: MOST_TICKED + 1])
    if len(found) > MOST_TICKED:
        found = list(rows.filter(pk__in=ticked))
    return [{"pk": row.pk, "row": row, "ticked": row.pk in ticked} for row in found]


def asset_choices(account: BusinessAccount, ticked: Collection[int]) -> list[dict[str, Any]]:
    """Return the assets in use to be ticked: the ticked ones first, and so many others as one page bears."""
    rows = Asset.objects.of(account).in_use()
    found = [*rows.filter(pk__in=ticked), *rows.exclude(pk__in=ticked)[:MOST_ASSETS]]
    return [{"pk": row.pk, "row": row, "ticked": row.pk in ticked} for row in found]


def sent_again(form: GrantsForm, codes: Iterable[str], ends_at: dt.datetime | None) -> list[tuple[str, str]]:
    """Return the hidden fields by which what was shown is confirmed: a span has become the moment that was shown."""
    fields = [("preset", form.cleaned_data["preset"] or OWN), *(("codes", code) for code in sorted(codes))]
    if ends_at:
        fields += [("ends_at_span", "until"), ("ends_at_until", ends_at.isoformat())]
    if isinstance(form, GrantManyForm):
        fields.append(("how", form.cleaned_data["how"]))
    return [*fields, ("reason", form.cleaned_data["reason"])]


def fingerprint(pairs: Sequence[Pair]) -> str:
    """Return a short name of exactly what was shown."""
    return hashlib.sha256(repr([pair.shown for pair in pairs]).encode()).hexdigest()[:24]


def _instants(grants: Grants) -> list[tuple[str, str]]:
    """Return permissions with their ends as texts that are the same in every zone."""
    return [(code, instant(end) if end else "") for code, end in sorted(grants.items())]


def _lasting(held: Grants) -> frozenset[str]:
    now = timezone.now()
    return frozenset(code for code, end in held.items() if end is None or end > now)
