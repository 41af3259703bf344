"""An index of the events that hold how access stood after them: the past is told from these."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_removal")]

    operations = [
        migrations.AddIndex(
            "event",
            models.Index(
                condition=models.Q(("canonical__contains", '"access":[{')),
                fields=["chain", "number"],
                name="event_chain_access",
            ),
        ),
    ]
