from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """Roles, memberships, asset grants, ownership."""

    name = "teams"
