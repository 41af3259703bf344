from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """The offer, its delivery, its acceptance."""

    name = "invitations"

    def ready(self) -> None:
        """Say how the mails of this floor are written, and where it names people."""
        from accounts.letters import register_writer  # speaks of models, which are only there by now
        from accounts.second_person import register_doers
        from teams.engagements import register_offers as register_engagement_offers
        from teams.offboarding import register_reference, register_trace
        from teams.reach import register_offers
        from teams.undoing import register_part

        from . import actions, letters, policies, traces
        from .actions.undoing import INVITATIONS

        register_writer(policies.INVITATION_MAIL, letters.invitation_letter)
        register_writer(policies.REFUSED_MAIL, letters.refused_letter)
        register_doers(actions.invite, actions.change_offer, actions.correct_address)
        register_offers(traces.OFFERS)
        register_part(INVITATIONS)
        register_engagement_offers(traces.ENGAGEMENT_OFFERS)
        for trace in traces.TRACES:
            register_trace(trace)
        for reference in traces.REFERENCES:
            register_reference(reference)
