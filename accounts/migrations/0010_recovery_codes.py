import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def drop_short_codes(apps, _schema_editor):
    """Drop the sign-in library's codes: 26 bits each, from a seed that the portal could read. New ones are made anew."""
    apps.get_model("mfa", "Authenticator").objects.filter(type="recovery_codes").delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_sessions_end"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [
        migrations.AddField(
            model_name="person", name="reset_links", field=models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("used_at", None)), fields=["person"], name="unused_codes")
                ],
            },
        ),
        migrations.RunPython(drop_short_codes, migrations.RunPython.noop),  # dropped codes are gone
    ]
