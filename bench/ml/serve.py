"""Asks `serve` for single users at a steady rate, and prints how long the answers take.

    "$(sh ml/image/install.sh)/bin/python" bench/ml/serve.py <folder of bench/ml/train.py --keep> [rate] [seconds]

Requests are sent when they are due, whether or not earlier ones are answered, and times count from when they were due:
a server that stops for a while is seen by everybody who would have asked meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

IMAGE = Path(__file__).parents[2] / "ml/image"
CONNECTIONS = 16
READY_SECONDS = 30


def bodies(base: Path, reasons: bool) -> list[bytes]:
    """Requests as the API sends them, from the first test rows."""
    serving = json.loads((base / "model/serving.json").read_text())
    with (base / "input/data/test/test.csv").open() as file:
        lines = [next(file).rstrip("\n").split(",")[1:] for _ in range(1000)]
    return [
        json.dumps(
            {
                "instances": [
                    {
                        name: float(text) if text else None
                        for name, text in zip(serving["features"], line, strict=True)
                    }
                ],
                "reasons": reasons,
            }
        ).encode()
        for line in lines
    ]


class Connections:
    """Open connections; one request at a time on each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.Queue()
        )

    async def open(self) -> None:
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))

    async def ask(self, body: bytes) -> None:
        reader, writer = await self._idle.get()
        head = f"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body)
        status = await reader.readline()
        assert b" 200 " in status, status
        length = 0
        while (line := await reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await reader.readexactly(length)
        self._idle.put_nowait((reader, writer))


async def ask_steadily(port: int, requests: list[bytes], rate: int, seconds: int) -> list[float]:
    """Milliseconds of each answer, from when it was due."""
    connections = Connections(port)
    await connections.open()
    taken: list[float] = []
    started = time.monotonic() + 0.1

    async def one(number: int) -> None:
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await connections.ask(requests[number % len(requests)])
        taken.append(1000 * (time.monotonic() - due))

    await asyncio.gather(*(one(number) for number in range(rate * seconds)))
    return taken


def measure(base: Path, rate: int, seconds: int, reasons: bool) -> dict[str, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "MILLRACE_ML_PYTHON": sys.executable,
    }
    server = subprocess.Popen([IMAGE / "bin/serve"], env=environment)
    try:
        wait_until_open(port, server)
        taken = asyncio.run(ask_steadily(port, bodies(base, reasons), rate, seconds))
    finally:
        server.terminate()
        server.wait()
    quantiles = np.quantile(taken, [0.5, 0.99, 1.0])
    return {
        f"{name}_ms": round(float(value), 2)
        for name, value in zip(("p50", "p99", "worst"), quantiles, strict=True)
    }


def wait_until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("serve did not start")


def main() -> None:
    base = Path(sys.argv[1])
    rate, seconds = (int(text) for text in [*sys.argv[2:], "200", "20"][:2])
    for reasons in (False, True):
        figures = measure(base, rate, seconds, reasons)
        print(json.dumps({"rate": rate, "seconds": seconds, "reasons": reasons, **figures}))


if __name__ == "__main__":
    main()
