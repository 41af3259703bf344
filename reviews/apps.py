from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Access reviews."""

    name = "reviews"

    def ready(self) -> None:
        """Say where this floor names people, and how a reviewer's duties end."""
        from teams.offboarding import register_reference, register_trace  # speaks of models, only there by now

        from . import traces

        register_trace(traces.REVIEW_DUTIES)
        for reference in traces.REFERENCES:
            register_reference(reference)
