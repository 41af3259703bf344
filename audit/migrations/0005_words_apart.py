"""What events say about people stands beside the text that is hashed, and the owner of the tables can empty it."""

from typing import Any

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION audit_only_empties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
       AND (NEW.actor_words IS NULL OR NEW.actor_words IS NOT DISTINCT FROM OLD.actor_words)
       AND (NEW.target_words IS NULL OR NEW.target_words IS NOT DISTINCT FROM OLD.target_words)
       AND to_jsonb(NEW) - '{actor_words,target_words}'::text[] = to_jsonb(OLD) - '{actor_words,target_words}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit record is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER append_only ON audit_event;
CREATE TRIGGER append_only BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER only_empties BEFORE UPDATE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_only_empties();
"""
BACK = """
DROP TRIGGER only_empties ON audit_event;
DROP TRIGGER append_only ON audit_event;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_refuse();
DROP FUNCTION audit_only_empties();
"""


def require_no_events(apps: Any, editor: Any) -> None:
    """Refuse a record in the other form, either way: its hashes are over other texts. None has been released."""
    if apps.get_model("audit", "Event").objects.exists():
        raise RuntimeError(
            "The record was written in another form, before the first release: begin with a new database."
        )


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_verification")]

    operations = [
        migrations.RunPython(require_no_events, require_no_events),
        migrations.AddField(model_name="event", name="actor_words", field=models.TextField(null=True)),
        migrations.AddField(model_name="event", name="target_words", field=models.TextField(null=True)),
        migrations.RunSQL(FORWARD, BACK),
    ]
