"""How long an account keeps its log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_erased_people")]

    operations = [
        migrations.AddField("businessaccount", "log_kept_years", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("businessaccount", "log_kept_since", models.DateTimeField(null=True)),
    ]
