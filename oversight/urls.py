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
    path("activity/", views.Activity.as_view(), name="activity"),
    path("activity/export/", views.ExportActivity.as_view(), name="export_activity"),
    path("activity/<int:number>/", views.EventPage.as_view(), name="event"),
]
