"""A mail that one may want every week, or never."""

from django.db import migrations, models

CHANNELS = [
    ("at_once", "At once"),
    ("digest", "Daily digest"),
    ("inbox", "Inbox only"),
    ("weekly", "Every week"),
    ("never", "Never"),
]


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_notices")]

    operations = [
        migrations.AlterField(
            model_name="choice", name="channel", field=models.CharField(choices=CHANNELS, max_length=10)
        ),
        migrations.AlterField(
            model_name="notice", name="channel", field=models.CharField(choices=CHANNELS, max_length=10)
        ),
    ]
