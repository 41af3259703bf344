"""The session of a browser, with the person whose it is, so that all of a person's can be found and ended."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

if TYPE_CHECKING:
    from ..sessions import SessionStore


class Session(AbstractBaseSession):
    """One browser's session. `person` is the one signed in, since `started_at`; nobody before that.

    `seen_at` is when it was in use last, to the minute.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField(default=timezone.now, db_default=Now())
    seen_at = models.DateTimeField(default=timezone.now, db_default=Now())

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        """Return the store that reads and writes these rows."""
        from ..sessions import SessionStore  # the store speaks of this model

        return SessionStore
