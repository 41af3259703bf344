"""A role for a time beside the lasting one. The column of the lasting role keeps its name: an earlier release reads it."""

import django.db.models.deletion
from django.db import migrations, models

REQUIRE_OWNER = """
CREATE OR REPLACE FUNCTION teams_require_owner(account bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    owning bigint;
    seated bigint[];
BEGIN
    SELECT owner_id INTO owning FROM accounts_businessaccount WHERE id = account;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT array_agg(CASE WHEN m.state = 'active' AND m.ends_at IS NULL{and_lasting} THEN m.person_id END) INTO seated
    FROM teams_membership m JOIN teams_role r ON {owning}
    WHERE m.account_id = account AND m.state <> 'ended' AND r.code = 'owner' AND r.account_id IS NULL;
    IF seated IS DISTINCT FROM ARRAY[owning] THEN
        RAISE EXCEPTION 'account % must have exactly its owner in the owner''s role, active and without an end', account
            USING ERRCODE = 'check_violation', CONSTRAINT = 'owner_is_seated';
    END IF;
END $$;
"""
# Nobody is owner for a time, and the owner holds no other role for a time (rule 3).
FORWARD = REQUIRE_OWNER.format(and_lasting=" AND m.raised_to_id IS NULL", owning="r.id IN (m.role_id, m.raised_to_id)")
BACK = REQUIRE_OWNER.format(and_lasting="", owning="r.id = m.role_id")
TOLD = [(0, "Nothing"), (1, "Week Before"), (2, "Day Before"), (3, "Over")]


class Migration(migrations.Migration):
    dependencies = [("teams", "0011_ended_engagements")]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.ForeignKey(
                db_column="role_id",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lasting_in",
                to="teams.role",
            ),
        ),
        migrations.RenameField(model_name="membership", old_name="role", new_name="lasting_role"),
        migrations.AddField(
            model_name="membership",
            name="raised_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="raised_in",
                to="teams.role",
            ),
        ),
        migrations.AddField(
            model_name="membership", name="raised_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="membership",
            name="raise_told",
            field=models.PositiveSmallIntegerField(choices=TOLD, db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("raised_to", None), _negated=True), ("raised_until", None), _connector="XOR"
                ),
                name="raised_role_has_its_time",
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(
                    models.Q(("state", "ended"), _negated=True),
                    ("raise_told__lt", 3),
                    ("raised_until__isnull", False),
                ),
                fields=["raised_until"],
                name="membership_raise_ending",
            ),
        ),
        migrations.RunSQL(FORWARD, BACK),
        migrations.RemoveConstraint(model_name="accessrequest", name="request_for_a_role_or_on_an_asset"),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asset", None), ("codes", []), ("role__isnull", False)),
                    models.Q(("asset__isnull", False), ("codes__len__gt", 0), ("role", None)),
                    _connector="OR",
                ),
                name="request_for_a_role_or_on_an_asset",
            ),
        ),
    ]
