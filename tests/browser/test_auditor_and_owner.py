"""What the auditor, the reviewer and the owner come for, each at a browser of their own, from the first click to the proof."""

import csv
import datetime as dt
import re
import subprocess
import sys
import zipfile
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from accounts.models import BusinessAccount
from accounts.permissions import PUBLISH_CONTENT
from audit import keeping, store
from audit.models import Event
from oversight.demo.cast import CAST
from oversight.demo.cast import PASSWORD as OF_THE_DEMO
from oversight.models import LogExport
from oversight.tasks import make_export
from reviews.models import Item
from teams.events import ROLE_CHANGED
from tests.audit.test_keeping import kept  # noqa: F401  # a fixture
from tests.factories import (
    PASSWORD,
    AlertFactory,
    BusinessAccountFactory,
    MembershipFactory,
    PersonFactory,
)
from tests.together import committed

from .people import Someone, tab_to

DAY = dt.timedelta(days=1)
NAMES = ("Ada Berg", "Bo Lind", "Cy Holm", "Di Rask")


def downloaded(someone, name, folder):
    """Press what downloads a file, and return the file."""
    with someone.page.expect_download() as download:
        someone.presses(name)
    place = folder / download.value.suggested_filename
    download.value.save_as(place)
    return place


def narrows(someone, **fields):
    """Fill in the filter of a page, which shows what it leaves at once."""
    form = someone.page.locator("form.filters")
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        expect(someone.page).to_have_url(re.compile(rf"[?&]{name}={re.escape(quote_plus(value))}(&|$)"))


@pytest.fixture
def northwind(demo_site, kept, settings, tmp_path):  # noqa: F811  # the imported fixture
    """The demo's largest account, with a place for files made in the background, and a checkpoint."""
    folder = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "made")}}
    settings.STORAGES = {**settings.STORAGES, "exports": folder}
    keeping.keep_checkpoint()
    return BusinessAccount.objects.get(slug="northwind-coffee")


@pytest.mark.rule(16)
@pytest.mark.rule(18)
@pytest.mark.requirement("AU7")
@pytest.mark.requirement("AU11")
def test_the_auditor_finds_an_act_asks_about_a_day_and_takes_the_proof_along(browser, demo_site, northwind, tmp_path):
    home = f"/accounts/{northwind.slug}/"
    change = Event.objects.of(northwind).named(ROLE_CHANGED.name).filter(result="done").order_by("number").last()
    parts = change.parts
    ruth = Someone(browser, demo_site.url, CAST["ruth"].name, CAST["ruth"].address)
    ruth.signs_in(OF_THE_DEMO)
    ruth.opens(home)
    ruth.page.get_by_role("link", name="Activity", exact=True).first.click()
    expect(ruth.page).to_have_url(re.compile(f"{home}activity/"))

    # By act and person the event is found; it shows what was before, what after, and that it holds.
    narrows(ruth, q=parts["target"]["label"], act=ROLE_CHANGED.name)
    ruth.page.get_by_role("main").get_by_role("link", name=change.sentence).first.click()
    expect(ruth.page).to_have_url(re.compile(f"{home}activity/{change.number}/"))
    ruth.sees("Before and after", "Recomputed just now", bytes(change.hash).hex())
    told = ruth.page.get_by_role("main").inner_text()
    assert parts["before"]["role"]["name"] in told
    assert parts["after"]["role"]["name"] in told

    # Who could publish at the end of the day before, and what has changed since: told by the same event.
    day = change.at.astimezone(ZoneInfo(CAST["ruth"].time_zone)).date()  # as she reads it
    before = (day - DAY).isoformat()
    ruth.opens(f"{home}activity/")
    ruth.presses("As of a day")
    narrows(ruth, day=before, permission=PUBLISH_CONTENT)
    ruth.sees("Nadia Holm", "Anna Kowalska")
    expect(ruth.page.get_by_role("main").get_by_role("table").first).not_to_contain_text(
        "Eddie Clarke"
    )  # then a moderator
    ruth.opens(f"{home}activity/as-of/")
    narrows(ruth, day=day.isoformat(), against=before)
    row = ruth.page.get_by_role("main").get_by_role("row").filter(has_text=parts["target"]["label"])
    expect(row).to_contain_text(f"{parts['before']['role']['name']} → {parts['after']['role']['name']}")
    expect(row.get_by_role("link").filter(has_text=change.sentence)).to_have_attribute(
        "href", f"{home}activity/{change.number}/"
    )

    # What matches leaves as a file at once; that it did is in the log.
    ruth.opens(f"{home}activity/?act={ROLE_CHANGED.name}")
    ruth.presses("Export what matches")
    with open(downloaded(ruth, "Download", tmp_path), encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["number"]) for line in lines] == list(
        Event.objects.of(northwind).named(ROLE_CHANGED.name).order_by("number").values_list("number", flat=True)
    )
    ruth.opens(f"{home}activity/")
    ruth.sees("Ruth Adler exported the log")

    # The evidence pack is asked for, made by the worker, fetched, and checked where nothing of the portal is.
    ruth.presses("Evidence pack")
    ruth.presses("Make the pack")
    expect(ruth.page).to_have_url(re.compile(f"{home}activity/exports/"))
    make_export(export_id=LogExport.objects.latest("pk").pk)
    ruth.page.reload()
    pack = downloaded(ruth, "Download", tmp_path)
    with zipfile.ZipFile(pack) as archive:
        archive.extract("verify.py", tmp_path)
        assert change.canonical in archive.read("events.jsonl").decode().replace('\\"', '"')
    checked = checked_alone(pack, tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Signed by the key that was given" in checked.stdout
    whole = bytearray(pack.read_bytes())
    whole[len(whole) // 2] ^= 1
    pack.write_bytes(whole)
    assert checked_alone(pack, tmp_path).returncode == 1

    # What an auditor may not do is refused with the permission's name, and with whom to ask.
    ruth.opens(f"{home}invitations/new/")
    ruth.sees("You may not do this", "manage the team", "Nadia Holm")
    ruth.leaves()


def checked_alone(pack, folder):
    """Run the checker out of the pack in an interpreter that has nothing but Python itself."""
    return subprocess.run(
        [sys.executable, "-I", "-S", folder / "verify.py", pack, "--key", str(store.signer().verifier)],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, cwd=folder, timeout=60, check=False,
    )  # fmt: skip


def an_account():
    """An account of Olga's with an administrator, four people to review, and an alert about one of them."""
    account = BusinessAccountFactory(name="Northwind", slug="northwind", owner=PersonFactory(name="Olga Berg"))
    members = [MembershipFactory(account=account, person__name=name) for name in NAMES]
    MembershipFactory(account=account, holding="administrator", person__name="Anna Kowal")
    AlertFactory(account=account, concerns=members[0].person)
    return account


def arrived(browser, site, person):
    """Let a person of the factories sign in at a browser of their own."""
    someone = Someone(browser, site.url, person.name, person.email)
    someone.signs_in(PASSWORD)
    expect(someone.page).to_have_url(re.compile("/dashboard/"))
    return someone


def goes_by_keys(someone, selector):
    """Come to something by Tab, and press Enter on it."""
    tab_to(someone.page, selector)
    someone.page.keyboard.press("Enter")


@pytest.mark.rule(12)
def test_the_owner_starts_a_review_the_reviewer_decides_by_keys_and_the_owner_closes_it(browser, live_site, tmp_path):
    account = committed(an_account)
    home = f"/accounts/{account.slug}/"
    olga = arrived(browser, live_site, account.owner)
    anna = arrived(browser, live_site, account.memberships.get(person__name="Anna Kowal").person)

    olga.opens(f"{home}reviews/new/")
    olga.types("Name", "Autumn")
    olga.page.locator("[name=rule]").select_option("administrators")
    olga.presses("Start the review")
    olga.sees("Autumn", "to decide")
    review = olga.page.url

    # The reviewer never touches the mouse: from the list of what is hers to the last decision.
    anna.opens(f"{home}reviews/mine/")
    goes_by_keys(anna, "main a.btn-primary")
    for name, key in zip(NAMES, "kren", strict=True):
        expect(anna.page.get_by_role("heading", level=1)).to_have_text(name)
        anna.page.keyboard.press(key)
    anna.sees("Pass the access of Di Rask on?")
    goes_by_keys(anna, "main form.confirm button[type=submit]")
    anna.sees("Olga Berg reviews the access of Di Rask now")
    decisions = dict(
        Item.objects.filter(decided_by__name="Anna Kowal").values_list("membership__person__name", "decision")
    )
    assert decisions == dict(zip(NAMES, ("keep", "reduce", "end"), strict=False))

    # The owner sees how far it is, decides what came to her, carries out and closes.
    olga.opens(review)
    olga.sees("Progress", "Olga Berg")
    olga.presses("Review yours")
    olga.presses("Begin")
    while olga.page.get_by_role("main").get_by_role("button", name="Keep", exact=True).count():
        olga.presses("Keep")
        olga.page.wait_for_load_state()
    assert not Item.objects.filter(must_decide=True, decision="").exists()
    olga.opens(review)
    olga.sees("Nobody has anything left to decide.")
    olga.presses("Carry out")
    olga.presses("Carry out")
    olga.sees("2 decisions are carried out")
    olga.presses("Close")
    olga.presses("Close the review")
    olga.presses("Report")

    # The report is a page and two files; the log holds its digest, and tells each decision.
    olga.sees("The log holds the digest of exactly this report")
    with open(downloaded(olga, "CSV", tmp_path), encoding="utf-8-sig", newline="") as file:
        text = file.read()
    assert all(name in text for name in NAMES)
    assert downloaded(olga, "PDF", tmp_path).read_bytes().startswith(b"%PDF-")
    closed = Event.objects.of(account).named("review.closed").get()
    olga.page.get_by_role("main").get_by_role("link", name=f"no. {closed.number}").click()
    olga.sees(closed.sentence, "Recomputed just now", closed.parts["after"]["digest"])
    olga.presses("all about this")
    olga.sees(Event.objects.of(account).named("review.started").get().sentence)
    olga.presses("Show all again")
    narrows(olga, act="review.")
    told = olga.reads_on("Older")
    for event in Event.objects.of(account).filter(name__startswith="review."):
        assert event.sentence in told

    # An alert is looked at, and what came of it stays beside it and in the log.
    olga.opens(f"{home}alerts/")
    olga.page.get_by_role("main").get_by_role("link", name=re.compile("Ada Berg")).first.click()
    olga.presses("Acknowledge")
    olga.types("What you found", "She was on a journey, and said so.")
    olga.presses("Acknowledge")
    olga.sees("Olga Berg has looked at it", "She was on a journey, and said so.")
    olga.presses("in the log")
    olga.sees(Event.objects.of(account).named("alert.acknowledged").get().sentence)
    anna.leaves()
    olga.leaves()
