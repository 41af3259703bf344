"""Every page and state, with the demo's data: nothing for axe to find, no complaint of the browser, nothing sticks out.

With SCREENSHOTS=1 each page is also written to var/screenshots, and those that the docs show to docs/screenshots.
"""

import datetime as dt
import itertools
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings as as_they_stand
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone
from playwright.sync_api import Error as PlaywrightError

from accessportal.devmail import Mail
from accounts.actions.devices import LINK_WORKS, hash_of
from accounts.models import Asset, BusinessAccount, OutgoingMail, Person, SecurityPolicy, SignInAlarm
from audit.keeping import keep_checkpoint
from audit.models import Event
from invitations.actions import work_through
from invitations.models import Import, Invitation
from logins.models import SharedLogin
from notices.actions import mail_checkpoints
from oversight.demo.cast import CAST, PASSWORD
from oversight.models import LogExport
from reviews.models import Campaign
from streams.models import Stream
from teams import actions
from teams.engagements import key_of
from teams.models import (
    AccessRequest,
    AssetGrant,
    AssetGroup,
    EndedEngagement,
    FactorReset,
    Membership,
    OwnershipClaim,
    OwnershipOffer,
    PendingAct,
    PeopleGroup,
    Receipt,
)
from tests import showing
from tests.factories import MembershipFactory, RoleFactory, VerificationFactory
from tests.post import the_post_goes_out
from watching.models import Alert

from .looking import ROOT, WIDE, Look, name_of, signed_in, turn
from .people import tab_to

NO_PAGES = {  # addresses that are no page by themselves, each with its reason
    "accept_invitation": "takes a POST",
    "take_export": "takes a POST",
    "remove_view": "takes a POST",
    "enter_invitation": "takes a POST",
    "forget_invitation": "takes a POST",
    "answer_ownership": "takes a POST",
    "end_session": "takes a POST",
    "staff_close": "takes a POST",
    "extend_member": "takes a POST",
    "extend_role": "takes a POST",
    "remind_of_plan": "takes a POST",
    "mark_all_read": "takes a POST",
    "mark_notice": "takes a POST",
    "open_notice": "takes a POST",
    "invitation_continue": "leads on",
    "switch_accounts": "a part of the account switch",
    "engagement_receipt_file": "a file to keep",
    "mfa_login_webauthn": "answers a script",
    "receipt_file": "a file to keep",
    "review_report_file": "a file to keep",
    "import_problems": "a file to keep",
    "csp_report": "takes a POST",
    "dev_mail_html": "stands in a frame of the mail's page",
    "account_set_password": "leads on: nobody is without a password, since every sign-up asks for one",
    "account_confirm_login_code": "leads on: signing in by a mailed code is off",
}

REFUSALS = {  # what pages answer that show why there is nothing to see; all others answer 200
    "no_invitation": 404, "not_found": 404, "not_me_dead": 404,
    "refused": 403, "suspended": 403, "no_second_factor": 403, "unconfirmed": 403, "closed": 403, "ended": 403,
    "wrong_domain": 403,
}  # fmt: skip


@pytest.fixture
def demo(demo_site, demo_mails, settings, tmp_path):
    """The portal with the demo's past, as `make run` shows it: with mails as files, and pages to read them."""
    settings.EMAIL_BACKEND = "accessportal.devmail.EmlFileBackend"
    settings.MAIL_FOLDER = shutil.copytree(demo_mails, tmp_path / "mail")
    settings.ROOT_URLCONF = "tests.browser.site"
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # plain http on localhost
    return demo_site


def newest_mail(settings, address: str) -> Mail:
    """The newest mail to an address."""
    return Mail.read(sorted(Path(settings.MAIL_FOLDER).glob(f"*-{address}.eml"))[-1])


def mails_written() -> set[tuple[str, str]]:
    """The mails so far, each with a name and the address of the page that shows it."""
    files = Path(as_they_stand.MAIL_FOLDER).glob("*.eml")
    return {
        (f"mail_to_{file.name.split('-', 2)[2].split('@')[0]}", reverse("dev_mail_page", args=[file.name]))
        for file in files
    }


def link_of(address: str) -> str:
    """The path that the link of an unanswered invitation leads to."""
    return reverse(
        "invitation_offer", args=[Invitation.objects.unanswered().filter(address=address).latest("pk").present_token()]
    )


def alarm_of(person: Person) -> str:
    """Return the token of the link in a mail about a sign-in from elsewhere."""
    token, now = "t" * 43, timezone.now()
    SignInAlarm.objects.create(
        person=person, token_hash=hash_of(token), device="Firefox on Windows", network="203.0.113.0/24", at=now,
        expires_at=now + LINK_WORKS,
    )  # fmt: skip
    return token


def _member(account, key, **more):
    rows = Membership.objects.filter(account=account, person__email=CAST[key].address, **more).order_by("-pk")
    return {"slug": account.slug, "pk": rows[0].pk}


def _invitation(account, address):
    return {"slug": account.slug, "pk": Invitation.objects.filter(account=account, address=address).latest("pk").pk}


def pages() -> dict[str, list[tuple[str, str]]]:
    """Return, for each person, the pages to visit: a name and an address."""
    northwind = BusinessAccount.objects.get(name="Northwind Coffee")
    halo = BusinessAccount.objects.get(name="Halo Skincare")
    lumen = BusinessAccount.objects.get(name="Lumen Bikes")
    studio = BusinessAccount.objects.get(name="Pellegrini Ceramics")
    here = {"slug": northwind.slug}
    us, popup = (Asset.objects.get(account=northwind, name=name) for name in ("Northwind US", "Pop-up 2025"))
    offer = OwnershipOffer.objects.open().get()
    changed = Event.objects.of(northwind).named("role.changed").filter(result="done").first()
    at = lambda name, **kwargs: (name, reverse(name, kwargs=kwargs))  # noqa: E731  # a word for each line below
    oscar, elif_, bruno = (_member(northwind, key) for key in ("oscar", "elif", "bruno"))
    receipt = {"slug": northwind.slug, "pk": Receipt.objects.get(account=northwind).pk}
    draft, done = (
        {"slug": northwind.slug, "pk": Import.objects.get(account=northwind, state=state).pk}
        for state in ("draft", "done")
    )
    ines = Person.objects.get(email=CAST["ines"].address)
    lena, failed = (
        _invitation(northwind, address) for address in ("lena.fischer@northwind.example", "dana.w@northwnd.example")
    )
    brightside, gone = key_of("Brightside Agency"), EndedEngagement.objects.get(account=northwind)
    tiktok, mailbox = (
        {"slug": studio.slug, "pk": SharedLogin.objects.get(label=name).pk} for name in ("TikTok", "Mailbox behind it")
    )
    alert, answered = (
        {"slug": northwind.slug, "pk": Alert.objects.get(account=northwind, rule=rule).pk}
        for rule in ("unusual_sign_in", "mass_export")
    )
    marco = SharedLogin.objects.get(label="TikTok").knowers.trusted().get(name="Marco Bruni").pk
    archive = Stream.objects.get(account=northwind)
    stream, batch = {"slug": northwind.slug, "pk": archive.pk}, archive.deliveries.parked().get()
    reviews = Campaign.objects.filter(account=northwind).order_by("pk")
    closed, running = ({"slug": northwind.slug, "pk": review.pk} for review in reviews)
    item = {"slug": northwind.slug, "pk": reviews[1].items.get(membership__person__email=CAST["anna"].address).pk}
    decided = {"slug": northwind.slug, "pk": reviews[1].items.get(membership__person=ines).pk}
    VerificationFactory()
    held = RoleFactory(
        account=northwind, name="Keeper of assets", held=["manage_assets", "view_account", "view_analytics"]
    )
    idle = MembershipFactory(account=northwind, role=held, joined_at=timezone.now() - dt.timedelta(days=200)).pk
    return {
        "": [
            at("front"), at("account_login"), at("account_signup"), at("account_reset_password"),
            at("account_reset_password_done"), at("account_inactive"), at("no_invitation", anything="x"), ("not_found", "/nowhere/"),
            at("not_me", token=alarm_of(ines)), ("not_me_dead", reverse("not_me", args=["x" * 43])),
            *sorted(mails_written()),
        ],
        "nadia": [
            at("inbox"), ("inbox_none", reverse("inbox") + "?q=zzz"), ("inbox_unread", reverse("inbox") + "?state=unread"), at("notice_choices"),
            at("dashboard"), at("my_activity"), at("profile"), at("account_email"), at("account_change_password"),
            at("mfa_index"), at("usersessions_list"), at("open_account"), at("account_logout"),
            at("account_home", **here), at("team", **here), ("team_none", reverse("team", kwargs=here) + "?q=zzz"),
            ("team_ends_soon", reverse("team", kwargs=here) + "?state=ends_soon"), ("team_ended", reverse("team", kwargs=here) + "?state=ended"),
            at("member", **oscar), ("member_to_confirm", reverse("member", kwargs=elif_)),
            ("member_suspended", reverse("member", kwargs=bruno)), ("member_with_unused_powers", reverse("member", kwargs={**here, "pk": idle})),
            ("team_unused", reverse("team", kwargs=here) + "?state=unused"),
            ("member_ended", reverse("member", kwargs=_member(northwind, "kofi", state="ended"))),
            at("end_role", **_member(northwind, "grace")),
            ("member_for_a_time", reverse("member", kwargs=_member(northwind, "grace"))),
            ("change_role_for_a_time", reverse("change_role", kwargs=_member(northwind, "grace"))),
            at("confirm_role", **elif_), at("change_role", **oscar), at("change_terms", **oscar),
            ("change_terms_with_an_end", reverse("change_terms", kwargs=_member(northwind, "jonas"))),
            ("member_ends_soon", reverse("member", kwargs=_member(northwind, "jonas"))), at("suspend_member", **oscar), at("end_member_sessions", **oscar),
            at("restore_member", **bruno), at("offboard_member", **oscar), at("offboard_many", **here),
            ("change_role_of_many_none", reverse("change_role_of_many", kwargs=here)),
            ("change_role_of_many", f"{reverse('change_role_of_many', kwargs=here)}?member={oscar['pk']}&member={elif_['pk']}"),
            ("suspend_many", f"{reverse('suspend_many', kwargs=here)}?member={oscar['pk']}&member={elif_['pk']}&member={bruno['pk']}"),
            ("suspend_many_too_many", reverse("suspend_many", kwargs=here) + "?all=1&q=zzz"),
            ("export_members", reverse("export_members", kwargs=here) + "?state=active&q=a"),
            ("offboard_administrator", reverse("offboard_member", kwargs=elif_)), at("person", pk=ines.pk),
            at("receipt", **receipt), at("bring_back", **receipt), at("member_grants", **oscar, asset_id=us.pk),
            at("roles", **here), at("make_role", **here), ("copy_role", reverse("make_role", kwargs=here) + "?from=owner"),
            at("role", **here, code="campaign-lead"), ("role_powerful", reverse("role", kwargs={**here, "code": "office-manager"})),
            ("role_retired", reverse("role", kwargs={**here, "code": "pop-up-crew"})),
            ("role_built_in", reverse("role", kwargs={**here, "code": "administrator"})),
            at("edit_role", **here, code="campaign-lead"), at("retire_role", **here, code="campaign-lead"),
            at("compare_roles", **here),
            ("compare_two_roles", reverse("compare_roles", kwargs=here) + "?a=editor&b=office-manager"),
            at("assets", **here), at("asset", slug=northwind.slug, pk=us.pk),
            ("asset_archived", reverse("asset", kwargs={"slug": northwind.slug, "pk": popup.pk})),
            at("add_asset", **here), at("change_asset", slug=northwind.slug, pk=us.pk),
            at("archive_asset", slug=northwind.slug, pk=us.pk), at("restore_asset", slug=northwind.slug, pk=popup.pk),
            at("asset_grid", **here), ("asset_grid_none", reverse("asset_grid", kwargs=here) + "?q=zzz"),
            ("asset_run_ads", reverse("asset", kwargs={"slug": northwind.slug, "pk": us.pk}) + "?act=run_ads"),
            ("grant_many", f"{reverse('grant_many', kwargs=here)}?member={oscar['pk']}&asset={us.pk}"),
            at("asset_groups", **here), at("make_asset_group", **here), at("people_groups", **here), at("make_people_group", **here),
            ("people_groups_none", reverse("people_groups", kwargs=here) + "?q=zzz"),
            *(
                at(f"{act}_{kind}", slug=northwind.slug, pk=model.objects.get(account=northwind).pk)
                for kind, model in (("asset_group", AssetGroup), ("people_group", PeopleGroup))
                for act in ("change", "delete")
            ),
            at("invitations", **here), ("invitations_failed", reverse("invitations", kwargs=here) + "?state=failed"),
            at("invite", **here), at("invitation", **lena), ("invitation_failed", reverse("invitation", kwargs=failed)),
            *(
                (f"invitation_{name}", reverse("invitation", kwargs=_invitation(northwind, address)))
                for name, address in {
                    "opened_by_another": CAST["wanda"].address, "run_out": "olaf.krause@northwind.example",
                    "handed_over": "sara.lund@northwind.example", "revoked": "rob.sanders@northwind.example",
                    "declined": "pia.holmgren@northwind.example", "accepted": CAST["eddie"].address,
                }.items()
            ),
            at("engagements", **here), ("engagements_none", reverse("engagements", kwargs=here) + "?q=zzz"),
            at("engagement", **here, key=brightside), at("end_engagement", **here, key=brightside),
            at("set_engagement_end", **here, key=brightside), ("engagement_over", reverse("engagement", kwargs={**here, "key": gone.key})),
            at("engagement_receipt", **here, pk=gone.pk), at("bring_engagement_back", **here, pk=gone.pk),
            at("access_requests", **here), ("access_requests_none", reverse("access_requests", kwargs=here) + "?state=refused"),
            at("access_request", slug=northwind.slug, pk=AccessRequest.objects.open().get(account=northwind).pk),
            at("resend_invitation", **lena), at("copy_invitation_link", **lena), at("correct_invitation", **failed),
            at("change_invitation", **lena), at("revoke_invitation", **lena),
            at("imports", **here), at("import", **draft), ("import_done", reverse("import", kwargs=done)), at("import_columns", **draft),
            at("start_import", **draft), at("stop_import", **draft),
            ("import_none", reverse("import", kwargs=draft) + "?q=zzz"),
            at("alerts", **here), ("alerts_all", reverse("alerts", kwargs=here) + "?state=all"), ("alerts_none", reverse("alerts", kwargs=here) + "?q=zzz"),
            at("alert", **alert), ("alert_acknowledged", reverse("alert", kwargs=answered)), at("acknowledge_alert", **alert),
            at("reopen_alert", **answered), at("freeze_from_alert", **alert), at("watch_rules", **here),
            at("tune_rule", **here, code="unusual_sign_in"), at("mute_rule", **here, code="unusual_sign_in"), at("unmute_rule", **here, code="unused_powers"),
            at("activity", **here), at("event", slug=northwind.slug, number=changed.number),
            ("activity_none", reverse("activity", kwargs=here) + "?q=zzz"), at("export_activity", **here), at("keep_log", **here),
            at("evidence_pack", **here), at("as_of", **here), ("as_of_nobody", reverse("as_of", kwargs=here) + "?day=2020-01-01"),
            ("as_of_an_asset", f"{reverse('as_of', kwargs=here)}?permission=publish_content&asset={us.pk}"),
            ("as_of_compared", f"{reverse('as_of', kwargs=here)}?against={(timezone.now() - dt.timedelta(days=20)).date()}"),
            ("activity_narrowed", f"{reverse('activity', kwargs=here)}?act=invitation.&words=northwind"),
            ("activity_more_filters", f"{reverse('activity', kwargs=here)}?asset={us.pk}"),
            ("activity_live", reverse("activity", kwargs=here) + "?live=1"),
            at("saved_views", **here), ("save_view", reverse("save_view", kwargs=here) + "?result=refused"), ("save_view_nothing", reverse("save_view", kwargs=here)),
            at("streams", **here), ("streams_none", reverse("streams", kwargs=here) + "?q=zzz"), at("add_stream", **here),
            at("stream", **stream), ("stream_parked", reverse("stream", kwargs=stream) + "?state=parked"),
            ("stream_nothing_found", reverse("stream", kwargs=stream) + "?q=zzz"),
            *(at(name, **stream) for name in ("change_stream", "stream_secret", "test_stream", "pause_stream", "resume_stream", "remove_stream")),
            *(at(name, **stream, delivery_id=batch.pk) for name in ("stream_delivery", "send_batch_again", "drop_batch")),
            at("log_exports", **here), ("log_exports_none", reverse("log_exports", kwargs=here) + "?q=zzz"),
            at("log_export", slug=northwind.slug, pk=LogExport.objects.get(account=northwind).pk),
            at("reviews", **here), at("start_review", **here), at("review_schedule", **here), at("my_reviews", **here),
            ("reviews_none", reverse("reviews", kwargs=here) + "?q=zzz"), ("my_reviews_none", reverse("my_reviews", kwargs=here) + "?q=zzz"),
            at("review_item", **item), ("review_item_decided", reverse("review_item", kwargs=decided)), at("pass_on_review", **item), at("reassign_review", **item),
            at("review", **running), ("review_closed", reverse("review", kwargs=closed)), ("review_none", reverse("review", kwargs=running) + "?q=zzz"),
            at("keep_rest", **running), at("carry_out_review", **running), at("close_review", **running), ("close_review_again", reverse("close_review", kwargs=closed)),
            at("review_reports", **here), ("review_reports_none", reverse("review_reports", kwargs=here) + "?q=zzz"), at("review_report", **closed),
            at("security_policy", **here), at("security_checklist", **here), at("policy_plan", **here), at("withdraw_plan", **here), at("freeze_account", **here),
            at("undo_changes", **here), at("account_settings", **here), at("close_account", **here),
            at("billing", **here), at("change_plan", **here), at("approvals", **here), at("second_person", **here),
            ("approvals_none", reverse("approvals", kwargs=here) + "?q=zzz"),
            at("pending_act", slug=northwind.slug, pk=PendingAct.objects.waiting().get(account=northwind).pk),
            at("leave_account", **here), at("ownership", **here), at("name_successor", **here), at("drop_successor", **here),
        ],
        "eddie": [
            ("people_of_no_account", reverse("people")), ("portfolio_of_a_member", reverse("portfolio")),
            ("home_of_a_member", reverse("account_home", kwargs=here)), ("refused", reverse("team", kwargs=here)),
            ("ask_on_an_asset", reverse("ask_for_access", kwargs=here) + "?permission=run_ads"),
            at("ask_for_access", **here), ("my_requests", reverse("access_requests", kwargs=here)),
            ("leave_as_member", reverse("leave_account", kwargs=here)),
            ("settings_of_a_member", reverse("account_settings", kwargs=here)),
            ("offer_for_another", link_of("lena.fischer@northwind.example")),
        ],
        "stefan": [("inbox_empty", reverse("inbox"))],
        "tom": [
            at("portfolio"), ("portfolio_none", reverse("portfolio") + "?q=zzz"), at("people"), ("people_none", reverse("people") + "?q=zzz"),
            at("people_grid"), ("dashboard_of_many", reverse("dashboard")),
            ("person_in_two", reverse("person", args=[ines.pk])),
            ("offboard_everywhere", reverse("offboard_member", kwargs=_member(halo, "ines")) + "?scope=all"),
        ],
        "bruno": [("suspended", reverse("account_home", kwargs=here)), ("dashboard_suspended", reverse("dashboard"))],
        "ines": [
            ("portfolio_of_an_agency", reverse("portfolio")),("no_second_factor", "/accounts/brightside-agency/"), ("dashboard_of_an_agency", reverse("dashboard"))],
        "viktor": [("unconfirmed", "/accounts/lumen-bikes/")],
        "priya": [("wrong_domain", "/accounts/lumen-bikes/"), ("dashboard_wrong_domain", reverse("dashboard"))],
        "giulia": [
            ("standard_home", reverse("account_home", args=[studio.slug])), ("upgrade_account", reverse("upgrade_account", args=[studio.slug])),
            ("standard_invitations", reverse("invitations", args=[studio.slug])), ("standard_team", reverse("team", args=[studio.slug])), ("dashboard_exposed", reverse("dashboard")),
            ("standard_checklist", reverse("security_checklist", args=[studio.slug])), at("shared_logins", slug=studio.slug), ("logins_none", reverse("shared_logins", args=[studio.slug]) + "?q=zzz"), at("add_login", slug=studio.slug),
            at("shared_login", **tiktok), ("login_quiet", reverse("shared_login", kwargs=mailbox)), at("change_login", **tiktok), at("note_knower", **tiktok),
            at("correct_knower", **tiktok, knower_id=marco), at("knower_gone", **tiktok, knower_id=marco), at("sign_change", **tiktok), at("retire_login", **mailbox),
        ],
        "henrik": [("closed", "/accounts/northwind-pop-up/"), ("ended", reverse("account_home", kwargs=here))],
        "wanda": [
            ("dashboard_empty", reverse("dashboard")),
            ("offer", link_of(CAST["wanda"].address)),
            ("decline_invitation", reverse("decline_invitation", args=[Invitation.objects.get(address=CAST["wanda"].address).present_token()])),
        ],
        "chen": [
            ("ownership_offer", reverse("ownership_offer", args=[halo.slug, offer.pk])),
        ],
        "petra": [
            ("log_exports_empty", reverse("log_exports", args=[lumen.slug])), ("saved_views_empty", reverse("saved_views", args=[lumen.slug])), ("streams_empty", reverse("streams", args=[lumen.slug])),
            ("alerts_empty", reverse("alerts", args=[lumen.slug])), ("people_groups_empty", reverse("people_groups", args=[lumen.slug])),
            ("asset_grid_by_administrator", reverse("asset_grid", args=[lumen.slug])),
        ],
        "lars": [("invitation_lost_ground", reverse("invitation", kwargs=_invitation(lumen, CAST["gabriel"].address)))],
        "mara": [("mfa_index_of_someone_safe", reverse("mfa_index"))],
        "amelie": [("ownership_open", reverse("ownership", args=[halo.slug])), ("withdraw_ownership", reverse("withdraw_ownership", args=[halo.slug, offer.pk]))],
    }  # fmt: skip


PARTS = 3  # a worker that is done with its own takes one of the other's


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.requirement("CF1")
def test_every_page_in_every_look(browser, demo, part):
    look = Look(browser, demo.url)
    whole = [(who, name, address) for who, visits in pages().items() for name, address in visits]
    mine = whole[part * len(whole) // PARTS : (part + 1) * len(whole) // PARTS]
    for who, visits in itertools.groupby(mine, key=lambda visit: visit[0]):
        page = look.window(who)
        for _who, name, address in visits:
            look.visit(page, name, address, status=REFUSALS.get(name, 200))
            if name_of(page.url.removeprefix(look.site)) != name_of(address):
                look.faults.append((name, f"leads to {page.url}"))
        page.context.close()

    assert look.faults == []


@pytest.mark.parametrize("way", ["to_the_account", "among_members", "past_the_ordinary"])
@pytest.mark.requirement("CF1")
def test_what_is_seen_on_the_way_only_in_every_look(browser, demo, settings, way):
    look = Look(browser, demo.url)
    before = mails_written()
    for journey in JOURNEYS[way]:
        try:
            journey(look, settings)
        except PlaywrightError as stuck:  # the other journeys are walked all the same
            look.faults.append((journey.__name__, str(stuck)))
    reading(look, mails_written() - before)

    assert look.faults == []
    assert ON_THE_WAY[way] - look.seen == set(), "no journey leads there any more"


def test_no_page_is_left_out(demo):
    walked = {name_of(address) for visits in pages().values() for _name, address in visits}

    assert _pages_of(get_resolver()) - walked - set().union(*ON_THE_WAY.values()) - set(NO_PAGES) == set()
    assert set(ON_THE_WAY) == set(JOURNEYS)


def test_the_dark_scheme_changes_colours_only():
    """So what does not ask for colours is looked at in light alone (`LOOKS`)."""
    css = re.sub(r"/\*.*?\*/", "", (ROOT / "static/css/app.css").read_text(encoding="utf-8"), flags=re.DOTALL)

    (dark,) = re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}", css)
    colours = dict(re.findall(r"\s*([^:;]+):\s*([^;]+);", dark))

    assert "--bg" in colours
    assert css.count("prefers-color-scheme") == 1
    assert "light-dark(" not in css
    assert [
        name
        for name, value in colours.items()
        if not re.fullmatch(r"--[a-z0-9-]+", name) or not re.fullmatch(r"#\w{6}|none|[\d ]+|.* rgb\(.*\)", value)
    ] == []


def _pages_of(resolver: URLResolver) -> set[str]:
    names = set()
    for pattern in resolver.url_patterns:
        names |= _pages_of(pattern) if isinstance(pattern, URLResolver) else {pattern.name}
    return names - {None}


# --- What is seen on the way only -------------------------------------------------------------------------------------
def signing_up(look: Look, settings) -> None:
    """Mistyped, then confirmed by a code, a wrong one first."""
    page = look.window()
    page.goto(f"{look.site}{reverse('account_signup')}")
    page.get_by_label("E-mail address").fill("new.person@northwind.example")
    page.get_by_label("Your name").fill("New Person")
    page.get_by_label("Password").fill("short")
    look.send(page)
    look.look(page, "sign_up_refused")
    page.get_by_label("Password").fill("a sentence that nobody guesses 42")
    look.send(page)
    look.look(page, "confirm_address")
    page.locator("input[name=code]").fill("WRONG1")
    look.send(page)
    look.look(page, "confirm_address_wrong_code")
    page.context.close()


def signing_in(look: Look, settings) -> None:
    """With a wrong password, then as someone with a second factor, with a wrong code."""
    page = look.window()
    page.goto(f"{look.site}{reverse('account_login')}")
    page.locator("input[name=login]").fill(CAST["mara"].address)
    page.locator("input[name=password]").fill("not the right one")
    look.send(page)
    look.look(page, "sign_in_refused")
    page.locator("input[name=password]").fill(PASSWORD)
    look.send(page)
    look.look(page, "second_step")
    page.locator("input[name=code]").first.fill("000000")
    look.send(page)
    look.look(page, "second_step_refused")
    page.context.close()


def forgetting_the_password(look: Look, settings) -> None:
    """The mailed link, the new password, and the link once more."""
    page = look.window()
    page.goto(f"{look.site}{reverse('account_reset_password')}")
    page.locator("input[name=email]").fill(CAST["hugo"].address)
    look.send(page)
    look.look(page, "reset_asked")
    the_post_goes_out()
    link = re.search(r"https?://\S+/password/reset/key/\S+", newest_mail(settings, CAST["hugo"].address).text)[0]
    look.visit(page, "reset_by_link", link)
    for field in page.locator("main form input[type=password]").all():
        field.fill("a new sentence that nobody guesses")
    look.send(page)
    look.look(page, "reset_done")
    other = look.window()
    look.visit(other, "reset_link_used", link)
    page.context.close()
    other.context.close()


def looking_after_ones_safety(look: Look, settings) -> None:
    """Proving that it is still you; an authenticator app; a passkey on a virtual device; recovery codes."""
    page = look.window("nadia", ago=900)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})
    look.visit(page, "still_you", reverse("mfa_activate_totp"))
    page.locator("input[name=password]").fill("not the right one")
    look.send(page)
    look.look(page, "still_you_refused")
    page.locator("input[name=password]").fill(PASSWORD)
    look.send(page)
    look.look(page, "authenticator_app")
    page.locator("input[name=code]").fill("000000")
    look.send(page)
    look.look(page, "authenticator_app_refused")
    look.visit(page, "passkeys_none", reverse("mfa_list_webauthn"))
    look.visit(page, "add_passkey", reverse("mfa_add_webauthn"))
    page.locator("input[name=name]").fill("Nadia’s laptop")
    look.send(page, "#mfa_webauthn_add")
    look.look(page, "passkey_added")
    look.visit(page, "passkeys", reverse("mfa_list_webauthn"))
    key = Person.objects.get(email=CAST["nadia"].address).authenticator_set.get(type="webauthn").pk
    look.visit(page, "rename_passkey", reverse("mfa_edit_webauthn", args=[key]))
    look.visit(page, "remove_passkey", reverse("mfa_remove_webauthn", args=[key]))
    look.visit(page, "still_you_by_passkey", reverse("mfa_reauthenticate_webauthn"))
    page.context.close()

    page = look.window("mara")
    look.visit(page, "still_you_by_code", reverse("mfa_reauthenticate"))
    page.locator("input[name=code]").fill(code_for("mara"))
    look.send(page)
    for name in ("mfa_index", "mfa_deactivate_totp", "recovery_codes"):
        look.visit(page, f"{name}_set_up", reverse(name))
    look.send(page, "main form .btn-danger, main form .btn-primary")
    look.look(page, "recovery_codes_shown")
    look.visit(page, "recovery_codes", reverse("recovery_codes"))
    page.context.close()


def being_locked_out(look: Look, settings) -> None:
    """Asking for the reset of a second factor, what the person sees of it, and refusing it."""
    halo = BusinessAccount.objects.get(slug="halo-skincare")
    actions.change_policy(account=halo, by=halo.owner, second_factor="administrators")
    chen = Membership.objects.get(account=halo, person__email=CAST["chen"].address)
    address = reverse("ask_for_reset", args=[halo.slug, chen.pk])
    page = look.window("amelie", ago=900)
    look.visit(page, "reset_before_the_second_factor", address)
    look.press(page, page.get_by_role("link", name="Show it"))
    page.locator("input[name=code]").fill(code_for("amelie"))
    look.send(page)
    look.send(page, "main form .btn-danger")
    look.look(page, "reset_without_a_reason")
    page.locator("textarea[name=reason]").fill("Chen lost the phone on a train, and called me")
    look.send(page, "main form .btn-danger")
    look.look(page, "member_with_a_reset")
    reset = FactorReset.objects.open().get(account=halo)
    look.visit(page, "reset_is_open", address)
    look.visit(page, "withdraw_reset", reverse("withdraw_reset", args=[halo.slug, reset.pk]))
    page.context.close()

    page = look.window()
    look.visit(page, "signing_in", reverse("account_login"))
    page.locator("input[name=login]").fill(CAST["chen"].address)
    page.locator("input[name=password]").fill(PASSWORD)
    look.send(page)
    look.visit(page, "locked_out", reverse("locked_out"))
    page.context.close()

    page = look.window("chen")
    look.visit(page, "dashboard_with_a_reset", reverse("dashboard"))
    look.visit(page, "refuse_my_factor_reset", reverse("refuse_my_factor_reset", args=[reset.pk]))
    page.context.close()

    page = look.window()
    look.visit(page, "refuse_factor_reset", reverse("refuse_factor_reset", args=[reset.pk, reset.refusal_token]))
    look.send(page)
    look.look(page, "reset_refused")
    page.context.close()


def inviting(look: Look, settings) -> None:
    """Several addresses at once, of which some are refused; nothing chosen; a link to hand over."""
    page = look.window("nadia")
    home = reverse("invite", args=["northwind-coffee"])
    page.goto(f"{look.site}{home}")
    look.send(page)
    look.look(page, "invite_nothing_typed")
    page.goto(f"{look.site}{home}")
    page.locator("textarea[name=addresses]").fill(
        f"a.very.long.address.of.somebody@northwind.example, {CAST['eddie'].address}"
    )
    page.locator("input[name=role][value=editor]").check()
    look.send(page)
    look.look(page, "invite_partly_refused")
    sara = Invitation.objects.get(address="sara.lund@northwind.example")
    page.goto(f"{look.site}{reverse('copy_invitation_link', args=['northwind-coffee', sara.pk])}")
    look.send(page)
    look.look(page, "link_to_hand_over")
    page.context.close()


def inviting_a_list(look: Look, settings) -> None:
    """From the file to the people who are invited: nothing chosen, columns, the dry run, the yes, under way."""
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('imports', args=['northwind-coffee'])}")
    page.evaluate("document.querySelectorAll('main form input[type=file]').forEach(one => { one.required = false })")
    look.send(page)
    look.look(page, "imports_no_file")
    rows = "".join(f"Person {number};person{number}@staff.example;Editor\n" for number in range(40))
    file = {"name": "staff.csv", "mimeType": "text/csv", "buffer": f"Name;E-mail;Role\n{rows}x;no address;\n".encode()}
    page.locator("input[type=file]").set_input_files(file)
    look.send(page)
    look.look(page, "import_columns_guessed")
    page.locator("select[name=address_column]").select_option("")
    page.evaluate("document.querySelectorAll('main form select').forEach(one => { one.required = false })")
    look.send(page)
    look.look(page, "import_columns_nothing_chosen")
    page.locator("select[name=address_column]").select_option("1")
    look.send(page)
    look.look(page, "import_dry_run")
    look.press(page, page.get_by_role("link", name="Invite 40 people"))
    look.look(page, "start_import_of_many")
    look.send(page, "main form .btn-primary")
    look.look(page, "import_under_way")
    listing = Import.objects.get(account__slug="northwind-coffee", state="running")
    work_through(import_id=listing.pk)
    page.get_by_text("25 people invited").wait_for()  # by itself
    look.press(page, page.get_by_role("link", name="Stop"))
    look.look(page, "stop_import_under_way")
    page.context.close()


def mistyping(look: Look, settings) -> None:
    """Forms sent with nothing, or the wrong thing, in them."""
    page = look.window("nadia")
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    oscar = _member(northwind, "oscar")
    for name, address in (
        ("open_account_empty", reverse("open_account")),
        ("add_asset_empty", reverse("add_asset", args=[northwind.slug])),
        ("close_account_not_typed", reverse("close_account", args=[northwind.slug])),
        ("change_role_nothing_chosen", reverse("change_role", kwargs=oscar)),
    ):
        page.goto(f"{look.site}{address}")
        page.evaluate("document.querySelectorAll('main form [type=submit]').forEach(one => { one.disabled = false })")
        look.send(page, "main form [type=submit].btn-primary, main form [type=submit].btn-danger")
        look.look(page, name)
    page.goto(f"{look.site}{reverse('change_role', kwargs=oscar)}")
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    page.evaluate("document.querySelectorAll('input[name=csrfmiddlewaretoken]').forEach(one => { one.value = 'x' })")
    look.send(page, "main form [type=submit]")
    look.look(page, "form_from_nowhere")
    page.context.close()


def making_roles(look: Look, settings) -> None:
    """A powerful one, asked about first; an edit and a retirement with what they do to whom; one not the reader's."""
    page = look.window("nadia")
    address = lambda name, **more: f"{look.site}{reverse(name, kwargs={'slug': 'northwind-coffee', **more})}"  # noqa: E731
    page.goto(address("make_role"))
    look.send(page)
    look.look(page, "make_role_without_a_name")
    page.locator("input[name=name]").fill("Second in command")
    for code in ("manage_team", "manage_billing"):
        page.locator(f"input[value={code}]").check()
    look.send(page)
    look.look(page, "make_role_powerful")
    look.send(page)
    page.goto(address("edit_role", code="campaign-lead"))
    page.locator("input[value=manage_billing]").check()
    page.locator("input[value=draft_content]").uncheck()
    look.send(page)
    look.look(page, "edit_role_preview")
    page.goto(address("retire_role", code="campaign-lead"))
    page.locator("input[value=analyst]").check()
    look.send(page)
    look.look(page, "retire_role_preview")
    page.context.close()

    page = look.window("anna")
    look.visit(page, "make_role_by_administrator", reverse("make_role", args=["northwind-coffee"]))
    page.context.close()


def offboarding(look: Look, settings) -> None:
    """A whole list: nothing typed, the dry run, what happened, and one of the receipts."""
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('offboard_many', args=['northwind-coffee'])}")
    look.send(page)
    look.look(page, "offboard_many_empty")
    listed = f"{CAST['oscar'].address}, {CAST['nadia'].address}, nobody@northwind.example, not-an-address"
    page.locator("textarea[name=addresses]").fill(listed)
    page.locator("textarea[name=reason]").fill("The project has ended")
    look.send(page)
    look.look(page, "offboard_many_dry_run")
    look.send(page, "main form .btn-danger")
    look.look(page, "offboard_many_done")
    look.press(page, page.get_by_role("link", name="Ended: the receipt"))
    look.look(page, "receipt_of_a_list")
    page.context.close()


def selecting(look: Look, settings) -> None:
    """Members ticked on the team page: the bar that comes with it, the fates, and what happened."""
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('team', args=['northwind-coffee'])}")
    for box in page.locator("input[name=member]").all()[:3]:
        box.check()
    look.look(page, "team_selected")
    look.press(page, page.get_by_role("button", name="Change role"))
    page.wait_for_url(re.compile("/team/selected/role/"))
    page.locator("input[name=role][value=analyst]").check()
    look.send(page)
    look.look(page, "change_role_of_many_dry_run")
    look.send(page, "main form .btn-primary")
    look.look(page, "change_role_of_many_done")
    page.context.close()


def granting(look: Look, settings) -> None:
    """A cell by its preset and by single switches, the effect, and a whole selection: ticked, foretold, done."""
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    us = Asset.objects.get(account=northwind, name="Northwind US")
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('member_grants', kwargs={**_member(northwind, 'grace'), 'asset_id': us.pk})}")
    look.press(page, page.locator("label:has(input[name=preset][value=own])"))
    page.locator("input[name=codes][value=run_ads]").check()
    look.look(page, "member_grants_single_switches")
    look.press(page, page.locator("label:has(input[name=preset][value=nothing])"))
    look.send(page)
    look.look(page, "member_grants_preview")

    page.goto(f"{look.site}{reverse('asset_grid', args=[northwind.slug])}")
    for box in page.locator("input[name=member]").all()[:3]:
        box.check()
    look.look(
        page, "asset_grid_selected_on_a_phone", narrow=True
    )  # there the assets are ticked on the page that follows
    page.get_by_role("button", name="Grant", exact=True).click()
    page.wait_for_url(re.compile("/assets/grant/"))
    look.look(page, "grant_many_without_assets")
    page.goto(f"{look.site}{reverse('asset_grid', args=[northwind.slug])}")
    for box in page.locator("input[name=member]").all()[:3]:
        box.check()
    turn(page, WIDE)
    page.locator("input[name=asset]").first.check()
    look.look(page, "asset_grid_selected")
    turn(page, WIDE)
    page.get_by_role("button", name="Grant", exact=True).click()
    page.wait_for_url(re.compile("/assets/grant/"))
    look.send(page)
    look.look(page, "grant_many_nothing_chosen")
    page.locator("input[name=asset]").first.check()
    look.press(page, page.locator("label:has(input[name=preset][value=editor])"))
    look.send(page)
    look.look(page, "grant_many_dry_run")
    look.send(page, "main form .btn-primary")
    look.look(page, "grant_many_done")
    page.context.close()


def signing_a_changed_password(look: Look, settings) -> None:
    """Mistyped, read, signed with the wrong name, and signed; then all of it is retired, and upgraded."""
    page = look.window("giulia")
    studio = BusinessAccount.objects.get(name="Pellegrini Ceramics")
    login = SharedLogin.objects.get(account=studio, label="TikTok")
    address = reverse("sign_change", args=[studio.slug, login.pk])
    page.goto(f"{look.site}{address}")
    page.locator("input[name=changed_at]").fill("2026-01-01T10:00")
    look.send(page)
    look.look(page, "sign_change_too_early")
    page.goto(f"{look.site}{address}")
    look.send(page)
    look.look(page, "sign_change_read")
    page.locator("input[name=signature]").fill("Somebody Else")
    look.send(page)
    look.look(page, "sign_change_wrong_name")
    page.locator("input[name=signature]").fill(CAST["giulia"].name)
    look.send(page)
    look.look(page, "login_signed")
    page.goto(f"{look.site}{reverse('note_knower', args=[studio.slug, login.pk])}")
    page.locator("input[name=name]").fill("Dario Conti")
    page.locator("input[name=purpose]").fill("Password: every cup tells a story")
    look.send(page)
    look.look(page, "note_knower_with_a_password")
    mailbox = SharedLogin.objects.get(account=studio, label="Mailbox behind it")
    chiara = mailbox.knowers.get(name="Chiara Pellegrini")
    page.goto(f"{look.site}{reverse('knower_gone', args=[studio.slug, mailbox.pk, chiara.pk])}")
    look.send(page, "main form .btn-danger")
    look.look(page, "knower_is_gone")
    the_post_goes_out()
    page.goto(f"{look.site}{reverse('upgrade_account', args=[studio.slug])}")
    look.send(page)
    look.visit(page, "logins_after_the_upgrade", reverse("shared_logins", args=[studio.slug]))
    look.visit(page, "add_login_on_a_business_account", reverse("add_login", args=[studio.slug]))
    page.context.close()
    page = look.window("nadia")
    look.visit(page, "logins_of_a_business_account", reverse("shared_logins", args=["northwind-coffee"]))
    page.context.close()


def claiming_the_ownership(look: Look, settings) -> None:
    """The second factor, the form, the claim as everybody sees it, the refusal; and the named successor's page."""
    halo = BusinessAccount.objects.get(slug="halo-skincare")
    page = look.window("rosa", ago=900)
    address = reverse("claim_ownership", args=[halo.slug])
    look.visit(page, "claim_before_the_second_factor", address)
    look.press(page, page.get_by_role("link", name="Confirm that it is you"))
    page.locator("input[name=code]").fill(code_for("rosa"))
    look.send(page)
    look.send(page, "main form .btn-danger")
    look.look(page, "claim_without_a_reason")
    page.locator("textarea[name=reason]").fill("Amélie has not answered any of us since the beginning of October")
    look.send(page, "main form .btn-danger")
    look.look(page, "claim_made")
    claim = OwnershipClaim.objects.open().get(account=halo)
    for name in ("withdraw_claim", "carry_out_claim"):
        look.visit(page, name, reverse(name, args=[halo.slug, claim.pk]))
    page.context.close()

    page = look.window("chen")
    look.visit(page, "claim_by_another", reverse("ownership_claim", args=[halo.slug, claim.pk]))
    look.visit(page, "claim_while_one_is_open", address)
    look.visit(page, "home_with_a_claim", halo.get_absolute_url())
    page.context.close()

    lucia = Membership.objects.get(account=halo, person__email=CAST["lucia"].address)
    actions.name_successor(account=halo, membership=lucia, by=halo.owner)
    the_post_goes_out()
    page = look.window("lucia")
    look.visit(page, "claim_as_successor", reverse("claim_as_successor", args=[halo.slug]))
    page.context.close()

    page = look.window("amelie")
    look.visit(page, "dashboard_with_a_claim", reverse("dashboard"))
    look.visit(page, "home_of_an_owner_with_a_claim", halo.get_absolute_url())
    look.visit(page, "ownership_with_a_claim", reverse("ownership", args=[halo.slug]))
    look.visit(page, "claim_as_the_owner_sees_it", reverse("ownership_claim", args=[halo.slug, claim.pk]))
    look.visit(page, "refuse_claim", reverse("refuse_claim", args=[halo.slug, claim.pk]))
    look.send(page, "main form .btn-danger")
    look.look(page, "claim_refused")
    look.visit(page, "claim_that_has_ended", reverse("ownership_claim", args=[halo.slug, claim.pk]))
    look.visit(page, "refuse_claim_again", reverse("refuse_claim", args=[halo.slug, claim.pk]))
    page.context.close()


def changing_the_policy(look: Look, settings) -> None:
    """What is mistyped, what a change would do before it is planned, and a page that is not shown from elsewhere."""
    halo = BusinessAccount.objects.get(slug="halo-skincare")
    address = reverse("security_policy", args=[halo.slug])
    page = look.window("amelie")
    page.goto(f"{look.site}{address}")
    page.locator("textarea[name=domains]").fill("halo-skincare.example com")
    page.locator("textarea[name=sensitive_ranges]").fill("the office")
    look.send(page)
    look.look(page, "security_policy_mistyped")
    page.locator("textarea[name=domains]").fill("halo-skincare.example")
    page.locator("textarea[name=sensitive_ranges]").fill("")
    page.locator("input[name=second_factor][value=everyone]").check()
    look.send(page, "main form .btn-primary")
    look.look(page, "security_policy_asked")
    look.press(page, page.locator("label.end-span", has_text="In 30 days"))
    look.send(page, "main form .btn-danger")
    look.look(page, "security_policy_planned")
    page.context.close()
    SecurityPolicy.objects.filter(account=halo).update(sensitive_ranges=["192.0.2.0/24"])
    page = look.window("chen")
    look.visit(page, "not_from_here", address, status=403)
    page.context.close()


def code_for(who: str) -> str:
    """The code of somebody's authenticator app, one that holds until the page was pressed at every width."""
    return showing.code_of(CAST[who].factor_secret, lasting=12)


def being_invited(look: Look, settings) -> None:
    """By a mailed link and by one that was handed over, new and known, until the account is entered; and declining."""
    page = look.window()
    look.visit(page, "offer_to_a_new_person", link_of("freya.aalto@northwind.example"))
    look.send(page)
    look.look(page, "invited_sign_up")
    page.get_by_label("Your name").fill("Freya Aalto")
    page.get_by_label("Password").fill("a sentence that nobody guesses 42")
    look.send(page)
    look.look(page, "offer_after_sign_up")
    look.send(page)
    look.look(page, "home_of_a_new_member")
    page.context.close()

    page = look.window()
    look.visit(page, "offer_handed_over", link_of("sara.lund@northwind.example"))
    look.visit(page, "offer_expired", link_of("olaf.krause@northwind.example"), status=404)
    look.visit(page, "offer_to_someone_known", link_of(CAST["wanda"].address))
    look.send(page)
    look.look(page, "invited_sign_in")
    page.context.close()

    page = look.window("gabriel")
    look.visit(page, "offer_from_someone_demoted", link_of(CAST["gabriel"].address))
    look.send(page)
    look.look(page, "offer_lost_its_ground")
    page.context.close()

    page = look.window("wanda")
    page.goto(f"{look.site}{reverse('decline_invitation', args=[link_of(CAST['wanda'].address).split('/')[-2]])}")
    look.send(page, "main form [type=submit]")
    look.look(page, "declined")
    page.context.close()


def freezing_and_undoing(look: Look, settings) -> None:
    """Somebody changes what nobody expected: frozen, looked at, undone, and the freeze lifted."""
    northwind = BusinessAccount.objects.get(name="Northwind Coffee")
    anna = Person.objects.get(email=CAST["anna"].address)
    here = {"slug": northwind.slug}
    eddie = Membership.objects.current().get(account=northwind, person__email=CAST["eddie"].address)
    actions.suspend(membership=eddie, by=anna)
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('freeze_account', kwargs=here)}")
    page.get_by_label("Reason").fill("Two changes that nobody knows of")
    look.send(page, "main form .btn-danger")
    look.look(page, "home_frozen")
    look.visit(page, "lift_freeze", reverse("freeze_account", kwargs=here))
    look.visit(page, "undo_chosen", f"{reverse('undo_changes', kwargs=here)}?person={anna.pk}&hours=1")
    look.send(page, "main form .btn-danger")
    look.look(page, "undo_done")
    other = look.window("eddie")
    look.visit(other, "home_of_a_member_frozen", reverse("account_home", kwargs=here))
    other.context.close()
    page.goto(f"{look.site}{reverse('freeze_account', kwargs=here)}")
    look.send(page, "main form .btn-primary")
    page.context.close()


def reading(look: Look, mails: set[tuple[str, str]]) -> None:
    """The pages of mails that were written on the way."""
    page = look.window()
    for name, address in sorted(mails):
        look.visit(page, name, address)
    page.context.close()


def reading_how_the_record_stands(look: Look, settings) -> None:
    """On the pages of activity and at the staff's desk: each way in which a check can end, or not come."""
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    problem = {"number": 12, "problem": "the history up to here is another than at the checkpoint"}
    states = {  # each newer than the one before: no check is ever taken away
        "late": {"hours": 27, "checkpoint": None},
        "not_kept": {"hours": 20, "outcome": "unproven", "checkpoint": None, "checkpoint_at": None},
        "unproven": {"hours": 10, "outcome": "unproven", "checkpoint_at": None},
        "checkpoint_late": {"hours": 8, "checkpoint_hours": 5},
        "broken": {"hours": 6, "outcome": "broken", "problems": [{**problem, "chain": "store"}]},
        "broken_here": {"hours": 4, "outcome": "broken", "problems": [{**problem, "chain": f"account/{northwind.pk}"}]},
        "good": {"hours": 1},
    }
    owner, staff = look.window("nadia"), look.window("stefan")
    look.visit(owner, "activity_not_verified_yet", reverse("activity", args=[northwind.slug]))
    look.visit(staff, "staff_not_verified_yet", reverse("staff"))
    for state, given in states.items():
        VerificationFactory(**given)
        look.visit(owner, f"activity_{state}", reverse("activity", args=[northwind.slug]))
        look.visit(owner, f"my_activity_{state}", reverse("my_activity"))
        look.visit(staff, f"staff_{state}", reverse("staff"))
    owner.context.close()
    staff.context.close()


def keeping_the_checkpoint_of_the_week(look: Look, settings) -> None:
    """Chosen on the page of notices; and the mail itself."""
    settings.CHECKPOINT_KEY = "11" * 32
    folder = {"BACKEND": "audit.store.WriteOnceFolder", "OPTIONS": {"location": f"{settings.MAIL_FOLDER}-kept"}}
    settings.STORAGES = {**settings.STORAGES, "checkpoints": folder}
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('notice_choices')}")
    look.press(page, page.locator("label:has(input[name=checkpoint][value=weekly])"))
    look.send(page)
    look.look(page, "checkpoint_chosen")
    page.context.close()
    keep_checkpoint(anew=True)  # in a store that knows nothing of the checks before
    mail_checkpoints()
    the_post_goes_out()


def running_it_locally(look: Look, settings) -> None:
    """The mails, the components, and the pages of a failure."""
    page = look.window()
    look.visit(page, "mails", reverse("dev_mail"))
    look.visit(page, "mails_none", f"{reverse('dev_mail')}?q=zzz")
    look.visit(page, "components", reverse("dev_components"))
    for status in (400, 429, 500, 503):
        look.visit(page, f"failing_{status}", f"/failing/{status}/", status=status)
    page.context.close()


def standing_at_the_staff_desk(look: Look, settings) -> None:
    """Reading by the staff area: before a look and in one, with a mail that failed for good."""
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    nadia = northwind.owner
    page = look.window("stefan", kind="password")
    page.goto(f"{look.site}{reverse('staff')}")
    look.look(page, "staff_asks_for_the_factor")
    page.locator("input[name=code]").first.fill(code_for("stefan"))
    look.send(page)
    look.look(page, "staff")
    for name in ("staff_accounts", "staff_people", "staff_mails"):
        look.visit(page, name, reverse(name))
    look.visit(page, "staff_accounts_none", reverse("staff_accounts") + "?q=zzz")
    look.visit(page, "staff_not_understood", reverse("staff_people") + "?password__startswith=a", status=400)
    look.visit(page, "staff_nothing_open", reverse("staff_members"))
    look.visit(page, "staff_account_closed", reverse("staff_account", args=[northwind.pk]))
    look.visit(page, "staff_person", reverse("staff_person", args=[nadia.pk]))
    look.visit(page, "staff_mail", reverse("staff_mail", args=[OutgoingMail.objects.parked().latest("pk").pk]))
    look.visit(page, "staff_password_mail", reverse("staff_password_mail", args=[nadia.pk]))
    look.visit(page, "staff_open", reverse("staff_open", args=[northwind.pk]))
    page.locator("textarea[name=reason]").fill("because")
    look.send(page, "main .confirm .btn-primary")
    look.look(page, "staff_open_refused")
    page.locator("textarea[name=reason]").fill("Nadia asked why an invitation did not arrive")
    look.send(page, "main .confirm .btn-primary")
    look.look(page, "staff_account")
    for name in ("members", "roles", "grants", "invitations", "policies", "events"):
        look.visit(page, f"staff_{name}", reverse(f"staff_{name}"))
    member = northwind.memberships.exclude(state="ended").first()
    look.visit(page, "staff_member", reverse("staff_member", args=[member.pk]))
    look.visit(page, "staff_role", reverse("staff_role", args=[northwind.roles.first().pk]))
    look.visit(
        page,
        "staff_grant",
        reverse("staff_grant", args=[AssetGrant.objects.filter(membership__account=northwind).first().pk]),
    )
    look.visit(page, "staff_invitation", reverse("staff_invitation", args=[northwind.invitations.first().pk]))
    look.visit(page, "staff_policy", reverse("staff_policy", args=[northwind.pk]))
    changed = Event.objects.of(northwind).filter(name="role.changed", result="done").first()
    look.visit(page, "staff_event", reverse("staff_event", args=[changed.pk]))
    page.context.close()


JOURNEYS = {  # each way with a demo of its own; what leads on from one to the next stands on the same
    "to_the_account": [
        signing_up, signing_in, forgetting_the_password, looking_after_ones_safety, being_locked_out, inviting, inviting_a_list,
    ],
    "among_members": [mistyping, making_roles, being_invited, freezing_and_undoing, offboarding, selecting, granting],
    "past_the_ordinary": [
        signing_a_changed_password, claiming_the_ownership, changing_the_policy, standing_at_the_staff_desk, reading_how_the_record_stands,
        keeping_the_checkpoint_of_the_week, running_it_locally,
    ],
}  # fmt: skip

ON_THE_WAY = {  # the addresses that none of `pages` leads to, by the way that does
    "to_the_account": {
        "account_email_verification_sent", "account_reauthenticate", "account_reset_password_from_key",
        "account_reset_password_from_key_done", "ask_for_reset", "locked_out", "mfa_activate_totp", "mfa_add_webauthn",
        "mfa_authenticate", "mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_list_webauthn", "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "recovery_codes", "refuse_factor_reset",
        "refuse_my_factor_reset", "withdraw_reset",
    },
    "among_members": set(),
    "past_the_ordinary": {
        "carry_out_claim", "claim_as_successor", "claim_ownership", "dev_components", "dev_mail", "ownership_claim",
        "refuse_claim", "withdraw_claim", "staff", "staff_account", "staff_accounts", "staff_event", "staff_events",
        "staff_grant", "staff_grants", "staff_invitation", "staff_invitations", "staff_mail", "staff_mails", "staff_member",
        "staff_members", "staff_open", "staff_password_mail", "staff_people", "staff_person", "staff_policies",
        "staff_policy", "staff_role", "staff_roles",
    },
}  # fmt: skip


# --- By the keyboard --------------------------------------------------------------------------------------------------
def test_signing_in_inviting_and_accepting_by_the_keyboard_alone(browser, demo):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{demo.url}/auth/login/")
    tab_to(page, "input[name=login]")
    page.keyboard.type(CAST["nadia"].address)
    tab_to(page, "input[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/dashboard/"))
    page.goto(f"{demo.url}/accounts/northwind-coffee/invitations/new/")
    tab_to(page, "textarea[name=addresses]")
    page.keyboard.type("keys@northwind.example")
    tab_to(page, "input[name=role]")
    page.keyboard.press("Space")
    for _role in range(20):  # the first one makes an administrator, for whom this account asks a second person
        if page.evaluate("document.activeElement.value") == "editor":
            break
        page.keyboard.press("ArrowDown")
    tab_to(page, "main form button.btn-primary[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/invitations/$"))

    assert Invitation.objects.filter(address="keys@northwind.example").exists()
    token = Invitation.objects.get(address=CAST["wanda"].address).present_token()
    other = browser.new_context()
    other.add_cookies([signed_in("wanda", demo.url)])
    page = other.new_page()
    page.goto(f"{demo.url}{reverse('invitation_offer', args=[token])}")
    tab_to(page, "form[action$='accept/'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/accounts/northwind-coffee/"))
