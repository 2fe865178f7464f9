"""The API put together: routes, the token's check, problems, and the document that describes them."""

from typing import Any

from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from api import problems
from api.caller import Bearer
from api.routes import connections, events, operations, runs


class Described(NinjaAPI):
    """The API, whose description says that errors are problem documents."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        """Return ninja's description with the right media type on every error."""
        document = super().get_openapi_schema(*args, **kwargs)
        for path in document["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "application/json" in response.get("content", {}):
                        response["content"] = {problems.MEDIA_TYPE: response["content"]["application/json"]}
        return document


api = Described(
    title="Switchboard",
    version="1",
    description="The same rows and rules as the pages, for scripts. Make a token on the page Your account.",
    auth=Bearer(),
    docs_url=None,  # its page runs scripts inline; ours is /api/
    urls_namespace="api",
)
problems.attach(api)
api.add_router("/connections", connections.router)
api.add_router("/operations", operations.router)
api.add_router("/runs", runs.router)
api.add_router("/events", events.router)
api.add_router("/refusals", events.refusals_router)


def urls() -> tuple[list[URLPattern | URLResolver], str, str]:
    """Return the API's addresses; each asks for a token itself, so the sign-in page stays out of it."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback.login_required = False  # type: ignore[attr-defined]
    return patterns, app_name, namespace
