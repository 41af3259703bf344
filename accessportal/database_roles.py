"""What the role of web and worker may do in the database; the owner's command set_up_database gives it."""

from psycopg2 import extensions, sql

ALL_ROWS = "SELECT, INSERT, UPDATE, DELETE"
CLOSER_GRANTS = {  # never DELETE or TRUNCATE, and no UPDATE of an event (rule 15)
    "audit_event": "SELECT, INSERT",
    "audit_chain": "SELECT, INSERT, UPDATE",
    "audit_verification": "SELECT, INSERT",
}


def grant_app_role(cursor: extensions.cursor, role: str) -> None:
    """Give the existing `role` exactly its grants in the schema `public`; may be repeated.

    Runs as the owner of the tables, inside a transaction of the caller, so that nobody meets a moment without grants.
    Raises psycopg2.errors.UndefinedObject when there is no such role.
    """
    named = sql.Identifier(role)
    cursor.execute("SELECT current_database()")
    database = sql.Identifier(cursor.fetchone()[0])
    cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, named))
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(named))
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(named))
    cursor.execute(sql.SQL("GRANT {} ON ALL TABLES IN SCHEMA public TO {}").format(sql.SQL(ALL_ROWS), named))
    cursor.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(named))
    for table, grants in CLOSER_GRANTS.items():
        cursor.execute(sql.SQL("REVOKE ALL ON TABLE public.{} FROM {}").format(sql.Identifier(table), named))
        cursor.execute(
            sql.SQL("GRANT {} ON TABLE public.{} TO {}").format(sql.SQL(grants), sql.Identifier(table), named)
        )
