"""When a person was erased, where law asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_billing")]

    operations = [migrations.AddField("person", "erased_at", models.DateTimeField(null=True))]
