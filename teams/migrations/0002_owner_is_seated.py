"""Rules that the database itself holds: the owner sits in the account (rule 3), a grant fits its membership."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION teams_require_owner(account bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    owning bigint;
    seated bigint[];
BEGIN
    SELECT owner_id INTO owning FROM accounts_businessaccount WHERE id = account;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT array_agg(CASE WHEN m.state = 'active' AND m.ends_at IS NULL THEN m.person_id END) INTO seated
    FROM teams_membership m JOIN teams_role r ON r.id = m.role_id
    WHERE m.account_id = account AND m.state <> 'ended' AND r.code = 'owner' AND r.account_id IS NULL;
    IF seated IS DISTINCT FROM ARRAY[owning] THEN
        RAISE EXCEPTION 'account % must have exactly its owner in the owner''s role, active and without an end', account
            USING ERRCODE = 'check_violation', CONSTRAINT = 'owner_is_seated';
    END IF;
END $$;

CREATE FUNCTION teams_owner_is_seated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'accounts_businessaccount' THEN
        PERFORM teams_require_owner(NEW.id);
    ELSE
        IF TG_OP <> 'DELETE' THEN PERFORM teams_require_owner(NEW.account_id); END IF;
        IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR OLD.account_id <> NEW.account_id) THEN
            PERFORM teams_require_owner(OLD.account_id);
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER owner_is_seated AFTER INSERT OR UPDATE OF owner_id ON accounts_businessaccount
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION teams_owner_is_seated();
CREATE CONSTRAINT TRIGGER owner_is_seated AFTER INSERT OR UPDATE OR DELETE ON teams_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION teams_owner_is_seated();

CREATE FUNCTION teams_grant_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM teams_membership m JOIN accounts_asset a ON a.account_id = m.account_id
    WHERE m.id = NEW.membership_id AND m.person_id = NEW.user_id AND a.id = NEW.content_object_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an asset grant must be of the member''s person and of an asset of the same account'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_fits';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER grant_fits BEFORE INSERT OR UPDATE ON teams_assetgrant
    FOR EACH ROW EXECUTE FUNCTION teams_grant_fits();
"""
BACK = """
DROP TRIGGER grant_fits ON teams_assetgrant;
DROP FUNCTION teams_grant_fits();
DROP TRIGGER owner_is_seated ON teams_membership;
DROP TRIGGER owner_is_seated ON accounts_businessaccount;
DROP FUNCTION teams_owner_is_seated();
DROP FUNCTION teams_require_owner(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
