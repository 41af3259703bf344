from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """The offer, its delivery, its acceptance."""

    name = "invitations"

    def ready(self) -> None:
        """Say how the mails of this floor are written."""
        from accounts.letters import register_writer  # speaks of models, which are only there by now

        from . import letters, policies

        register_writer(policies.INVITATION_MAIL, letters.invitation_letter)
        register_writer(policies.REFUSED_MAIL, letters.refused_letter)
