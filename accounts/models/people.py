"""A person who signs in."""

import zoneinfo
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.mixins import GuardianUserMixin

from ..normalising import normal_address
from ..passwords import normal_password
from ..permissions import PERMISSIONS


class PersonManager(BaseUserManager["Person"]):
    """Makes people, and finds them by their address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Make a person with an address in its one form; without a password, none works."""
        person = self.model(email=normal_address(email), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Make a member of the platform's staff. It gives no power in any account (rule 1).

        Raises ValidationError for a password that nobody may have: the command asks only where it is typed (PW1).
        """
        if password is not None:
            validate_password(password, self.model(email=email, **fields))
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Return the person with this address, however it is typed. Raises DoesNotExist, also for what is none."""
        try:
            return self.get(email=normal_address(username or ""))
        except ValidationError:
            raise self.model.DoesNotExist from None

    def find(self, address: str) -> "Person | None":
        """Return the person with this address, however it is typed, or None."""
        try:
            return self.get_by_natural_key(address)
        except self.model.DoesNotExist:
            return None


class Person(GuardianUserMixin, AbstractBaseUser, PermissionsMixin):
    """Someone with a sign-in of their own, known by one e-mail address."""

    email = models.EmailField(_("e-mail address"), unique=True, error_messages={"unique": _("This address is taken.")})
    name = models.CharField(_("name"), max_length=100, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    reset_links = models.PositiveIntegerField(default=0, db_default=0)  # asked for so far: only the newest works
    joined_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True)  # then the row names nobody any more

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = PersonManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="address_in_lower_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def set_password(self, raw_password: str | None) -> None:
        """Set a password in its one form; None sets none that works (PW3)."""
        super().set_password(None if raw_password is None else normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Say whether it is the password, whichever way its letters were composed; renew a hash of lower cost."""
        return super().check_password(None if raw_password is None else normal_password(raw_password))

    def get_full_name(self) -> str:
        """Return the name by which the person is known."""
        return str(self)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Say whether this person may do `perm` on `obj`, an account or an asset: the one question (rule 1).

        No superuser shortcut: platform staff hold nothing in an account. A permission of our table asked without an
        object is a bug and raises ValueError; Django's own model permissions are answered as Django does.
        """
        if obj is None:
            if perm in PERMISSIONS:
                raise ValueError(f"{perm!r} must be asked on an account or an asset")
            return super().has_perm(perm)
        question = (perm, obj.__class__, obj.pk)
        answers = self.__dict__.get("_answers")  # a person lives as long as the request
        if answers is None:
            answers = self.__dict__["_answers"] = {}
        elif question in answers:
            return answers[question]
        from ..access import explain  # the answer speaks of people

        answer = answers[question] = explain(self, perm, obj).allowed
        return answer

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The person's time zone; UTC where the stored name is not known on this machine."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return zoneinfo.ZoneInfo("UTC")
