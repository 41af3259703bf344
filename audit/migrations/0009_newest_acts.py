"""An index of what each person did in a chain, act by act: when somebody did something last is read from it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_search")]

    operations = [
        migrations.AddIndex(
            "event",
            models.Index(
                condition=models.Q(("actor_kind", "person"), ("result", "done")),
                fields=["chain", "actor_id", "name", "at"],
                name="event_chain_acts",
            ),
        ),
    ]
