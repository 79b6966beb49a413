"""`serve`: loads the model, then answers until SIGTERM, finishing what was asked before.

Exit codes: 143 after SIGTERM, 2 when the model cannot be served, 1 when the port is taken; stderr says why.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import uvicorn

from .places import address_from, places_from
from .problems import Problem
from .served_model import load_model
from .server import create_application
from .telemetry import say

EXIT_WRONG_MODEL = 2
#: SageMaker sends SIGKILL 30 s after SIGTERM.
DRAIN_SECONDS = 25
#: Longer than a client keeps a connection it does not use, so that none is closed under its request.
KEEP_ALIVE_SECONDS = 75


def main(environment: Mapping[str, str] = os.environ) -> int:
    try:
        model = load_model(places_from(environment).model)
        host, port = address_from(environment)
    except Problem as problem:
        say(f"serve: {problem}")
        return EXIT_WRONG_MODEL
    except ValueError:
        say("serve: SAGEMAKER_BIND_TO_PORT is not a number.")
        return EXIT_WRONG_MODEL
    say(f"serve: {model.name} {model.version} on {host}:{port}")
    config = uvicorn.Config(
        create_application(model),
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    uvicorn.Server(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
