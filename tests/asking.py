"""Another process of the portal, for tests of what it knows at once: `python -m tests.asking`.

Reads one JSON object a line: the database, the key of a session and a path. Answers the status of that page.
"""

import json
import sys


def main() -> None:
    """Answer until there is nothing more to ask."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections
    from django.test import Client

    for line in sys.stdin:
        asked = json.loads(line)
        if connections.settings["default"]["NAME"] != asked["database"]:
            connections.close_all()
            connections.settings["default"]["NAME"] = asked["database"]
        settings.ALLOWED_HOSTS = ["*"]
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = asked["session"]
        sys.stdout.write(f"{client.get(asked['path']).status_code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
