"""Second factors: showing one, each code once (MF2, MF5), and making recovery codes."""

import time
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.recording import action, record

from ..errors import PolicyViolation
from ..events import FACTOR_RENEWED, FACTOR_SHOWN, RECOVERY_CODE_USED
from ..models import Person, RecoveryCode
from ..sealing import SECOND_FACTOR, unseal

USED = "used"  # in the row of an app: the step of the newest code that was taken
CODES = 10


@action(FACTOR_SHOWN)
def show_time_code(*, person: Person, code: str, by: Person) -> Authenticator:
    """Take a code of the person's authenticator app, once, and return the app's row.

    The step of time of the newest code stands in that row: neither it nor an older one is taken again, in no process
    and whatever the cache forgot (MF2). Raises PolicyViolation (not right, used already, or no app).
    """
    _require_own(person, by)
    app = Authenticator.objects.select_for_update().filter(user=person, type=Authenticator.Type.TOTP).first()
    step = _step_of(unseal(app.data["secret"], purpose=SECOND_FACTOR), code) if app else None
    if app is None or step is None or step <= app.data.get(USED, -1):
        raise PolicyViolation(_("The code is not right, or it was used already."))
    app.data[USED] = step
    app.save(update_fields=["data"])
    record(FACTOR_SHOWN, by=by, on=person, after={"kind": _("authenticator app")})
    return app


def note_activation(app: Authenticator) -> None:
    """Remember that an app was set up with the code of this moment: that code is used. Part of the activation."""
    app.data[USED] = int(time.time()) // app_settings.TOTP_PERIOD + app_settings.TOTP_TOLERANCE
    app.save(update_fields=["data"])


@action(RECOVERY_CODE_USED)
def use_recovery_code(*, person: Person, code: str, by: Person) -> int:
    """Take one of the person's recovery codes, and return how many are left. Raises PolicyViolation."""
    _require_own(person, by)
    unused = RecoveryCode.objects.filter(person=person, used_at=None)
    if not unused.filter(digest=RecoveryCode.digest_of(code)).update(used_at=timezone.now()):
        raise PolicyViolation(_("The code is not right, or it was used already."))
    left = unused.count()
    record(RECOVERY_CODE_USED, by=by, on=person, after={"left": left})
    return left


@action(FACTOR_RENEWED)
def make_recovery_codes(*, person: Person, by: Person) -> list[str]:
    """Make new recovery codes in place of the old ones, and return them: nobody can read them again later.

    Raises PolicyViolation where the person has no second factor that they could stand in for.
    """
    _require_own(person, by)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not has_second_factor(person):
        raise PolicyViolation(_("Set up a passkey or an authenticator app first."))
    RecoveryCode.objects.filter(person=person).delete()
    codes = [RecoveryCode.new() for _number in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(person=person, digest=RecoveryCode.digest_of(code)) for code in codes)
    record(FACTOR_RENEWED, by=by, on=person, after={"count": len(codes)})
    return codes


def drop_idle_codes(person: Any) -> None:
    """Take away recovery codes that have nothing left to stand in for. Part of removing the last second factor."""
    if not has_second_factor(person):
        RecoveryCode.objects.filter(person=person).delete()


def has_second_factor(person: Any) -> bool:
    """Say whether a person has a passkey or an authenticator app."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=person.pk, type__in=kinds).exists()


def _require_own(person: Person, by: Person) -> None:
    if person.pk != by.pk:
        raise PolicyViolation(_("A second factor is shown, and changed, by its own person only."))


def _step_of(secret: str, code: str) -> int | None:
    """Return the step of time that a code is right for, None where it is for none that counts now."""
    steps = [
        step
        for step in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    ]
    return max(steps, default=None)
