"""The rows of the built-in roles. What they hold stands in code; a row only lets memberships refer to it."""

from django.db import migrations

ROLES = ["owner", "administrator", "editor", "moderator", "analyst", "finance", "auditor", "member"]


def add(apps, schema_editor):
    role = apps.get_model("teams", "Role")
    for position, code in enumerate(ROLES):
        role.objects.create(account=None, code=code, name=code.capitalize(), position=position)


def take_away(apps, schema_editor):
    apps.get_model("teams", "Role").objects.filter(account=None).delete()


class Migration(migrations.Migration):
    dependencies = [("teams", "0002_owner_is_seated")]
    operations = [migrations.RunPython(add, take_away)]
