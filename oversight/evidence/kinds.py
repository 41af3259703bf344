"""The kinds of files that are made in the background: those of an export, and the evidence pack."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.exporting import FILES

PACK = "pack"


class MadeFile(NamedTuple):
    """A kind of file: its name in the record, what it is for, its ending and its type."""

    name: str
    label: str | Promise
    ending: str
    type: str


MADE: Mapping[str, MadeFile] = {
    **{kind: MadeFile(file.name, file.label, file.ending, file.type) for kind, file in FILES.items()},
    PACK: MadeFile("Evidence pack", _("Evidence pack, with its checker"), "zip", "application/zip"),
}
