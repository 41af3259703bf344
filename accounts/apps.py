from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, business accounts, assets, security policy, and the outbox."""

    name = "accounts"

    def ready(self) -> None:
        """Listen to the sign-in library, so that its acts stand in the log too."""
        from . import receivers  # noqa: F401  # importing connects them
