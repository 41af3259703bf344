"""Every page and state, with the demo's data: nothing for axe to find, no complaint of the browser, nothing sticks out.

With SCREENSHOTS=1 each page is also written to var/screenshots, and those that the docs show to docs/screenshots.
"""

import re
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import call_command
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from playwright.sync_api import Error as PlaywrightError

from accessportal.devmail import Mail
from accounts.models import Asset, BusinessAccount, Person
from audit.models import Event
from invitations.actions import work_through
from invitations.models import Import, Invitation
from logins.models import SharedLogin
from oversight.demo.cast import CAST, PASSWORD
from teams import actions
from teams.engagements import key_of
from teams.models import (
    AccessRequest,
    AssetGroup,
    EndedEngagement,
    Membership,
    OwnershipClaim,
    OwnershipOffer,
    PeopleGroup,
    Receipt,
)
from tests.post import the_post_goes_out

from .looking import Look, signed_in

NO_PAGES = {  # addresses that are no page by themselves, each with its reason
    "accept_invitation": "takes a POST",
    "enter_invitation": "takes a POST",
    "forget_invitation": "takes a POST",
    "answer_ownership": "takes a POST",
    "end_session": "takes a POST",
    "extend_member": "takes a POST",
    "mark_all_read": "takes a POST",
    "mark_notice": "takes a POST",
    "open_notice": "takes a POST",
    "invitation_continue": "leads on",
    "switch_accounts": "a part of the account switch",
    "engagement_receipt_file": "a file to keep",
    "mfa_login_webauthn": "answers a script",
    "mfa_download_recovery_codes": "a text file",
    "receipt_file": "a file to keep",
    "import_problems": "a file to keep",
    "dev_mail_html": "stands in a frame of the mail's page",
    "account_set_password": "leads on: nobody is without a password, since every sign-up asks for one",
    "account_confirm_login_code": "leads on: signing in by a mailed code is off",
}

REFUSALS = {  # what pages answer that show why there is nothing to see; all others answer 200
    "no_invitation": 404, "not_found": 404,
    "refused": 403, "suspended": 403, "no_second_factor": 403, "unconfirmed": 403, "closed": 403, "ended": 403,
}  # fmt: skip


@pytest.fixture
def demo(live_site, settings, tmp_path):
    """The portal with the demo's past, as `make run` shows it: with mails as files, and pages to read them."""
    settings.EMAIL_BACKEND = "accessportal.devmail.EmlFileBackend"
    settings.MAIL_FOLDER = tmp_path / "mail"
    settings.ROOT_URLCONF = "tests.browser.site"
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # plain http on localhost
    settings.DEBUG = True
    call_command("seed_demo", verbosity=0)
    settings.DEBUG = False
    return live_site


def newest_mail(settings, address: str) -> Mail:
    """The newest mail to an address."""
    return Mail.read(sorted(Path(settings.MAIL_FOLDER).glob(f"*-{address}.eml"))[-1])


def link_of(address: str) -> str:
    """The path that the link of an unanswered invitation leads to."""
    return reverse(
        "invitation_offer", args=[Invitation.objects.unanswered().filter(address=address).latest("pk").present_token()]
    )


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
    marco = SharedLogin.objects.get(label="TikTok").knowers.trusted().get(name="Marco Bruni").pk
    return {
        "": [
            at("front"), at("account_login"), at("account_signup"), at("account_reset_password"),
            at("account_reset_password_done"), at("account_inactive"), at("no_invitation", anything="x"), ("not_found", "/nowhere/"),
        ],
        "nadia": [
            at("inbox"), ("inbox_none", reverse("inbox") + "?q=zzz"), ("inbox_unread", reverse("inbox") + "?state=unread"), at("notice_choices"),
            at("dashboard"), at("my_activity"), at("profile"), at("account_email"), at("account_change_password"),
            at("mfa_index"), at("usersessions_list"), at("open_account"), at("account_logout"),
            at("account_home", **here), at("team", **here), ("team_none", reverse("team", kwargs=here) + "?q=zzz"),
            ("team_ends_soon", reverse("team", kwargs=here) + "?state=ends_soon"), ("team_ended", reverse("team", kwargs=here) + "?state=ended"),
            at("member", **oscar), ("member_to_confirm", reverse("member", kwargs=elif_)),
            ("member_suspended", reverse("member", kwargs=bruno)),
            ("member_ended", reverse("member", kwargs=_member(northwind, "kofi", state="ended"))),
            at("confirm_role", **elif_), at("change_role", **oscar), at("change_terms", **oscar),
            ("change_terms_with_an_end", reverse("change_terms", kwargs=_member(northwind, "jonas"))),
            ("member_ends_soon", reverse("member", kwargs=_member(northwind, "jonas"))), at("suspend_member", **oscar),
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
            at("activity", **here), at("event", slug=northwind.slug, number=changed.number),
            ("activity_none", reverse("activity", kwargs=here) + "?q=zzz"), at("export_activity", **here),
            at("security_policy", **here), at("account_settings", **here), at("close_account", **here),
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
        "giulia": [
            ("standard_home", reverse("account_home", args=[studio.slug])), ("upgrade_account", reverse("upgrade_account", args=[studio.slug])),
            ("standard_invitations", reverse("invitations", args=[studio.slug])), ("standard_team", reverse("team", args=[studio.slug])), ("dashboard_exposed", reverse("dashboard")),
            at("shared_logins", slug=studio.slug), ("logins_none", reverse("shared_logins", args=[studio.slug]) + "?q=zzz"), at("add_login", slug=studio.slug),
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
        "petra": [("people_groups_empty", reverse("people_groups", args=[lumen.slug])), ("asset_grid_by_administrator", reverse("asset_grid", args=[lumen.slug]))],
        "lars": [("invitation_lost_ground", reverse("invitation", kwargs=_invitation(lumen, CAST["gabriel"].address)))],
        "mara": [("mfa_index_of_someone_safe", reverse("mfa_index"))],
        "amelie": [("ownership_open", reverse("ownership", args=[halo.slug])), ("withdraw_ownership", reverse("withdraw_ownership", args=[halo.slug, offer.pk]))],
    }  # fmt: skip


LOOKS = [
    pytest.param(1280, "light", id="wide-light"),
    pytest.param(1280, "dark", id="wide-dark"),
    pytest.param(390, "light", id="phone-light"),
    pytest.param(390, "dark", id="phone-dark"),
    pytest.param(360, "light", id="small-phone"),
]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_in_one_look(browser, demo, settings, width, scheme):
    look = Look(browser, demo.url, width, scheme)
    for who, visits in pages().items():
        page = look.window(who)
        for name, address in visits:
            look.visit(page, name, address, status=REFUSALS.get(name, 200))
        page.context.close()
    for journey in JOURNEYS:
        try:
            journey(look, settings)
        except PlaywrightError as stuck:  # the other journeys are walked all the same
            look.faults.append((journey.__name__, str(stuck)))

    assert look.faults == []
    assert _pages_of(get_resolver()) - look.seen - set(NO_PAGES) == set(), "a page that nobody looked at"


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
    page = look.window("nadia")
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
    page.goto(f"{look.site}{reverse('account_reauthenticate')}")
    page.locator("input[name=password]").fill(PASSWORD)
    look.send(page)
    for name in ("mfa_index", "mfa_deactivate_totp", "mfa_generate_recovery_codes"):
        look.visit(page, f"{name}_set_up", reverse(name))
    look.send(page, "main form .btn-danger, main form .btn-primary")
    look.look(page, "recovery_codes_shown")
    look.visit(page, "recovery_codes", reverse("mfa_view_recovery_codes"))
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
    page.get_by_role("link", name="Invite 40 people").click()
    look.look(page, "start_import_of_many")
    look.send(page, "main form .btn-primary")
    look.look(page, "import_under_way")
    listing = Import.objects.get(account__slug="northwind-coffee", state="running")
    work_through(import_id=listing.pk)
    page.get_by_text("25 people invited").wait_for()  # by itself
    page.get_by_role("link", name="Stop").click()
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
    page.get_by_role("link", name="Ended: the receipt").click()
    look.look(page, "receipt_of_a_list")
    page.context.close()


def selecting(look: Look, settings) -> None:
    """Members ticked on the team page: the bar that comes with it, the fates, and what happened."""
    page = look.window("nadia")
    page.goto(f"{look.site}{reverse('team', args=['northwind-coffee'])}")
    for box in page.locator("input[name=member]").all()[:3]:
        box.check()
    look.look(page, "team_selected")
    page.get_by_role("button", name="Change role").click()
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
    page.locator("label:has(input[name=preset][value=own])").click()
    page.locator("input[name=codes][value=run_ads]").check()
    look.look(page, "member_grants_single_switches")
    page.locator("label:has(input[name=preset][value=nothing])").click()
    look.send(page)
    look.look(page, "member_grants_preview")

    page.goto(f"{look.site}{reverse('asset_grid', args=[northwind.slug])}")
    for box in page.locator("input[name=member]").all()[:3]:
        box.check()
    if look.width > 820:  # on a phone the assets are ticked on the page that follows
        page.locator("input[name=asset]").first.check()
    look.look(page, "asset_grid_selected")
    page.get_by_role("button", name="Grant", exact=True).click()
    page.wait_for_url(re.compile("/assets/grant/"))
    look.send(page)
    look.look(page, "grant_many_nothing_chosen")
    page.locator("input[name=asset]").first.check()
    page.locator("label:has(input[name=preset][value=editor])").click()
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
    page = look.window("rosa")
    address = reverse("claim_ownership", args=[halo.slug])
    look.visit(page, "claim_before_the_second_factor", address)
    page.get_by_role("link", name="Confirm that it is you").click()
    page.locator("input[name=code]").fill(code_of("rosa"))
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


def code_of(who: str) -> str:
    """The code that somebody's authenticator app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(CAST[who].factor_secret, counter))


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


def running_it_locally(look: Look, settings) -> None:
    """The mails, the components, and the pages of a failure."""
    page = look.window()
    look.visit(page, "mails", reverse("dev_mail"))
    look.visit(page, "mails_none", f"{reverse('dev_mail')}?q=zzz")
    for mail in list(Path(settings.MAIL_FOLDER).glob("*.eml")):
        look.visit(
            page, f"mail_{mail.name.rsplit('-', 1)[1].split('@')[0]}", reverse("dev_mail_page", args=[mail.name])
        )
    look.visit(page, "components", reverse("dev_components"))
    for status in (400, 429, 500, 503):
        look.visit(page, f"failing_{status}", f"/failing/{status}/", status=status)
    page.context.close()


JOURNEYS = [
    signing_up, signing_in, forgetting_the_password, looking_after_ones_safety, inviting, inviting_a_list, mistyping, making_roles,
    offboarding, selecting, granting, signing_a_changed_password, claiming_the_ownership, being_invited, running_it_locally,
]  # fmt: skip


# --- By the keyboard --------------------------------------------------------------------------------------------------
def test_signing_in_inviting_and_accepting_by_the_keyboard_alone(browser, demo):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{demo.url}/auth/login/")
    _tab_to(page, "input[name=login]")
    page.keyboard.type(CAST["nadia"].address)
    _tab_to(page, "input[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/dashboard/"))
    page.goto(f"{demo.url}/accounts/northwind-coffee/invitations/new/")
    _tab_to(page, "textarea[name=addresses]")
    page.keyboard.type("keys@northwind.example")
    _tab_to(page, "input[name=role]")
    page.keyboard.press("Space")
    _tab_to(page, "main form button.btn-primary[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/invitations/$"))

    assert Invitation.objects.filter(address="keys@northwind.example").exists()
    token = Invitation.objects.get(address=CAST["wanda"].address).present_token()
    other = browser.new_context()
    other.add_cookies([signed_in("wanda", demo.url)])
    page = other.new_page()
    page.goto(f"{demo.url}{reverse('invitation_offer', args=[token])}")
    _tab_to(page, "form[action$='/accept/'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/accounts/northwind-coffee/"))


def _tab_to(page, selector: str) -> None:
    """Press Tab until an element has the focus, visibly."""
    for _press in range(80):
        if page.evaluate("selector => document.activeElement && document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    where = page.evaluate("location.pathname + ' at ' + document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"the keyboard never reaches {selector}: {where}")
