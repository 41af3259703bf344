"""Where the present request comes from. The middleware says it once; `record` reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The caller of a request: network address, user agent, a digest that names the session, and the request's id.

    `person_id` is who is signed in there: nobody's answer hangs on the address of somebody else.
    """

    address: str = ""
    user_agent: str = ""
    session: str = ""
    request_id: str = ""
    person_id: int | None = None


_present: ContextVar[Origin] = ContextVar("origin", default=Origin())


def origin_of_this_request() -> Origin:
    """Return the origin of the request that is being answered; an empty one outside of requests."""
    return _present.get()


@contextmanager
def stands_for(origin: Origin) -> Iterator[None]:
    """Make `origin` the present one for the length of the block."""
    token = _present.set(origin)
    try:
        yield
    finally:
        _present.reset(token)
