"""AccessPortal's wiring as a Django app, so that its commands and templates are found."""

from django.apps import AppConfig


class AccessPortalConfig(AppConfig):
    """The checks of the settings; the apps below set up everything else for themselves."""

    name = "accessportal"
    verbose_name = "AccessPortal"

    def ready(self) -> None:
        """Register the checks."""
        from accessportal import safety  # noqa: F401  # it registers them by being imported, once settings are there
