"""All settings in one file; what differs between machines comes from the environment (`.env.example` lists it)."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import Env

from config import home

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
HOME = home.folder(BASE_DIR)  # var/, or SWITCHBOARD_HOME: everything this copy writes
UP = home.running(HOME)  # what a running `manage.py up` of this home says about itself

DEBUG = env.bool("DEBUG", False)
PRODUCTION = env.bool("SWITCHBOARD_PRODUCTION", False)
SECRET_KEY = env.str("SECRET_KEY", "") or home.secret_key(HOME)
CREDENTIAL_KEYS = env.str("SWITCHBOARD_KEYS", "") or home.key_ring(
    HOME
)  # "k2:<base64>,k1:<base64>", newest first

PORT = env.int("SWITCHBOARD_PORT", UP.get("port", 8700))
PUBLIC_URL = env.str("SWITCHBOARD_URL", UP.get("url", f"http://localhost:{PORT}")).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [urlsplit(PUBLIC_URL).hostname, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])
PRIVATE_HOSTS = env.list(
    "SWITCHBOARD_PRIVATE_HOSTS", []
)  # host, host:port or CIDR that outgoing calls may reach
SIMULATOR_URL = env.str(
    "SWITCHBOARD_SIMULATOR_URL", UP.get("simulator", "")
)  # where the practice service answers
DEFINITIONS = env.list(
    "SWITCHBOARD_DEFINITIONS", []
)  # more folders with services, beside definitions/services
TRUSTED_PROXIES = env.list("SWITCHBOARD_TRUSTED_PROXIES", [])  # peers whose X-Forwarded-For is believed

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
    "csp",
    "config.apps.ConfigConfig",
    "definitions",
    "live",
    "audit",
    "people",
    "connections",
    "operations",
    "webhooks",
    "overview",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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

DATABASE = env.dj_db_url("DATABASE_URL", UP.get("database_url") or home.database_url(HOME))
POOL = env.int(
    "SWITCHBOARD_POOL", 0
)  # connections shared by the requests of one web process; 0: one a thread
DATABASES = {
    "default": {
        **DATABASE,
        # Under ASGI every request has a thread of its own, so only a pool keeps connections. Celery closes a pool at
        # every task (its issue #10554), so workers keep one connection instead.
        "CONN_MAX_AGE": 0 if POOL else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **DATABASE.get("OPTIONS", {}),
            "connect_timeout": 3,
            # A statement that waits is a page that hangs (threats.md, T29); migrations raise the limits themselves.
            "options": "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000",
            **({"pool": {"min_size": 1, "max_size": POOL, "timeout": 5}} if POOL else {}),
        },
    }
}
EMBEDDED_DATABASE = not env.str("DATABASE_URL", "")

AUTH_USER_MODEL = "people.Person"
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "overview:home"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

MESSAGE_TAGS = {40: "danger"}  # Django's "error" under the name that the style sheet has

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("tabler", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist"),
    ("uplot", BASE_DIR / "node_modules" / "uplot" / "dist"),
]
COLLECT_STATIC = env.bool("SWITCHBOARD_COLLECT_STATIC", True)  # False: served from where they lie (tests)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not COLLECT_STATIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
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
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
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
)  # copies that share a broker need names
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# With the broker down a default .delay() blocked its caller for 19.6 s; the row is the truth and beat wakes it up later.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # longer than the longest task, else it is delivered twice
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
