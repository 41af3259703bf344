"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("", views.FrontView.as_view(), name="front"),
    path("dashboard/", views.Dashboard.as_view(), name="dashboard"),
    path("dashboard/switch/", views.SwitchAccounts.as_view(), name="switch_accounts"),
    path("portfolio/", views.Portfolio.as_view(), name="portfolio"),
    path("activity/", views.MyActivity.as_view(), name="my_activity"),
]
inside_an_account: list[URLPattern] = [
    path("", views.AccountHome.as_view(), name="account_home"),
    path("security/checklist/", views.SecurityChecklist.as_view(), name="security_checklist"),
    path("activity/", views.Activity.as_view(), name="activity"),
    path("activity/export/", views.ExportActivity.as_view(), name="export_activity"),
    path("activity/evidence/", views.EvidencePack.as_view(), name="evidence_pack"),
    path("activity/as-of/", views.AsOf.as_view(), name="as_of"),
    path("activity/keeping/", views.KeepLog.as_view(), name="keep_log"),
    path("activity/views/", views.SavedViews.as_view(), name="saved_views"),
    path("activity/views/save/", views.SaveView.as_view(), name="save_view"),
    path("activity/views/<int:pk>/remove/", views.RemoveView.as_view(), name="remove_view"),
    path("activity/exports/", views.LogExports.as_view(), name="log_exports"),
    path("activity/exports/<int:pk>/", views.LogExportPage.as_view(), name="log_export"),
    path("activity/exports/<int:pk>/file/", views.TakeExport.as_view(), name="take_export"),
    path("activity/<int:number>/", views.EventPage.as_view(), name="event"),
]
