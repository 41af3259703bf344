"""The session of a browser, with the person whose it is, so that all of a person's can be found and ended."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

if TYPE_CHECKING:
    from ..sessions import SessionStore


class Session(AbstractBaseSession):
    """One browser's session. `person` is the one signed in, nobody before that."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        """Return the store that reads and writes these rows."""
        from ..sessions import SessionStore  # the store speaks of this model

        return SessionStore
