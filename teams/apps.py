from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """Roles, memberships, asset grants, ownership, offboarding."""

    name = "teams"

    def ready(self) -> None:
        """Say how this floor's mails are written, where it names people, and that a freeze holds for every act."""
        from accounts.actions import change_billing, change_plan, keep_log
        from accounts.events import FACTOR_SHOWN, RECOVERY_CODE_USED
        from accounts.letters import register_writer  # models can be imported only now
        from accounts.passwords import register_names
        from accounts.policies import register_counter
        from accounts.second_person import register_doers, register_keeper
        from accounts.sessions import register_administers, register_limits
        from audit.recording import guard, imprint, on_record, sent_by

        from . import actions, events, letters, people, policies
        from .actions import end_by_use, stop_plans_without_ground
        from .actions.ownership import OFFER_MAIL
        from .actions.undoing import PARTS
        from .freezing import refuse_in_a_freeze
        from .holdings import administers_any, senders_of
        from .imprints import imprints
        from .offboarding import register_reference, register_trace
        from .traces import REFERENCES, TRACES
        from .undoing import register_part

        guard(refuse_in_a_freeze)
        imprint(imprints)
        sent_by(senders_of)
        register_counter(policies.people_in_each)
        register_keeper(actions.pending.keep)
        register_doers(
            change_billing, change_plan, keep_log, actions.offer_ownership, actions.close_account,
            actions.change_policy, actions.plan_policy, actions.change_second_person, actions.change_role,
            actions.raise_role, actions.set_role_end, actions.confirm_role, actions.restore,
            actions.approve_request, actions.edit_role, actions.retire_role, actions.bring_back,
            actions.bring_engagement_back, actions.offboard, actions.end_engagement,
        )  # fmt: skip
        register_writer(OFFER_MAIL, letters.ownership_offer)
        register_writer(policies.ENDED_MAIL, letters.access_ended)
        register_writer(policies.BACK_MAIL, letters.access_back)
        register_writer(policies.ENGAGEMENT_MAIL, letters.engagement_ended)
        register_writer(policies.ENGAGEMENT_BACK_MAIL, letters.engagement_back)
        register_writer(policies.ENDING_MAIL, letters.access_ending)
        register_writer(policies.ENDINGS_MAIL, letters.accesses_ending)
        register_writer(policies.RAN_OUT_MAIL, letters.access_ran_out)
        register_writer(policies.ROLE_RAN_OUT_MAIL, letters.role_ran_out)
        register_writer(policies.REQUEST_MAIL, letters.request_made)
        register_writer(policies.DECIDED_MAIL, letters.request_decided)
        register_writer(policies.PLANNED_MAIL, letters.policy_planned)
        register_writer(policies.PLAN_REMINDER, letters.policy_planned)
        register_writer(policies.PENDING_MAIL, letters.pending_act)
        register_writer(policies.PENDING_SETTLED_MAIL, letters.pending_act_settled)
        for kind, writer in letters.OF_CLAIMS.items():
            register_writer(kind, writer)
        register_names(people.names_of_accounts)
        on_record([FACTOR_SHOWN, RECOVERY_CODE_USED], end_by_use)
        register_writer(policies.RESET_MAIL, letters.factor_reset)
        register_administers(administers_any)
        register_limits(policies.session_limits)
        for trace in TRACES:
            register_trace(trace)
        for reference in REFERENCES:
            register_reference(reference)
        for part in PARTS:
            register_part(part)
        on_record(
            [  # by which somebody may stop to manage the security policy, beside what the traces end
                events.ROLE_CHANGED,
                events.ROLE_RAISED,
                events.ROLE_END_CHANGED,
                events.ROLE_LOWERED,
                events.ROLE_RAN_OUT,
                events.CHANGES_UNDONE,
                events.ROLE_EDITED,
                events.ROLE_RETIRED,
                events.REQUEST_APPROVED,
                events.TERMS_CHANGED,
                events.END_CHANGED,
            ],
            stop_plans_without_ground,
        )
