"""CSV or Parquet to float32, a chunk at a time, straight into the matrix the trees are grown from.

Numbers are read as doubles and then rounded to float32, in training as in serving, so that a value means the same
whichever way it comes. Empty is missing (NaN); a written nan or inf is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as csv

from .problems import Problem, first_lines

Floats = npt.NDArray[np.float32]
#: Some 20,000 rows of 40 numbers: large enough to parse in parallel, small beside the matrix.
BLOCK_BYTES = 8 << 20


def read_csv_batches(
    source: BinaryIO | pa.NativeFile, columns: Sequence[str], where: str, threaded: bool = True
) -> Iterator[pa.RecordBatch]:
    """Batches of doubles from CSV without a header; `where` names it in messages."""
    try:
        yield from csv.open_csv(
            source,
            csv.ReadOptions(
                column_names=list(columns), block_size=BLOCK_BYTES, use_threads=threaded
            ),
            csv.ParseOptions(newlines_in_values=False),
            csv.ConvertOptions(
                column_types={name: pa.float64() for name in columns},
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _explained(error, columns, where) from error


def fill(matrix: Floats, start: int, batch: pa.RecordBatch, columns: Sequence[str]) -> None:
    """Writes a batch's columns into the rows from `start` on; refuses what is neither finite nor empty."""
    stop = start + batch.num_rows
    for index, name in enumerate(columns):
        column = batch.column(index)
        values = column.to_numpy(zero_copy_only=False)
        with np.errstate(over="ignore"):
            matrix[start:stop, index] = values
        finite = int(np.isfinite(matrix[start:stop, index]).sum())
        if finite + column.null_count != batch.num_rows:
            known = ~np.asarray(column.is_null())
            row = int(np.flatnonzero(known & ~np.isfinite(matrix[start:stop, index]))[0])
            raise Problem(
                f"{name} is {values[row]} in row {start + row + 1}: not a finite number of 32 bits. "
                "Leave a value that is not known empty."
            )


def _explained(error: pa.ArrowInvalid, columns: Sequence[str], where: str) -> Problem:
    text = first_lines(error)
    count = re.search(r"Expected (\d+) columns, got (\d+)", text)
    if count:
        return Problem(
            f"{where} has rows of {count[2]} columns where {count[1]} are wanted: "
            f"{columns[0]} … {columns[-1]}."
        )
    column = re.search(r"In CSV column #(\d+): .*?invalid value '(.*?)'", text)
    if column:
        name = columns[int(column[1])]
        return Problem(f"{where} has {column[2]!r} as {name}, which is not a number.")
    if "Empty CSV file" in text:
        return Problem(f"{where} is empty.")
    return Problem(f"{where} is not readable as CSV: {text}.")
