"""The wiring: settings, addresses, middleware, queue. No business rule stands here."""

from accessportal.celery import app as celery_app

__all__ = ["celery_app"]
