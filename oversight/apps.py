from django.apps import AppConfig


class OversightConfig(AppConfig):
    """Pages that look over the whole house."""

    name = "oversight"
