"""The acts of this floor, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

ACCOUNT_SETTINGS_CHANGED = register(
    "account.settings_changed", _("change the account's settings"), _("{actor} changed the settings of {target}")
)
ACCOUNT_UPGRADED = register(
    "account.upgraded", _("upgrade the account"), _("{actor} upgraded {target} to a business account")
)
POLICY_CHANGED = register(
    "account.policy_changed", _("change the security policy"), _("{actor} changed the security policy of {target}")
)
ASSET_ADDED = register("asset.added", _("add an asset"), _("{actor} added the asset {target}"))
ASSET_CHANGED = register("asset.changed", _("change an asset"), _("{actor} changed the asset {before[name]}"))
ASSET_ARCHIVED = register("asset.archived", _("archive an asset"), _("{actor} archived the asset {target}"))
ASSET_RESTORED = register("asset.restored", _("bring back an asset"), _("{actor} brought back the asset {target}"))

MAIL_SENT = register("mail.sent", _("hand over a mail"), _("The mail to {after[address]} was handed over for delivery"))
MAIL_DELAYED = register(
    "mail.delayed", _("send a mail"), _("The mail to {after[address]} could not be sent yet: {reason}")
)
MAIL_FAILED = register("mail.failed", _("send a mail"), _("The mail to {after[address]} failed for good: {reason}"))

SIGNED_UP = register("person.signed_up", _("sign up"), _("{actor} signed up"))
SIGNED_IN = register("person.signed_in", _("sign in"), _("{actor} signed in"))
_FAILED = _("A sign-in as {target} failed")
SIGN_IN_FAILED = register("person.sign_in_failed", _("fail to sign in"), _FAILED, refusal=_FAILED)  # never done
SIGNED_OUT = register("person.signed_out", _("sign out"), _("{actor} signed out"))
PASSWORD_CHANGED = register("person.password_changed", _("change the password"), _("{actor} changed the password"))
PASSWORD_RESET_ASKED = register(
    "person.password_reset_asked", _("ask for a new password"), _("A new password was asked for {target}")
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
