"""The one way in which addresses and names are brought to one form: for uniqueness, for matching and for limits."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control and direction marks, surrogates, line separators


def normal_address(typed: str) -> str:
    """Return an e-mail address in its one form: no white space around it, lower case, the domain in its ASCII form.

    Raises ValidationError for what is no address, and for letters outside ASCII before the @: they can look like
    other letters, and an address that only looks like the invited one must never match it (rule 7).
    """
    local, at, domain = typed.strip().rpartition("@")
    if not at or len(typed) > 254:
        raise ValidationError(_("Enter an e-mail address, such as name@example.com."), code="invalid")
    if not local.isascii():
        raise ValidationError(
            _("“%(address)s” has a letter that only looks like an ordinary one. Type the address again by hand."),
            code="look_alike",
            params={"address": plain_name(typed)},
        )
    try:
        domain = domain.encode("idna").decode() if domain and not domain.isascii() else domain
    except UnicodeError:
        raise ValidationError(_("Enter an e-mail address, such as name@example.com."), code="invalid") from None
    address = f"{local}@{domain}".lower()
    validate_email(address)
    return address


def plain_name(typed: str) -> str:
    """Return a name as plain text on one line: no control or direction marks, white space folded."""
    composed = unicodedata.normalize("NFC", typed)
    seen = "".join(" " if unicodedata.category(sign) in UNSEEN else sign for sign in composed)
    return " ".join(seen.split())


def masked(address: str) -> str:
    """Return an address with its inside hidden: the owner recognises it, a stranger learns little."""
    local, _at, domain = address.partition("@")
    return f"{local[:1]}{'•' * max(len(local) - 1, 2)}@{domain[:1]}{'•' * 3}.{domain.rpartition('.')[2]}"
