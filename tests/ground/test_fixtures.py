"""The ground of all other tests: databases that may be committed to, the roles, the live site."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from psycopg2 import errors

from accounts.models import Person
from tests.factories import PersonFactory


def _people_seen_by_another_thread():
    def count():
        try:
            return Person.objects.count()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(count).result()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_fresh_database_is_empty_each_time_and_every_thread_sees_what_is_committed(fresh_database, turn):
    assert Person.objects.count() == 0

    PersonFactory()

    assert _people_seen_by_another_thread() == 1


@pytest.mark.django_db
def test_what_a_fresh_database_held_is_gone():
    assert "fresh" not in connection.settings_dict["NAME"]
    assert Person.objects.count() == 0


@pytest.mark.rule(15)
@pytest.mark.parametrize(
    "statement", ["TRUNCATE audit_event", "DELETE FROM audit_event", "ALTER TABLE audit_event DISABLE TRIGGER ALL"]
)
def test_the_app_role_of_the_tests_is_as_weak_as_in_production(as_app_role, statement):
    with as_app_role.cursor() as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(statement)


@pytest.mark.rule(15)
def test_even_the_owner_must_switch_the_triggers_off_first(as_owner):
    with as_owner.cursor() as cursor:
        with pytest.raises(psycopg2.Error, match="audit"):
            cursor.execute("TRUNCATE audit_event")
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
        cursor.execute("TRUNCATE audit_event")


def test_the_live_site_answers_under_its_name_and_the_role_of_web(live_site):
    PersonFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]

    asked = http.client.HTTPConnection(live_site.url.removeprefix("http://"), timeout=10)
    asked.request("GET", "/auth/login/")

    assert asked.getresponse().status == 200
    assert live_site.url == settings.SITE_URL
    assert role == "accessportal_test_app"
