"""What can go wrong in a way that a person can mend: each problem is one sentence that says how."""

from __future__ import annotations

# SageMaker shows this much of output/failure as FailureReason.
MAX_FAILURE_CHARACTERS = 1024


class Problem(Exception):
    """The data, the hyperparameters or the model are wrong; the message says what and what to do."""


class Stopped(Exception):
    """SIGTERM came; the message says what is kept."""


def first_lines(error: BaseException, characters: int = 300) -> str:
    """The beginning of an error's text; libraries put stack traces behind it."""
    text = " ".join(line.strip() for line in str(error).strip().splitlines()[:2])
    return text[:characters] or type(error).__name__


def nearest_of(name: str, known: list[str]) -> str:
    """`; did you mean x?` when something alike is known, else nothing."""
    import difflib

    alike = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {alike[0]}?" if alike else ""
