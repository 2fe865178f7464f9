"""Logs: one JSON object a line, with the id of the request, also in the tasks that it started."""

from typing import Any

import structlog

# These speak of every call or every query at INFO or DEBUG: addresses, parameters, bodies. At DEBUG the
# templates write down the whole context for each variable that is not there: 124 MB in three minutes, with
# the seed of a second factor in it.
QUIET = (
    "httpx",
    "httpcore",
    "kombu",
    "amqp",
    "asyncio",
    # Four lines a task say what the run's own row says; a task that fails still speaks.
    "celery.app.trace",
    "celery.worker.strategy",
    "django_structlog.celery",
    "django.db.backends",
    "django.template",
    "fido2",
    "psycopg.pool",
    "urllib3",
)

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configuration(level: str) -> dict[str, Any]:
    """Return Django's LOGGING and set structlog up: everything goes to standard error as JSON.

    Tracebacks are plain text: they show lines of code and never the values of variables.
    """
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": structlog.stdlib.ProcessorFormatter, **_formatter()}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in QUIET},
            "django": {"handlers": [], "propagate": True, "level": level},
            "django.server": {"handlers": [], "propagate": True},
        },
    }


def _formatter() -> dict[str, Any]:
    return {
        "foreign_pre_chain": SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
    }
