from django.apps import AppConfig


class OversightConfig(AppConfig):
    """Pages that look over the whole house."""

    name = "oversight"

    def ready(self) -> None:
        """Name the act that can wait for a second person, how the mail is written, and where people are named."""
        from accounts.letters import register_writer  # speaks of models, which are only there by now
        from accounts.second_person import register_doers
        from teams.offboarding import register_reference

        from . import actions, letters, traces

        register_doers(actions.export_log)
        register_writer(letters.EXPORT_MAIL, letters.export_letter)
        for reference in traces.REFERENCES:
            register_reference(reference)
