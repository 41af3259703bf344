#!/usr/bin/env python
"""Run an administrative command of AccessPortal."""

import os
import sys


def main() -> None:
    """Point Django at our settings and run what was asked for on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accessportal.settings")
    from django.core.management import execute_from_command_line  # after the settings are named

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
