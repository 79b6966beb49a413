"""SageMaker's two routes as an ASGI application: GET /ping and POST /invocations."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .problems import Problem
from .questions import CSV, JSON, answer, parse_question
from .served_model import ServedModel

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

#: A batch transform sends 6 MB at most unless it is told otherwise, an endpoint takes 25 MB.
MAX_BODY_BYTES = 32 << 20
#: Larger bodies are answered aside, so that single users do not wait behind a batch.
ASIDE_BYTES = 32 << 10
MAX_PAYLOAD_MB = 6


class TooLarge(Exception):
    pass


def create_application(model: ServedModel) -> Application:
    aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        route = (scope["method"], scope["path"])
        if route == ("GET", "/ping"):
            await _reply(send, 200, b"", JSON)
        elif route == ("POST", "/invocations"):
            await invoke(scope, receive, send)
        elif route == ("GET", "/execution-parameters"):
            # Asked by a batch transform that was not told how to cut its input.
            await _reply(send, 200, _PARAMETERS, JSON)
        else:
            text = "There are GET /ping and POST /invocations."
            await _reply(send, 404, _error(text), JSON)

    async def invoke(scope: Message, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        sent = _media_type(headers.get(b"content-type", JSON))
        wanted = _answered_as(headers.get(b"accept", ""), sent)
        try:
            body = await _body(receive, int(headers.get(b"content-length", "0")))
            if len(body) <= ASIDE_BYTES:
                reply = _asked(model, sent, wanted, body)
            else:
                loop = asyncio.get_running_loop()
                reply = await loop.run_in_executor(aside, _asked, model, sent, wanted, body)
        except Problem as problem:
            await _reply(send, 400, _error(str(problem)), JSON)
        except TooLarge:
            text = f"The body is larger than {MAX_BODY_BYTES} bytes; send fewer rows."
            # What was not read would be taken for the next request of this connection.
            await _reply(send, 413, _error(text), JSON, close=True)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            await _reply(send, 500, _error("The model failed; its log says how."), JSON)
        else:
            await _reply(send, 200, reply, wanted)

    return application


_PARAMETERS = json.dumps(
    {
        "MaxConcurrentTransforms": 2,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": MAX_PAYLOAD_MB,
    }
).encode()


def _asked(model: ServedModel, sent: str, wanted: str, body: bytes) -> bytes:
    return answer(model, parse_question(sent, body, model.features), wanted)


def _media_type(header: str) -> str:
    return header.split(";", 1)[0].strip().lower()


def _answered_as(accept: str, sent: str) -> str:
    """The first type of Accept that there is, else the type of the question."""
    for one in accept.split(","):
        if _media_type(one) in (JSON, CSV):
            return _media_type(one)
    return CSV if sent == CSV else JSON


async def _body(receive: Receive, announced: int) -> bytes:
    parts: list[bytes] = []
    size = announced
    while size <= MAX_BODY_BYTES:
        message = await receive()
        parts.append(message.get("body", b""))
        size = max(announced, sum(len(part) for part in parts))
        if not message.get("more_body", False):
            return b"".join(parts)
    raise TooLarge


def _error(text: str) -> bytes:
    return json.dumps({"error": text}).encode()


async def _reply(send: Send, status: int, body: bytes, kind: str, close: bool = False) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
