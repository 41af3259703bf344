from django.apps import AppConfig


class WatchingConfig(AppConfig):
    """Rules that read the log, and raise alerts."""

    name = "watching"

    def ready(self) -> None:
        """Say where this floor names people."""
        from teams.offboarding import register_reference  # speaks of models, which are only there by now

        from . import traces

        for reference in traces.REFERENCES:
            register_reference(reference)
