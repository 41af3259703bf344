"""The owner of the tables can remove a chain's first events, where the chain keeps the hash of the last of them."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION audit_only_removes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
       AND OLD.number <= (SELECT removed FROM audit_chain WHERE id = OLD.chain_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit record is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER append_only ON audit_event;
CREATE TRIGGER only_removes BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_only_removes();

CREATE OR REPLACE FUNCTION audit_chain_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.removed > OLD.removed AND NEW.removed <= OLD.length
       AND to_jsonb(NEW) - '{removed,anchor}'::text[] = to_jsonb(OLD) - '{removed,anchor}'::text[]
       AND NEW.anchor = (SELECT hash FROM audit_event WHERE chain_id = OLD.id AND number = NEW.removed)
       AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN NEW;
    END IF;
    IF NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.subject_id <> OLD.subject_id
       OR NEW.length <> OLD.length + 1 OR NEW.previous <> OLD.head
       OR NEW.removed <> OLD.removed OR NEW.anchor IS DISTINCT FROM OLD.anchor THEN
        RAISE EXCEPTION 'a chain of the audit record only moves forward, by one event'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
BACK = """
DROP TRIGGER only_removes ON audit_event;
CREATE TRIGGER append_only BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_refuse();
DROP FUNCTION audit_only_removes();

CREATE OR REPLACE FUNCTION audit_chain_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.subject_id <> OLD.subject_id
       OR NEW.length <> OLD.length + 1 OR NEW.previous <> OLD.head THEN
        RAISE EXCEPTION 'a chain of the audit record only moves forward, by one event'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_words_apart")]

    operations = [
        migrations.AddField(
            model_name="chain",
            name="removed",
            field=models.BigIntegerField(default=0, db_default=0),
        ),
        migrations.AddField(
            model_name="chain",
            name="anchor",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
