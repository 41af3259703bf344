"""Each filter of a log page walks an index of its own, in the order of the page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RemoveIndex(model_name="event", name="event_chain_at"),
        migrations.RemoveIndex(model_name="event", name="event_chain_name"),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["chain", "at", "number"], name="event_chain_at"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["chain", "name", "at", "number"], name="event_chain_name"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["chain", "actor_id", "at", "number"], name="event_chain_actor"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["chain", "about_id", "at", "number"],
                condition=models.Q(about_id__isnull=False),
                name="event_chain_about",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["chain", "target_kind", "at", "number"], name="event_chain_kind"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["chain", "at", "number"], condition=models.Q(result="refused"), name="event_chain_refused"
            ),
        ),
    ]
