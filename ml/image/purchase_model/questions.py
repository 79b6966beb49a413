"""What a request asks, as a matrix, and what it is answered: JSON instances and CSV rows."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .problems import Problem, nearest_of
from .served_model import ServedModel
from .table import Floats, fill, read_csv_batches

JSON, CSV = "application/json", "text/csv"
GREATEST_FLOAT32 = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Question:
    rows: Floats
    with_reasons: bool
    #: Whoever asks does not know the model: the answer names its features.
    with_features: bool = False
    #: As they were sent, for the reasons; empty for CSV.
    instances: Sequence[dict[str, Any]] = ()


def parse_question(kind: str, body: bytes, features: Sequence[str]) -> Question:
    """Raises Problem with a sentence for whoever asked."""
    if kind == CSV:
        return Question(_csv_rows(body, features), with_reasons=False)
    if kind == JSON:
        return _json_question(body, features)
    raise Problem(f"The content type is {kind or 'not given'}; {JSON} and {CSV} are understood.")


def answer(model: ServedModel, question: Question, kind: str) -> bytes:
    """Scores in the order of the rows; JSON with reasons when they were asked for."""
    scores = model.scores(question.rows).tolist()
    if kind == CSV:
        return "".join(f"{score!r}\n" for score in scores).encode()
    predictions: list[dict[str, Any]] = [{"score": score} for score in scores]
    if question.with_reasons:
        contributions = model.contributions(question.rows)
        for prediction, instance, row in zip(
            predictions, question.instances, contributions, strict=True
        ):
            prediction["reasons"] = _reasons(model.features, instance, row)
    named: dict[str, Any] = {"name": model.name, "version": model.version}
    if question.with_features:
        named["features"] = model.features
    return json.dumps({"model": named, "predictions": predictions}, separators=(",", ":")).encode()


def _reasons(
    features: Sequence[str], instance: dict[str, Any], contributions: Floats
) -> list[dict[str, Any]]:
    """The strongest first; features that do not move the score are left out."""
    order = np.argsort(-np.abs(contributions), kind="stable")
    return [
        {
            "feature": features[index],
            "value": instance.get(features[index]),
            "contribution": float(contributions[index]),
        }
        for index in order.tolist()
        if contributions[index] != 0
    ]


def _json_question(body: bytes, features: Sequence[str]) -> Question:
    try:
        value = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(f"The body is not JSON: {error}.") from error
    instances = value.get("instances") if isinstance(value, dict) else None
    if not isinstance(instances, list) or not instances:
        raise Problem('The body needs "instances": an array of at least one object of features.')
    with_reasons = _flag(value, "reasons")
    with_features = _flag(value, "features")
    places = {name: index for index, name in enumerate(features)}
    rows = np.full((len(instances), len(features)), np.nan, np.float32)
    for number, instance in enumerate(instances):
        if not isinstance(instance, dict):
            raise Problem(f"Instance {number + 1} is not an object of features.")
        for name, given in instance.items():
            place = places.get(name)
            if place is None:
                hint = nearest_of(name[:100], list(features))
                raise Problem(f"{name[:100]} is not a feature of this model{hint or '.'}")
            if given is not None:
                rows[number, place] = _number(name, given)
    return Question(rows, with_reasons, with_features, instances)


def _flag(value: dict[str, Any], name: str) -> bool:
    flag = value.get(name, False)
    if not isinstance(flag, bool):
        raise Problem(f'"{name}" must be true or false.')
    return flag


def _number(name: str, given: object) -> float:
    # True is an int in Python, but not a number in JSON.
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Problem(f"{name} is {json.dumps(given)[:100]}; it must be a number or null.")
    if not math.fabs(given) <= GREATEST_FLOAT32:
        raise Problem(f"{name} is {str(given)[:100]}; it must be a number of 32 bits.")
    return float(given)


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _csv_rows(body: bytes, features: Sequence[str]) -> Floats:
    columns = list(features)
    batches = []
    # One thread: the rows of a request are few, and other requests want the cores.
    for batch in read_csv_batches(pa.BufferReader(body), columns, "The body", threaded=False):
        rows = np.empty((batch.num_rows, len(columns)), np.float32)
        fill(rows, 0, batch, columns)
        batches.append(rows)
    if not batches or sum(len(rows) for rows in batches) == 0:
        raise Problem("The body has no rows.")
    return batches[0] if len(batches) == 1 else np.concatenate(batches)
