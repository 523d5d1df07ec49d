"""Every setting, read from the environment or from the file that NETMANAGER_ENV_FILE names (default .env)."""

import os
import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import django_stubs_ext
import environ
from redis.backoff import NoBackoff
from redis.retry import Retry

from datacenter.base_image import default_base_image

django_stubs_ext.monkeypatch()  # ModelAdmin[Project] and its like, at run time too

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(os.environ.get("NETMANAGER_ENV_FILE", BASE_DIR / ".env"))

# The instance: its name is in the name and the owner label of everything on the host
NETMANAGER_INSTANCE = env.str("NETMANAGER_INSTANCE", "nm")
NETMANAGER_STATE = Path(env.str("NETMANAGER_STATE", f"/var/lib/netmanager/{NETMANAGER_INSTANCE}"))

NETMANAGER_LISTEN = env.str("NETMANAGER_LISTEN", "127.0.0.1:8000")
NETMANAGER_API = "http://" + re.sub(r"^0\.0\.0\.0:", "127.0.0.1:", NETMANAGER_LISTEN)  # as a program of this host calls it

# Networks
NETMANAGER_PROJECT_POOL = IPv4Network(env.str("NETMANAGER_PROJECT_POOL", "10.64.0.0/12"))
NETMANAGER_PUBLIC_POOL = IPv4Network(env.str("NETMANAGER_PUBLIC_POOL", "100.64.0.0/16"))
NETMANAGER_UPLINK = env.str("NETMANAGER_UPLINK", "nat")
NETMANAGER_DNS = [IPv4Address(server) for server in env.list("NETMANAGER_DNS", default=[])]
NETMANAGER_EGRESS_DENY = (
    tuple(map(IPv4Network, env.list("NETMANAGER_EGRESS_DENY"))) if "NETMANAGER_EGRESS_DENY" in os.environ else None
)

# The room
NETMANAGER_OPENFLOW_LISTEN = env.str("NETMANAGER_OPENFLOW_LISTEN", "0.0.0.0:6653")
NETMANAGER_OPENFLOW_KEY = env.str("NETMANAGER_OPENFLOW_KEY", "")  # PEM files; with key and certificate it is TLS
NETMANAGER_OPENFLOW_CERT = env.str("NETMANAGER_OPENFLOW_CERT", "")
NETMANAGER_OPENFLOW_CA = env.str("NETMANAGER_OPENFLOW_CA", "")
NETMANAGER_METRICS_LISTEN = env.str("NETMANAGER_METRICS_LISTEN", "127.0.0.1:9653")
NETMANAGER_RECONCILER_METRICS_LISTEN = env.str("NETMANAGER_RECONCILER_METRICS_LISTEN", "127.0.0.1:9652")
NETMANAGER_SOCKET_MACS = env.int("NETMANAGER_SOCKET_MACS", 8)
NETMANAGER_SOCKET_BROADCASTS = env.int("NETMANAGER_SOCKET_BROADCASTS", 500)
NETMANAGER_LAB_NETWORK = IPv4Network(env.str("NETMANAGER_LAB_NETWORK", "198.18.240.0/23"))

# Containers
DOCKER_HOST = env.str("DOCKER_HOST", "unix:///var/run/docker.sock")
NETMANAGER_CONTAINER_MEMORY = env.int("NETMANAGER_CONTAINER_MEMORY", 512 * 1024 * 1024)
NETMANAGER_CONTAINER_CPUS = env.float("NETMANAGER_CONTAINER_CPUS", 1.0)
NETMANAGER_CONTAINER_PIDS = env.int("NETMANAGER_CONTAINER_PIDS", 512)
NETMANAGER_ROUTER_MEMORY = env.int("NETMANAGER_ROUTER_MEMORY", 64 * 1024 * 1024)

# Images: what ours are built from, and the limits of builds of users' Dockerfiles
NETMANAGER_BASE_IMAGE = env.str("NETMANAGER_BASE_IMAGE", "") or default_base_image()
NETMANAGER_BUILD_SECONDS = env.int("NETMANAGER_BUILD_SECONDS", 600)
NETMANAGER_BUILD_MEMORY = env.int("NETMANAGER_BUILD_MEMORY", 1024 * 1024 * 1024)
NETMANAGER_BUILD_CPUSET = env.str("NETMANAGER_BUILD_CPUSET", f"{(os.cpu_count() or 1) // 2}-{(os.cpu_count() or 1) - 1}")
NETMANAGER_IMAGE_SIZE = env.int("NETMANAGER_IMAGE_SIZE", 4 * 1024 * 1024 * 1024)

# What a project may have; a row of Project may say otherwise
NETMANAGER_QUOTA_CONTAINERS = env.int("NETMANAGER_QUOTA_CONTAINERS", 32)
NETMANAGER_QUOTA_SOCKETS = env.int("NETMANAGER_QUOTA_SOCKETS", 8)
NETMANAGER_QUOTA_CPUS = env.float("NETMANAGER_QUOTA_CPUS", 32.0)
NETMANAGER_QUOTA_MEMORY = env.int("NETMANAGER_QUOTA_MEMORY", 16 * 1024 * 1024 * 1024)

# Who gets in
NETMANAGER_VOUCHING = env.bool("NETMANAGER_VOUCHING", True)
NETMANAGER_TOKENLESS_FROM = env.list("NETMANAGER_TOKENLESS_FROM", default=[])
NETMANAGER_THROTTLE = env.str("NETMANAGER_THROTTLE", "")  # calls of each service, as 600/min

# The API waits for an operation as long as that may take, or for so many seconds, before it answers 202
NETMANAGER_WAIT_SECONDS = env.int("NETMANAGER_WAIT_SECONDS", None)

# Django
SECRET_KEY = env.str("NETMANAGER_SECRET_KEY")
ALLOWED_HOSTS = [
    *env.list("NETMANAGER_ALLOWED_HOSTS", default=[]),
    *("localhost", "127.0.0.1", "[::1]"),
    NETMANAGER_LISTEN.rpartition(":")[0],
]
CSRF_TRUSTED_ORIGINS = env.list("NETMANAGER_CSRF_TRUSTED_ORIGINS", default=[])
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("NETMANAGER_CONN_MAX_AGE", 0)  # seconds; workers keep theirs, web threads do not
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # a kept connection that died is opened again, not used
if pool_size := env.int("NETMANAGER_DB_POOL", 0):  # web processes: a new connection costs as much as all queries of a call
    DATABASES["default"]["ENGINE"] = "dj_db_conn_pool.backends.postgresql"
    DATABASES["default"]["POOL_OPTIONS"] = {"POOL_SIZE": pool_size, "MAX_OVERFLOW": 10, "PRE_PING": True}
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": NETMANAGER_INSTANCE,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)},  # a call waits for it
    }
}
DEBUG = False
APPEND_SLASH = False
ROOT_URLCONF = "netmanager.urls"
WSGI_APPLICATION = "netmanager.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = env.str("NETMANAGER_TIME_ZONE", "UTC")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgactivity",
    "pglock",
    "pgtrigger",
    "apps.operations",
    "apps.projects",
    "apps.containers",
    "apps.ports",
    "apps.repairs",
    "sdn",
]

MIDDLEWARE = [
    "netmanager.limits.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["netmanager.authentication.ServiceToken", "netmanager.authentication.Tokenless"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        *("netmanager.parsers.JsonParser", "netmanager.parsers.FormParser", "netmanager.parsers.MultiPartParser")
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "URL_FORMAT_OVERRIDE": None,  # else ?format=html makes any path an unknown one
    "DEFAULT_THROTTLE_CLASSES": ["netmanager.throttling.ServiceThrottle"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "netmanager.schema.Schema",
    "EXCEPTION_HANDLER": "netmanager.exceptions.handle",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "NetManager",
    "VERSION": "1",
    "DESCRIPTION": "Private networks, containers and sockets of the projects of a maker lab. Each call names the platform's user"
    " in whose name the service makes it. A change waits for its end; POST is the method to make one by.",
    "LICENSE": {"name": "Apache-2.0"},
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": "`Token` and a blank, then what `manage.py create_service_token` printed.",
            }
        }
    },
    "COMPONENT_SPLIT_REQUEST": True,  # a file that is sent is no address of one
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["netmanager.schema.without_marks"],  # enumerations stand where they are used
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},  # the default asks another host
}  # fmt: skip

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{NETMANAGER_INSTANCE}:",
    "max_retries": 1,  # kombu's default keeps a caller waiting for 6 s while Redis is away
    "interval_start": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = 10_000  # tasks per database connection; else Celery closes it after every task
CELERY_TASK_DEFAULT_QUEUE = "datacenter"
CELERY_TASK_ROUTES = {"operations.build": {"queue": "builds"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False  # a lost message is sent again by operations.sweep
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "operations.sweep", "schedule": 2.0, "options": {"expires": 2}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("NETMANAGER_LOG_LEVEL", "INFO")},
}
