"""AccessPortal's wiring as a Django app, so that its commands and templates are found."""

from django.apps import AppConfig


class AccessPortalConfig(AppConfig):
    """Nothing to set up: the apps below do that for themselves."""

    name = "accessportal"
    verbose_name = "AccessPortal"
