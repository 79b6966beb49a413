"""`train`: makes a model of the channels, or says in output/failure why there is none.

Exit codes: 0 done, 2 the data or the hyperparameters are wrong, 70 a defect of this program, 143 stopped by SIGTERM.
Whatever is not 0 leaves a sentence in output/failure, which SageMaker shows as FailureReason.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from .hyperparameters import Hyperparameters, load_hyperparameters
from .memory import is_out_of_memory, reserve_for_blas
from .places import Places, places_from
from .problems import MAX_FAILURE_CHARACTERS, Problem, Stopped, first_lines
from .stop import watch_sigterm
from .telemetry import say
from .training import train_model

DEFAULT_MODEL_NAME = "purchase-likelihood"
EXIT_WRONG_INPUT = 2
EXIT_DEFECT = 70
EXIT_STOPPED = 143


def main() -> int:
    return run_training(os.environ, lambda places: load_hyperparameters(places.hyperparameters))


def run_training(environment: Mapping[str, str], load: Callable[[Places], Hyperparameters]) -> int:
    """Trains by the places in the environment and the hyperparameters that `load` gives; an exit code."""
    places = places_from(environment)
    name = environment.get("MILLRACE_MODEL_NAME") or DEFAULT_MODEL_NAME
    try:
        places.failure.unlink(missing_ok=True)
        reserve_for_blas()
        train_model(places, load(places), name, watch_sigterm())
    except Problem as problem:
        return _fail(places.failure, str(problem), EXIT_WRONG_INPUT)
    except Stopped:
        sentence = "Stopped by SIGTERM before the model was done; no model was written. "
        kept = "A job with the same data, hyperparameters and checkpoints goes on from there."
        return _fail(places.failure, sentence + kept, EXIT_STOPPED)
    except Exception as error:
        if is_out_of_memory(error):
            sentence = "Not enough memory for the data; take a larger instance type or fewer rows."
            return _fail(places.failure, sentence, EXIT_WRONG_INPUT)
        traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"Unexpected {type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
        )
        return _fail(places.failure, f"{sentence}: {first_lines(error)}", EXIT_DEFECT)
    return 0


def _fail(file: Path, sentence: str, code: int) -> int:
    say(f"train: {sentence}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sentence[:MAX_FAILURE_CHARACTERS], "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
