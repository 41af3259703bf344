from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """The offer, its delivery, its acceptance."""

    name = "invitations"

    def ready(self) -> None:
        """Say how the mails of this floor are written, and where it names people."""
        from accounts.letters import register_writer  # speaks of models, which are only there by now
        from teams.engagements import register_offers as register_engagement_offers
        from teams.offboarding import register_reference, register_trace
        from teams.reach import register_offers

        from . import letters, policies, traces

        register_writer(policies.INVITATION_MAIL, letters.invitation_letter)
        register_writer(policies.REFUSED_MAIL, letters.refused_letter)
        register_offers(traces.OFFERS)
        register_engagement_offers(traces.ENGAGEMENT_OFFERS)
        for trace in traces.TRACES:
            register_trace(trace)
        for reference in traces.REFERENCES:
            register_reference(reference)
