"""Settings under which nothing starts: `check`, web, worker and beat name each in plain words (CF4, CF5)."""

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import LazySettings, settings
from django.core.checks import CheckMessage, Error, Tags, register

from accessportal.embedded.paths import BadSetting

SHORTEST_KEY = 50
FEWEST_SIGNS = 16  # a random key of 50 signs has about 30 different ones
PLACEHOLDERS = ("django-insecure", "changeme", "change-me", "example", "placeholder", "your-", "only-", "0123456789")
KEPT_BY_ONE_PROCESS = ("LocMemCache", "DummyCache", "FileBasedCache")
CHECKS_CERTIFICATES = {"verify-full", "verify-ca"}


def problems(given: LazySettings | Any = settings) -> list[tuple[str, str]]:
    """Return what is unsafe, each with the name of its setting; empty for settings that may serve."""
    return [*_of_the_site(given), *_of_the_keys(given), *_of_the_links(given)]


def refuse_unsafe_settings() -> None:
    """Raise BadSetting with everything that is unsafe. Web, worker and beat call it before they serve anybody."""
    if found := problems():
        raise BadSetting("AccessPortal does not start:\n" + "\n".join(f"- {words}" for _name, words in found))


@register(Tags.security)
def check_settings(**_more: Any) -> list[CheckMessage]:
    """Say the same to `manage.py check` and to every command that checks first."""
    return [Error(words, id=f"accessportal.{name}") for name, words in problems()]


def is_beside_us(host: str, given: LazySettings | Any = settings) -> bool:
    """Whether a host is reached without leaving the machine or the network of its containers (a name without a dot)."""
    if not host or host.startswith("/") or host in given.PRIVATE_NETWORK_HOSTS or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return "." not in host


def _is_local(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "[::1]", "::1"} or host.endswith(".localhost")


def _of_the_site(given: Any) -> Iterator[tuple[str, str]]:
    local = all(_is_local(host) for host in (given.SITE_HOST, *given.ALLOWED_HOSTS))
    if given.DEBUG and not local:
        yield "DEBUG", "DEBUG shows the inside of the portal to everybody: leave it off, except at localhost."
    if any(host.startswith("*") for host in given.ALLOWED_HOSTS):
        yield "ALLOWED_HOSTS", "ALLOWED_HOSTS holds a star: name the hosts that are answered."
    if not given.SECURE and not given.EMBEDDED and not local:
        yield "SITE_URL", "SITE_URL begins with http: passwords and sessions would travel in the open. Use https."
    for name, cache in given.CACHES.items():
        if cache["BACKEND"].rpartition(".")[2] in KEPT_BY_ONE_PROCESS:
            yield "CACHES", f"The cache {name!r} is kept by one process alone: no other would count tries to sign in."


def _of_the_keys(given: Any) -> Iterator[tuple[str, str]]:
    if _is_local(given.SITE_HOST):
        return
    for name, keys in (("SECRET_KEY", [given.SECRET_KEY]), ("SECRET_KEY_FALLBACKS", given.SECRET_KEY_FALLBACKS)):
        for key in keys:
            if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS:
                yield name, f"{name} is too short or too simple: 50 random characters or more are needed."
            elif any(word in key.lower() for word in PLACEHOLDERS):
                yield (
                    name,
                    f"{name} is a placeholder that others know: make one of your own, 50 random characters or more.",
                )


def _of_the_links(given: Any) -> Iterator[tuple[str, str]]:
    """The ways to mail server, database and broker, where they leave the machine."""
    sends = given.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    if sends and not is_beside_us(given.EMAIL_HOST, given) and not (given.EMAIL_USE_TLS or given.EMAIL_USE_SSL):
        yield "EMAIL_URL", "EMAIL_URL names a mail server elsewhere without TLS: use smtp+tls:// or smtp+ssl://."
    database = given.DATABASES["default"]
    if not is_beside_us(database["HOST"], given) and database["OPTIONS"].get("sslmode") not in CHECKS_CERTIFICATES:
        words = "DATABASE_URL names a server elsewhere whose certificate nobody checks: add ?sslmode=verify-full."
        yield "DATABASE_URL", words
    broker = urlsplit(given.REDIS_URL)
    if broker.scheme != "unix" and not is_beside_us(broker.hostname or "", given):
        asked = parse_qs(broker.query).get("ssl_cert_reqs", ["required"])[0]
        if broker.scheme != "rediss" or asked not in {"required", "CERT_REQUIRED"}:
            yield (
                "REDIS_URL",
                "REDIS_URL names a server elsewhere without TLS or without checking its certificate: use rediss://.",
            )
