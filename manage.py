#!/usr/bin/env python
"""Run an administrative command of AccessPortal.

Without DATABASE_URL or REDIS_URL it runs on the embedded servers: those that run already, or else started for the
length of the command.
"""

import os
import signal
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext

NEED_NO_SERVERS = {
    *("", "help", "version", "check", "collectstatic", "compilemessages", "diffsettings", "findstatic"),
    *("makemessages", "makemigrations", "startapp"),
    "run_embedded",  # it starts and stops them itself
}
AS_OWNER = {"migrate", "set_up_database", "erase_person", "remove_old_events"}  # all others: as web and worker do


def main(arguments: list[str]) -> None:
    """Point Django at our settings, have the servers ready that the command needs, and run it."""
    if arguments[1:2] == ["witness"]:  # on a machine of its own, without settings, servers or secrets of the portal
        from audit.witness import main as witness

        sys.exit(witness(arguments[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accessportal.settings")
    command = next((argument for argument in arguments[1:] if not argument.startswith("-")), "")
    if command in AS_OWNER:
        os.environ["ACCESSPORTAL_AS_OWNER"] = "1"
    if command == "run_embedded":
        os.environ["ACCESSPORTAL_LOCAL"] = "1"
    if command == "makemigrations":  # it asks the database, if there is one, whether all was applied in order
        warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
    from accessportal.embedded.paths import BadSetting
    from accessportal.embedded.processes import EmbeddedError

    try:
        with servers_for(command, arguments):
            from django.core.management import execute_from_command_line  # settings read the sockets' folder: now made

            execute_from_command_line(arguments)
    except EmbeddedError as error:
        sys.exit(str(error))
    except BadSetting as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)


def servers_for(command: str, arguments: list[str]) -> AbstractContextManager[None]:
    """What to enter before the command: the embedded servers, or nothing."""
    wanted = {"database": not os.environ.get("DATABASE_URL"), "broker": not os.environ.get("REDIS_URL")}
    asks_for_help = bool({"-h", "--help", "--version"} & set(arguments))
    if command == "run_embedded" and not asks_for_help:
        from accessportal.embedded import paths  # settings read where the sockets will be

        paths.make_run_folder(paths.data_folder())
    if asks_for_help or not any(wanted.values()) or (command in NEED_NO_SERVERS and "--database" not in arguments):
        return nullcontext()
    from accessportal.embedded import paths, servers  # the wheels may be missing where the servers are given

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the servers are stopped
    return servers.running(paths.data_folder(), **wanted)


if __name__ == "__main__":
    main(sys.argv)
