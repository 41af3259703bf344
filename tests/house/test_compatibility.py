"""The code of the newest release runs on the schema of the next one (RE8)."""

import re

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from tests.house.compatibility import refusals, refusals_since
from tests.house.released import BASELINE, LOOKED_AT

pytestmark = pytest.mark.requirement("RE8")


def released_state():
    """A release with one model."""
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=20)),
        ("note", models.CharField(max_length=20, null=True)),
        ("at", models.DateTimeField(db_default=Now())),
    ]
    state.add_model(ModelState("shop", "Cake", fields))
    return state


def refused(*planted):
    migration = migrations.Migration("0002_next", "shop")
    migration.operations = list(planted)
    return list(refusals([migration], released_state()))


CREATE = migrations.CreateModel("Pie", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())])
NUMBER = models.IntegerField(default=0)


@pytest.mark.parametrize(
    ("planted", "why"),
    [
        (migrations.RemoveField("cake", "name"), "old code still reads it"),
        (migrations.RenameField("cake", "name", "title"), "only the old name"),
        (migrations.DeleteModel("Cake"), "old code still reads it"),
        (migrations.RenameModel("Cake", "Tart"), "only the old name"),
        (migrations.AlterModelTable("cake", "tarts"), "only the old name"),
        (migrations.AddField("cake", "price", NUMBER), "without it"),
        (migrations.AddField("Cake", "price", models.IntegerField(default=0), preserve_default=False), "without it"),
        (migrations.AlterField("cake", "note", models.CharField(max_length=20)), "nothing there"),
        (migrations.AlterField("cake", "at", models.DateTimeField(auto_now_add=True)), "the database’s default"),
        (migrations.AlterField("cake", "name", models.CharField(max_length=20, unique=True)), "twice"),
        (migrations.AlterField("cake", "name", models.CharField(max_length=10)), "its type changes"),
        (migrations.AlterField("cake", "name", models.IntegerField()), "its type changes"),
        (migrations.AlterField("cake", "name", models.CharField(max_length=20, db_column="title")), "only the old name"),
        (migrations.AddConstraint("cake", models.UniqueConstraint(fields=["name"], name="one")), "rows that it refuses"),
        (migrations.AlterUniqueTogether("cake", {("name", "note")}), "rows that it refuses"),
        (migrations.RunSQL("SELECT 1"), "nobody can tell"),
        (migrations.RunPython(migrations.RunPython.noop), "nobody can tell"),
        (migrations.SeparateDatabaseAndState([migrations.RemoveField("cake", "name")]), "nobody can tell"),
    ],
    ids=lambda what: re.sub(r" at 0x[0-9a-f]+", "", str(what)),  # the same in every process
)  # fmt: skip
def test_what_old_code_cannot_live_with_is_refused(planted, why):
    (words,) = refused(planted)

    assert words.startswith("shop.0002_next: ")
    assert why in words


@pytest.mark.parametrize(
    "planted",
    [
        [CREATE],
        [CREATE, migrations.RenameField("pie", "name", "title"), migrations.AddField("pie", "price", NUMBER)],
        [CREATE, migrations.DeleteModel("Pie")],
        [migrations.AddField("cake", "price", models.IntegerField(null=True))],
        [migrations.AddField("cake", "price", models.IntegerField(db_default=0)), migrations.RemoveField("cake", "price")],
        [migrations.AlterField("cake", "name", models.CharField(max_length=40, db_default=""))],
        [migrations.AlterField("cake", "name", models.TextField(null=True))],
        [migrations.AddIndex("cake", models.Index(fields=["name"], name="cake_name"))],
        [migrations.AlterModelOptions("cake", {"ordering": ["name"]})],
    ],
    ids=lambda what: re.sub(r" at 0x[0-9a-f]+", "", str(what)),  # the same in every process
)  # fmt: skip
def test_what_old_code_does_not_notice_passes(planted):
    assert refused(*planted) == []


def test_what_somebody_has_looked_at_passes_and_what_comes_after_it_is_judged_on():
    renamed, removed = migrations.Migration("0002_renamed", "shop"), migrations.Migration("0003_removed", "shop")
    renamed.operations = [migrations.RenameField("cake", "name", "title")]
    removed.operations = [migrations.RemoveField("cake", "note"), migrations.RemoveField("cake", "title")]

    (words,) = refusals([renamed, removed], released_state(), {("shop", "0002_renamed")})

    assert words.startswith("shop.0003_removed: Remove field note")


def test_the_migrations_on_disk_are_judged_from_the_baseline_on():
    leaves = dict(MigrationLoader(None).graph.leaf_nodes())

    assert refusals_since(leaves) == []
    assert any(words.startswith("audit.0002_append_only: ") for words in refusals_since({"audit": "0001_initial"}))
    with pytest.raises(LookupError, match="released, and gone"):
        refusals_since({**leaves, "audit": "0001_another"})
    with pytest.raises(LookupError, match="not newer"):
        refusals_since(leaves, {("audit", "0001_initial")})


def test_every_migration_since_the_release_leaves_its_code_running():
    assert BASELINE is None or refusals_since(BASELINE, LOOKED_AT) == []  # None: no old code exists yet
