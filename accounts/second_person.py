"""The second person whom an account asks for beside who acts, asked from every floor; the answer lives above (AZ11).

A sensitive action calls `require` under the lock on its account, after all its other checks. Where the account asks for
somebody else, that raises NeedsSecondPerson: nothing is done, and the door, which records every refusal, turns this one
into an act that waits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from audit.events import Act
from audit.recording import Refused

from .models import BusinessAccount
from .sensitive import SensitiveAct


class NeedsSecondPerson(Refused):
    """The act is allowed, but the account asks for somebody else, or for time. `settle` makes it one that waits.

    After that, `page` is where it waits. `words` tell how it goes on.
    """

    page = ""

    def __init__(self, words: str, ask: Callable[[], tuple[str, str]]) -> None:
        super().__init__(words)
        self._ask = ask

    def settle(self) -> None:
        """Ask for the second person, in a transaction of its own, after the rollback of the act."""
        self.words, self.page = self._ask()


class Keeper(Protocol):
    """What the floor above registers: it knows who else is in the account, and what waits."""

    def __call__(
        self,
        act: SensitiveAct,
        account: BusinessAccount,
        *,
        by: Any,
        does: str,
        given: Mapping[str, Any],
        says: Sequence[str],
        adds: Iterable[str],
        approval: Any,
    ) -> None: ...


Doer = Callable[..., Any]
_keepers: list[Keeper] = []
_doers: dict[str, Doer] = {}


def register_keeper(keeper: Keeper) -> None:
    """Say who answers."""
    _keepers[:] = [keeper]


def register_doers(*actions: Doer) -> None:
    """Name the actions that can wait: each takes `by` and `approval`, and is called again when its time has come."""
    _doers.update({action.__name__: action for action in actions})


def doer(name: str) -> Doer:
    """Return an action that can wait, by its name. Raises KeyError."""
    return _doers[name]


def act_of(name: str) -> Act | None:
    """Return which act an action does, by its name; None for one that can't wait: it leaves out what would have to."""
    return getattr(_doers.get(name), "act", None)


def require(
    act: SensitiveAct,
    account: BusinessAccount,
    *,
    by: Any,
    does: str,
    given: Mapping[str, Any],
    says: Sequence[str],
    adds: Iterable[str] = (),
    approval: Any = None,
) -> None:
    """Demand the second person, or the time, that the account asks for a kind of act; the account is locked.

    `does` is the name of the action and `given` its arguments without `by`, so that it can be done later; `says` tells
    a reader what would change, and `adds` are the permissions that it would give. `approval` is the act that waited
    for this, and is used up by it. Raises NeedsSecondPerson, ChangedMeanwhile (the approval is used up, or another's).
    """
    for keeper in _keepers:
        keeper(act, account, by=by, does=does, given=given, says=says, adds=adds, approval=approval)
