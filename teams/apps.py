from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """Roles, memberships, asset grants, ownership, offboarding."""

    name = "teams"

    def ready(self) -> None:
        """Say how this floor's mails are written, and where it names people."""
        from accounts.letters import register_writer  # models can be imported only now

        from . import letters, policies
        from .actions.ownership import OFFER_MAIL
        from .offboarding import register_reference, register_trace
        from .traces import REFERENCES, TRACES

        register_writer(OFFER_MAIL, letters.ownership_offer)
        register_writer(policies.ENDED_MAIL, letters.access_ended)
        register_writer(policies.BACK_MAIL, letters.access_back)
        register_writer(policies.ENGAGEMENT_MAIL, letters.engagement_ended)
        register_writer(policies.ENGAGEMENT_BACK_MAIL, letters.engagement_back)
        register_writer(policies.ENDING_MAIL, letters.access_ending)
        register_writer(policies.ENDINGS_MAIL, letters.accesses_ending)
        register_writer(policies.RAN_OUT_MAIL, letters.access_ran_out)
        register_writer(policies.REQUEST_MAIL, letters.request_made)
        register_writer(policies.DECIDED_MAIL, letters.request_decided)
        for kind, writer in letters.OF_CLAIMS.items():
            register_writer(kind, writer)
        for trace in TRACES:
            register_trace(trace)
        for reference in REFERENCES:
            register_reference(reference)
