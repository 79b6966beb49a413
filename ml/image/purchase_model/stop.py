"""SIGTERM asks a training to end: a managed spot instance is taken away, or somebody stops the job."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from .problems import Stopped


def watch_sigterm() -> Callable[[], None]:
    """Returns what long loops call between two steps; it raises Stopped once SIGTERM has come.

    Raising from the handler itself would be faster, but could come in the middle of a library's own callback.
    """
    came = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True

    def check_stop() -> None:
        if came:
            raise Stopped("SIGTERM came")

    signal.signal(signal.SIGTERM, note)
    return check_stop
