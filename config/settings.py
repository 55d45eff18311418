"""Every setting of Doorward. The environment is read here, once, and nowhere else."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from accounts.products import load
from config import databases, logs
from config.environment import environment, finish, secrets_file
from ratelimits import limits

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment()

# Where it runs

DATA_DIR = Path(env.str("DOORWARD_DATA_DIR", str(BASE_DIR / "data"))).absolute()
DEMO = env.bool("DOORWARD_DEMO", False)
# Sandbox keys only: neither live keys nor applications are let in.
SANDBOX_ONLY = env.bool("DOORWARD_SANDBOX_ONLY", False)
DEBUG = False
PUBLIC_URL = env.origin("DOORWARD_PUBLIC_URL", "http://localhost:8000")
WORKERS = env.int("DOORWARD_WORKERS", 1)
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", "")
# Where our own requests may go beside the public internet (accounts.outbound).
OUTBOUND_NETWORKS = env.networks("DOORWARD_OUTBOUND_NETWORKS", "")

# Secrets: from the environment, else from the file that `manage.py up` made

_kept = secrets_file(DATA_DIR)
SECRET_KEY = env.str("DOORWARD_SECRET_KEY", _kept.secret_key)
PEPPERS = env.keys("DOORWARD_PEPPERS", _kept.peppers)
ENCRYPTION_KEYS = env.keys("DOORWARD_ENCRYPTION_KEYS", _kept.encryption_keys)

# Products

_own_products = env.str("DOORWARD_PRODUCTS_DIR", "")
PRODUCT_FOLDERS = [BASE_DIR / "config" / "products"]
if _own_products:
    PRODUCT_FOLDERS.append(Path(_own_products))

# Whoever signs reports of leaked keys (apikeys.github)

GITHUB_KEYS_FILE = Path(
    env.str("DOORWARD_GITHUB_KEYS_FILE", "") or DATA_DIR / "github-keys.json"
)

# Database: SQLite in the data folder, or PostgreSQL

DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL", f"sqlite:///{DATA_DIR / 'doorward.sqlite3'}"
    )
}
# Reads and writes that a request cannot wait for end with 503, not with a hung thread.
STATEMENT_SECONDS = 5
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Limits

REDIS_URL = env.redis_url("REDIS_URL", "")
# Several deployments may share one Redis: each name there begins with this.
REDIS_PREFIX = env.prefix_name("DOORWARD_REDIS_PREFIX", "doorward")
LIMITER = limits.REDIS if REDIS_URL else limits.LOCAL
ANONYMOUS_LIMITS = env.limits("DOORWARD_ANONYMOUS_LIMITS", "600/min, 100/s")
# How often the last uses of credentials are written, in seconds; 0: when asked only.
LAST_USED_SECONDS = 1.0
# The same of usage. What a crash loses is what was counted since. A second faster, and
# a busy key would be written more than twenty times a minute.
USAGE_SECONDS = 4.8
# Who may read /metrics.
METRICS_NETWORKS = env.networks("DOORWARD_METRICS_NETWORKS", "127.0.0.0/8, ::1/128")
BRAKES = env.brakes("DOORWARD_BRAKES", "10/account, 60/address in 15 min")

# Mail and logs

# Mail holds links that are secrets, so only the demo may print it.
_mail = env.dj_email_url("EMAIL_URL", "console://" if DEMO else "dummy://")
DEFAULT_FROM_EMAIL = env.str("DOORWARD_FROM_EMAIL", "doorward@localhost")
LOG_LEVEL = env.str("DOORWARD_LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env.str("DOORWARD_LOG_FORMAT", "auto")
# Of the pages: a language with a catalogue in the data folder's locale/.
LANGUAGE_CODE = env.str("DOORWARD_LANGUAGE", "en")
_more_hosts: list[str] = env.list("DOORWARD_ALLOWED_HOSTS", [])

finish(env)

# From here on nothing is read from the environment

PRODUCTS = load(PRODUCT_FOLDERS)

_public = urlsplit(PUBLIC_URL)
_product_urls = [
    url for product in PRODUCTS.values() for url in (product.app_url, product.api_url)
]
ALLOWED_HOSTS = [
    str(_public.hostname),
    *(str(urlsplit(url).hostname) for url in _product_urls if url),
    *(host.strip() for host in _more_hosts),
    *(["localhost", "127.0.0.1", "[::1]"] if DEMO else []),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *(url for url in _product_urls if url)]

databases.add_options(DATABASES["default"], seconds=STATEMENT_SECONDS)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "default",
    },
    "brakes": {
        "BACKEND": "ratelimits.caches.FailoverCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}:brakes",
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "brakes",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
RATELIMIT_USE_CACHE = "brakes"
# Its checks know neither our fall-back nor one process; config.checks says what holds.
# Of Django's, two ask for headers that the door sets.
SILENCED_SYSTEM_CHECKS = [
    "django_ratelimit.E003",
    "django_ratelimit.W001",
    "security.W001",
    "security.W002",
    # Passkeys: which addresses are safe, PUBLIC_URL decides; a challenge works once,
    # whatever the cookie says (accounts.passkeys).
    "otp_webauthn.E031",
    "otp_webauthn.E040",
]

INSTALLED_APPS = [
    # First, so that our admin modules can take its groups out again.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "config.apps.ConfigConfig",
    "config.apps.DoorwardAdminConfig",
    "scans",
    "gateway",
    "apikeys",
    "oauth",
    "accounts",
    "ratelimits",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_otp",
    "django_otp_webauthn",
    "django_ratelimit",
    "oauth2_provider",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "config.door.Door",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.browser.BrowserSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

# One dotted name per kind of credential: the dispatcher's own list.
CREDENTIAL_KINDS = [
    "accounts.authentication.sessions",
    "apikeys.authentication.api_keys",
    "oauth.authentication.oauth_tokens",
]

# Who finds a key that another system issued.
IMPORTED_KEYS = "apikeys.imported.find"

# Who delivers which kind of message of the outbox: a callable that takes the payload.
OUTBOX_KINDS = {
    "backchannel_logout": "oauth.logout.deliver",
    "mail": "accounts.mail.deliver",
    "webhook": "accounts.webhook_sending.deliver",
}

# What each process does beside its requests, and the seconds between two runs.
BACKGROUND = True
BACKGROUND_JOBS = {
    "oauth.logout.announce": 1.0,
    "accounts.outbox.deliver_due": 1.0,
    "accounts.denials.write": 2.0,
    "accounts.alerts.announce": 60.0,
    "apikeys.expiry.announce": 60.0,
    "apikeys.idle.look": 600.0,
    "config.pruning.sweep": 60.0,
    "oauth.tokens.forget_answers": 60.0,
    "accounts.idempotency.forget_answers": 60.0,
}

# All six tables of django-oauth-toolkit are ours, from the first migration on.
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "oauth.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth.AccessToken"  # noqa: S105 - a table
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth.RefreshToken"  # noqa: S105
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth.IDToken"  # noqa: S105
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "oauth.DeviceGrant"
# Its views and its validator are not in use: our own code decides what is allowed. This
# tells the package's deployment checks so, and its admin our classes.
OAUTH2_PROVIDER = {
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    "APPLICATION_ADMIN_CLASS": "oauth.admin.ApplicationAdmin",
    "ACCESS_TOKEN_ADMIN_CLASS": "oauth.admin.HiddenAdmin",
    "GRANT_ADMIN_CLASS": "oauth.admin.HiddenAdmin",
    "ID_TOKEN_ADMIN_CLASS": "oauth.admin.HiddenAdmin",
    "REFRESH_TOKEN_ADMIN_CLASS": "oauth.admin.HiddenAdmin",
}

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
CSRF_FAILURE_VIEW = "config.handlers.csrf_failure"

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
            ],
        },
    },
]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

# People and their sign-in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.browser.NoBackend"]
LOGIN_URL = "/login"
PASSWORD_HASHERS = ["accounts.passwords.Argon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation."
        "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]

# The cookie names the Session row and nothing more; the row decides (accounts.browser).
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_AGE = int(timedelta(days=7).total_seconds())
SECURE_COOKIES = _public.scheme == "https"
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "session"
SESSION_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Passkeys belong to the public address.
OTP_WEBAUTHN_RP_ID = str(_public.hostname)
OTP_WEBAUTHN_RP_NAME = "Doorward"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_URL]

EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
if EMAIL_BACKEND == "django.core.mail.backends.console.EmailBackend":
    EMAIL_BACKEND = "accounts.mail.ToStderr"
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10

# REST

# Bodies are bounded by the door and the parser; pages send a few short fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ProvenCredential"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.HoldsCapability"],
    "DEFAULT_PARSER_CLASSES": ["accounts.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.errors.AlwaysJSON",
    "DEFAULT_PAGINATION_CLASS": "accounts.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "config.operations.Schema",
    "EXCEPTION_HANDLER": "config.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Doorward",
    "DESCRIPTION": "Who is this, what may they do, how fast may they go.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["config.operations.add_problems"],
}
SIMPLE_JWT = {"ALGORITHM": "RS256", "TOKEN_TYPE_CLAIM": "typ", "SIGNING_KEY": ""}

LOCALE_PATHS = [DATA_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

_json_logs = LOG_FORMAT == "json" or (LOG_FORMAT == "auto" and not sys.stderr.isatty())
LOGGING = logs.configuration(LOG_LEVEL, form="json" if _json_logs else "text")
