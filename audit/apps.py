from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The record: events, chains, verification, export."""

    name = "audit"
