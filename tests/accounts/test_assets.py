"""Assets over HTTP: who adds, changes, archives and brings back, and what the list shows to whom (rules 1, 4, 12)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.urls import reverse

from accounts import actions
from accounts.errors import PolicyViolation
from accounts.models import Asset, Person
from audit.models import Event
from teams.models import AssetGrant
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, grant

NEW = {"kind": "profile", "name": "Northwind US", "handle": "@northwind_us"}


def url(name, account, *things):
    return reverse(name, args=[account.slug, *(thing.pk for thing in things)])


def page(client, address):
    return client.get(address).content.decode()


@pytest.mark.django_db
def test_a_kind_is_written_the_same_way_in_lists_and_in_forms(client):
    asset = AssetFactory(kind="ad_account")
    client.force_login(asset.account.owner)

    for address in (url("assets", asset.account), url("add_asset", asset.account)):
        assert "Ad account" in page(client, address)
        assert "ad account<" not in page(client, address)


@pytest.mark.django_db
@pytest.mark.rule(4)
@pytest.mark.parametrize("holding", ["editor", "moderator", "analyst", "finance", "auditor", "member"])
@pytest.mark.parametrize("name", ["add_asset", "change_asset", "archive_asset", "restore_asset"])
def test_who_does_not_manage_assets_changes_none_and_is_told_whom_to_ask(client, holding, name):
    eddie = MembershipFactory(holding=holding)
    asset = AssetFactory(account=eddie.account)
    client.force_login(eddie.person)

    response = client.post(url(name, eddie.account, *([] if name == "add_asset" else [asset])), NEW)

    assert response.status_code == 403
    assert "Manage assets" in response.content.decode()
    assert eddie.account.owner.email in response.content.decode()
    assert list(Asset.objects.values_list("name", "archived_at")) == [(asset.name, None)]
    assert list(Event.objects.of(eddie.account).values_list("name", "result")) == [("access.refused", "refused")]


@pytest.mark.django_db
@pytest.mark.rule(12)
def test_an_added_asset_is_one_event_and_fields_that_nobody_asked_for_are_left_out(client):
    account, other = BusinessAccountFactory(), BusinessAccountFactory()
    client.force_login(account.owner)

    response = client.post(
        url("add_asset", account), {**NEW, "account": other.pk, "archived_at": "2020-01-01", "id": 77}
    )

    asset = Asset.objects.get()
    assert response.headers["Location"] == url("asset", account, asset)
    assert (asset.account, asset.name, asset.archived_at) == (account, "Northwind US", None)
    assert [event.name for event in Event.objects.about(asset)] == ["asset.added"]


@pytest.mark.django_db
def test_a_changed_asset_is_told_with_before_and_after_and_no_change_writes_no_event(client):
    asset = AssetFactory(name="Old")
    client.force_login(asset.account.owner)
    change = url("change_asset", asset.account, asset)

    client.post(change, NEW)
    client.post(change, NEW)

    event = Event.objects.about(asset).get()
    assert (event.parts["before"]["name"], event.parts["after"]["name"]) == ("Old", "Northwind US")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["add_asset", "change_asset", "restore_asset"])
def test_a_name_in_use_is_taken_in_any_case(client, name):
    account = BusinessAccountFactory()
    AssetFactory(account=account, name="northwind us")
    given = {"archived_at": "2026-01-01T00:00Z", "name": NEW["name"]} if name == "restore_asset" else {}
    asset = AssetFactory(account=account, **given)
    client.force_login(account.owner)

    response = client.post(url(name, account, *([] if name == "add_asset" else [asset])), NEW)

    assert response.status_code == 422
    assert "There is an asset named" in response.content.decode()
    assert Asset.objects.in_use().filter(name__iexact=NEW["name"]).count() == 1


@pytest.mark.django_db
@pytest.mark.requirement("IO1")
@pytest.mark.parametrize(("name", "other"), [("Straße", "STRAẞE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("ÉTÉ", "été"), ("ı", "I")])
def test_names_are_compared_as_the_constraint_compares_them(client, name, other):
    account = AssetFactory(name=name).account
    client.force_login(account.owner)

    response = client.post(url("add_asset", account), {**NEW, "name": other})

    assert response.status_code in (302, 422)  # which of the two is for the database's own locale to say


@pytest.mark.django_db
@pytest.mark.requirement("IN10")
@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("", 422),
        ("\u202e\u200b", 422),
        ("x" * 101, 422),
        ("a\x00b", 302),
        ("two\r\nlines", 302),
        ("<script>alert(1)</script>", 302),
        ("x" * 1_000_000, 422),
    ],
)
def test_a_name_is_plain_text_on_one_line_or_refused(client, typed, status):
    account = BusinessAccountFactory()
    client.force_login(account.owner)

    response = client.post(url("add_asset", account), {**NEW, "name": typed})

    assert response.status_code == status
    for asset in Asset.objects.all():
        assert asset.name.isprintable()
        assert "<script>alert" not in page(client, url("asset", account, asset))


@pytest.mark.django_db
@pytest.mark.rule(1)
def test_an_archived_asset_gives_no_power_and_comes_back_with_its_grants(client):
    account = BusinessAccountFactory()
    member, asset = MembershipFactory(account=account, holding="member"), AssetFactory(account=account)
    grant(member, asset, "run_ads")
    client.force_login(account.owner)

    def may():
        return Person.objects.get(pk=member.person_id).has_perm("run_ads", Asset.objects.get(pk=asset.pk))

    effects = page(client, url("archive_asset", account, asset))
    before = may()
    client.post(url("archive_asset", account, asset))
    put_away = may()
    again = client.post(url("archive_asset", account, asset))
    client.post(url("restore_asset", account, asset))

    assert "The grants of 1 person on it rest." in effects
    assert (before, put_away, may()) == (True, False, True)
    assert again.status_code == 409
    assert AssetGrant.objects.count() == 1
    done = Event.objects.about(asset).filter(result="done").values_list("name", flat=True)
    assert list(done) == ["asset.archived", "asset.restored"]


@pytest.mark.django_db
@pytest.mark.requirement("AZ4")
def test_the_list_searches_filters_pages_and_swallows_nonsense(client):
    account = BusinessAccountFactory()
    for number in range(27):
        AssetFactory(account=account, name=f"Profile {number:02}")
    AssetFactory(account=account, name="Spring catalogue", kind="catalogue")
    AssetFactory(account=account, name="Pop-up", archived_at="2026-01-01T00:00Z")
    AssetFactory(name="Canary of another account")
    client.force_login(account.owner)
    assets = url("assets", account)

    assert "1–25 of 28" in page(client, assets)
    assert "26–28 of 28" in page(client, f"{assets}?page=2")
    assert "Pop-up" not in page(client, assets)
    archived = page(client, f"{assets}?state=archived")
    assert "Pop-up" in archived
    assert "Profile 01" not in archived
    catalogues = page(client, f"{assets}?kind=catalogue")
    assert "Spring catalogue" in catalogues
    assert "Profile 01" not in catalogues
    assert "Profile 07" in page(client, f"{assets}?q=PROFILE 07")
    assert "No asset fits this search" in page(client, f"{assets}?q=Canary")
    for nonsense in ("page=x", "page=-1", "page=" + "9" * 5000, "q=%00", "kind=%00", "kind=zzz", "state=zzz"):
        assert client.get(f"{assets}?{nonsense}").status_code == 200


@pytest.mark.django_db
def test_an_empty_list_says_what_to_do_next_to_who_may_do_it(client):
    eddie = MembershipFactory()
    add = url("add_asset", eddie.account)

    client.force_login(eddie.person)
    theirs = page(client, url("assets", eddie.account))
    client.force_login(eddie.account.owner)

    assert "No assets yet" in theirs
    assert add not in theirs
    assert add in page(client, url("assets", eddie.account))


@pytest.mark.django_db
@pytest.mark.rule(1)
def test_a_member_sees_the_own_powers_and_nobody_elses(client):
    account = BusinessAccountFactory()
    mina = MembershipFactory(account=account, holding="member")
    eddie = MembershipFactory(account=account, person__name="Eddie Canary")
    granted, other = AssetFactory(account=account), AssetFactory(account=account)
    grant(mina, granted, "run_ads")
    client.force_login(mina.person)

    asset, listed = page(client, url("asset", account, granted)), page(client, url("assets", account))

    assert f"By a grant on {granted.name}." in asset
    assert eddie.person.name not in asset
    assert listed.count("run ads") == 1
    assert "nothing" in listed
    assert "By a grant on" not in page(client, url("asset", account, other))


@pytest.mark.django_db
def test_who_manages_sees_everybody_with_power_there_and_why(client):
    account = BusinessAccountFactory()
    asset = AssetFactory(account=account)
    MembershipFactory(account=account, holding="editor", person__name="Eddie")
    mina = MembershipFactory(account=account, holding="member", person__name="Mina")
    grant(mina, asset, "run_ads")
    MembershipFactory(account=account, holding="finance", person__name="Ruth")
    MembershipFactory(holding="editor", person__name="Canary")
    client.force_login(account.owner)

    publish = page(client, url("asset", account, asset))
    ads = page(client, f"{url('asset', account, asset)}?act=run_ads")

    assert "Who can schedule and publish content here, and why" in publish
    assert "By the role Editor" in publish
    assert "Mina" not in publish
    assert "Mina" in ads
    assert "By a grant" in ads
    assert "Eddie" not in ads
    for shown in (publish, ads):
        assert "Ruth" not in shown
        assert "Canary" not in shown


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["assets", "asset"])
def test_the_number_of_queries_does_not_grow_with_the_rows(client, name, django_assert_num_queries):
    account = BusinessAccountFactory()
    asset = AssetFactory(account=account)
    MembershipFactory(account=account)
    client.force_login(account.owner)
    address = url(name, account, *([asset] if name == "asset" else []))
    client.get(address)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for member in MembershipFactory.create_batch(10, account=account):
        grant(member, asset, "run_ads")
    AssetFactory.create_batch(10, account=account)

    with django_assert_num_queries(len(few)):
        client.get(address)


def test_two_assets_of_one_name_at_once_become_one(fresh_database):
    with transaction.atomic():  # noqa: TID251  # rows of a test: the owner's seat is checked at the end
        account = BusinessAccountFactory()

    def add(_number):
        try:
            return actions.add_asset(account=account, by=account.owner, **NEW)
        except PolicyViolation as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(add, range(4)))

    assert Asset.objects.filter(account=account).count() == 1
    assert sum(isinstance(answer, PolicyViolation) for answer in answers) == 3
