"""Files of the model as always the same bytes: keys in the order they are made, numbers shortest, no clock in them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FIGURE_DIGITS = 8


def to_json(value: Any) -> bytes:
    """JSON by RFC 8259: what is not a number there becomes null."""
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=1)
    return f"{text}\n".encode()


def rounded(value: Any) -> Any:
    """Figures for people: floats to eight digits behind the point, everything else as it is."""
    if isinstance(value, float):
        return round(value, FIGURE_DIGITS)
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value


def version_of(*parts: bytes) -> str:
    """A short name of content: the beginning of its SHA-256, each part told from the next by its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
