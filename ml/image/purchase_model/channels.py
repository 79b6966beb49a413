"""The rows of a channel, checked against the manifest: files, hashes, columns, counts, both classes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from .manifest import Manifest, Split
from .problems import Problem
from .table import Floats, fill, read_csv_batches


@dataclass(frozen=True)
class Rows:
    """One split: `features` (rows × features, NaN is missing) and `labels` (0 or 1)."""

    features: Floats
    labels: Floats

    def __len__(self) -> int:
        return len(self.labels)


def load_channel(
    name: str, folder: Path, manifest: Manifest, check_stop: Callable[[], None]
) -> Rows:
    """All rows of the split in the order of its files' names; raises Problem when they are not as the manifest says."""
    split = manifest.splits[name]
    columns = [manifest.label, *manifest.features]
    files = _files_of(name, folder)
    # The matrices are made once, for all rows: growing them would need twice the memory.
    try:
        features = np.empty((split.rows, len(manifest.features)), np.float32)
        labels = np.empty((split.rows, 1), np.float32)
    except MemoryError as error:
        raise Problem(
            f"Not enough memory for the {split.rows} rows of {name}; take a larger instance type."
        ) from error
    row = 0
    for file in files:
        _check_hash(file, folder, split)
        for batch in _batches(file, columns, f"The file {file.name} of {name}"):
            check_stop()
            if row + batch.num_rows > split.rows:
                raise _wrong_count(name, split, f"more than {split.rows}")
            fill(labels, row, batch.select(columns[:1]), columns[:1])
            fill(features, row, batch.select(columns[1:]), columns[1:])
            row += batch.num_rows
    if row == 0:
        raise Problem(f"The channel {name} has no rows; was anything exported for its dates?")
    if row != split.rows:
        raise _wrong_count(name, split, str(row))
    rows = Rows(features, labels[:, 0])
    _check_labels(name, manifest.label, rows)
    return rows


def _files_of(name: str, folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]
    # One of the two, never both: the same rows lie beside each other in both formats.
    for suffix in (".csv", ".parquet"):
        found = sorted(file for file in files if file.suffix == suffix)
        if found:
            return found
    raise Problem(f"The channel {name} is empty: it has no .csv and no .parquet file.")


def _batches(file: Path, columns: list[str], where: str) -> Iterator[pa.RecordBatch]:
    if file.suffix == ".csv":
        if file.stat().st_size == 0:
            return
        with file.open("rb") as source:
            yield from read_csv_batches(source, columns, where)
        return
    try:
        with parquet.ParquetFile(file) as source:
            lacking = [name for name in columns if name not in source.schema_arrow.names]
            if lacking:
                raise Problem(f"{where} lacks the columns {', '.join(lacking)}.")
            for batch in source.iter_batches(batch_size=65_536, columns=columns):
                yield batch.select(columns).cast(pa.schema([(c, pa.float64()) for c in columns]))
    except pa.ArrowInvalid as error:
        raise Problem(f"{where} is not readable as Parquet: {error}.") from error


def _check_hash(file: Path, folder: Path, split: Split) -> None:
    if not split.sha256:
        return
    name = file.relative_to(folder).as_posix()
    listed = [hash for path, hash in split.sha256.items() if f"/{path}".endswith(f"/{name}")]
    if not listed:
        raise Problem(f"{name} is not in manifest.json; the channel holds data of another export.")
    with file.open("rb") as source:
        digest = hashlib.sha256()
        while block := source.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() not in listed:
        raise Problem(f"{name} is not the file that was exported: its SHA-256 differs.")


def _wrong_count(name: str, split: Split, found: str) -> Problem:
    return Problem(f"The channel {name} has {found} rows; manifest.json says {split.rows}.")


def _check_labels(name: str, label: str, rows: Rows) -> None:
    strange = ~((rows.labels == 0) | (rows.labels == 1))
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise Problem(
            f"{label} is {rows.labels[row]} in row {row + 1} of {name}; it must be 0 or 1."
        )
    positives = int(rows.labels.sum())
    if positives in (0, len(rows)):
        what = "0" if positives == 0 else "1"
        raise Problem(
            f"Every {label} of {name} is {what}: nothing can be learnt from one class. "
            "Choose dates with both."
        )


def check_features(rows: Rows, names: tuple[str, ...], fail: bool) -> list[str]:
    """Finds features that carry nothing in the training rows: sentences, or a Problem when they are to fail."""
    missing, constant = [], []
    for index, name in enumerate(names):
        column = rows.features[:, index]
        lowest, highest = np.fmin.reduce(column), np.fmax.reduce(column)
        if np.isnan(lowest):
            missing.append(name)
        elif lowest == highest and not np.isnan(column).any():
            constant.append(name)
    sentences = []
    if missing:
        sentences.append(f"Without any value in the training rows: {', '.join(missing)}")
    if constant:
        sentences.append(f"The same in every training row: {', '.join(constant)}")
    if sentences and fail:
        raise Problem(
            f"{'. '.join(sentences)}. Repair or leave out these features, "
            "or set useless_features to warn."
        )
    return [f"{sentence}." for sentence in sentences]
