"""The database notes which seats, roles, assets and accounts a transaction touched, so that its event can hold how they stand.

By statement, on every path: a bulk write can't be forgotten. The note is a setting of the transaction, and goes with it.
"""

from django.db import migrations

NOTE = """
CREATE FUNCTION access_touched(kind text, ids bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('accessportal.touched', coalesce(current_setting('accessportal.touched', true), '')
        || (SELECT string_agg(kind || id, ',') || ',' FROM (SELECT DISTINCT unnest(ids) AS id ORDER BY id) AS each), true)
    WHERE cardinality(ids) > 0
$$;
CREATE FUNCTION access_touched_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_touched(TG_ARGV[0], (SELECT array_agg(id) FROM touched));
    RETURN NULL;
END $$;
CREATE FUNCTION access_touched_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_touched('s', (SELECT array_agg(membership_id) FROM touched));
    RETURN NULL;
END $$;
"""
TRIGGER = """
CREATE TRIGGER touched_by_{act} AFTER {act} ON {table} REFERENCING {side} TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION {function};
"""
TRIGGERS = [
    (table, act, "OLD" if act == "delete" else "NEW", function)
    for table, acts, function in (
        ("teams_membership", ("insert", "update"), "access_touched_rows('s')"),
        ("teams_assetgrant", ("insert", "update", "delete"), "access_touched_seats()"),
        ("teams_role", ("insert", "update"), "access_touched_rows('r')"),
        ("accounts_asset", ("insert", "update"), "access_touched_rows('a')"),
        ("accounts_businessaccount", ("insert", "update"), "access_touched_rows('b')"),
    )
    for act in acts
]
FORWARD = NOTE + "".join(
    TRIGGER.format(table=table, act=act, side=side, function=function) for table, act, side, function in TRIGGERS
)
BACK = "".join(f"DROP TRIGGER touched_by_{act} ON {table};\n" for table, act, _side, _function in TRIGGERS) + (
    "DROP FUNCTION access_touched_seats();\nDROP FUNCTION access_touched_rows();\n"
    "DROP FUNCTION access_touched(text, bigint[]);\n"
)


class Migration(migrations.Migration):
    dependencies = [("teams", "0016_pending_acts_keep_their_time"), ("accounts", "0014_log_kept")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
