"""The session engine (`SESSION_ENGINE`): Django's own in the database, which also writes down whose a session is."""

import re
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from .models import Session

KEY = re.compile(r"[a-z0-9]{32}")  # as Django makes them


class SessionStore(DatabaseStore):
    """Sessions as rows of `accounts.Session`, with their person."""

    def _validate_session_key(self, key: Any) -> bool:
        """Say whether it can be a key at all: whatever else a cookie holds never reaches the database."""
        return isinstance(key, str) and KEY.fullmatch(key) is not None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model of the rows."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to be saved, with the person who is signed in, if any."""
        row = cast("Session", super().create_model_instance(data))
        row.person_id = data.get(SESSION_KEY)
        return row
