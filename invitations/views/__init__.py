"""Pages of this floor: what an administrator sends, what the invited person gets, and signing up by it."""

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
    "InvitationList",
    "InvitationPage",
    "InvitePeople",
    "NoInvitation",
    "OfferPage",
    "ResendInvitation",
    "RevokeInvitation",
    "SignIn",
    "SignUp",
]
