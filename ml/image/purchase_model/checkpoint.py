"""What a training that was ended may go on from. SageMaker keeps the folder in S3 and lays it back.

A checkpoint belongs to one data set and one set of hyperparameters: its fingerprint. Anything else is ignored.
Files are written beside and renamed, so that a kill never leaves half of one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

FILE = "checkpoint.json"


@dataclass(frozen=True)
class Checkpoint:
    fingerprint: str
    #: Validation log loss of each trial that is over.
    trial_losses: tuple[float, ...] = ()
    #: The trial whose settings the final training takes; None while the search for them goes on.
    best: int | None = None
    #: Of the final training: log loss on the validation rows after each round that the model in the file has.
    losses: tuple[float, ...] = ()
    model: bytes = field(default=b"", repr=False)


class Checkpoints:
    """The newest state in `folder`, and a way to put a newer one there."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder
        self.state = _load(folder, fingerprint)

    def add_trial(self, loss: float) -> None:
        self._save(replace(self.state, trial_losses=(*self.state.trial_losses, loss)))

    def end_search(self, best: int) -> None:
        self._save(replace(self.state, best=best))

    def add_rounds(self, losses: list[float], model: bytes) -> None:
        self._save(replace(self.state, losses=tuple(losses), model=model))

    def _save(self, state: Checkpoint) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # One file for both, or a kill between two would pair a model with another's losses.
        value = {**asdict(state), "model": state.model.decode("utf-8")}
        fresh = self._folder / f"{FILE}.part"
        fresh.write_text(json.dumps(value), "utf-8")
        fresh.replace(self._folder / FILE)
        self.state = state


def _load(folder: Path, fingerprint: str) -> Checkpoint:
    try:
        value = json.loads((folder / FILE).read_text("utf-8"))
        if value["fingerprint"] != fingerprint:
            return Checkpoint(fingerprint)
        return Checkpoint(
            fingerprint,
            tuple(float(loss) for loss in value["trial_losses"]),
            None if value["best"] is None else int(value["best"]),
            tuple(float(loss) for loss in value["losses"]),
            str(value["model"]).encode(),
        )
    except (OSError, ValueError, KeyError, TypeError):
        # None yet, or damaged: beginning anew costs time and nothing else.
        return Checkpoint(fingerprint)
