"""Where a sign-in comes from: its network, and its browser in words. Nobody outside is asked."""

import ipaddress

from django.utils.translation import gettext as _
from ua_parser import parse


def network_of(address: str, *, four: int = 32, six: int = 64) -> str:
    """Return the network that an address lies in, by the lengths of its prefix; what is no address as it is.

    An address of version 4 that is written in version 6 is the one that it means.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network(f"{found}/{four if found.version == 4 else six}", strict=False))


def browser_words(user_agent: str) -> str:
    """Return browser and system of a user agent, such as "Firefox on macOS", or that it says neither."""
    found = parse(user_agent or "")
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
