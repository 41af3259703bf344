"""python -m benchmarks [a b c d e f g h s w]: measure on a database of its own, print the ratios of this one run.

Each figure is a ratio between two things timed turn by turn in the same run on the same machine: absolute times say
more about the machine than about the portal. Without DATABASE_URL and REDIS_URL it starts embedded servers.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def servers() -> Iterator[None]:
    """Have servers: the given ones, or embedded ones in a folder that is taken away afterwards."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        yield
        return
    from accessportal.embedded import paths
    from accessportal.embedded.servers import running

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running(data, database=True, broker=True):
            os.environ["DATABASE_URL"] = paths.database_url(data, paths.SUPERUSER)
            os.environ["REDIS_URL"] = paths.redis_url(data)
            yield


def main(wanted: list[str]) -> None:
    """Make a database, run the wanted measurements (all of them), and take the database away again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accessportal.settings")
    os.environ.setdefault("ACCESSPORTAL_LOCAL", "1")  # static files without a build step
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    with servers():
        import django
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        from django.db import connection

        from . import measurements  # imports models: only now

        chosen = [entry for entry in measurements.ALL if not wanted or entry.letter in wanted]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            for entry in chosen:
                print(f"\n({entry.letter}) {entry.title}", flush=True)
                for figure in entry.measure():
                    print(f"    {figure}", flush=True)
        finally:
            connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1:])
