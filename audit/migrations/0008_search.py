"""What a log is searched by: made by the database from text and words, and each with an index in the order of the pages."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

# Both read only their arguments, so the columns made by them follow the words when those are emptied.
FUNCTIONS = """
CREATE FUNCTION audit_assets(canonical text, target_kind text, target_id bigint) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT asset ORDER BY asset), '{}') FROM (
        SELECT target_id AS asset WHERE target_kind = 'asset' AND target_id IS NOT NULL
        UNION ALL
        SELECT id::bigint
        FROM jsonb_path_query(canonical::jsonb, '$[11].*.** ? (@.type() == "object") .asset.id') AS id
        WHERE canonical LIKE '%"asset":%' AND jsonb_typeof(id) = 'number'
        UNION ALL
        SELECT id::bigint
        FROM jsonb_path_query(canonical::jsonb, '$[11].*.** ? (@.type() == "object") .assets[*].id') AS id
        WHERE canonical LIKE '%"assets":[{%' AND jsonb_typeof(id) = 'number'
    ) AS found
$$;
CREATE FUNCTION audit_asset(canonical text, target_kind text, target_id bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE cardinality(assets) WHEN 0 THEN NULL WHEN 1 THEN assets[1] ELSE 0 END
    FROM public.audit_assets(canonical, target_kind, target_id) AS assets
$$;
CREATE FUNCTION audit_search(name text, canonical text, actor_words text, target_words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple', left(translate(
        name || ' ' || coalesce(actor_words::jsonb -> 1 ->> 'label', '')
        || ' ' || coalesce(actor_words::jsonb -> 1 ->> 'behalf', '')
        || ' ' || coalesce(jsonb_path_query_array(target_words::jsonb -> 1, '$.** ? (@.type() == "string")')::text, '')
        || ' ' || CASE WHEN canonical LIKE '%"name":"%'
                  THEN jsonb_path_query_array(canonical::jsonb -> 11, '$.*.**.name ? (@.type() == "string")')::text
                  ELSE '' END,
        '@/_.-\\[]{}",:', '               '), 20000))
$$;
"""
FUNCTIONS_BACK = """
DROP FUNCTION audit_search(text, text, text, text);
DROP FUNCTION audit_asset(text, text, bigint);
DROP FUNCTION audit_assets(text, text, bigint);
"""
MADE = "sent_by,address,asset_id,assets,search"
ONLY_EMPTIES = """
CREATE OR REPLACE FUNCTION audit_only_empties() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_differ text[] := '{%s}';
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
       AND (NEW.actor_words IS NULL OR NEW.actor_words IS NOT DISTINCT FROM OLD.actor_words)
       AND (NEW.target_words IS NULL OR NEW.target_words IS NOT DISTINCT FROM OLD.target_words)
       AND to_jsonb(NEW) - may_differ = to_jsonb(OLD) - may_differ THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit record is append-only: %% on %% is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def of_actor(key: str) -> KeyTextTransform:
    """Return what the words about who acted hold under a key."""
    return KeyTextTransform(key, KeyTransform("1", Cast("actor_words", models.JSONField())))


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_imprints")]

    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        migrations.RunSQL(ONLY_EMPTIES % f"actor_words,target_words,{MADE}", ONLY_EMPTIES % "actor_words,target_words"),
        *(
            migrations.AddField(
                "event", name, models.GeneratedField(db_persist=True, expression=made, output_field=kind)
            )
            for name, made, kind in (
                ("sent_by", of_actor("behalf"), models.TextField(null=True)),
                ("address", of_actor("address"), models.TextField(null=True)),
                (
                    "asset_id",
                    models.Func("canonical", "target_kind", "target_id", function="audit_asset"),
                    models.BigIntegerField(null=True),
                ),
                (
                    "assets",
                    models.Func("canonical", "target_kind", "target_id", function="audit_assets"),
                    django.contrib.postgres.fields.ArrayField(models.BigIntegerField()),
                ),
                (
                    "search",
                    models.Func("name", "canonical", "actor_words", "target_words", function="audit_search"),
                    django.contrib.postgres.search.SearchVectorField(),
                ),
            )
        ),
        *(
            migrations.AddIndex("event", index)
            for index in (
                models.Index(fields=["chain", "target_kind", "target_id", "at", "number"], name="event_chain_target"),
                models.Index(fields=["chain", "sent_by", "at", "number"], name="event_chain_sent_by"),
                models.Index(fields=["chain", "address", "at", "number"], name="event_chain_address"),
                models.Index(
                    condition=models.Q(asset_id__isnull=False),
                    fields=["chain", "asset_id", "at", "number"],
                    name="event_chain_asset",
                ),
                django.contrib.postgres.indexes.GinIndex(fields=["search"], name="event_search"),
            )
        ),
    ]
