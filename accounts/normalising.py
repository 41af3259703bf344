"""The one way in which addresses and names are brought to one form: for uniqueness, for matching and for limits."""

import functools
import ipaddress
import unicodedata
from collections.abc import Iterable

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
    try:
        validate_email(address)
    except ValidationError:
        raise _no_address() from None  # in one wording, whatever of it is wrong
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


def normal_domain(typed: str) -> str:
    """Return the domain of addresses in its one form, as `normal_address` gives it: example.com.

    With `*.` before it, it stands for everything below it, and not for itself. Raises ValidationError for what is no
    domain, or could be read as two.
    """
    plain = typed.strip().removeprefix("@")
    below, domain = ("*.", plain[2:]) if plain.startswith("*.") else ("", plain)
    try:
        _local, _at, normal = normal_address(f"a@{domain}").partition("@")
    except ValidationError as problem:
        if problem.code == "ambiguous":
            raise
        normal = ""
    if "." not in normal or normal.startswith("["):
        raise ValidationError(
            _("“%(typed)s” is no domain. Type it as it stands behind the @: example.com, or *.example.com."),
            code="invalid",
            params={"typed": plain_name(typed)[:100]},
        )
    return below + normal


def ending_of(domain: str) -> str:
    """Return how an address ends that belongs to one of `normal_domain`'s domains, and no other address does."""
    return domain[1:] if domain.startswith("*.") else f"@{domain}"


def in_domains(address: str, domains: Iterable[str]) -> bool:
    """Say whether an address in its one form belongs to one of these domains."""
    return address.endswith(tuple(map(ending_of, domains)))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def normal_range(typed: str) -> str:
    """Return a range of network addresses in its one form, 203.0.113.0/24; of a single address, 203.0.113.7/32.

    Raises ValidationError for what is none.
    """
    try:
        return str(_network(typed.strip()))
    except ValueError:
        raise ValidationError(
            _("“%(typed)s” is no range of network addresses, such as 203.0.113.0/24 or 2001:db8::/32."),
            code="invalid",
            params={"typed": plain_name(typed)[:60]},
        ) from None


def in_ranges(address: str, ranges: Iterable[str]) -> bool:
    """Say whether a network address lies in one of the ranges; one that is unknown lies in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    known = getattr(found, "ipv4_mapped", None) or found  # ::ffff:203.0.113.7 is 203.0.113.7
    return any(known in _network(each) for each in ranges)


@functools.lru_cache(maxsize=1_000)
def _network(text: str) -> Network:
    """Read a range. Raises ValueError, also for an IPv6 range that only wraps IPv4 addresses: none would lie in it."""
    network = ipaddress.ip_network(text, strict=False)
    if network.version == 6 and network.subnet_of(ipaddress.IPv6Network("::ffff:0:0/96")):
        raise ValueError(text)
    return network


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
