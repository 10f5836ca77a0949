"""Serves an exported model on this computer, with TensorFlow Serving's REST API and a page to try it.

  %s --model_base_path=exported/mine

Then http://127.0.0.1:8501 is the page, and http://127.0.0.1:8501/v1/models/jner_re:predict the API. A new
version that appears in the folder takes over. Ctrl+C or SIGTERM ends it when all requests are answered.

It is for trying and developing: in production, serve the same folder with TensorFlow Serving (the
docker-compose.yml beside the versions).
"""

from __future__ import annotations

import json
import shlex
import threading

from absl import flags

from jner_re import extras, files, program
from jner_re.extraction import precision

from . import listening

_READY = """\
Page  {url}
API   curl -s {url}/v1/models/{name}:predict -d {body}
For trying and developing; in production, use TensorFlow Serving. Ctrl+C ends it."""

_BASE_PATH = flags.DEFINE_string("model_base_path", None, "folder of the exported versions", required=True)
_NAME = flags.DEFINE_string("model_name", "jner_re", "in the URL")
_PORT = flags.DEFINE_integer("rest_api_port", 8501, "0 for a free one", lower_bound=0, upper_bound=65535)
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0 for all of this computer's")
_POLL = flags.DEFINE_float(
    "file_system_poll_wait_seconds", 1, "between two looks for new versions; 0 for none", lower_bound=0
)
_TIMEOUT = flags.DEFINE_integer(
    "rest_api_timeout_in_ms", 30_000, "after which an answer is given up; 0 for never", lower_bound=0
)
_BYTES = flags.DEFINE_integer("max_request_bytes", 16 * 2**20, "of a request's body", lower_bound=1)
_REQUESTS = flags.DEFINE_integer(
    "max_requests", 64, "that are answered at the same time; further ones get 503", lower_bound=1
)
_CALLS = flags.DEFINE_integer(
    "max_model_calls", 2, "of one request each, at the same time; further ones wait", lower_bound=1
)
_PRECISION = flags.DEFINE_enum("precision", precision.FLOAT32, precision.CHOICES, precision.HELP)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Loads, listens, serves."""
    try:
        import prometheus_client  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise extras.missing(error.name, "serving") from None
    listener = listening.listener(_HOST.value, _PORT.value, _PORT.name)
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.serving import page
    from jner_re.serving.server import app
    from jner_re.serving.server.metrics import Metrics
    from jner_re.serving.server.versions import Versions

    versions = Versions(files.user_path(_BASE_PATH.value), _NAME.value, _PRECISION.value)
    limits = app.Limits(_BYTES.value, _REQUESTS.value, _CALLS.value, answer_seconds=_TIMEOUT.value / 1000)
    api = app.Api(versions, limits, Metrics())
    config = uvicorn.Config(
        app.create(api, page.files(_NAME.value), page.HEADERS),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
    )
    if _POLL.value:
        threading.Thread(target=versions.watch, args=[_POLL.value], daemon=True).start()
    url = listening.url(listener)
    examples = versions.find(None).about["examples"] or ["Ada Berg lives in Oslo."]
    body = shlex.quote(json.dumps({"instances": examples[:1]}, ensure_ascii=False))
    ready = _READY.format(url=url, name=_NAME.value, body=body)
    listening.server(config, ready).run(sockets=[listener])
    versions.stop()


if __name__ == "__main__":
    program.run(main)
