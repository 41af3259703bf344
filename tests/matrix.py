"""One table: every address of the site, who may ask for it, and how (AZ1). A URL that is not here fails the test."""

from dataclasses import dataclass, field

from accounts.permissions import (
    MANAGE_ASSETS,
    MANAGE_BILLING,
    MANAGE_ROLES,
    MANAGE_SECURITY,
    MANAGE_TEAM,
    OWN_ACCOUNT,
    RUN_REVIEWS,
    VIEW_ACCOUNT,
    VIEW_AUDIT,
)


@dataclass(frozen=True)
class Inside:
    """A page inside an account: the permission it asks for, the things its address names, and its methods."""

    permission: str
    things: dict[str, str] = field(default_factory=dict)  # argument of the address -> thing of the world
    methods: frozenset[str] = frozenset({"get"})
    only: str = ""  # the one role whose person it is meant for; to every other insider it does not exist
    seen_with: str = ""  # a permission without which the thing does not exist to an insider who did not make it
    given: dict[str, str] = field(default_factory=dict)  # further arguments of the address
    open_to: frozenset[str] = frozenset()  # states without power that see it all the same
    leads: str = ""  # the page that a GET leads to, where it shows none itself


@dataclass(frozen=True)
class Outside:
    """A page outside of accounts: the status for someone not signed in and for someone signed in, by GET and POST."""

    anonymous: int
    signed_in: int
    post_anonymous: int = 405
    post_signed_in: int = 405
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Post:
    """A whole form of an act, and what it comes to for who may see its page."""

    form: dict[str, str] = field(default_factory=dict)  # "{asset}" stands for the id of a thing of the world
    answer: int = 302
    needs: str = ""  # a further permission that the act asks for: 403 for who lacks it
    not_for: str = ""  # the one role that a rule refuses


LOOK, ACT = frozenset({"get"}), frozenset({"get", "post"})
MEMBER, ASSET, OFFER, INVITATION = {"pk": "member"}, {"pk": "asset"}, {"pk": "offer"}, {"pk": "invitation"}
ASSET_GROUP, PEOPLE_GROUP = {"pk": "asset_group"}, {"pk": "people_group"}
RECEIPT, IMPORT, CLAIM, ROLE = {"pk": "receipt"}, {"pk": "import"}, {"pk": "claim"}, {"code": "role"}
ENGAGEMENT, ENDED = {"key": "engagement"}, {"pk": "ended_engagement"}
STREAM, BATCH = {"pk": "stream"}, {"pk": "stream", "delivery_id": "batch"}
EXPORT, VIEW = {"pk": "log_export"}, {"pk": "saved_view"}
REVIEW, REVIEW_ITEM, REPORT = {"pk": "review"}, {"pk": "review_item"}, {"pk": "closed_review"}
LOGIN, KNOWER = {"pk": "shared_login"}, {"pk": "shared_login", "knower_id": "knower"}

ALERT, RULE = {"pk": "alert"}, {"code": "mass_export"}

INSIDE = {
    "account_home": Inside(VIEW_ACCOUNT),
    "activity": Inside(VIEW_AUDIT),
    "export_activity": Inside(VIEW_AUDIT, methods=ACT),
    "as_of": Inside(VIEW_AUDIT),
    "evidence_pack": Inside(VIEW_AUDIT, methods=ACT),
    "event": Inside(VIEW_AUDIT, {"number": "event"}),
    "log_exports": Inside(VIEW_AUDIT),
    "log_export": Inside(VIEW_AUDIT, EXPORT, only="administrator"),
    "take_export": Inside(VIEW_AUDIT, EXPORT, frozenset({"post"}), only="administrator"),
    "saved_views": Inside(VIEW_AUDIT),
    "save_view": Inside(VIEW_AUDIT, methods=ACT),
    "remove_view": Inside(VIEW_AUDIT, VIEW, frozenset({"post"}), only="administrator"),
    "streams": Inside(VIEW_AUDIT),
    "add_stream": Inside(MANAGE_SECURITY, methods=ACT),
    "stream": Inside(VIEW_AUDIT, STREAM),
    "change_stream": Inside(MANAGE_SECURITY, STREAM, ACT),
    "stream_secret": Inside(MANAGE_SECURITY, STREAM, ACT),
    "test_stream": Inside(MANAGE_SECURITY, STREAM, ACT),
    "pause_stream": Inside(MANAGE_SECURITY, STREAM, ACT),
    "resume_stream": Inside(MANAGE_SECURITY, STREAM, ACT),
    "remove_stream": Inside(MANAGE_SECURITY, STREAM, ACT),
    "stream_delivery": Inside(VIEW_AUDIT, BATCH),
    "send_batch_again": Inside(MANAGE_SECURITY, BATCH, ACT),
    "drop_batch": Inside(MANAGE_SECURITY, BATCH, ACT),
    "invitations": Inside(MANAGE_TEAM),
    "invite": Inside(MANAGE_TEAM, methods=ACT),
    "invitation": Inside(MANAGE_TEAM, INVITATION),
    "resend_invitation": Inside(MANAGE_TEAM, INVITATION, ACT),
    "copy_invitation_link": Inside(MANAGE_TEAM, INVITATION, ACT),
    "correct_invitation": Inside(MANAGE_TEAM, INVITATION, ACT),
    "change_invitation": Inside(MANAGE_TEAM, INVITATION, ACT),
    "revoke_invitation": Inside(MANAGE_TEAM, INVITATION, ACT),
    "imports": Inside(MANAGE_TEAM, methods=ACT),
    "import": Inside(MANAGE_TEAM, IMPORT),
    "import_columns": Inside(MANAGE_TEAM, IMPORT, ACT),
    "start_import": Inside(MANAGE_TEAM, IMPORT, ACT),
    "stop_import": Inside(MANAGE_TEAM, IMPORT, ACT),
    "import_problems": Inside(MANAGE_TEAM, IMPORT),
    "alerts": Inside(VIEW_AUDIT),
    "alert": Inside(VIEW_AUDIT, ALERT),
    "acknowledge_alert": Inside(MANAGE_TEAM, ALERT, ACT),
    "reopen_alert": Inside(MANAGE_TEAM, {"pk": "answered_alert"}, ACT),
    "freeze_from_alert": Inside(MANAGE_TEAM, ALERT, ACT),
    "watch_rules": Inside(VIEW_AUDIT),
    "tune_rule": Inside(MANAGE_SECURITY, methods=ACT, given=RULE),
    "mute_rule": Inside(MANAGE_SECURITY, methods=ACT, given=RULE),
    "unmute_rule": Inside(MANAGE_SECURITY, methods=ACT, given=RULE, leads="watch_rules"),
    "shared_logins": Inside(MANAGE_TEAM),
    "add_login": Inside(MANAGE_TEAM, methods=ACT),
    "shared_login": Inside(MANAGE_TEAM, LOGIN),
    "change_login": Inside(MANAGE_TEAM, LOGIN, ACT),
    "sign_change": Inside(MANAGE_TEAM, LOGIN, ACT),
    "retire_login": Inside(MANAGE_TEAM, LOGIN, ACT),
    "note_knower": Inside(MANAGE_TEAM, LOGIN, ACT),
    "correct_knower": Inside(MANAGE_TEAM, KNOWER, ACT),
    "knower_gone": Inside(MANAGE_TEAM, KNOWER, ACT),
    "reviews": Inside(RUN_REVIEWS),
    "start_review": Inside(RUN_REVIEWS, methods=ACT),
    "review_schedule": Inside(RUN_REVIEWS, methods=ACT),
    "my_reviews": Inside(VIEW_ACCOUNT),
    "review_item": Inside(VIEW_ACCOUNT, REVIEW_ITEM, ACT, seen_with=RUN_REVIEWS),
    "pass_on_review": Inside(VIEW_ACCOUNT, REVIEW_ITEM, ACT, seen_with=RUN_REVIEWS),
    "reassign_review": Inside(RUN_REVIEWS, REVIEW_ITEM, ACT),
    "review": Inside(RUN_REVIEWS, REVIEW),
    "keep_rest": Inside(VIEW_ACCOUNT, REVIEW, ACT, only="owner"),
    "carry_out_review": Inside(MANAGE_TEAM, REVIEW, ACT),
    "close_review": Inside(RUN_REVIEWS, REVIEW, ACT),
    "review_reports": Inside(VIEW_AUDIT),
    "review_report": Inside(VIEW_AUDIT, REPORT),
    "review_report_file": Inside(VIEW_AUDIT, REPORT, given={"kind": "json"}),
    "security_policy": Inside(MANAGE_SECURITY, methods=ACT),
    "security_checklist": Inside(MANAGE_SECURITY),
    "freeze_account": Inside(MANAGE_TEAM, methods=ACT),
    "policy_plan": Inside(MANAGE_SECURITY),
    "remind_of_plan": Inside(MANAGE_SECURITY, methods=frozenset({"post"})),
    "withdraw_plan": Inside(MANAGE_SECURITY, methods=ACT),
    "close_account": Inside(OWN_ACCOUNT, methods=ACT),
    "leave_account": Inside(
        VIEW_ACCOUNT, methods=ACT, open_to=frozenset({"unconfirmed", "without a second factor"})
    ),  # leaving needs no power
    "ownership": Inside(OWN_ACCOUNT, methods=ACT),
    "withdraw_ownership": Inside(OWN_ACCOUNT, OFFER, ACT),
    "ownership_offer": Inside(VIEW_ACCOUNT, OFFER, only="administrator"),
    "answer_ownership": Inside(
        VIEW_ACCOUNT, OFFER, frozenset({"post"}), only="administrator", given={"answer": "decline"}
    ),
    "name_successor": Inside(OWN_ACCOUNT, methods=ACT),
    "drop_successor": Inside(OWN_ACCOUNT, methods=ACT),
    "claim_ownership": Inside(MANAGE_TEAM, methods=ACT),
    "claim_as_successor": Inside(VIEW_ACCOUNT, methods=ACT, only="editor"),
    "ownership_claim": Inside(MANAGE_TEAM, CLAIM),
    "refuse_claim": Inside(OWN_ACCOUNT, CLAIM, ACT),
    "withdraw_claim": Inside(VIEW_ACCOUNT, CLAIM, ACT, only="administrator"),
    "carry_out_claim": Inside(VIEW_ACCOUNT, CLAIM, ACT, only="administrator"),
    "approvals": Inside(VIEW_ACCOUNT),
    "pending_act": Inside(VIEW_ACCOUNT, {"pk": "pending"}, ACT, seen_with=MANAGE_TEAM),
    "second_person": Inside(MANAGE_SECURITY, methods=ACT),
    "roles": Inside(VIEW_ACCOUNT),
    "make_role": Inside(MANAGE_ROLES, methods=ACT),
    "compare_roles": Inside(VIEW_ACCOUNT),
    "role": Inside(VIEW_ACCOUNT, ROLE),
    "edit_role": Inside(MANAGE_ROLES, ROLE, ACT),
    "retire_role": Inside(MANAGE_ROLES, ROLE, ACT),
    "asset": Inside(VIEW_ACCOUNT, ASSET),
    "archive_asset": Inside(MANAGE_ASSETS, ASSET, ACT),
    "asset_grid": Inside(MANAGE_TEAM),
    "grant_many": Inside(MANAGE_TEAM, methods=ACT),
    "asset_groups": Inside(MANAGE_ASSETS),
    "make_asset_group": Inside(MANAGE_ASSETS, methods=ACT),
    "change_asset_group": Inside(MANAGE_ASSETS, ASSET_GROUP, ACT),
    "delete_asset_group": Inside(MANAGE_ASSETS, ASSET_GROUP, ACT),
    "people_groups": Inside(MANAGE_TEAM),
    "make_people_group": Inside(MANAGE_TEAM, methods=ACT),
    "change_people_group": Inside(MANAGE_TEAM, PEOPLE_GROUP, ACT),
    "delete_people_group": Inside(MANAGE_TEAM, PEOPLE_GROUP, ACT),
    "team": Inside(MANAGE_TEAM),
    "member": Inside(MANAGE_TEAM, MEMBER),
    "confirm_role": Inside(MANAGE_TEAM, MEMBER, ACT),
    "change_role": Inside(MANAGE_TEAM, MEMBER, ACT),
    "extend_role": Inside(MANAGE_TEAM, MEMBER, frozenset({"post"})),
    "end_role": Inside(MANAGE_TEAM, MEMBER, ACT),
    "member_grants": Inside(MANAGE_TEAM, {"pk": "member", "asset_id": "asset"}, ACT),
    "change_terms": Inside(MANAGE_TEAM, MEMBER, ACT),
    "extend_member": Inside(MANAGE_TEAM, MEMBER, frozenset({"post"})),
    "access_requests": Inside(VIEW_ACCOUNT),
    "ask_for_access": Inside(VIEW_ACCOUNT, methods=ACT),
    "access_request": Inside(VIEW_ACCOUNT, {"pk": "request"}, ACT, seen_with=MANAGE_TEAM),
    "suspend_member": Inside(MANAGE_TEAM, MEMBER, ACT),
    "end_member_sessions": Inside(MANAGE_TEAM, MEMBER, ACT),
    "ask_for_reset": Inside(MANAGE_TEAM, MEMBER, ACT),
    "withdraw_reset": Inside(MANAGE_TEAM, {"pk": "reset"}, ACT),
    "restore_member": Inside(MANAGE_TEAM, {"pk": "suspended_member"}, ACT),
    "offboard_member": Inside(MANAGE_TEAM, MEMBER, ACT),
    "export_members": Inside(MANAGE_TEAM, methods=ACT),
    "change_role_of_many": Inside(MANAGE_TEAM, methods=ACT),
    "suspend_many": Inside(MANAGE_TEAM, methods=ACT),
    "undo_changes": Inside(MANAGE_TEAM, methods=ACT),
    "offboard_many": Inside(MANAGE_TEAM, methods=ACT),
    "receipt": Inside(VIEW_AUDIT, RECEIPT),
    "receipt_file": Inside(VIEW_AUDIT, RECEIPT, given={"kind": "json"}),
    "bring_back": Inside(MANAGE_TEAM, RECEIPT, ACT),
    "engagements": Inside(MANAGE_TEAM),
    "engagement": Inside(MANAGE_TEAM, ENGAGEMENT),
    "set_engagement_end": Inside(MANAGE_TEAM, ENGAGEMENT, ACT),
    "end_engagement": Inside(MANAGE_TEAM, ENGAGEMENT, ACT),
    "engagement_receipt": Inside(VIEW_AUDIT, ENDED),
    "engagement_receipt_file": Inside(VIEW_AUDIT, ENDED, given={"kind": "json"}),
    "bring_engagement_back": Inside(MANAGE_TEAM, ENDED, ACT),
    "account_settings": Inside(VIEW_ACCOUNT, methods=ACT),
    "upgrade_account": Inside(OWN_ACCOUNT, methods=ACT, leads="account_settings"),
    "billing": Inside(MANAGE_BILLING, methods=ACT),
    "change_plan": Inside(MANAGE_BILLING, methods=ACT),
    "keep_log": Inside(OWN_ACCOUNT, methods=ACT),
    "assets": Inside(VIEW_ACCOUNT),
    "add_asset": Inside(MANAGE_ASSETS, methods=ACT),
    "change_asset": Inside(MANAGE_ASSETS, ASSET, ACT),
    "restore_asset": Inside(MANAGE_ASSETS, {"pk": "archived_asset"}, ACT),
}
KNOWER_FORM = {"name": "Marco", "since_on": "2026-01-01"}
STREAM_FORM = {"label": "Archive", "address": "https://logs.example.com/in", "form": "ocsf"}
ASSET_FORM = {"kind": "other", "name": "A new name", "handle": ""}
# An act that is not here must answer its empty form with 200, 302 or 422.
POSTS = {
    "export_activity": Post(answer=200),
    "take_export": Post(answer=409),  # it is still being made
    "add_stream": Post({**STREAM_FORM, "kind": "webhook", "begin": "now"}),
    "change_stream": Post(STREAM_FORM),
    "stream_secret": Post(answer=200),
    "test_stream": Post(),
    "pause_stream": Post(),
    "resume_stream": Post(answer=409),  # it is not paused
    "remove_stream": Post(),
    "send_batch_again": Post(),
    "drop_batch": Post(),
    "invite": Post({"addresses": "new@example.com", "role": "editor"}),
    "resend_invitation": Post(),
    "copy_invitation_link": Post(answer=200),
    "correct_invitation": Post({"address": "right@example.com"}),
    "change_invitation": Post({"role": "analyst"}),
    "revoke_invitation": Post(),
    "import_columns": Post({"address_column": "0", "role": "editor"}),
    "stop_import": Post(),
    "start_import": Post(answer=409),  # nobody has looked at what would happen
    "acknowledge_alert": Post({"note": "It was her"}),
    "reopen_alert": Post(),
    "freeze_from_alert": Post(),
    "tune_rule": Post({"exports": "5", "hours": "24"}),
    "mute_rule": Post({"days": "7", "reason": "A migration"}),
    "unmute_rule": Post(answer=409),  # it is not muted
    "add_login": Post({"label": "Mailbox", "platform": "mail.example"}, answer=422),  # not on a business account
    "change_login": Post({"label": "Mailbox", "platform": "mail.example"}),
    "sign_change": Post({"changed_at": "2026-01-02T10:00"}, answer=200),  # it shows what would be signed
    "retire_login": Post({"reason": "Closed"}, answer=422),  # without a signature
    "note_knower": Post(KNOWER_FORM),
    "correct_knower": Post(KNOWER_FORM),
    "knower_gone": Post({"reason": "Left"}),
    "start_review": Post({"name": "Autumn", "scope": "all", "rule": "owner", "silence": "keep", "days": "14"}),
    "review_schedule": Post({"every": "quarter", "rule": "owner", "silence": "keep", "days": "14"}),
    "review_item": Post({"decision": "keep"}, not_for="administrator"),  # the owner reviews it
    "pass_on_review": Post(not_for="administrator"),
    "reassign_review": Post({"reviewer": "{heir}"}),
    "keep_rest": Post({"reason": "All were asked"}),
    "carry_out_review": Post(),
    "close_review": Post(answer=422),  # something is undecided
    "security_policy": Post({
        "second_factor": "everyone", "second_factor_kinds": "any", "confirmation": "before", "most_administrators": "5",
        "invitation_days": "3", "claim_days": "20", "probation_days": "3",
    }),
    "undo_changes": Post(answer=422),  # nobody is chosen
    "freeze_account": Post({"reason": "Something looks wrong"}),
    "remind_of_plan": Post(),
    "withdraw_plan": Post(),
    "close_account": Post({"typed_name": "Northwind"}),
    "leave_account": Post(not_for="owner"),  # rule 3
    "ownership": Post({"membership": "{heir}"}, answer=422),  # an offer is open already
    "withdraw_ownership": Post(),
    "answer_ownership": Post(),
    "name_successor": Post({"membership": "{heir}"}),
    "drop_successor": Post(),
    "claim_ownership": Post({"reason": "Nobody has heard of her since June"}, answer=422),  # one is open already
    "claim_as_successor": Post({"reason": "Nobody has heard of her since June"}),  # the successor overtakes an administrator
    "refuse_claim": Post(),
    "withdraw_claim": Post(),
    "carry_out_claim": Post(answer=422),  # it waits
    "pending_act": Post({"decision": "cancel"}),
    "second_person": Post({
        "hours": "24", "way_billing": "off", "way_ownership": "off", "way_closing": "off", "way_policy": "off",
        "way_administrator": "off", "way_offboarding": "off", "way_export": "notify",
    }),
    "make_role": Post({"name": "Campaign lead", "codes": "run_ads"}),
    "edit_role": Post({"name": "Another name", "codes": "reply_comments"}),
    "retire_role": Post(),
    "archive_asset": Post(),
    "confirm_role": Post(),
    "change_role": Post({"role": "analyst"}),
    "access_request": Post({"decision": "refuse", "answer": "Not now"}),
    "change_terms": Post({"kind": "contractor"}),
    "extend_member": Post({"days": "30"}),
    "extend_role": Post({"days": "30"}),
    "end_role": Post(answer=409),  # the member holds no role for a time
    "member_grants": Post({"codes": "run_ads"}, answer=200),  # it shows what that changes
    "grant_many": Post({"member": "{member}", "asset": "{asset}", "preset": "moderator"}, answer=200),
    "make_asset_group": Post({"name": "Profiles", "asset": "{asset}"}),
    "change_asset_group": Post({"name": "Profiles", "asset": "{asset}"}),
    "delete_asset_group": Post(),
    "make_people_group": Post({"name": "Night shift", "member": "{member}"}),
    "change_people_group": Post({"name": "Night shift", "member": "{member}"}),
    "delete_people_group": Post(),
    "suspend_member": Post(),
    "end_member_sessions": Post(),
    "ask_for_reset": Post({"reason": "Lost the phone on a train"}, answer=422),  # no second factor shown
    "withdraw_reset": Post(),
    "restore_member": Post(),
    "offboard_member": Post({"reason": "Left"}),
    "bring_back": Post(),
    "set_engagement_end": Post({"ends_at_span": "30"}, answer=200),  # it shows what would happen
    "end_engagement": Post({"reason": "It is over"}, answer=409),  # nobody has looked at who would lose access
    "bring_engagement_back": Post({"members": "{ended_seat}"}),
    "export_members": Post({"format": "csv"}, answer=200),
    "billing": Post({"name": "Fiona", "address": "bills@example.com", "company": "Northwind", "country": "Denmark"}),
    "change_plan": Post({"plan": "team"}),
    "keep_log": Post({"years": "3"}),
    "evidence_pack": Post(answer=422),  # there is no place for it
    "account_settings": Post({"name": "A new name"}, needs=MANAGE_SECURITY),
    "upgrade_account": Post(answer=422),  # it is a business account already
    "add_asset": Post(ASSET_FORM),
    "change_asset": Post(ASSET_FORM),
    "restore_asset": Post(),
}  # fmt: skip
NO_LINK = {"token": "x" * 43}
OUTSIDE = {
    "front": Outside(200, 302),
    "dashboard": Outside(302, 200, 302),
    "csp_report": Outside(405, 405, 415, 415),
    "switch_accounts": Outside(302, 200, 302, 405),
    "portfolio": Outside(302, 200, 302, 405),
    "my_activity": Outside(302, 200, 302),
    "open_account": Outside(302, 200, 302, 422),
    "profile": Outside(302, 200, 302, 422),
    "inbox": Outside(302, 200, 302),
    "mark_all_read": Outside(302, 405, 302, 302),
    "open_notice": Outside(302, 405, 302, 404, {"pk": "1"}),
    "mark_notice": Outside(302, 405, 302, 404, {"pk": "1"}),
    "notice_choices": Outside(302, 200, 302, 302),
    "end_session": Outside(302, 405, 302, 404, {"pk": "1"}),
    "not_me": Outside(404, 404, 404, 404, NO_LINK),
    "people": Outside(302, 200, 302, 405),
    "people_grid": Outside(302, 200, 302, 405),
    "person": Outside(302, 404, 302, 405, {"pk": "1"}),
    "invitation_offer": Outside(404, 404, 404, 404, NO_LINK),
    "accept_invitation": Outside(404, 404, 404, 404, NO_LINK),
    "decline_invitation": Outside(404, 404, 404, 404, NO_LINK),
    "enter_invitation": Outside(404, 404, 404, 404, NO_LINK),
    "no_invitation": Outside(404, 404, 404, 404, {"anything": "whatever"}),
    "invitation_continue": Outside(302, 302),
    "forget_invitation": Outside(405, 405, 302, 302),
    # the sign-in library's pages
    "account_login": Outside(200, 302, 200, 302),
    "account_logout": Outside(302, 200, 302, 302),
    "account_signup": Outside(200, 302, 200, 302),
    "account_inactive": Outside(200, 200),
    "account_reauthenticate": Outside(302, 200, 302, 200),
    "account_email": Outside(302, 200, 302, 302),
    "account_email_verification_sent": Outside(302, 302, 302, 302),
    "account_change_password": Outside(302, 200, 302, 200),
    "account_set_password": Outside(302, 302, 302, 302),
    "account_reset_password": Outside(200, 200, 200, 200),
    "account_reset_password_done": Outside(200, 200),
    "account_reset_password_from_key": Outside(200, 200, 200, 200, {"uidb36": "1", "key": "no-such-key"}),
    "account_reset_password_from_key_done": Outside(200, 200),
    "account_confirm_login_code": Outside(302, 302, 302, 302),
    "mfa_index": Outside(302, 200, 302),
    "mfa_authenticate": Outside(302, 302, 302, 302),
    "mfa_reauthenticate": Outside(302, 302, 302, 302),
    "mfa_reauthenticate_webauthn": Outside(302, 302, 302, 302),
    "mfa_activate_totp": Outside(302, 302, 302, 302),
    "mfa_deactivate_totp": Outside(302, 404, 302, 404),
    "recovery_codes": Outside(302, 200, 302, 302),
    "mfa_list_webauthn": Outside(302, 200, 302),
    "mfa_add_webauthn": Outside(302, 302, 302, 302),
    "mfa_remove_webauthn": Outside(302, 302, 302, 302, {"pk": "1"}),
    "mfa_edit_webauthn": Outside(302, 302, 302, 302, {"pk": "1"}),
    "mfa_login_webauthn": Outside(302, 302, 302, 302),
    "usersessions_list": Outside(302, 200, 302, 302),
    "locked_out": Outside(302, 302, 302, 302),
    "refuse_factor_reset": Outside(404, 404, 404, 404, {"pk": "1", **NO_LINK}),
    "refuse_my_factor_reset": Outside(302, 404, 302, 404, {"pk": "1"}),
}
# To whoever is not of the platform's staff, the staff area is not there; tests/staff asks the rest.
STAFF = {
    "staff": {},
    **{f"staff_{name}": {} for name in (
        "accounts", "people", "mails", "members", "roles", "grants", "invitations", "policies", "events",
    )},
    **{f"staff_{name}": {"pk": "1"} for name in (
        "account", "person", "mail", "member", "role", "grant", "invitation", "policy", "event",
        "open", "close", "password_mail",
    )},
}  # fmt: skip
OUTSIDE |= {name: Outside(404, 404, 404, 404, arguments) for name, arguments in STAFF.items()}
EMBEDDED_ONLY = {"dev_mail", "dev_mail_page", "dev_mail_html", "dev_components"}  # not there in production
