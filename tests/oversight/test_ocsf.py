"""Events in the form that log systems of others read: what the schema asks for, of every act that the demo holds."""

import json

import pytest

from audit.models import Event
from audit.ocsf import as_ocsf
from teams.actions import set_grants
from tests.factories import AssetFactory, MembershipFactory

REQUIRED = {  # of the classes that are written, by the schema
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
}  # fmt: skip


def test_every_act_of_an_account_is_an_event_of_the_schema(demo_database):
    classes = {}
    for event in Event.objects.filter(chain__kind="account"):
        row = as_ocsf(event)
        json.dumps(row, allow_nan=False)
        assert row.keys() >= REQUIRED | {"entity" if row["class_uid"] == 3004 else "user"}
        assert row["type_uid"] == row["class_uid"] * 100 + row["activity_id"]
        assert {"version", "product"} <= row["metadata"].keys()
        assert row["status"] == ("Failure" if event.refused else "Success")
        assert not [key for key, value in row.items() if value in (None, "", {}, [])]
        classes[event.name] = (row["class_name"], row["activity_name"])

    assert classes["role.changed"] == ("User Access Management", "Assign Role")
    assert classes["member.offboarded"] == ("User Access Management", "Remove Role")
    assert classes["grants.changed"][1] in {"Assign Privileges", "Revoke Privileges"}
    assert classes["asset.added"] == ("Entity Management", "Create")
    assert classes["audit.exported"] == ("Entity Management", "Read")
    assert classes["role.retired"] == ("Entity Management", "Delete")
    assert len(classes) > 60


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("had", "has", "activity"),
    [
        (["run_ads"], ["run_ads", "draft_content"], 1),
        (["run_ads", "draft_content"], ["run_ads"], 2),
        (["run_ads"], [], 2),
    ],
)
def test_of_grants_the_schema_is_told_whether_power_was_given_or_taken(had, has, activity):
    eddie = MembershipFactory()
    given = {"membership": eddie, "asset": AssetFactory(account=eddie.account), "by": eddie.account.owner}
    set_grants(codes=had, **given)
    set_grants(codes=has, **given)

    row = as_ocsf(Event.objects.of(eddie.account).latest("number"))

    assert (row["class_uid"], row["activity_id"]) == (3005, activity)
    assert row["user"] == {"uid": str(eddie.person_id), "name": str(eddie.person)}
    assert row.get("privileges", []) == sorted(has)
