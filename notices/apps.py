from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """What people are told of: the inbox, its mails and digests, and what each chose."""

    name = "notices"

    def ready(self) -> None:
        """Hear of what happens, say how the mails of this floor are written, and where it names people."""
        from accounts.letters import register_wish, register_writer  # speaks of models, which are only there by now
        from audit.recording import on_record
        from teams.offboarding import register_reference

        from . import access, letters, policies, traces
        from .actions import tell
        from .kinds import CHECKPOINT_MAIL, DIGEST_MAIL, KINDS, NOTICE_MAIL

        on_record(policies.heard(), tell)
        register_writer(NOTICE_MAIL, letters.notice_letter)
        register_writer(DIGEST_MAIL, letters.digest_letter)
        register_writer(CHECKPOINT_MAIL, letters.checkpoint_letter)
        for kind in KINDS.values():
            for mail in kind.mails:
                register_wish(mail, access.wants_at_once)
        for reference in traces.REFERENCES:
            register_reference(reference)
