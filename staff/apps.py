from django.apps import AppConfig


class StaffConfig(AppConfig):
    """The area of the platform's staff: reading, one account at a time, before its owner's eyes."""

    name = "staff"

    def ready(self) -> None:
        """Let sessions of the staff last as long as those of administrators, and no longer (SE3)."""
        from accounts.models import Person  # models are only there by now
        from accounts.sessions import register_administers

        register_administers(lambda person_id: Person.objects.filter(pk=person_id, is_staff=True).exists())
