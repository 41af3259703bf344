"""python -m benchmarks [a b c d e]: measure on a database of its own, print the ratios of this one run.

Each figure is a ratio between two things timed turn by turn in the same run on the same machine: absolute times say
more about the machine than about the portal.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accessportal.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")

import django
from django.test.utils import setup_test_environment


def main(wanted: list[str]) -> None:
    """Make a database, run the wanted measurements (all of them), and take the database away again."""
    django.setup()
    from django.db import connection

    from . import measurements

    setup_test_environment()
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
