import datetime as dt

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("teams", "0006_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Succession",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="succession",
                        serialize=False,
                        to="accounts.businessaccount",
                    ),
                ),
                ("sealed", models.TextField()),
                ("named_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="OwnershipClaim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_successor", models.BooleanField(default=False)),
                ("reason", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("overtaken", "overtaken"),
                            ("carried_out", "carried out"),
                            ("lapsed", "lapsed"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("claimed_at", models.DateTimeField()),
                ("ripe_at", models.DateTimeField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("reminders", models.PositiveSmallIntegerField(default=0)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ownership_claims",
                        to="accounts.businessaccount",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ownership_claims",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("account",), name="one_open_claim_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "ripe_at__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("claimed_at"), "+", models.Value(dt.timedelta(days=3))
                                ),
                            )
                        ),
                        name="claim_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("answered_at__isnull", False), _connector="XOR"),
                        name="claim_is_answered",
                    ),
                ],
            },
        ),
    ]
