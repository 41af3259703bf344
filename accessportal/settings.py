"""Settings, all from the environment: the README's table documents each one."""

import datetime as dt
import ssl
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from accessportal.embedded import paths

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = paths.data_folder()
OWN_DATABASE = not env.str("DATABASE_URL", default="")  # the embedded one
EMBEDDED = OWN_DATABASE or env.bool("ACCESSPORTAL_LOCAL", default=False)  # `make run`, also on servers given to it
DEBUG = env.bool("DEBUG", default=False)
PORT = paths.port()

# --- Where we are -----------------------------------------------------------------------------------------------------
SITE_NAME = "AccessPortal"
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{PORT}" if EMBEDDED else "").rstrip("/")
if not SITE_URL.startswith(("http://", "https://")):
    raise paths.BadSetting(
        "SITE_URL must be the address people reach the portal at, such as https://access.example.com"
    )
SITE_HOST = SITE_URL.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[0]
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_HOST])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
PRIVATE_NETWORK_HOSTS = env.list("PRIVATE_NETWORK_HOSTS", default=[])  # accessportal.safety asks no TLS of these

# --- Secrets ----------------------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", default="") or (paths.secret_key(DATA) if EMBEDDED else "")
if len(SECRET_KEY) < 50:
    raise paths.BadSetting("SECRET_KEY must be set to a random text of 50 characters or more")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
CHECKPOINT_ORIGIN = env.str("CHECKPOINT_ORIGIN", default="") or SITE_HOST
CHECKPOINT_KEY = env.str("CHECKPOINT_KEY", default="") or (paths.checkpoint_key(DATA) if EMBEDDED else "")
if CHECKPOINT_KEY and not paths.is_key(CHECKPOINT_KEY):
    raise paths.BadSetting("CHECKPOINT_KEY must be 32 bytes in hexadecimal: openssl rand -hex 32")
if "+" in CHECKPOINT_ORIGIN or " " in CHECKPOINT_ORIGIN:
    raise paths.BadSetting("CHECKPOINT_ORIGIN must hold neither a space nor a plus")

# --- Time -------------------------------------------------------------------------------------------------------------
CLOCK_TOLERANCE = dt.timedelta(seconds=30)  # between this machine's clock and the database's: audit.clock

# --- What is installed ------------------------------------------------------------------------------------------------
# The floors, from the top; invitations, logins, reviews, streams and watching lie on one.
PROJECT_APPS = [
    "accessportal", "staff", "oversight", "notices", "invitations", "logins", "reviews", "streams", "watching",
    "teams", "accounts", "audit",
]  # fmt: skip
INSTALLED_APPS = [
    *PROJECT_APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "guardian",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "accessportal.headers.HeadersMiddleware",  # around all others, which leave some answers without
    "accessportal.health.HealthMiddleware",  # before the rest: asked by address, without a name, over plain http
    "accessportal.middleware.LocalNameMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accessportal.middleware.RequestOriginMiddleware",
    "accessportal.middleware.ClockMiddleware",  # before the session: it ends by the clock, too
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accessportal.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accessportal.middleware.SeenMiddleware",
    "accessportal.middleware.DeadCacheMiddleware",
]
ROOT_URLCONF = "accessportal.urls"
WSGI_APPLICATION = "accessportal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "oversight.navigation.navigation",
            ],
            "builtins": ["accounts.templatetags.ui", "accounts.templatetags.access", "django.templatetags.i18n"],
        },
    }
]
FORM_RENDERER = "accounts.forms.HouseRenderer"

# --- Database, cache, queue -------------------------------------------------------------------------------------------
EMBEDDED_ROLE = paths.OWNER_ROLE if env.bool("ACCESSPORTAL_AS_OWNER", default=False) else paths.APP_ROLE
DATABASES = {"default": env.db_url("DATABASE_URL", default=paths.database_url(DATA, EMBEDDED_ROLE))}
DATABASES["default"]["HOST"] = DATABASES["default"].get("OPTIONS", {}).pop("host", DATABASES["default"]["HOST"])
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env.bool("PGBOUNCER", default=False)
DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", default=None)}
DATABASE_APP_ROLE = env.str("DATABASE_APP_ROLE", default=paths.APP_ROLE if OWN_DATABASE else "")

REDIS_URL = env.str("REDIS_URL", default="") or paths.redis_url(DATA)
CACHE_PREFIX = env.str("CACHE_PREFIX", default="accessportal")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": CACHE_PREFIX,
        "OPTIONS": {  # a dead cache must not hold every thread: redis-py's own default is to try for eight seconds
            "socket_timeout": 0.7,  # a page that asks it twice still answers within two seconds
            "socket_connect_timeout": 0.7,
            "retry": Retry(NoBackoff(), 0),  # a connection that the server closed is renewed before it is used
            "max_connections": 50,  # of one process: more than it has threads, and an end to what may pile up
        },
    }
}
SESSION_ENGINE = "accounts.sessions"  # rows that name their person, so that ending them all can be proven

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
if CELERY_BROKER_URL.startswith("rediss://"):  # without it the queue's library would speak plain to such a server
    CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_LIMIT = 10
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # five times the longest task
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "global_keyprefix": CACHE_PREFIX,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 1,  # a web request rings once: the sweep finds what a dead broker did not take
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_BEAT_SCHEDULE = {
    "sweep-the-outbox": {"task": "accounts.tasks.sweep_outbox", "schedule": 15.0},
    "watch-ends": {"task": "teams.tasks.watch_ends", "schedule": 60.0},
    "note-lapsed-requests": {"task": "teams.tasks.note_lapses", "schedule": 60.0},
    "note-expired-invitations": {"task": "invitations.tasks.note_expiries", "schedule": 60.0},
    "sweep-the-imports": {"task": "invitations.tasks.sweep_imports", "schedule": 30.0},
    "clear-old-imports": {"task": "invitations.tasks.clear_old_imports", "schedule": 6 * 60 * 60.0},
    "remind-of-exposed-logins": {"task": "logins.tasks.remind_owners", "schedule": 10 * 60.0},
    "mind-reviews": {"task": "reviews.tasks.mind_reviews", "schedule": 10 * 60.0},
    "mind-pending-acts": {"task": "teams.tasks.mind_pending_acts", "schedule": 5 * 60.0},
    "mind-claims": {"task": "teams.tasks.mind_claims", "schedule": 30 * 60.0},
    "mind-resets": {"task": "teams.tasks.mind_resets", "schedule": 30 * 60.0},
    "mind-planned-policies": {"task": "teams.tasks.mind_plans", "schedule": 60.0},
    "send-digests": {"task": "notices.tasks.send_digests", "schedule": 5 * 60.0},
    "mail-checkpoints": {"task": "notices.tasks.mail_checkpoints", "schedule": 30 * 60.0},
    "clear-old-notices": {"task": "notices.tasks.clear_old", "schedule": 6 * 60 * 60.0},
    "watch-the-log": {"task": "watching.tasks.read_log", "schedule": 60.0},
    "look-over-accounts": {"task": "watching.tasks.look_over", "schedule": 10 * 60.0},
    "mind-the-record": {"task": "accounts.tasks.mind_record", "schedule": 5 * 60.0},
    "sweep-the-streams": {"task": "streams.tasks.sweep", "schedule": 10.0},
    "sweep-the-exports": {"task": "oversight.tasks.sweep_exports", "schedule": 15.0},
    "clear-old-exports": {"task": "oversight.tasks.clear_old_exports", "schedule": 60 * 60.0},
    "clear-old-deliveries": {"task": "streams.tasks.clear_old", "schedule": 6 * 60 * 60.0},
    "clear-old-tallies": {"task": "accounts.tasks.clear_old_tallies", "schedule": 6 * 60 * 60.0},
    "clear-expired-sessions": {"task": "accounts.tasks.clear_expired_sessions", "schedule": 6 * 60 * 60.0},
}

# --- People and signing in --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "teams.backends.AccessBackend",  # first: it alone answers for accounts and assets
    "allauth.account.auth_backends.AuthenticationBackend",  # no other: a wrong password is hashed once, too
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
GUARDIAN_RENDER_403 = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # its own backend knows no suspension and no end: AccessBackend answers

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/dashboard/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.ChangeAddressForm",
    "reset_password": "accounts.forms.AskForPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = str
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # our adapter takes the same time for it, and writes to no stranger (GU4)
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "login_failed": "5/5m/key",  # codes of second factors (MF3); passwords: accounts.actions.guessing, in the database
    "reset_password": "20/m/ip,5/h/key",  # mails to one address (GU5)
    "confirm_email": "1/10s/key,5/h/key",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the adapter ends all other sessions; this one goes on under a new key
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
MFA_FORMS = {
    "activate_totp": "accounts.forms.ActivateAppForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "authenticate": "accounts.forms.CodeForm",
    "authenticate_webauthn": "accounts.forms.PasskeyAsSecondFactorForm",
    "login_webauthn": "accounts.forms.PasskeyLoginForm",
    "reauthenticate": "accounts.forms.CodeAgainForm",
    "reauthenticate_webauthn": "accounts.forms.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]  # our own recovery codes: the library's are too short, and kept readable
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED and not SECURE
FACTOR_RESET_WAIT = dt.timedelta(hours=env.int("FACTOR_RESET_HOURS", default=48))
if dt.timedelta(hours=24) > FACTOR_RESET_WAIT:
    raise paths.BadSetting("FACTOR_RESET_HOURS must be 24 or more: so long a person can refuse")
USERSESSIONS_ADAPTER = "accounts.adapters.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.tokens.ResetLinks"  # noqa: S105  # the name of a class
PASSWORD_RESET_TIMEOUT = 60 * 60
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LongEnough", "OPTIONS": {"min_length": 15}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "accounts.passwords.NotWeak"},
]

# --- Mail -------------------------------------------------------------------------------------------------------------
MAIL_FOLDER = DATA / "mail"
if EMBEDDED and not env.str("EMAIL_URL", default=""):
    EMAIL_BACKEND = "accessportal.devmail.EmlFileBackend"
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"AccessPortal <no-reply@{SITE_HOST}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Pages ------------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default="") or (None if EMBEDDED else str(BASE_DIR / "staticfiles"))
WHITENOISE_USE_FINDERS = EMBEDDED
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site has a use for our files
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CHECKPOINT_STORE = env.str("CHECKPOINT_STORE", default="") or (str(DATA / "checkpoints") if EMBEDDED else "")
if CHECKPOINT_STORE:
    STORAGES["checkpoints"] = paths.storage_of("CHECKPOINT_STORE", CHECKPOINT_STORE)

EXPORT_STORE = env.str("EXPORT_STORE", default="") or (str(DATA / "exports") if EMBEDDED else "")
if EXPORT_STORE:
    STORAGES["exports"] = paths.private_storage_of("EXPORT_STORE", EXPORT_STORE)

# --- Web hardening ----------------------------------------------------------------------------------------------------
REPORTS_TO = "policy"  # the name under which accessportal.headers says where reports go
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["htmx"],
        "report-to": REPORTS_TO,
        "report-uri": "/csp-report/",  # for browsers that don't know report-to
    }
}
SESSION_IDLE = dt.timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=60))
SESSION_LONGEST = dt.timedelta(hours=env.int("SESSION_HOURS", default=24))
SESSION_LONGEST_OF_ADMINISTRATORS = dt.timedelta(hours=env.int("SESSION_HOURS_OF_ADMINISTRATORS", default=12))
if min(SESSION_IDLE, SESSION_LONGEST, SESSION_LONGEST_OF_ADMINISTRATORS) <= dt.timedelta():
    raise paths.BadSetting("SESSION_IDLE_MINUTES and both SESSION_HOURS must be 1 or more")
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())  # "stay signed in" lasts no longer; the server decides anyway
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
DEVICE_COOKIE_NAME = "__Host-device" if SECURE else "device"  # by which a sign-in from a new device is seen
DEVICE_COOKIE_AGE = 400 * 24 * 60 * 60  # seconds; as long as browsers keep one
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SECURE_SSL_REDIRECT = SECURE and env.bool("SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Logs -------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "no_tokens": {"()": "accessportal.logs.RedactTokens"},
        "no_traceback": {"()": "accessportal.logs.WithoutTraceback"},
    },
    "formatters": {"line": {"()": "accessportal.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "INFO"},
        "django.template": {"level": "INFO"},  # below, it prints all that a page is made of: codes, secrets, links
        "fontTools": {"level": "WARNING"},  # it tells of every table of a font that goes into a PDF
        # These name the path of a request: whatever handler listens, it may not see a token.
        "django.request": {"filters": ["no_tokens"]},
        "django.security.csrf": {"filters": ["no_tokens"]},
        # Anybody can send any name: one line each time, and no more.
        "django.security.DisallowedHost": {"filters": ["no_traceback"]},
    },
}
