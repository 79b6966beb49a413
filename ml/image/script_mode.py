"""The entry point for SageMaker's own XGBoost image: sagemaker_program=script_mode.py with the archive of bin/source.

That image runs this file with the hyperparameters as `--name value` and its SM_* variables, and imports it to serve.
It shows the last words of stderr instead of output/failure.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from purchase_model.hyperparameters import parse_hyperparameters
from purchase_model.problems import Problem
from purchase_model.questions import Question, answer, parse_question
from purchase_model.served_model import ServedModel, load_model
from purchase_model.train import run_training


def model_fn(model_dir: str) -> ServedModel:
    return load_model(Path(model_dir))


def input_fn(request_body: bytes | str, content_type: str) -> tuple[str, bytes]:
    """The body as it came: what it means depends on the model, which this function is not given."""
    body = request_body.encode() if isinstance(request_body, str) else bytes(request_body)
    return content_type.split(";", 1)[0].strip().lower(), body


def predict_fn(sent: tuple[str, bytes], model: ServedModel) -> tuple[ServedModel, Question]:
    return model, parse_question(*sent, model.features)


def output_fn(asked: tuple[ServedModel, Question], accept: str) -> tuple[bytes, str]:
    kind = "text/csv" if accept.startswith("text/csv") else "application/json"
    return answer(*asked, kind), kind


def hyperparameters_from(arguments: Sequence[str]) -> dict[str, str]:
    """`--name value` pairs by their name."""
    names, texts = arguments[::2], arguments[1::2]
    if len(names) != len(texts) or not all(name.startswith("--") for name in names):
        raise Problem(f"Arguments must be --name value pairs, not {' '.join(arguments)!r}.")
    return {name[2:].replace("-", "_"): text for name, text in zip(names, texts, strict=True)}


def main() -> int:
    return run_training(
        os.environ, lambda _places: parse_hyperparameters(hyperparameters_from(sys.argv[1:]))
    )


if __name__ == "__main__":
    sys.exit(main())
