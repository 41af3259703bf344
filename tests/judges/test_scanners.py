"""Judges from outside over the running portal: its headers, and SQL through its parameters."""

import csv
import importlib.util
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as of_the_tests
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import BusinessAccountFactory, InvitationFactory, token_of
from tests.matrix import INSIDE, OUTSIDE
from tests.test_matrix import _made

# --- Headers ----------------------------------------------------------------------------------------------------------
MEANT = {  # what the judge would have otherwise, each with its reason
    "Cache-Control": "`no-store` keeps nothing: `max-age=0` beside it would say less",
    "Content-Security-Policy - img-src": "`data:` is the code that an app for time codes scans; a picture runs nothing",
    "Referrer-Policy": "`same-origin` tells other sites nothing, and keeps the check against forgery working",
    "X-Permitted-Cross-Domain-Policies": "for a plugin that is no more",
    "X-XSS-Protection": "for a filter that is no more",
}


@pytest.mark.django_db
@pytest.mark.requirement("CF2")
def test_a_judge_of_headers_finds_nothing_that_was_not_meant(settings):
    drheader = pytest.importorskip("drheader", reason="drheaderplus is not installed: requirements/install security")
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = (
        31_536_000,
        True,
        True,
    )
    account = BusinessAccountFactory()
    owner = Client()
    owner.force_login(account.owner)
    pages = {
        "front": Client().get("/", secure=True),
        "sign in": Client().get("/auth/login/", secure=True),
        "nowhere": Client().get("/nowhere/", secure=True),
        "health": Client().get("/healthz", secure=True),
        "an account": owner.get(f"/accounts/{account.slug}/", secure=True),
        "a link": Client().get(
            reverse("invitation_offer", args=[token_of(InvitationFactory(account=account))]), secure=True
        ),
    }

    found = {
        (name, finding.rule)
        for name, page in pages.items()
        for finding in drheader.Drheader(headers=dict(page.headers)).analyze()
        if finding.rule not in MEANT and not (finding.rule == "Cache-Control" and name in {"front", "nowhere"})
    }

    assert found == set()
    weak = drheader.Drheader(headers={"Content-Security-Policy": "default-src *"}).analyze()
    assert {"Strict-Transport-Security", "X-Content-Type-Options"} <= {finding.rule for finding in weak}


# --- SQL --------------------------------------------------------------------------------------------------------------
LONGEST_SCAN = int(os.environ.get("SCAN_SECONDS") or 90)
ENDS_THE_SCAN = {"close_account", "leave_account"}  # nothing of the account is left to be asked for after these
READ_BY_A_PAGE = re.compile(r'<(?:input|select)[^>]* name="([a-z_]+)"|[?;]([a-z_]+)=')
RULE = "=" * 54


def _requests(world, client, site):
    """Every page with the filters that it shows, then every form, as the owner sends them."""
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    head = f"Host: {site.removeprefix('http://')}\nCookie: {cookies}\nReferer: {site}/"
    token = client.cookies[of_the_tests.CSRF_COOKIE_NAME].value
    pages = [world.address(name, row, world.things) for name, row in INSIDE.items() if "get" in row.methods]
    pages += [reverse(name, kwargs=row.arguments) for name, row in OUTSIDE.items() if row.signed_in == 200]
    asked = []
    for page in pages:
        shown = client.get(page).content.decode("utf-8", "replace")
        names = sorted(
            {name for found in READ_BY_A_PAGE.findall(shown) for name in found if name} - {"csrfmiddlewaretoken", "v"}
        )
        if names:
            asked.append(f"GET {page}?{'&'.join(f'{name}=1' for name in names)} HTTP/1.1\n{head}")
    for name, row in INSIDE.items():
        fields = "&".join(f"{key}={value}" for key, value in world.form(name).items())
        if fields and "post" in row.methods and name not in ENDS_THE_SCAN:
            body = f"{fields}&csrfmiddlewaretoken={token}"
            kind = f"Content-Type: application/x-www-form-urlencoded\nContent-Length: {len(body)}"
            asked.append(f"POST {world.address(name, row, world.things)} HTTP/1.1\n{head}\n{kind}\n\n{body}")
    return asked


def _scanned(asked, folder, seconds):
    """Run sqlmap over the requests; return the addresses that it broke, and how many requests it came to."""
    folder.mkdir()
    (folder / "asked.log").write_text("".join(f"{RULE}\n{one}\n\n{RULE}\n" for one in asked))
    results = folder / "results.csv"
    command = [
        sys.executable, "-m", "sqlmap.sqlmap", "--batch", "--disable-coloring", "-l", str(folder / "asked.log"),
        "--dbms", "PostgreSQL", "--smart", "--technique", "BE", "--level", "1", "--risk", "1", "--threads", "2",
        "--skip", "csrfmiddlewaretoken", "--ignore-code", "*", "--ignore-redirects", "--timeout", "10", "--retries", "1",
        "--output-dir", str(folder), "--results-file", str(results),
    ]  # fmt: skip
    with (folder / "said.txt").open("wb") as said:
        try:
            where = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
            subprocess.run(command, check=False, stdout=said, stderr=said, timeout=seconds, cwd=folder, env=where)
        except subprocess.TimeoutExpired:
            pass  # what it came to counts
    text = (folder / "said.txt").read_text(encoding="utf-8", errors="replace")
    found = {row["Target URL"] for row in csv.DictReader(results.open())} if results.exists() else set()
    return found, len(re.findall(r"\[\d+/\d+\] URL:", text)), text


@pytest.mark.requirement("IO2")
def test_a_scanner_finds_sql_only_where_it_was_put(live_site, settings, tmp_path):
    if not importlib.util.find_spec("sqlmap"):
        pytest.skip("sqlmap is not installed: requirements/install security")
    settings.ROOT_URLCONF = "tests.judges.injectable_urls"
    settings.ACCOUNT_RATE_LIMITS = False
    with transaction.atomic():  # noqa: TID251  # rows of a test; an account and its owner come together
        world = _made()
    client = Client(headers={"host": live_site.url.removeprefix("http://")})
    client.force_login(world.account.owner)
    client.get(reverse("profile"))  # brings the token against forgery
    asked = _requests(world, client, live_site.url)
    first = timezone.localdate().toordinal() * 29 % len(asked)  # what there is no time for today comes another day
    asked = [*asked[first:], *asked[:first]]

    planted, _judged, _said = _scanned(
        [f"GET /injectable/?number=1 HTTP/1.1\nHost: {live_site.url[7:]}"], tmp_path / "planted", 60
    )
    found, judged, said = _scanned(asked, tmp_path / "portal", LONGEST_SCAN)

    print(f"sqlmap came to {judged} of {len(asked)} requests in {LONGEST_SCAN} seconds")  # noqa: T201  # for who reads the run
    assert [address.partition("?")[0] for address in planted] == [f"{live_site.url}/injectable/"]
    assert found == set(), said[-2_000:]
    assert judged > 0, said[-2_000:]  # how many a busy machine gets to is no fault
