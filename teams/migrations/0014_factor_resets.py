"""Resets of a second factor, and their waiting time, kept by the database: no writer shortens it."""

import datetime as dt

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

FORWARD = """
CREATE FUNCTION teams_reset_keeps_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_at := now();
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'a reset of a second factor begins open'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'reset_keeps_its_time';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.account_id, NEW.person_id, NEW.asked_by_id, NEW.asked_at, NEW.ripe_at, NEW.recorded_at)
       IS DISTINCT FROM
       (OLD.id, OLD.account_id, OLD.person_id, OLD.asked_by_id, OLD.asked_at, OLD.ripe_at, OLD.recorded_at) THEN
        RAISE EXCEPTION 'whose second factor is reset, by whom, and how long that waits, is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reset_keeps_its_time';
    END IF;
    IF OLD.state <> 'open' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'a reset of a second factor that has ended stays ended'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reset_keeps_its_time';
    END IF;
    IF NEW.state = 'carried_out' AND OLD.state = 'open'
       AND now() < greatest(OLD.ripe_at, OLD.recorded_at + (OLD.ripe_at - OLD.asked_at)) THEN
        RAISE EXCEPTION 'a second factor is reset after the waiting time only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reset_keeps_its_time';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reset_keeps_its_time BEFORE INSERT OR UPDATE ON teams_factorreset
    FOR EACH ROW EXECUTE FUNCTION teams_reset_keeps_its_time();
"""
BACK = """
DROP TRIGGER reset_keeps_its_time ON teams_factorreset;
DROP FUNCTION teams_reset_keeps_its_time();
"""
STATES = [
    ("open", "open"),
    ("refused", "refused by the person"),
    ("used", "ended, since the second factor was used"),
    ("withdrawn", "withdrawn"),
    ("carried_out", "carried out"),
    ("lapsed", "lapsed"),
]


def _person(**more):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL, **more)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_recovery_codes"), ("teams", "0013_administers_since")]

    operations = [
        migrations.CreateModel(
            name="FactorReset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=500)),
                ("state", models.CharField(choices=STATES, default="open", max_length=12)),
                ("asked_at", models.DateTimeField()),
                ("ripe_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="factor_resets",
                        to="accounts.businessaccount",
                    ),
                ),
                ("answered_by", _person(null=True, related_name="+")),
                ("asked_by", _person(related_name="+")),
                ("person", _person(related_name="factor_resets")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("account", "person"), name="one_open_reset_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ripe_at__gte", models.F("asked_at") + dt.timedelta(hours=24)),
                        ),
                        name="reset_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("asked_by", models.F("person")), _negated=True),
                        name="nobody_resets_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("answered_at__isnull", False), _connector="XOR"),
                        name="reset_is_answered",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
