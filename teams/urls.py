"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("accounts/new/", views.OpenAccount.as_view(), name="open_account"),
    path("people/<int:pk>/", views.PersonPage.as_view(), name="person"),
]
inside_an_account: list[URLPattern] = [
    path("security/", views.SecurityPolicyPage.as_view(), name="security_policy"),
    path("settings/close/", views.CloseAccount.as_view(), name="close_account"),
    path("settings/leave/", views.LeaveAccount.as_view(), name="leave_account"),
    path("settings/ownership/", views.OwnershipPage.as_view(), name="ownership"),
    path("settings/ownership/<int:pk>/withdraw/", views.WithdrawOffer.as_view(), name="withdraw_ownership"),
    path("settings/ownership/successor/", views.NameSuccessor.as_view(), name="name_successor"),
    path("settings/ownership/successor/drop/", views.DropSuccessor.as_view(), name="drop_successor"),
    path("ownership/claim/", views.ClaimOwnership.as_view(), name="claim_ownership"),
    path("ownership/succession/", views.ClaimAsSuccessor.as_view(), name="claim_as_successor"),
    path("ownership/claims/<int:pk>/", views.ClaimPage.as_view(), name="ownership_claim"),
    path("ownership/claims/<int:pk>/refuse/", views.RefuseClaim.as_view(), name="refuse_claim"),
    path("ownership/claims/<int:pk>/withdraw/", views.WithdrawClaim.as_view(), name="withdraw_claim"),
    path("ownership/claims/<int:pk>/take-over/", views.CarryOutClaim.as_view(), name="carry_out_claim"),
    path("ownership/<int:pk>/", views.OwnershipOfferPage.as_view(), name="ownership_offer"),
    path("ownership/<int:pk>/<slug:answer>/", views.AnswerOffer.as_view(), name="answer_ownership"),
    path("roles/", views.RoleMatrix.as_view(), name="roles"),
    path("assets/<int:pk>/", views.AssetPage.as_view(), name="asset"),
    path("assets/<int:pk>/archive/", views.ArchiveAsset.as_view(), name="archive_asset"),
    path("requests/", views.RequestList.as_view(), name="access_requests"),
    path("requests/new/", views.AskForAccess.as_view(), name="ask_for_access"),
    path("requests/<int:pk>/", views.RequestPage.as_view(), name="access_request"),
    path("team/", views.TeamList.as_view(), name="team"),
    path("team/export/", views.ExportMembers.as_view(), name="export_members"),
    path("team/selected/role/", views.ChangeRoleOfMany.as_view(), name="change_role_of_many"),
    path("team/selected/suspend/", views.SuspendMany.as_view(), name="suspend_many"),
    path("team/offboard/", views.OffboardMany.as_view(), name="offboard_many"),
    path("team/<int:pk>/", views.MemberPage.as_view(), name="member"),
    path("team/<int:pk>/confirm/", views.ConfirmRole.as_view(), name="confirm_role"),
    path("team/<int:pk>/role/", views.ChangeRole.as_view(), name="change_role"),
    path("team/<int:pk>/assets/<int:asset_id>/", views.MemberGrants.as_view(), name="member_grants"),
    path("team/<int:pk>/terms/", views.ChangeTerms.as_view(), name="change_terms"),
    path("team/<int:pk>/extend/", views.ExtendMember.as_view(), name="extend_member"),
    path("team/<int:pk>/suspend/", views.SuspendMember.as_view(), name="suspend_member"),
    path("team/<int:pk>/restore/", views.RestoreMember.as_view(), name="restore_member"),
    path("team/<int:pk>/offboard/", views.OffboardMember.as_view(), name="offboard_member"),
    path("receipts/<int:pk>/", views.ReceiptPage.as_view(), name="receipt"),
    path("receipts/<int:pk>/bring-back/", views.BringBack.as_view(), name="bring_back"),
    path("receipts/<int:pk>/<slug:kind>/", views.ReceiptFile.as_view(), name="receipt_file"),
]
