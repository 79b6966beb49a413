"""Writes what `millrace features export` writes, small: users whose true chance to buy is known."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
FEATURES = ["recency_days", "sessions_30d", "view_share", "cart_rate", "price_level", "noise"]
LABEL = "purchased_within_7_days"


@dataclass
class Export:
    """Rows by split: label first, then the features; NaN is missing. `chances` are the true ones."""

    base: Path
    features: list[str]
    rows: dict[str, Doubles]
    chances: dict[str, Doubles] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def channel(self, name: str) -> Path:
        return self.base / "input/data" / name

    def write(self) -> Export:
        """Lays out input/data with a manifest that is true."""
        for name, rows in self.rows.items():
            file = self.channel(name) / f"{name}-0.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{csv_line(row)}\n" for row in rows.tolist()), "utf-8")
        self.manifest = self.true_manifest()
        self.write_manifest()
        return self

    def write_manifest(self) -> None:
        file = self.channel("manifest") / "manifest.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.manifest), "utf-8")

    def true_manifest(self) -> dict[str, Any]:
        return {
            "format": 1,
            "snapshot_id": 42,
            "sql_hash": "a" * 64,
            "features": self.features,
            "label": LABEL,
            "horizon_days": 7,
            "splits": {name: self._split(name, rows) for name, rows in self.rows.items()},
        }

    def _split(self, name: str, rows: Doubles) -> dict[str, Any]:
        file = self.channel(name) / f"{name}-0.csv"
        return {
            "rows": len(rows),
            "positives": int(rows[:, 0].sum()),
            "as_of_from": "2024-09-01T00:00:00Z",
            "as_of_to": "2024-10-01T00:00:00Z",
            "files": [
                {
                    "path": f"csv/{name}/{file.name}",
                    "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                    "rows": len(rows),
                }
            ],
        }

    def hyperparameters(self, **texts: object) -> None:
        file = self.base / "input/config/hyperparameters.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: str(text) for name, text in texts.items()}), "utf-8")


def csv_line(row: list[float]) -> str:
    return ",".join("" if value != value else repr(value) for value in row)


def make_export(base: Path, *, train: int = 3000, other: int = 1500, seed: int = 1) -> Export:
    random = np.random.default_rng(seed)
    export = Export(base, list(FEATURES), {})
    for name, size in (("train", train), ("validation", other), ("test", other)):
        recency = np.round(random.exponential(12, size), 2)
        sessions = random.poisson(random.gamma(1.2, 3, size)).astype(np.float64)
        shares = random.random((size, 4))
        z = -1.4 - 0.06 * recency + 0.9 * np.log1p(sessions) + 2.2 * (shares[:, 0] - 0.5)
        z += 1.5 * (shares[:, 1] - 0.5) * (shares[:, 2] > 0.4)
        chances = 1 / (1 + np.exp(-z))
        labels = (random.random(size) < chances).astype(np.float64)
        recency[random.random(size) < 0.05] = np.nan
        export.rows[name] = np.column_stack([labels, recency, sessions, shares])
        export.chances[name] = chances
    return export
