"""No secret that was issued or typed stands where somebody else could read it: one walk through all that makes one.

Looked at are addresses, pages, every line of the log as it is printed (of every logger, from DEBUG on), events, notices and
the subjects of mails (SE8, AU4). What a browser keeps is looked at in tests/browser/test_signing_in.py.
"""

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Session
from audit.models import Event
from invitations import actions as invitations
from invitations.policies import fingerprint
from notices.models import Notice
from teams import actions as teams
from teams.models import Role
from tests.accounts.keys import SoftKey
from tests.accounts.test_passkeys import options_of
from tests.factories import (
    PASSWORD,
    BusinessAccountFactory,
    FactorResetFactory,
    MembershipFactory,
    token_of,
)
from tests.pages import body_of
from tests.post import the_post_goes_out
from tests.showing import code_of
from tests.staff.desk import at_the_desk
from tests.written import written

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SE8"), pytest.mark.requirement("AU4")]
OFFER = re.compile(r"\A/invitations/[\w-]{43}/\Z")
TYPED_WRONG, NEW, NEWER = (
    "Wrong-horse battery staple",
    "Another long enough sentence 5",
    "A third long enough sentence 6",
)


@dataclass
class Walk:
    """What was issued and typed, and all places in which it may not stand."""

    secrets: dict[str, str] = field(default_factory=dict)  # the secret -> what it is
    shown_to: dict[str, set[str]] = field(default_factory=dict)  # the secret -> the one page that is for showing it
    places: list[tuple[str, str]] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)

    def knows(self, what: str, *secrets: str, shown_at: str = "") -> str:
        """Keep secrets; `shown_at` is the path of the page that must show them. Return the first."""
        for secret in secrets:
            assert len(secret) >= 6, what
            self.secrets.setdefault(secret, what)
            self.shown_to.setdefault(secret, set()).update({shown_at} - {""})
        return secrets[0]

    def found(self) -> list[tuple[str, str]]:
        """Return which secret stands where."""
        places = [*self.places, ("log", self.log.getvalue())]
        places += [("event", text) for text in written()]
        places += [("notice", text) for text in Notice.objects.values_list("words", flat=True)]
        return [
            (what, place)
            for place, text in places
            for secret, what in self.secrets.items()
            if secret in text and place not in self.shown_to[secret] and not _by_chance(secret, text)
        ]


def _by_chance(secret: str, text: str) -> bool:
    """Whether a short number is only a part of a longer one."""
    return secret.isdigit() and not re.search(rf"(?<![\d.]){secret}(?!\d)", text)


class Browser(Client):
    """A browser whose answers are kept, and whose cookies are secrets."""

    def __init__(self, walk: Walk, **given: Any) -> None:
        super().__init__(**given)
        self.walk = walk

    def request(self, **request: Any) -> HttpResponse:
        """Send a request, and keep what comes of it."""
        answer = super().request(**request)
        for name in (settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            if name in self.cookies and (value := self.cookies[name].value):
                self.walk.knows(f"the cookie {name}", value)
        told = dict(answer.headers)
        told["Location"] = OFFER.sub(
            "", told.get("Location", "")
        )  # the address of the very page that the mail leads to
        headers = " ".join(f"{name}: {value}" for name, value in told.items())
        self.walk.places += [
            (request["PATH_INFO"], body_of(answer)),
            (f"the headers of {request['PATH_INFO']}", headers),
        ]
        return answer


@pytest.fixture
def walk() -> Iterator[Walk]:
    """Everything is logged, and printed as the project prints it."""
    walk = Walk()
    handler = logging.config.DictConfigurator(settings.LOGGING)
    printed = logging.StreamHandler(walk.log)
    for name in settings.LOGGING["handlers"]["console"]["filters"]:
        printed.addFilter(handler.configure_filter(settings.LOGGING["filters"][name]))
    printed.setFormatter(handler.configure_formatter(settings.LOGGING["formatters"]["line"]))
    silent = {name for name, given in settings.LOGGING["loggers"].items() if "level" in given} - {
        "django"
    }  # whatever is asked for
    named = {name: each for name, each in logging.root.manager.loggerDict.items() if isinstance(each, logging.Logger)}
    loggers = [logging.root, *(each for name, each in named.items() if name not in silent)]
    levels = {logger: logger.level for logger in loggers}
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.root.addHandler(printed)
    yield walk
    logging.root.removeHandler(printed)
    for logger, level in levels.items():
        logger.setLevel(level)


class Steps:
    """The walk's steps; each leaves the next one a person, a browser or a mail."""

    def __init__(self, walk: Walk, outbox: list[Any], time_machine: Any) -> None:
        self.walk, self.outbox, self.clock = walk, outbox, time_machine
        self.account = BusinessAccountFactory(name="Northwind", policy_and_seat={"second_factor": "managers"})
        self.olga = Browser(walk)

    def later(self) -> None:
        """Let a minute go by, so that the next code is another one and nothing is throttled."""
        self.now += 61
        self.clock.move_to(self.now, tick=False)
        cache.clear()

    now = 1_793_534_400

    def mailed(self, pattern: str, what: str) -> str:
        """Return the secret of the newest mail; its text is for its one reader, its subject is not."""
        the_post_goes_out()
        return self.walk.knows(what, re.search(pattern, self.outbox[-1].body, re.MULTILINE)[1])

    def signs_in(self, browser: Browser, address: str, password: str, code: str = "") -> None:
        """Sign in by the pages, with a wrong password first."""
        self.later()
        browser.get(reverse("account_login"))
        for typed in (self.walk.knows("a wrong password", TYPED_WRONG), self.walk.knows("a password", password)):
            browser.post(reverse("account_login"), {"login": address, "password": typed})
        if code:
            wrong = self.walk.knows("a wrong code", "918273", shown_at=reverse("mfa_authenticate"))  # to be put right
            for typed in (wrong, self.walk.knows("a code", code if "-" in code else code_of(code))):
                browser.get(reverse("mfa_authenticate"))
                browser.post(reverse("mfa_authenticate"), {"code": typed})
        assert browser.get(reverse("dashboard")).status_code == 200

    def sets_up_factors(self) -> None:
        """An app, recovery codes, a passkey; and the sign-in with each."""
        owner = self.account.owner.email
        self.signs_in(self.olga, owner, PASSWORD)
        page = reverse("mfa_activate_totp")
        secret = self.walk.knows("the secret of an app", self.olga.get(page).context["form"].secret, shown_at=page)
        self.olga.post(page, {"code": self.walk.knows("a wrong code", "564738", shown_at=page)})
        self.olga.post(page, {"code": self.walk.knows("a code", code_of(secret))})
        codes = self.olga.post(reverse("recovery_codes")).context["codes"]
        self.walk.knows(
            "a recovery code", *codes, *(c.replace("-", "") for c in codes), shown_at=reverse("recovery_codes")
        )
        key = SoftKey()
        options = options_of(self.olga.get(reverse("mfa_add_webauthn")).content.decode())["creation_options"]
        answer = key.enrols(options)
        self.olga.post(reverse("mfa_add_webauthn"), {"credential": answer, "name": "Key", "passwordless": "on"})
        self.signs_in(Browser(self.walk), owner, PASSWORD, secret)
        self.signs_in(Browser(self.walk), owner, PASSWORD, codes[0])
        by_key = Browser(self.walk)
        asked = by_key.get(reverse("mfa_login_webauthn"), headers={"X-Requested-With": "XMLHttpRequest"}).json()
        signed = key.signs(asked["request_options"])
        self.walk.knows("a passkey's answer", re.search(r'"signature": "([^"]+)"', signed)[1])
        by_key.post(reverse("mfa_login_webauthn"), {"credential": signed})
        assert by_key.get(reverse("dashboard")).status_code == 200
        self.later()
        self.olga.get(reverse("mfa_reauthenticate"))
        self.olga.post(reverse("mfa_reauthenticate"), {"code": self.walk.knows("a code", code_of(secret))})

    def invites_and_joins(self) -> None:
        """An invitation, its link opened, broken and used by somebody new."""
        invitation = invitations.invite(
            account=self.account,
            address="nina@example.com",
            role=Role.objects.built_in("editor"),
            by=self.account.owner,
        )
        token = self.mailed(r"/invitations/([\w-]{43})/", "the token of an invitation")
        assert token == token_of(invitation)
        nina = Browser(self.walk)
        offer = reverse("invitation_offer", args=[token])
        for address in (offer, f"{offer}nowhere/", offer.rstrip("/")):
            nina.get(address)
            nina.put(address)
            Browser(self.walk, enforce_csrf_checks=True).post(
                f"{offer}accept/", headers={"Origin": "https://evil.example"}
            )
        entered = nina.post(reverse("enter_invitation", args=[token])).headers["Location"]
        new = {
            "email": invitation.address,
            "name": "Nina",
            "password1": self.walk.knows("a password", NEW),
            "next": "/invitations/continue/",
        }
        nina.get(entered)
        nina.post(entered, {**new, "password1": self.walk.knows("a password that is too short", "Short-pw")})
        nina.post(entered, new)
        nina.get(reverse("invitation_continue"))
        nina.post(reverse("accept_invitation", args=[token]), {"seen": fingerprint(invitation)})
        assert self.account.memberships.filter(person__email=invitation.address).exists()
        again = invitations.invite(
            account=self.account,
            address="omar@example.com",
            role=Role.objects.built_in("editor"),
            by=self.account.owner,
        )
        copied = self.olga.post(reverse("copy_invitation_link", args=[self.account.slug, again.pk]))
        link = re.search(r"/invitations/([\w-]{43})/", copied.content.decode())[1]
        self.walk.knows("the token of a link that was copied", link, shown_at=copied.wsgi_request.path)

    def sets_a_new_password(self) -> None:
        """A link for a new password, used; a link by the platform's staff; an address that is changed."""
        nina = Browser(self.walk)
        nina.post(reverse("account_reset_password"), {"email": "nina@example.com"})
        key = self.mailed(r"/password/reset/key/(\S+?)/?\s", "the key of a new password")
        self.walk.knows("the key of a new password", key.partition("-")[2])
        page = nina.get(f"/auth/password/reset/key/{key}/").headers["Location"]
        nina.get(page)
        nina.post(page, dict.fromkeys(("password1", "password2"), self.walk.knows("a password", NEWER)))
        Browser(self.walk).get(f"/auth/password/reset/key/{key}/")
        Browser(self.walk, enforce_csrf_checks=True).post(
            f"/auth/password/reset/key/{key}/", headers={"Origin": "https://evil.example"}
        )
        self.signs_in(nina, "nina@example.com", NEWER)
        nina.post(reverse("account_email"), {"email": "nina@new.example", "action_add": ""})
        code = self.mailed(r"^\s*([A-Z0-9-]{6,})\s*$", "the code of an address")
        prove = reverse("account_email_verification_sent")
        nina.post(prove, {"code": self.walk.knows("a wrong code", "WRNG-CODE", shown_at=prove)})
        nina.post(prove, {"code": code})
        changed = {"oldpassword": TYPED_WRONG, "password1": NEW, "password2": NEW}
        nina.post(reverse("account_change_password"), changed)
        nina.post(reverse("account_change_password"), {**changed, "oldpassword": NEWER})
        person = self.account.memberships.get(person__email="nina@new.example").person
        at_the_desk().post(
            reverse("staff_password_mail", args=[person.pk]), {"reason": "The person asked for it by phone"}
        )
        self.mailed(r"/password/reset/key/\S+?-(\S+?)/?\s", "the key of a password mail of the staff")

    def loses_the_factor(self) -> None:
        """A reset that is refused by its link, and one that is carried out by a mailed code; a sign-in that is disowned."""
        refused, ripe = FactorResetFactory(account=self.account), FactorResetFactory(hours=49)
        link = reverse(
            "refuse_factor_reset", args=[refused.pk, self.walk.knows("the token of a refusal", refused.refusal_token)]
        )
        for method in ("get", "put", "post"):
            getattr(Browser(self.walk), method)(link)
        half = Browser(self.walk)
        half.post(reverse("account_login"), {"login": ripe.person.email, "password": PASSWORD})
        half.post(reverse("locked_out"), {"send": "1"})
        code = self.mailed(r"^\s+(\d{8})$", "a code in place of the factor")
        half.post(
            reverse("locked_out"), {"code": self.walk.knows("a wrong code", "10293847", shown_at=reverse("locked_out"))}
        )
        assert half.post(reverse("locked_out"), {"code": code}).status_code == 302
        for since in ("198.51.100.7", "203.0.113.5"):
            self.later()
            Browser(self.walk, REMOTE_ADDR=since).post(
                reverse("account_login"),
                {"login": "nina@new.example", "password": NEW},
                headers={"User-Agent": f"Browser of {since}"},
            )
        token = self.mailed(r"/auth/not-me/([\w-]+)/", "the token of a disowned sign-in")
        for method in ("get", "put", "post", "post"):
            getattr(Browser(self.walk), method)(reverse("not_me", args=[token]))

    def looks_at_everything(self) -> None:
        """What an owner reads and takes along, with everything in it that has happened."""
        member = MembershipFactory(account=self.account)
        teams.offboard(membership=member, by=self.account.owner, reason="Left")
        slug = self.account.slug
        for name in ("account_home", "team", "activity", "invitations", "imports", "approvals", "security_checklist"):
            assert self.olga.get(reverse(name, args=[slug])).status_code == 200
        for event in Event.objects.of(self.account):
            self.olga.get(reverse("event", args=[slug, event.number]))
        for name in (
            "my_activity",
            "inbox",
            "usersessions_list",
            "mfa_index",
            "recovery_codes",
            "profile",
            "dashboard",
        ):
            self.olga.get(reverse(name))
        for name in ("export_activity", "export_members"):
            self.olga.post(reverse(name, args=[slug]), {"format": "csv"})
        self.olga.post(reverse("account_logout"))


def test_no_secret_that_was_issued_or_typed_stands_in_any_place_that_is_read(walk, mailoutbox, time_machine):
    time_machine.move_to(Steps.now, tick=False)
    steps = Steps(walk, mailoutbox, time_machine)
    steps.sets_up_factors()
    steps.invites_and_joins()
    steps.sets_a_new_password()
    steps.loses_the_factor()
    steps.looks_at_everything()
    the_post_goes_out()
    walk.knows("a session's key", *Session.objects.values_list("session_key", flat=True))
    walk.places += [("the subject of a mail", mail.subject) for mail in mailoutbox]

    assert walk.found() == []
    assert len(walk.secrets) > 60
    assert len(set(walk.secrets.values())) > 15
    log = walk.log.getvalue()
    links = ("/invitations/", "/auth/not-me/", "/password/reset/key/", r"/auth/factor-reset/\d+/")
    assert [
        link for link in links if not re.search(f"{link}…", log)
    ] == []  # what was asked for is told, without its end
    assert "DEBUG" in log
