from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """The offer, its delivery, its acceptance."""

    name = "invitations"
