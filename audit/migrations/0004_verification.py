"""What each check of the whole record found: for people to read, good news too."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_indexes_for_the_log")]

    operations = [
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("events", models.BigIntegerField()),
                ("chains", models.BigIntegerField()),
                ("checkpoint", models.BigIntegerField(null=True)),
                ("checkpoint_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("holds", "it holds"),
                            ("unproven", "it holds in itself, but was held against no checkpoint outside"),
                            ("broken", "it does not hold"),
                        ],
                        max_length=10,
                    ),
                ),
                ("problems", models.JSONField(default=list)),
            ],
            options={"indexes": [models.Index(fields=["-at"], name="verification_newest")]},
        ),
    ]
