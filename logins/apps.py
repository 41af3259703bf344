from django.apps import AppConfig


class LoginsConfig(AppConfig):
    """The register of who knows a shared login."""

    name = "logins"

    def ready(self) -> None:
        """Say how the mails of this floor are written, and where it names people."""
        from accounts.letters import register_writer  # speaks of models, which are only there by now
        from teams.offboarding import register_reference, register_trace

        from . import letters, policies, traces

        register_writer(policies.EXPOSED_MAIL, letters.exposed_letter)
        register_trace(traces.KNOWN_LOGINS)
        for reference in traces.REFERENCES:
            register_reference(reference)
