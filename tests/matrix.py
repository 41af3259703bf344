"""One table: every address of the site, who may ask for it, and how (AZ1). A URL that is not here fails the test."""

from dataclasses import dataclass, field

from accounts.permissions import (
    MANAGE_ASSETS,
    MANAGE_ROLES,
    MANAGE_SECURITY,
    MANAGE_TEAM,
    OWN_ACCOUNT,
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
LOGIN, KNOWER = {"pk": "shared_login"}, {"pk": "shared_login", "knower_id": "knower"}

INSIDE = {
    "account_home": Inside(VIEW_ACCOUNT),
    "activity": Inside(VIEW_AUDIT),
    "export_activity": Inside(VIEW_AUDIT, methods=ACT),
    "event": Inside(VIEW_AUDIT, {"number": "event"}),
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
    "shared_logins": Inside(MANAGE_TEAM),
    "add_login": Inside(MANAGE_TEAM, methods=ACT),
    "shared_login": Inside(MANAGE_TEAM, LOGIN),
    "change_login": Inside(MANAGE_TEAM, LOGIN, ACT),
    "sign_change": Inside(MANAGE_TEAM, LOGIN, ACT),
    "retire_login": Inside(MANAGE_TEAM, LOGIN, ACT),
    "note_knower": Inside(MANAGE_TEAM, LOGIN, ACT),
    "correct_knower": Inside(MANAGE_TEAM, KNOWER, ACT),
    "knower_gone": Inside(MANAGE_TEAM, KNOWER, ACT),
    "security_policy": Inside(MANAGE_SECURITY, methods=ACT),
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
    "member_grants": Inside(MANAGE_TEAM, {"pk": "member", "asset_id": "asset"}, ACT),
    "change_terms": Inside(MANAGE_TEAM, MEMBER, ACT),
    "extend_member": Inside(MANAGE_TEAM, MEMBER, frozenset({"post"})),
    "access_requests": Inside(VIEW_ACCOUNT),
    "ask_for_access": Inside(VIEW_ACCOUNT, methods=ACT),
    "access_request": Inside(VIEW_ACCOUNT, {"pk": "request"}, ACT, seen_with=MANAGE_TEAM),
    "suspend_member": Inside(MANAGE_TEAM, MEMBER, ACT),
    "restore_member": Inside(MANAGE_TEAM, {"pk": "suspended_member"}, ACT),
    "offboard_member": Inside(MANAGE_TEAM, MEMBER, ACT),
    "export_members": Inside(MANAGE_TEAM, methods=ACT),
    "change_role_of_many": Inside(MANAGE_TEAM, methods=ACT),
    "suspend_many": Inside(MANAGE_TEAM, methods=ACT),
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
    "assets": Inside(VIEW_ACCOUNT),
    "add_asset": Inside(MANAGE_ASSETS, methods=ACT),
    "change_asset": Inside(MANAGE_ASSETS, ASSET, ACT),
    "restore_asset": Inside(MANAGE_ASSETS, {"pk": "archived_asset"}, ACT),
}
KNOWER_FORM = {"name": "Marco", "since_on": "2026-01-01"}
ASSET_FORM = {"kind": "other", "name": "A new name", "handle": ""}
# An act that is not here must answer its empty form with 200, 302 or 422.
POSTS = {
    "export_activity": Post(answer=200),
    "invite": Post({"addresses": "new@example.com", "role": "editor"}),
    "resend_invitation": Post(),
    "copy_invitation_link": Post(answer=200),
    "correct_invitation": Post({"address": "right@example.com"}),
    "change_invitation": Post({"role": "analyst"}),
    "revoke_invitation": Post(),
    "import_columns": Post({"address_column": "0", "role": "editor"}),
    "stop_import": Post(),
    "start_import": Post(answer=409),  # nobody has looked at what would happen
    "add_login": Post({"label": "Mailbox", "platform": "mail.example"}, answer=422),  # not on a business account
    "change_login": Post({"label": "Mailbox", "platform": "mail.example"}),
    "sign_change": Post({"changed_at": "2026-01-02T10:00"}, answer=200),  # it shows what would be signed
    "retire_login": Post({"reason": "Closed"}, answer=422),  # without a signature
    "note_knower": Post(KNOWER_FORM),
    "correct_knower": Post(KNOWER_FORM),
    "knower_gone": Post({"reason": "Left"}),
    "security_policy": Post({
        "second_factor": "everyone", "confirmation": "before", "most_administrators": "5", "invitation_days": "3",
        "claim_days": "20",
    }),
    "close_account": Post({"typed_name": "Northwind"}),
    "leave_account": Post(not_for="owner"),  # rule 3
    "ownership": Post({"membership": "{heir}"}, answer=422),  # an offer is open already
    "withdraw_ownership": Post(),
    "answer_ownership": Post(),
    "name_successor": Post({"membership": "{heir}"}),
    "drop_successor": Post(),
    "claim_ownership": Post({"reason": "Nobody has heard of her since June"}, answer=422),  # one is open already
    "claim_as_successor": Post({"reason": "Nobody has heard of her since June"}, answer=422),  # no second factor shown
    "refuse_claim": Post(),
    "withdraw_claim": Post(),
    "carry_out_claim": Post(answer=422),  # it waits
    "make_role": Post({"name": "Campaign lead", "codes": "run_ads"}),
    "edit_role": Post({"name": "Another name", "codes": "reply_comments"}),
    "retire_role": Post(),
    "archive_asset": Post(),
    "confirm_role": Post(),
    "change_role": Post({"role": "analyst"}),
    "access_request": Post({"decision": "refuse", "answer": "Not now"}),
    "change_terms": Post({"kind": "contractor"}),
    "extend_member": Post({"days": "30"}),
    "member_grants": Post({"codes": "run_ads"}, answer=200),  # it shows what that changes
    "grant_many": Post({"member": "{member}", "asset": "{asset}", "preset": "moderator"}, answer=200),
    "make_asset_group": Post({"name": "Profiles", "asset": "{asset}"}),
    "change_asset_group": Post({"name": "Profiles", "asset": "{asset}"}),
    "delete_asset_group": Post(),
    "make_people_group": Post({"name": "Night shift", "member": "{member}"}),
    "change_people_group": Post({"name": "Night shift", "member": "{member}"}),
    "delete_people_group": Post(),
    "suspend_member": Post(),
    "restore_member": Post(),
    "offboard_member": Post({"reason": "Left"}),
    "bring_back": Post(),
    "set_engagement_end": Post({"ends_at_span": "30"}, answer=200),  # it shows what would happen
    "end_engagement": Post({"reason": "It is over"}, answer=409),  # nobody has looked at who would lose access
    "bring_engagement_back": Post({"members": "{ended_seat}"}),
    "export_members": Post({"format": "csv"}, answer=200),
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
    "mfa_view_recovery_codes": Outside(302, 404, 302),
    "mfa_generate_recovery_codes": Outside(302, 302, 302, 302),
    "mfa_download_recovery_codes": Outside(302, 404, 302, 404),
    "mfa_list_webauthn": Outside(302, 200, 302),
    "mfa_add_webauthn": Outside(302, 302, 302, 302),
    "mfa_remove_webauthn": Outside(302, 302, 302, 302, {"pk": "1"}),
    "mfa_edit_webauthn": Outside(302, 302, 302, 302, {"pk": "1"}),
    "mfa_login_webauthn": Outside(302, 302, 302, 302),
    "usersessions_list": Outside(302, 200, 302, 302),
}
EMBEDDED_ONLY = {"dev_mail", "dev_mail_page", "dev_mail_html", "dev_components"}  # not there in production
