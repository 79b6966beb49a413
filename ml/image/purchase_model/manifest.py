"""What `millrace features export` says about the data it wrote: columns in their order, snapshot, files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .problems import Problem, first_lines

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """One part of the data; `sha256` maps the end of a file's path to its hash."""

    rows: int
    positives: int
    as_of_from: str
    as_of_to: str
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    snapshot_id: int
    sql_hash: str
    features: tuple[str, ...]
    label: str
    horizon_days: float
    splits: Mapping[str, Split]
    #: How recent and how frequent: what the logistic baseline knows. Empty: found by name.
    baseline_features: tuple[str, ...] = field(default=())


def load_manifest(folder: Path) -> Manifest:
    file = folder / "manifest.json"
    try:
        return parse_manifest(json.loads(file.read_text("utf-8")))
    except FileNotFoundError as error:
        raise Problem(
            "The channel manifest has no manifest.json; add the channel to the training job, "
            "`millrace features export` writes the file."
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise Problem(f"manifest.json is not readable: {first_lines(error)}.") from error
    except KeyError as error:
        raise Problem(f"manifest.json lacks {error}; export the features anew.") from error


def parse_manifest(value: dict[str, Any]) -> Manifest:
    """From the parsed JSON; raises KeyError, TypeError or Problem when it is something else."""
    if value.get("format") != 1:
        raise Problem(f"manifest.json has format {value.get('format')!r}; this image reads 1.")
    features = tuple(str(name) for name in value["features"])
    if not features:
        raise Problem("manifest.json names no feature.")
    twice = sorted({name for name in features if features.count(name) > 1})
    if twice:
        raise Problem(f"manifest.json names {', '.join(twice)} more than once.")
    baseline = tuple(str(name) for name in value.get("baseline_features", ()))
    unknown = [name for name in baseline if name not in features]
    if unknown:
        raise Problem(f"baseline_features of manifest.json are no features: {', '.join(unknown)}.")
    return Manifest(
        snapshot_id=int(value["snapshot_id"]),
        sql_hash=str(value["sql_hash"]),
        features=features,
        label=str(value["label"]),
        horizon_days=float(value["horizon_days"]),
        splits={name: _split(value["splits"][name]) for name in SPLITS},
        baseline_features=baseline,
    )


def _split(value: dict[str, Any]) -> Split:
    return Split(
        rows=int(value["rows"]),
        positives=int(value["positives"]),
        as_of_from=str(value["as_of_from"]),
        as_of_to=str(value["as_of_to"]),
        sha256={str(file["path"]): str(file["sha256"]) for file in value.get("files", ())},
    )
