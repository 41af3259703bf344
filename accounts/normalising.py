"""The one way in which addresses and names are brought to one form: for uniqueness, for matching and for limits."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control and direction marks, surrogates, line separators
BLANK = set("\u115f\u1160\u2800\u3164\uffa0\U0001d159")  # letters and symbols to Unicode, white space to the eye
SEEN = "LNPS"  # letters, numbers, punctuation, symbols: what shows without another sign to stand on
LONGEST_ADDRESS = 254


def normal_address(typed: str) -> str:
    """Return an e-mail address in its one form: no white space around it, lower case, the domain in its ASCII form.

    Raises ValidationError for what is no address, and for letters outside ASCII before the @: they can look like
    other letters, and an address that only looks like the invited one must never match it (rule 7). A quoted part
    before the @ is none either: it may hold any sign at all.
    """
    local, at, domain = typed.strip().rpartition("@")
    if not at or len(typed) > LONGEST_ADDRESS or local.startswith('"'):
        raise _no_address()
    if not local.isascii():
        raise ValidationError(
            _("“%(address)s” has a letter that only looks like an ordinary one. Type the address again by hand."),
            code="look_alike",
            params={"address": plain_name(typed)},
        )
    address = f"{local}@{domain if domain.isascii() else _in_ascii(domain)}".lower()
    if len(address) > LONGEST_ADDRESS:
        raise _no_address()
    validate_email(address)
    return address


def _in_ascii(domain: str) -> str:
    """Return the ASCII form of a domain that has other letters.

    Python knows the rules of 2003, by which straße.de is strasse.de; by those of 2008, which mail servers follow, it
    is a domain of its own with another owner. So a domain must be one that the old rules and a folding by today's
    Unicode leave as it is: about that one, both agree.
    """
    plain = unicodedata.normalize("NFC", domain.lower())
    try:
        ascii_form = plain.encode("idna")
        agreed = plain == ascii_form.decode("idna") == unicodedata.normalize("NFKC", plain.casefold())
    except UnicodeError:
        raise _no_address() from None
    if not agreed:
        raise ValidationError(
            _("“%(domain)s” can be read as two domains. Type it in ordinary letters, or as it begins with “xn--”."),
            code="ambiguous",
            params={"domain": plain_name(domain)},
        )
    return ascii_form.decode()


def _no_address() -> ValidationError:
    return ValidationError(_("Enter an e-mail address, such as name@example.com."), code="invalid")


def plain_name(typed: str) -> str:
    """Return a name as plain text on one line: no control or direction marks, white space folded.

    It is empty where nothing of it can be seen.
    """
    composed = unicodedata.normalize("NFC", typed)
    seen = "".join(" " if sign in BLANK or unicodedata.category(sign) in UNSEEN else sign for sign in composed)
    return " ".join(seen.split()) if any(unicodedata.category(sign)[0] in SEEN for sign in seen) else ""


def name_key(name: str) -> str:
    """Return what of a name is compared: its letters and digits, without case and width."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())


def masked(address: str) -> str:
    """Return an address with its inside hidden: the owner recognises it, a stranger learns little."""
    local, _at, domain = address.partition("@")
    return f"{local[:1]}{'•' * max(len(local) - 1, 2)}@{domain[:1]}{'•' * 3}.{domain.rpartition('.')[2]}"
