"""The acts of this floor, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

ACCOUNT_SETTINGS_CHANGED = register(
    "account.settings_changed",
    _("change the account's settings"),
    _("{actor} changed the settings of {target}"),
    changes_access=False,
)
ACCOUNT_UPGRADED = register(
    "account.upgraded", _("upgrade the account"), _("{actor} upgraded {target} to a business account")
)
POLICY_CHANGED = register(
    "account.policy_changed", _("change the security policy"), _("{actor} changed the security policy of {target}")
)
LOG_KEPT = register(
    "account.log_kept",
    _("change how long the log is kept"),
    _("{actor} changed how long the log of {target} is kept: {before[kept]} → {after[kept]}"),
    changes_access=False,
)
BILLING_CHANGED = register(
    "billing.changed",
    _("change the billing contact"),
    _("{actor} changed the billing contact of {target}"),
    changes_access=False,
)
PLAN_CHANGED = register(
    "billing.plan_changed",
    _("change the plan"),
    _("{actor} changed the plan of {target} from {before[plan]} to {after[plan]}"),
    changes_access=False,
)
ACCOUNT_LOOKED_INTO = register(
    "account.looked_into",
    _("look into the account as the platform’s staff"),
    _("{actor}, of the platform’s staff, looked into {target}: {reason}"),
    changes_access=False,
)
ASSET_ADDED = register("asset.added", _("add an asset"), _("{actor} added the asset {target}"))
ASSET_CHANGED = register(
    "asset.changed", _("change an asset"), _("{actor} changed the asset {before[name]}"), changes_access=False
)
ASSET_ARCHIVED = register("asset.archived", _("archive an asset"), _("{actor} archived the asset {target}"))
ASSET_RESTORED = register("asset.restored", _("bring back an asset"), _("{actor} brought back the asset {target}"))

RECORD_CHECKED = register(
    "record.checked",
    _("check the record"),
    _("{actor} checked the whole record: {after[words]}"),
    changes_access=False,
)
RECORD_BROKEN = register(
    "record.broken",
    _("find a break in the record"),
    _("The check of the record found a break at event {after[number]}: {reason}"),
    changes_access=False,
)
RECORD_SILENT = register(
    "record.silent",
    _("miss a check of the record"),
    _("The {after[what]} of the record that was due did not come: nothing was heard since {after[since]}"),
    changes_access=False,
)

MAIL_SENT = register(
    "mail.sent",
    _("hand over a mail"),
    _("The mail to {after[address]} was handed over for delivery"),
    changes_access=False,
)
MAIL_DELAYED = register(
    "mail.delayed",
    _("send a mail"),
    _("The mail to {after[address]} could not be sent yet: {reason}"),
    changes_access=False,
)
MAIL_FAILED = register(
    "mail.failed", _("send a mail"), _("The mail to {after[address]} failed for good: {reason}"), changes_access=False
)

SIGNED_UP = register("person.signed_up", _("sign up"), _("{actor} signed up"))
SIGNED_IN = register("person.signed_in", _("sign in"), _("{actor} signed in"))
SIGNED_IN_ELSEWHERE = register(
    "person.signed_in_elsewhere",
    _("sign in from a new device or place"),
    _("{target} signed in from a new device or place: {after[device]}, {after[network]}"),
)
SIGN_IN_DISOWNED = register(
    "person.sign_in_disowned",
    _("disown a sign-in"),
    _("{target} said that a sign-in wasn’t theirs: {after[device]}, {after[network]}. Sessions and password ended"),
)
_FAILED = _("A sign-in as {target} failed")
SIGN_IN_FAILED = register("person.sign_in_failed", _("fail to sign in"), _FAILED, refusal=_FAILED)  # never done
_THROTTLED = _("Signing in as {target} is closed for a while: too many failed tries")
SIGN_IN_THROTTLED = register(
    "person.sign_in_throttled", _("throttle a sign-in"), _THROTTLED, refusal=_THROTTLED
)  # never done
PASSWORD_STOPPED = register(
    "person.password_stopped",
    _("stop a password"),
    _("The password of {target} stopped working after {after[failed]} failed tries in a row"),
)
SIGNED_OUT = register("person.signed_out", _("sign out"), _("{actor} signed out"))
PASSWORD_CHANGED = register("person.password_changed", _("change the password"), _("{actor} changed the password"))
PASSWORD_RESET_ASKED = register(
    "person.password_reset_asked", _("ask for a new password"), _("A new password was asked for {target}")
)
PASSWORD_MAIL_SENT = register(
    "person.password_mail_sent",
    _("send a mail to set a new password"),
    _("{actor}, of the platform’s staff, sent {target} a mail to set a new password: {reason}"),
    changes_access=False,
)
BECAME_STAFF = register(
    "person.became_staff", _("make somebody staff"), _("{target} is of the platform’s staff now"), changes_access=False
)
STAFF_NO_MORE = register(
    "person.staff_no_more",
    _("end that somebody is staff"),
    _("{target} is of the platform’s staff no more"),
    changes_access=False,
)
PASSWORD_RESET = register("person.password_reset", _("set a new password"), _("{actor} set a new password by mail"))
FACTOR_ADDED = register(
    "person.second_factor_added", _("add a second factor"), _("{actor} turned on a second factor: {after[kind]}")
)
FACTOR_REMOVED = register(
    "person.second_factor_removed",
    _("remove a second factor"),
    _("{actor} turned off a second factor: {before[kind]}"),
)
FACTOR_SHOWN = register(
    "person.second_factor_shown", _("show a second factor"), _("{actor} showed a second factor: {after[kind]}")
)
RECOVERY_CODE_USED = register(
    "person.recovery_code_used",
    _("use a recovery code"),
    _("{actor} used a recovery code; left: {after[left]}"),
)
FACTOR_RENEWED = register(
    "person.recovery_codes_renewed", _("renew recovery codes"), _("{actor} made new recovery codes")
)
ADDRESS_CHANGED = register(
    "person.address_changed", _("change the address"), _("{actor} changed the address to {after[address]}")
)
ADDRESS_CONFIRMED = register(
    "person.address_confirmed", _("confirm an address"), _("{actor} confirmed the address {after[address]}")
)
PROFILE_CHANGED = register("person.profile_changed", _("change the profile"), _("{actor} changed their own profile"))
SESSIONS_ENDED = register("person.sessions_ended", _("end sessions"), _("{actor} ended other sessions: {after[count]}"))
