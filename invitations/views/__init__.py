"""Pages of this floor: what an administrator sends, what the invited person gets, and signing up by it."""

from .imports import ImportList, ImportPage, ImportProblems, MapColumns, StartImport, StopImport
from .received import AcceptInvitation, ContinueInvitation, DeclineInvitation, EnterInvitation, NoInvitation, OfferPage
from .sent import (
    ChangeInvitation,
    CopyInvitationLink,
    CorrectInvitation,
    InvitationList,
    InvitationPage,
    InvitePeople,
    ResendInvitation,
    RevokeInvitation,
)
from .sign_up import ForgetInvitation, SignIn, SignUp

__all__ = [
    "AcceptInvitation",
    "ChangeInvitation",
    "ContinueInvitation",
    "CopyInvitationLink",
    "CorrectInvitation",
    "DeclineInvitation",
    "EnterInvitation",
    "ForgetInvitation",
    "ImportList",
    "ImportPage",
    "ImportProblems",
    "InvitationList",
    "InvitationPage",
    "InvitePeople",
    "MapColumns",
    "NoInvitation",
    "OfferPage",
    "ResendInvitation",
    "RevokeInvitation",
    "SignIn",
    "SignUp",
    "StartImport",
    "StopImport",
]
