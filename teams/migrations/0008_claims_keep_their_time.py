"""The waiting time of a claim of the ownership, kept by the database: no writer shortens it (rule 3).

The row is dated by the database's own clock; what fixes the wait never changes; a claim that has ended stays ended; and
none is carried out before it has waited, both since it was made and since the database first saw it.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION teams_claim_keeps_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_at := now();
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'a claim of the ownership begins open'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_keeps_its_time';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.account_id, NEW.person_id, NEW.as_successor, NEW.claimed_at, NEW.ripe_at, NEW.recorded_at)
       IS DISTINCT FROM
       (OLD.id, OLD.account_id, OLD.person_id, OLD.as_successor, OLD.claimed_at, OLD.ripe_at, OLD.recorded_at) THEN
        RAISE EXCEPTION 'who claims the ownership of what, and how long the claim waits, is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_keeps_its_time';
    END IF;
    IF OLD.state <> 'open' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'a claim of the ownership that has ended stays ended'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_keeps_its_time';
    END IF;
    IF NEW.state = 'carried_out' AND OLD.state = 'open'
       AND now() < greatest(OLD.ripe_at, OLD.recorded_at + (OLD.ripe_at - OLD.claimed_at)) THEN
        RAISE EXCEPTION 'a claim of the ownership is carried out after its waiting time only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_keeps_its_time';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER claim_keeps_its_time BEFORE INSERT OR UPDATE ON teams_ownershipclaim
    FOR EACH ROW EXECUTE FUNCTION teams_claim_keeps_its_time();
"""
BACK = """
DROP TRIGGER claim_keeps_its_time ON teams_ownershipclaim;
DROP FUNCTION teams_claim_keeps_its_time();
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0007_ownership_claims")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
