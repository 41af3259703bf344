"""The acts of the register of shared logins, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

LOGIN_ADDED = register(
    "login.added", _("add a shared login"), _("{actor} added the shared login {target}"), changes_access=False
)
LOGIN_CHANGED = register(
    "login.changed",
    _("change a shared login"),
    _("{actor} corrected what stands about the shared login {before[name]}"),
    changes_access=False,
)
LOGIN_RETIRED = register(
    "login.retired",
    _("retire a shared login"),
    _("{actor} retired the shared login {target} and signed that its password opens nothing"),
    changes_access=False,
)
KNOWER_NOTED = register(
    "login.knower_noted",
    _("note who knows a login"),
    _("{actor} noted that {after[name]} knows the login {target}"),
    changes_access=False,
)
KNOWER_CORRECTED = register(
    "login.knower_corrected",
    _("correct who knows a login"),
    _("{actor} corrected what stands about {before[name]}, who knows the login {target}"),
    changes_access=False,
)
KNOWER_GONE = register(
    "login.knower_gone",
    _("note who is gone and knows a login"),
    _("{actor} noted that {before[name]} should no longer know the login {target}: its password has to be changed"),
    changes_access=False,
)
PASSWORD_SIGNED = register(
    "login.password_changed",
    _("sign that a shared password was changed"),
    _("{actor} signed that the password of {target} was changed; who knows it besides: {after[told]}"),
    changes_access=False,
)
OWNER_REMINDED = register(
    "login.reminder_sent",
    _("remind of passwords to change"),
    _("{actor} reminded the owner to change the password of: {after[logins]}"),
    changes_access=False,
)
