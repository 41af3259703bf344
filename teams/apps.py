from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """Roles, memberships, asset grants, ownership."""

    name = "teams"

    def ready(self) -> None:
        """Say how this floor's mails are written."""
        from accounts.letters import register_writer  # models can be imported only now

        from . import letters
        from .actions.ownership import OFFER_MAIL

        register_writer(OFFER_MAIL, letters.ownership_offer)
