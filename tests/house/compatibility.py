"""Whether the code of the newest release runs on the schema that comes after it: what a migration may do to it (RE8).

A release migrates first and replaces web and worker afterwards, so for a while old code reads and writes the new schema.
What the old code doesn't know may change freely; what it does know must stay as it needs it. What can't be judged from
outside, SQL and Python, is refused until somebody has looked at it.
"""

from collections.abc import Collection, Iterable, Iterator

from django.db import connection
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation
from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

ONLY_ADD = (
    operations.CreateModel, operations.AddIndex, operations.RemoveIndex, operations.RenameIndex,
    operations.RemoveConstraint,  # what old code is allowed only grows
    operations.AlterModelOptions, operations.AlterModelManagers, operations.AlterModelTableComment,
)  # fmt: skip


Known = dict[tuple[str, str], set[str]]


def refusals_since(baseline: dict[str, str], looked_at: Collection[tuple[str, str]] = ()) -> list[str]:
    """Judge every migration on disk that came after the last ones of a release, by app; but those looked at.

    Raises LookupError for a released migration that is gone: what is released is not squashed or changed any more.
    """
    loader = MigrationLoader(None)
    heads = list(baseline.items())
    if gone := set(heads) - set(loader.disk_migrations):
        raise LookupError(f"released, and gone: {sorted(gone)}")
    old = {key for head in heads for key in loader.graph.forwards_plan(head)}
    plan = dict.fromkeys(key for leaf in sorted(loader.graph.leaf_nodes()) for key in loader.graph.forwards_plan(leaf))
    if lost := set(looked_at) - (plan.keys() - old):
        raise LookupError(f"looked at, and not newer than the release: {sorted(lost)}")
    migrations = [loader.disk_migrations[key] for key in plan if key not in old]
    return list(refusals(migrations, loader.project_state(heads, at_end=True), looked_at))


def refusals(
    migrations: Iterable[Migration], released: ProjectState, looked_at: Collection[tuple[str, str]] = ()
) -> Iterator[str]:
    """Say what of these migrations, in their order, the code of the release can't live with; but of those looked at."""
    known = {key: set(model.fields) for key, model in released.models.items()}
    state = released.clone()
    for migration in migrations:
        for operation in migration.operations:
            after = state.clone()
            operation.state_forwards(migration.app_label, after)
            why = _why_not(operation, migration.app_label, known, state, after)
            if why and (migration.app_label, migration.name) not in looked_at:
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {why}"
            state = after


def _why_not(operation: Operation, app: str, known: Known, state: ProjectState, after: ProjectState) -> str:
    """Say why old code can't live with an operation; empty where it can."""
    if isinstance(operation, ONLY_ADD) or _is_of_something_new(operation, app, known):
        return ""
    match operation:
        case operations.AddField():
            return _why_not_added(operation.field)
        case operations.AlterField():
            before, now = (
                one.apps.get_model(app, operation.model_name)._meta.get_field(operation.name) for one in (state, after)
            )
            return _why_not_altered(before, now)
        case operations.RemoveField() | operations.DeleteModel():
            return "old code still reads it: stop using it in one release, take it away in the next"
        case operations.RenameField() | operations.RenameModel() | operations.AlterModelTable():
            return "old code knows only the old name"
        case operations.AddConstraint() | operations.AlterUniqueTogether():
            return "old code may write rows that it refuses"
    return "nobody can tell from outside: look at it, and say in LOOKED_AT why old code can live with it"


def _is_of_something_new(operation: Operation, app: str, known: Known) -> bool:
    """Whether it is about a model, or a field, that the release does not know."""
    if not isinstance(operation, ModelOperation | FieldOperation | IndexOperation):
        return False
    name = getattr(operation, "model_name", None) or getattr(operation, "old_name", None) or operation.name
    fields = known.get((app, name.lower()))
    if fields is None:
        return True
    field = getattr(operation, "old_name", None) or getattr(operation, "name", "")
    return (
        isinstance(operation, FieldOperation) and not isinstance(operation, operations.AddField) and field not in fields
    )


def _why_not_added(field: Field) -> str:
    if field.many_to_many or field.null or field.db_default is not NOT_PROVIDED:
        return ""
    return "old code writes rows without it: let it be empty (null), or give it a db_default"


def _why_not_altered(before: Field, after: Field) -> str:
    if before.null and not after.null:
        return "old code may write nothing there"
    if before.db_default is not NOT_PROVIDED and after.db_default is NOT_PROVIDED and not after.null:
        return "old code leaves it to the database’s default"
    if after.unique and not before.unique:
        return "old code may write a value twice"
    if before.column != after.column:
        return "old code knows only the old name"
    kinds = [field.db_parameters(connection)["type"] for field in (before, after)]
    if kinds[0] != kinds[1] and not _is_wider(before, after):
        return f"its type changes from {kinds[0]} to {kinds[1]}"
    return ""


def _is_wider(before: Field, after: Field) -> bool:
    """Whether a text may only grow longer."""
    if before.get_internal_type() not in {"CharField", "SlugField", "EmailField", "URLField"}:
        return False
    is_text = after.get_internal_type() in {"CharField", "SlugField", "EmailField", "URLField", "TextField"}
    longest = after.max_length
    return is_text and (longest is None or longest >= (before.max_length or 0))
