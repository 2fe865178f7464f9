"""All settings in one file; what differs between machines comes from the environment (see `.env.example`)."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import Env
from kombu import Queue

from config import home, logs

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
HOME = home.folder(BASE_DIR)  # var/, or SWITCHBOARD_HOME: everything this copy writes
UP = home.running(HOME)  # what a running `manage.py up` of this home says about itself

DEBUG = env.bool("DEBUG", False)
PRODUCTION = env.bool("SWITCHBOARD_PRODUCTION", False)  # secrets must come from outside
if PRODUCTION:
    home.require_secrets()
SECRET_KEY = env.str("SECRET_KEY", "") or home.secret_key(HOME)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
# The ring's text ("k2:<base64>,k1:<base64>", newest first), or the file that holds it and may change.
KEYS_FILE = env.str("SWITCHBOARD_KEYS_FILE", "")
CREDENTIAL_KEYS: str | Path = env.str("SWITCHBOARD_KEYS", "") or Path(KEYS_FILE or home.key_ring(HOME))

PORT = env.int("SWITCHBOARD_PORT", UP.get("port", 8700))
PUBLIC_URL_GIVEN = bool(env.str("SWITCHBOARD_URL", ""))
PUBLIC_URL = env.str("SWITCHBOARD_URL", UP.get("url", f"http://localhost:{PORT}")).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [urlsplit(PUBLIC_URL).hostname, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# Outgoing calls: host, host:port or CIDR that may be private; more certificate authorities (PEM).
PRIVATE_HOSTS: list[str] = env.list("SWITCHBOARD_PRIVATE_HOSTS", UP.get("private_hosts", []))
CA_FILE = env.str("SWITCHBOARD_CA_FILE", "")
SIMULATOR_URL = env.str("SWITCHBOARD_SIMULATOR_URL", UP.get("simulator", ""))  # the practice service
DEFINITIONS: list[str] = env.list("SWITCHBOARD_DEFINITIONS", [])  # more folders with services, beside ours
WEBHOOK_RATE = env.int("SWITCHBOARD_WEBHOOK_RATE", 0)  # deliveries a second to one endpoint; 0: no limit
LIVE_STREAMS = env.int("SWITCHBOARD_LIVE_STREAMS", 400)  # open live pages of one web process
# Over http/1.1 a browser has six connections to a host: with six of these the next page would hang.
LIVE_STREAMS_A_PERSON = env.int("SWITCHBOARD_LIVE_STREAMS_A_PERSON", 5)
# Peers (address or CIDR) whose X-Forwarded-For and -Proto are believed. An https address means that a proxy
# stands in front: unless told otherwise one on this machine.
NEAR = ["127.0.0.1", "::1"] if PUBLIC_URL.startswith("https://") else []
TRUSTED_PROXIES: list[str] = env.list("SWITCHBOARD_TRUSTED_PROXIES", NEAR)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its widgets' templates, so that ours may stand beside them
    "template_partials",
    "django_htmx",
    "django_structlog",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "config.apps.ConfigConfig",
    "definitions",
    "live",
    "audit",
    "people",
    "connections",
    "operations",
    "webhooks",
    "overview",
    "api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",  # static files have the policy, too: an SVG is a document
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "people.language.language_middleware",
    "people.sitting.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "people.sitting.sitting_middleware",
    "connections.locked.locked_middleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Two roles: the owner migrates, the application's may only add to the audit trail. One address: one role.
EMBEDDED_DATABASE = not env.str("DATABASE_URL", "")
DATABASE_APPLICATION = env.dj_db_url("DATABASE_URL", UP.get("database_url") or home.database_url(HOME))
OWNER_URL = home.owner_url(HOME) if EMBEDDED_DATABASE else env.str("DATABASE_URL")
DATABASE_OWNER = env.dj_db_url("DATABASE_OWNER_URL", OWNER_URL)
AS_OWNER = env.bool("SWITCHBOARD_AS_OWNER", False)  # manage.py says so for prepare, migrate and restore
DATABASE = DATABASE_OWNER if AS_OWNER else DATABASE_APPLICATION
DATABASE_LIMITS = {
    "statement_timeout": 5_000,
    "lock_timeout": 2_000,
    "idle_in_transaction_session_timeout": 10_000,
    "plan_cache_mode": "force_generic_plan",  # what is prepared is planned once, not for five uses more
}
POOL = env.int("SWITCHBOARD_POOL", 0)  # connections that a web process shares out; 0: one a thread
# In seconds: how long one waits for a connection; after how many without need one of them is closed; for how
# long it is tried again with growing pauses, before the next who asks begins anew.
POOL_LIMITS = {"min_size": 1, "timeout": 5, "max_idle": 10, "reconnect_timeout": 5}
DATABASES = {
    "default": {
        **DATABASE,
        # Under ASGI every request has a thread of its own, so only a pool keeps connections. Workers have a
        # pool, too, with a connection for each thread: config/celery.py.
        "CONN_MAX_AGE": 0 if POOL else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **DATABASE.get("OPTIONS", {}),
            "connect_timeout": 3,
            "prepare_threshold": 5,  # lets statements that ask for it be prepared; Django's own never are
            # A statement that waits is a page that hangs; migrations raise the limits for themselves.
            "options": " ".join(f"-c {name}={limit}" for name, limit in DATABASE_LIMITS.items()),
            **({"pool": {**POOL_LIMITS, "max_size": POOL}} if POOL else {}),
        },
    }
}

# Rate limits of sign-in need a cache that all web processes share; the database always is.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

AUTH_USER_MODEL = "people.Person"
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "overview:home"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation; the product sends no mail
ACCOUNT_LOGOUT_REDIRECT_URL = "people:sign_in"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds that a proof of identity counts for secrets, roles and keys
ACCOUNT_SESSION_REMEMBER = True  # the session's own limits decide
MFA_ADAPTER = "config.second_factor.Adapter"
SEALED_STORES = [
    "connections.resealing.Secrets",
    "config.second_factor.Seeds",
]  # what `keys rotate` seals anew
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Switchboard"
MFA_TOTP_TOLERANCE = 1  # clocks of phones are off by some seconds
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PUBLIC_URL.startswith("http://localhost")  # browsers allow it there, too
REQUIRE_SECOND_FACTOR = env.bool("SWITCHBOARD_REQUIRE_SECOND_FACTOR", PRODUCTION)  # of operators and admins
IDLE_SECONDS = env.int("SWITCHBOARD_IDLE_SECONDS", 1800)  # a session without a request ends after it
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

MESSAGE_TAGS = {40: "danger"}  # Django's "error" under the name that the style sheet has

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"  # of the sources, the API, the command line and the logs
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each under its own name: docs/translating.md
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = Path(
    env.str("SWITCHBOARD_STATIC", "") or HOME / "static"
)  # an image has them collected already
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("tabler", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist"),
]
COLLECT_STATIC = env.bool("SWITCHBOARD_COLLECT_STATIC", True)  # False: served from where they lie
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not COLLECT_STATIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.static.HashedStorage"
        if COLLECT_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILES_ROOT = HOME / "files"  # answers and uploads, under names of our own

HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "__Host-sid" if HTTPS else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600  # seconds, absolute
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the SVGs in Tabler's style sheet
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", UP.get("broker_url") or home.broker_url(HOME))
EMBEDDED_BROKER = not env.str("CELERY_BROKER_URL", "")
CELERY_TASK_DEFAULT_QUEUE = env.str(
    "SWITCHBOARD_QUEUE", "switchboard"
)  # copies that share a broker: one each
# Three lines that a worker serves in turn: the clock's ticks and people's runs never wait behind a thousand
# events that want completing (found by benchmarks/chaos: for minutes no lost run was looked after).
CLOCK, LATER = f"{CELERY_TASK_DEFAULT_QUEUE}.clock", f"{CELERY_TASK_DEFAULT_QUEUE}.later"
CELERY_TASK_QUEUES = [Queue(CLOCK), Queue(CELERY_TASK_DEFAULT_QUEUE), Queue(LATER)]
CELERY_TASK_ROUTES = {"webhooks.tasks.complete_event": {"queue": LATER}}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A call waits for the network, up to minutes: threads, not processes. One connection takes 8 of them at most.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env.int("SWITCHBOARD_WORKER_THREADS", 16)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # the logging of these settings stays
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# With the broker down a default .delay() blocked its caller for 19.6 s; beat wakes up what lies.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # longer than the longest task, else it is delivered twice
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}

DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a task's lines carry the id of the request that started it
METRICS_TOKEN = env.str("SWITCHBOARD_METRICS_TOKEN", "")  # opens /metrics to whoever brings it
LOG_LEVEL = env.str("SWITCHBOARD_LOG_LEVEL", "INFO")
LOGGING = logs.configuration(LOG_LEVEL)


def _every(seconds: int, task: str) -> dict[str, Any]:
    # Without a limit the ticks of a night without worker would all be carried out in the morning.
    return {"task": task, "schedule": seconds, "options": {"expires": seconds, "queue": CLOCK}}


CELERY_BEAT_SCHEDULE = {
    "wake up runs that lie": _every(10, "operations.tasks.reap"),
    "wake up events that lie": _every(10, "webhooks.tasks.process_events"),
    "wake up completions that lie": _every(10, "webhooks.tasks.look_after_completions"),
    "retention of runs": _every(3600, "operations.tasks.tidy"),
    "sign of life": _every(15, "overview.tasks.pulse"),
    "news of what ended": _every(5, "overview.tasks.watch"),
    "count hours": _every(60, "overview.tasks.count_hours"),
    "partitions ahead, retention, silence": _every(3600, "webhooks.tasks.keep_house"),
    "retention goes on": _every(5, "webhooks.tasks.forget_events"),
}
