"""Every text of every table, wherever it is kept: what must not be there any more is looked for in all of it."""

from collections.abc import Iterator

from django.db import connection


def every_text() -> Iterator[tuple[str, str]]:
    """Yield each row of each table of ours as one text, with the table's name."""
    for table in sorted(connection.introspection.table_names()):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # names of our tables
            for (text,) in cursor.fetchall():
                yield table, text
