"""All settings of Amends, read from the environment (names: README, section Environment).

Every secret may also come from a file: `NAME_FILE` names it. A missing SECRET_KEY is a refusal, never a
default; only the demo keeps one in VAR_DIR (made by `python -m config.demo`).
"""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)
DEMO_KEY_FILE = VAR_DIR / "secret_key"


def _secret_key() -> str:
    if key := env("SECRET_KEY", default=""):
        return str(key)
    if DEMO_KEY_FILE.is_file():
        return DEMO_KEY_FILE.read_text().strip()
    raise ImproperlyConfigured(
        "SECRET_KEY is missing: set SECRET_KEY or SECRET_KEY_FILE (`make run` makes one for the demo)"
    )


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
_own_address = f"http://{env('HOST', default='127.0.0.1')}:{env('PORT', default='8000')}"
BASE_URL = env("BASE_URL", default=_own_address).rstrip("/")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])

INSTALLED_APPS = [
    "core",
    "retention",
    "complaints",
    "metrics",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "corsheaders",
]

MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.content_policy.PolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",  # before what refuses, so that a page of theirs can read the refusal
    "core.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.PersonalSettingsMiddleware",
    "core.middleware.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"]),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.web.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "core.templatetags.amends"],
        },
    },
]

# Database: SQLite under var/ unless DATABASE_URL says otherwise. IMMEDIATE because deferred transactions that
# later write end in "database is locked" (641 of 4,000 in our measurement; none with IMMEDIATE).
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'amends.sqlite3'}")}
_database = DATABASES["default"]
SQLITE = _database["ENGINE"].endswith("sqlite3")
if SQLITE:
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;"
        ),
    }
    _database["TEST"] = {"NAME": env("TEST_DATABASE_NAME", default=None)}
else:
    _database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
    _database["CONN_HEALTH_CHECKS"] = True
    # For a pooler that hands out connections by the transaction: neither cursors nor prepared statements then.
    _database["DISABLE_SERVER_SIDE_CURSORS"] = env.bool("DISABLE_SERVER_SIDE_CURSORS", default=False)
    if not _database["DISABLE_SERVER_SIDE_CURSORS"]:  # such a pooler may refuse options; set it at the server then
        # No query of ours runs for so long that compiling it first (JIT, up to a second) would pay.
        _options = _database.setdefault("OPTIONS", {})
        _options["options"] = f"-c jit=off {_options.get('options', '')}".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "core.shared_cache.SharedCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # nobody is signed out, or kept signed in, by a lost cache (F28)

AUTH_USER_MODEL = "core.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = env("LANGUAGE_CODE", default="en")
LANGUAGES = [
    ("en", _("English")),
    ("es", _("Spanish")),
    ("pt", _("Portuguese")),
    ("it", _("Italian")),
    ("ru", _("Russian")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["core.formats"]
TIME_ZONE = env("TIME_ZONE", default="Europe/Lisbon")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "attachments": {
        "BACKEND": "core.blobs.BlobStorage",
        "OPTIONS": {"location": env("ATTACHMENTS_DIR", default=str(VAR_DIR / "attachments"))},
    },
    "staticfiles": {"BACKEND": env("STATICFILES_STORAGE", default="core.static.OneStylesheetStorage")},
}
MEDIA_ROOT = VAR_DIR / "media"

# Mail leaves through the outbox only. Without EMAIL_URL it is written to a folder, where the demo shows it.
if env("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Amends <complaints@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Sessions and headers (cases F10, F18)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
FORM_FRAME_HOSTS = env.list("FORM_FRAME_HOSTS", default=[])  # hosts that may frame the public form
SESSION_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# A form framed by another site gets its CSRF cookie back only so; the session stays out of frames.
CSRF_COOKIE_SAMESITE = "None" if FORM_FRAME_HOSTS and HTTPS else "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)  # behind a front server that sets X-Forwarded-*
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Framing is refused by frame-ancestors below; X-Frame-Options cannot name the hosts that may frame the form.
# W002: framing is refused by the Content-Security-Policy. W040: SQLite has no covering indexes and needs none.
SILENCED_SYSTEM_CHECKS = ["security.W002", "models.W040"]
# Pages of other origins may call the API with a token; cookies never count for them.
CORS_ALLOWED_ORIGINS = [one.rstrip("/") for one in env.list("CORS_ALLOWED_ORIGINS", default=[])]
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "ETag",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-Id",
    "Idempotent-Replayed",
)
CSRF_FAILURE_VIEW = "core.web.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# The product's own limits (cases F03, F04, F06)
MAX_JSON_BYTES = env.int("MAX_JSON_BYTES", default=1_000_000)
MAX_BATCH_BYTES = env.int("MAX_BATCH_BYTES", default=5_000_000)  # complaints/batch/: a thousand of 5 kB each
MAX_FORM_BYTES = env.int("MAX_FORM_BYTES", default=1_000_000)
MAX_IMPORT_BYTES = env.int("MAX_IMPORT_BYTES", default=50_000_000)  # files that managers upload
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=25_000_000)  # a file
ATTACHMENTS_MAX_TOTAL = env.int("ATTACHMENTS_MAX_TOTAL", default=60_000_000)  # bytes with one message, or one request
ATTACHMENTS_PER_MESSAGE = env.int("ATTACHMENTS_PER_MESSAGE", default=10)
ATTACHMENTS_MAIL_BYTES = env.int("ATTACHMENTS_MAIL_BYTES", default=15_000_000)  # what is larger goes as a link
ATTACHMENT_DRAFTS_PER_PERSON = 200  # chosen and not sent
PUBLIC_UPLOADS_PER_HOUR = env.int("PUBLIC_UPLOADS_PER_HOUR", default=60)  # files not sent, from one address
MAX_JSON_DEPTH = env.int("MAX_JSON_DEPTH", default=32)
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", default=6000)  # of one token, user or address; 0: no limit
FUTURE_TOLERANCE = timedelta(minutes=5)
DATA_UPLOAD_MAX_MEMORY_SIZE = max(MAX_JSON_BYTES, MAX_FORM_BYTES)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
LOGIN_FAILURES_ALLOWED = 10
LOGIN_FAILURE_WINDOW = timedelta(minutes=15)
PUBLIC_FORMS_PER_HOUR = env.int("PUBLIC_FORMS_PER_HOUR", default=30)
# Where webhooks may go besides public addresses over https: hosts, host:port or networks, separated by commas.
WEBHOOK_ALLOWED_HOSTS = env.list("WEBHOOK_ALLOWED_HOSTS", default=[])
QUEUE_PAGE_SIZE = 50
SIDEBAR_COUNTS = "complaints.web.many.desk.sidebar_counts"
OUTBOX_MAX_ATTEMPTS = 12

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.authentication.TokenAuthentication",
        "core.api.authentication.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.DeclaredAccess"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.rendering.ApiRenderer"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ApiSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "core.api.problem.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Amends API",
    "DESCRIPTION": "Complaint tracking that keeps its promises.",  # the rest: core.api.describing
    "VERSION": "1.0.0",
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.describing.finish"],
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ChannelCode": "complaints.models.ChannelCode",
        "Severity": "complaints.models.Severity",
        "ComplaintKind": "complaints.models.Kind",
        "ClockKind": "complaints.models.ClockKind",
        "RemedyKind": "complaints.models.RemedyKind",
        "RemedyStatus": "complaints.models.RemedyStatus",
        "PayoutState": "complaints.models.PayoutState",
        "CorrectiveState": "complaints.models.CorrectiveState",
        "LoyaltyKind": "retention.models.LoyaltyKind",
        "PreferredChannelEnum": "retention.models.customers.CHANNELS",
        "OfferKind": "retention.models.offers.OfferKind",
        "MessageDirection": ["in", "out"],
        "ComplaintStatus": "complaints.models.Status",
        "CustomerKind": "retention.models.customers.KINDS",
        "ContactKind": "retention.models.customers.CONTACT_KINDS",
        "PurchaseKind": "retention.models.PurchaseKind",
        "SurveyKind": "metrics.models.SurveyKind",
        "ArticleKind": "complaints.models.ArticleKind",
        "ViewCircle": ["me", "team", "all"],
        "MacroPurpose": ["reply", "note", "final"],
        "Outcome": "complaints.models.Outcome",
        "Decided": "complaints.api.act_values.DECIDED",
        "DemandOutcome": "complaints.models.DemandOutcome",
        "ToldHow": "complaints.models.ToldHow",
        "UpOrDown": ["up", "down"],
        "MailState": ["sent", "failed", "held_back", "waiting"],
        "WebhookState": ["active", "disabled"],
        "WebhookEvent": "core.webhooks.events.ASKED_FOR",
        "Scope": "core.scopes.SCOPES",
        "DeliveryState": ["pending", "delivered", "failed"],
        "ImportKind": "metrics.api.imports.KINDS",
        "ImportState": "retention.models.UploadState",
        "ExportState": "metrics.models.ExportState",
        "ExportFormat": "metrics.models.ExportFormat",
    },
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
}

# Celery: the database is the truth, the broker only wakes workers up (domain, SLA 6).
BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"unacked_restore_throttle": 1, "visibility_timeout": 60}
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 300

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "core.request_id.RequestIdFilter"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["request"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
    "loggers": {
        "security": {"level": "INFO"},
        "amends": {"level": "INFO"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
