"""What keeps the portal from starting (CF4, CF5), keys that change (CF7), and the limits of all that it calls (CF9)."""

import ast
import datetime as dt
import os
import secrets
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg2
import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as of_the_tests
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.core.mail import EmailMessage, get_connection
from django.db import connection
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from accessportal.celery import app
from accessportal.safety import problems
from tests.factories import PersonFactory
from tests.house.source import ROOT, modules

KEY = secrets.token_urlsafe(48)
SAFE = {
    "DEBUG": False, "EMBEDDED": False, "SECURE": True, "SITE_HOST": "access.example.com",
    "ALLOWED_HOSTS": ["access.example.com"], "SECRET_KEY": KEY, "SECRET_KEY_FALLBACKS": [],
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "mail.example.com",
    "EMAIL_USE_TLS": True, "EMAIL_USE_SSL": False, "PRIVATE_NETWORK_HOSTS": [],
    "DATABASES": {"default": {"HOST": "db.example.com", "OPTIONS": {"sslmode": "verify-full"}}},
    "REDIS_URL": "rediss://:x@redis.example.com:6379/0",
}  # fmt: skip


def _database(host, **options):
    return {"default": {"HOST": host, "OPTIONS": options}}


def _names(**given):
    return [name for name, _words in problems(SimpleNamespace(**{**SAFE, **given}))]


# --- Unsafe settings --------------------------------------------------------------------------------------------------
@pytest.mark.requirement("CF5")
@pytest.mark.requirement("CF4")
@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"DEBUG": True}, "DEBUG"),
        ({"DEBUG": True, "SITE_HOST": "localhost"}, "DEBUG"),  # another host is answered all the same
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ["*.example.com"]}, "ALLOWED_HOSTS"),
        ({"SECURE": False}, "SITE_URL"),
        ({"SECRET_KEY": KEY[:49]}, "SECRET_KEY"),
        ({"SECRET_KEY": "s" * 60}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + KEY}, "SECRET_KEY"),
        ({"SECRET_KEY": "0123456789" * 4 + "abcdefghijklmnop"}, "SECRET_KEY"),
        ({"SECRET_KEY": "only-while-this-image-is-built-no-secret-of-anything-at-all"}, "SECRET_KEY"),
        ({"SECRET_KEY_FALLBACKS": [KEY, "changeme" * 8]}, "SECRET_KEY_FALLBACKS"),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, "CACHES"),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}, "CACHES"),
        ({"EMAIL_USE_TLS": False}, "EMAIL_URL"),
        ({"EMAIL_USE_TLS": False, "EMAIL_HOST": "192.0.2.7"}, "EMAIL_URL"),
        ({"DATABASES": _database("db.example.com")}, "DATABASE_URL"),
        ({"DATABASES": _database("db.example.com", sslmode="require")}, "DATABASE_URL"),
        ({"DATABASES": _database("192.0.2.7", sslmode="prefer")}, "DATABASE_URL"),
        ({"REDIS_URL": "redis://:x@redis.example.com:6379/0"}, "REDIS_URL"),
        ({"REDIS_URL": "rediss://:x@redis.example.com:6379/0?ssl_cert_reqs=none"}, "REDIS_URL"),
    ],
)
def test_each_unsafe_setting_is_named(given, name):
    assert _names(**given) == [name]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True},
        {"EMAIL_USE_TLS": False, "EMAIL_HOST": "127.0.0.1"},
        {"DATABASES": _database("/run/postgresql"), "REDIS_URL": "unix:///run/redis.sock"},
        {"DATABASES": _database("db"), "REDIS_URL": "redis://:x@redis:6379/0"},  # the network of the compose file
        {"DATABASES": _database("db.internal"), "PRIVATE_NETWORK_HOSTS": ["db.internal"]},
        {
            "SITE_HOST": "localhost",
            "ALLOWED_HOSTS": ["localhost"],
            "SECURE": False,
            "DEBUG": True,
            "SECRET_KEY": "x" * 60,
        },
    ],
)
def test_what_is_safe_starts(given):
    assert _names(**given) == []


def _environment(**given):
    safe = {
        "SITE_URL": "https://access.example.com", "SECRET_KEY": KEY, "DATABASE_URL": "postgresql://app@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0", "EMAIL_URL": "smtp://127.0.0.1:1", "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "accessportal.settings", "TRUSTED_PROXY_COUNT": "1",
    }  # fmt: skip
    return {**safe, **given}


def _run(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=_environment(**environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


UNSAFE = {"DEBUG": "1", "ALLOWED_HOSTS": "*", "EMAIL_URL": "smtp://mail.example.com:25"}


@pytest.mark.requirement("CF5")
@pytest.mark.parametrize(
    "command",
    [
        ("-c", "import accessportal.wsgi"),
        ("-m", "celery", "--app", "accessportal", "worker", "--concurrency", "1"),
        ("-m", "celery", "--app", "accessportal", "beat", "--schedule", "/tmp/never-written", "--pidfile="),
        ("manage.py", "check"),
        ("manage.py", "set_up_database"),
    ],
    ids=["web", "worker", "beat", "check", "set_up_database"],
)
def test_no_process_starts_under_unsafe_settings_and_each_says_why(command):
    ended = _run(*command, **UNSAFE)

    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    for words in ("DEBUG shows the inside", "ALLOWED_HOSTS holds a star", "EMAIL_URL names a mail server elsewhere"):
        assert words in said
    assert KEY not in said


@pytest.mark.requirement("CF5")
def test_the_deployment_check_has_no_warning_under_safe_settings():
    ended = _run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout


# --- Certificates -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A certificate for localhost that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = timezone.now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    path = tmp_path_factory.mktemp("tls") / "stranger.pem"
    path.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def _served(answer):
    """A server at localhost; `answer` gets each connection. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def serve():
            while not ended.is_set():
                try:
                    answer(server.accept()[0])
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        ended.set()
        thread.join(timeout=5)


@pytest.fixture
def pretender(stranger):
    """A port that speaks TLS under that certificate, and what it was told in clear or after a handshake."""
    heard = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stranger)

    def answer(raw):
        raw.settimeout(3)
        first = raw.recv(8, socket.MSG_PEEK)
        if first[4:8] == b"\x04\xd2\x16\x2f":  # PostgreSQL asks first whether TLS is spoken
            raw.recv(8)
            raw.sendall(b"S")
        try:
            with context.wrap_socket(raw, server_side=True) as tls:
                heard.append(tls.recv(1_000))
        except OSError:
            raw.close()

    with _served(answer) as port:
        yield SimpleNamespace(port=port, heard=heard)


def _ask_mail(port):
    get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host="localhost",
        port=port,
        use_ssl=True,
        username="u",
        password="p",
        timeout=5,
    ).open()


def _ask_database(port):
    psycopg2.connect(
        f"postgresql://u:p@localhost:{port}/d?sslmode=verify-full&sslrootcert={ssl.get_default_verify_paths().cafile}",
        connect_timeout=5,
    )


def _ask_cache(port):
    given = of_the_tests.CACHES["default"]["OPTIONS"]
    RedisCache(f"rediss://:p@localhost:{port}/0", {"OPTIONS": given}).get("x")


def _ask_broker(port):
    given = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}  # as the settings say for rediss://
    with app.connection_for_write(f"rediss://:p@localhost:{port}/0") as asked:
        asked.ssl = given
        asked.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=5)
        asked.default_channel.client.ping()


@pytest.mark.requirement("CF4")
@pytest.mark.parametrize(
    ("ask", "refusals"),
    [
        (_ask_mail, (ssl.SSLCertVerificationError,)),
        (_ask_database, (psycopg2.OperationalError,)),
        (_ask_cache, (redis.exceptions.ConnectionError,)),
        (_ask_broker, (redis.exceptions.ConnectionError, OSError, OperationalError)),
    ],
)
def test_a_server_that_nobody_vouches_for_is_told_nothing(ask, refusals, pretender):
    with pytest.raises(refusals, match=r"(?i)certificate|verify"):
        ask(pretender.port)

    assert [said for said in pretender.heard if said] == []


@pytest.mark.requirement("CF4")
def test_a_broker_by_tls_is_asked_for_its_certificate():
    told = _run(
        "-c",
        "from django.conf import settings as s; print(s.CELERY_BROKER_USE_SSL['ssl_cert_reqs'], s.CELERY_BROKER_USE_SSL['ssl_check_hostname'])",
        REDIS_URL="rediss://:x@redis.example.com:6379/0",
    )

    assert told.stdout.split() == ["2", "True"] or "CERT_REQUIRED True" in told.stdout


# --- Keys that change -------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("CF7")
def test_a_session_lives_on_under_the_former_key_and_ends_when_that_is_dropped(settings):
    former, new = settings.SECRET_KEY, secrets.token_urlsafe(48)
    client = Client()
    client.force_login(PersonFactory())

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [former]
    in_the_overlap = client.get("/dashboard/").status_code
    settings.SECRET_KEY_FALLBACKS = []
    after_it = client.get("/dashboard/").status_code

    assert (in_the_overlap, after_it) == (200, 200), "who came during the overlap has a session under the new key"


@pytest.mark.django_db
@pytest.mark.requirement("CF7")
def test_a_session_of_a_key_that_is_gone_is_nobodys(settings):
    client = Client()
    client.force_login(PersonFactory())

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secrets.token_urlsafe(48), []

    assert client.get("/dashboard/").status_code == 302


# --- Limits of what is called -----------------------------------------------------------------------------------------
@pytest.fixture
def silent():
    """A port that takes connections and never says a word."""
    held = []
    with _served(held.append) as port:
        yield port
    for one in held:
        one.close()


@pytest.mark.requirement("CF9")
def test_a_silent_cache_holds_nobody_longer_than_a_second(silent):
    asked = RedisCache(f"redis://127.0.0.1:{silent}/0", {"OPTIONS": of_the_tests.CACHES["default"]["OPTIONS"]})
    began = time.monotonic()

    with pytest.raises(redis.exceptions.TimeoutError):
        asked.get("x")

    assert time.monotonic() - began < 3  # 0.7 seconds and no second try; the rest is for a busy machine


@pytest.mark.requirement("CF9")
def test_a_silent_database_is_given_up_on(silent):
    limit = connection.get_connection_params()["connect_timeout"]
    began = time.monotonic()

    with pytest.raises(psycopg2.OperationalError, match="timeout"):
        psycopg2.connect(host="127.0.0.1", port=silent, user="u", dbname="d", connect_timeout=2)

    assert 0 < limit <= 10
    assert time.monotonic() - began < 8


@pytest.mark.requirement("CF9")
def test_a_silent_mail_server_is_given_up_on(silent, settings):
    assert 0 < of_the_tests.EMAIL_TIMEOUT <= 30
    settings.EMAIL_TIMEOUT = 1
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=silent)

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        backend.send_messages([EmailMessage("s", "b", "a@example.com", ["b@example.com"])])


@pytest.mark.requirement("CF9")
def test_pools_and_retries_have_an_end():
    pool = cache._cache._get_connection_pool(write=True)
    transport = app.conf.broker_transport_options

    assert pool.max_connections <= 100
    assert pool.connection_kwargs["retry"].get_retries() == 0
    assert app.conf.broker_pool_limit == 10
    assert (transport["max_retries"], app.conf.task_publish_retry_policy["max_retries"]) == (1, 1)
    assert 0 < transport["socket_timeout"] <= 5
    assert 0 < transport["socket_connect_timeout"] <= 5
    assert 0 < of_the_tests.DATABASES["default"]["CONN_MAX_AGE"] <= 600  # a thread has one connection, and no more


@pytest.mark.requirement("RE4")
def test_the_queue_gives_back_what_its_workers_did_not_finish():
    transport = app.conf.broker_transport_options

    assert (app.conf.task_acks_late, app.conf.task_reject_on_worker_lost) == (True, True)
    assert app.conf.worker_prefetch_multiplier == 1
    assert 0 < app.conf.task_soft_time_limit < app.conf.task_time_limit < transport["visibility_timeout"]
    assert transport["unacked_restore_interval"] <= 10


REACHES_OUT = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "telnetlib",
    "urllib.request",
    "urllib3",
}
BY_NAME = {
    "accessportal/embedded/supervisor.py": {"http.client", "socket"},  # asks its own web process whether it lives
    "accounts/actions/mails.py": {"smtplib"},  # its errors; Django sends
    "streams/calling.py": {"socket"},  # what people type is checked there: tests/streams/test_outside_only.py
    "audit/witness.py": {"urllib.request"},  # runs by itself on another machine, and reads where its operator says
}


@pytest.mark.requirement("IO5")
@pytest.mark.requirement("CF9")
def test_nothing_of_ours_fetches_an_address():
    """An address that a person gives is reached from one place alone, and IO5 is tried there: nothing else could."""
    found = {}
    for path, tree in modules():
        nodes = list(ast.walk(tree))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
        if reaching := names & REACHES_OUT - BY_NAME.get(path, set()):
            found[path] = reaching

    assert found == {}
