from django.apps import AppConfig


class StreamsConfig(AppConfig):
    """An account's log, sent on to the account's own log system."""

    name = "streams"

    def ready(self) -> None:
        """Name the acts of this floor that can wait for a second person."""
        from accounts.second_person import register_doers  # speaks of models, which are only there by now

        from . import actions

        register_doers(actions.add_stream, actions.change_stream)
