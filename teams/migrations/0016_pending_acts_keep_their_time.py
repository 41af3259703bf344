"""What a pending act is, who asked for it and how long it waits never changes; nothing skips a step (AZ10, AZ11).

Approved is only what asks for an approval, by somebody else than who asked. Done is only what was
approved, or what has waited its whole time, both since it was asked for and since the database first saw it. What has
come to its end stays there, so one approval is one act.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION teams_pending_act_keeps_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_at := statement_timestamp();
        IF NEW.state <> 'waiting' AND NOT (NEW.way = 'notify' AND NEW.state = 'done') THEN
            wrong := 'a pending act begins by waiting';
        END IF;
    ELSIF (NEW.id, NEW.account_id, NEW.act, NEW.person_id, NEW.does, NEW.arguments, NEW.way, NEW.adds, NEW.asked_at,
           NEW.ripe_at, NEW.expires_at, NEW.recorded_at)
       IS DISTINCT FROM
          (OLD.id, OLD.account_id, OLD.act, OLD.person_id, OLD.does, OLD.arguments, OLD.way, OLD.adds, OLD.asked_at,
           OLD.ripe_at, OLD.expires_at, OLD.recorded_at) THEN
        wrong := 'what a pending act is, and how long it waits, is never changed';
    ELSIF NEW.state <> OLD.state THEN
        IF OLD.state NOT IN ('waiting', 'approved') THEN
            wrong := 'a pending act that has come to its end stays there';
        ELSIF NEW.state = 'waiting' THEN
            wrong := 'a pending act does not go back';
        ELSIF NEW.state = 'approved' AND (NEW.way <> 'approve' OR NEW.approved_by_id IS NULL
              OR NEW.approved_by_id = NEW.person_id) THEN
            wrong := 'a pending act is approved by somebody else';
        ELSIF NEW.state = 'done' AND OLD.state = 'waiting' AND (NEW.way <> 'delay'
              OR statement_timestamp() < greatest(OLD.ripe_at, OLD.recorded_at + (OLD.ripe_at - OLD.asked_at))) THEN
            wrong := 'a pending act is done after its approval or its waiting time only';
        END IF;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'pending_act_keeps_its_time';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pending_act_keeps_its_time BEFORE INSERT OR UPDATE ON teams_pendingact
    FOR EACH ROW EXECUTE FUNCTION teams_pending_act_keeps_its_time();
"""
BACK = """
DROP TRIGGER pending_act_keeps_its_time ON teams_pendingact;
DROP FUNCTION teams_pending_act_keeps_its_time();
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0015_second_person")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
