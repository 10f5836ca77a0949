"""The ASGI application of the backend: what Label Studio asks of it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jner_re.errors import InputError
from jner_re.extraction.rows import RefusedInputError
from jner_re.serving.label_studio import labelling, source
from jner_re.serving.label_studio.models import Models
from jner_re.serving.label_studio.training import Trainings
from jner_re.serving.server import body as bodies
from jner_re.serving.server.errors import RequestError, invalid

logger = logging.getLogger(__name__)
_BODY_BYTES = 256 * 2**20
_BODY_SECONDS = 60
_START = "START_TRAINING"


class Backend:
    """Answers Label Studio."""

    def __init__(self, models: Models, trainings: Trainings, url: str, token: str) -> None:
        """Takes what it needs.

        Args:
          models: the one that answers.
          trainings: begun by START_TRAINING.
          url: of Label Studio.
          token: of its API; "" for none: then it can't be asked for tasks.
        """
        self._models, self._trainings = models, trainings
        self._url, self._token = url, token
        self._calls = asyncio.Semaphore(1)
        self._registry = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "jner_re_requests", "Requests by path and status", ["path", "status"], registry=self._registry
        )
        self._tasks = Counter("jner_re_tasks", "Tasks that were read", registry=self._registry)

    def routes(self) -> list[Route]:
        """Paths and what answers them."""
        posts = {
            "/setup": self._setup,
            "/predict": self._predict,
            "/webhook": self._webhook,
            "/train": self._train,
        }
        return [
            *[Route(path, self._health) for path in ("/", "/health")],
            Route("/versions", self._versions),
            Route("/metrics", self._metrics),
            *[Route(path, self._answering(path, answer), methods=["POST"]) for path, answer in posts.items()],
        ]

    def _answering(
        self, path: str, answer: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            status, content = 200, {}
            try:
                _refuse_pages(request)
                content = await answer(_parsed(await bodies.read(request, _BODY_BYTES, _BODY_SECONDS)))
            except RequestError as error:
                status, content = error.status, {"error": error.message}
                logger.warning("%s: %s", path, error.message)
            except InputError as error:
                status, content = 400, {"error": str(error)}
                logger.warning("%s: %s", path, error)
            except Exception:
                status, content = 500, {"error": "internal error, which the log tells"}
                logger.exception("%s", path)
            self._requests.labels(path, status).inc()
            return JSONResponse(content, status)

        return respond

    async def _health(self, request: Request) -> Response:
        status = await asyncio.to_thread(self._trainings.status)
        return JSONResponse({"status": "UP", "model_class": "jner_re", **self._version(), "training": status})

    async def _versions(self, request: Request) -> Response:
        version = self._version()["model_version"]
        return JSONResponse({"versions": [version] if version else []})

    async def _metrics(self, request: Request) -> Response:
        page = prometheus_client.generate_latest(self._registry)
        return Response(page, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    def _version(self) -> dict[str, Any]:
        current = self._models.current
        return {"model_version": current.version if current else ""}

    async def _setup(self, body: dict[str, Any]) -> dict[str, Any]:
        """Checks the labelling configuration. The token that it has is not looked at."""
        labels = labelling.parse(_text(body, "schema")).labels
        current = self._models.current
        if current and not current.types & labels.keys():
            told = ", ".join(sorted(labels)), ", ".join(sorted(current.types))
            logger.warning("the labels are %s, the model's types %s: nothing will be predicted", *told)
        return self._version()

    async def _predict(self, body: dict[str, Any]) -> dict[str, Any]:
        """A prediction for each task, in their order."""
        found = labelling.parse(_text(body, "label_config"))
        tasks = body.get("tasks")
        if not isinstance(tasks, list) or not tasks:
            raise invalid("tasks is no list of tasks")
        texts = [_text_of(task, found.field) for task in tasks]
        async with self._calls:
            results = await asyncio.to_thread(self._predictions, texts, found)
        self._tasks.inc(len(tasks))
        return {"results": results, **self._version()}

    def _predictions(self, texts: list[str], found: labelling.Labelling) -> list[dict[str, Any]]:
        current = self._models.current
        if current is None:
            return [{"result": [], "model_version": ""} for _ in texts]
        answers = current.client.documents_or_errors(texts)
        results = []
        for answer in answers:
            if isinstance(answer, RefusedInputError):
                logger.warning("a task is not answered: %s", answer.problem)
                results.append({"result": [], "model_version": current.version})
            else:
                results.append(found.prediction(answer, current.version))
        return results

    async def _webhook(self, body: dict[str, Any]) -> dict[str, Any]:
        """Trains on START_TRAINING; what else happens in Label Studio needs no answer."""
        if body.get("action") != _START:
            return {"status": "ok", "action": "none"}
        project = body.get("project")
        number = project.get("id") if isinstance(project, dict) else None
        if not isinstance(project, dict) or type(number) is not int:
            raise invalid(f"project.id is {number!r:.60}, expected a number")
        field = labelling.parse(_text(project, "label_config")).field
        source.check(self._token)
        return self._begun(lambda: labelling.with_text(source.export(self._url, self._token, number), field))

    async def _train(self, body: dict[str, Any]) -> dict[str, Any]:
        """Label Studio's way of asking for a training that sends the annotated tasks along."""
        field = labelling.parse(_text(body, "label_config")).field
        tasks = body.get("annotations")
        if not isinstance(tasks, list):
            raise invalid("annotations is no list of tasks")
        return self._begun(lambda: labelling.with_text(tasks, field))

    def _begun(self, export: Callable[[], Any]) -> dict[str, Any]:
        begun = self._trainings.begin(export)
        return {"status": "ok", "action": "training begun" if begun else "none: a training runs already"}


def create(backend: Backend) -> Starlette:
    """The application."""
    return Starlette(routes=backend.routes())


def _refuse_pages(request: Request) -> None:
    """Raises RequestError for what a page in a browser sent, whose user may not know of it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if "origin" in request.headers or kind != "application/json":
        raise RequestError(403, "expected application/json, and no page in a browser that sends it")


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise invalid(f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise invalid("the body is no JSON object")
    return found


def _text(body: dict[str, Any], name: str) -> str:
    if not isinstance(body.get(name), str):
        raise invalid(f"{name} is {body.get(name)!r:.60}, expected a labelling configuration")
    return body[name]


def _text_of(task: Any, field: str) -> str:
    """The text of a task; "" if it has none, for which nothing is found."""
    data = task.get("data") if isinstance(task, dict) else None
    value = data.get(field) if isinstance(data, dict) else None
    if isinstance(value, str):
        return value
    logger.warning("a task's data.%s is %.60r, expected a text: nothing is found in it", field, value)
    return ""
