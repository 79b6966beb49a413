"""Every fault of the input ends with exit code 2 and a sentence in output/failure that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from purchase_model.memory import is_out_of_memory
from purchase_model.train import main

from .export import Export, make_export

Fault = Callable[[Export], None]


def no_files(export: Export) -> None:
    next(export.channel("train").iterdir()).unlink()


def no_rows(export: Export) -> None:
    next(export.channel("validation").iterdir()).write_text("")
    export.manifest["splits"]["validation"] |= {"rows": 0, "files": []}
    export.write_manifest()


def one_class(export: Export) -> None:
    export.rows["train"][:, 0] = 0


def strange_label(export: Export) -> None:
    export.rows["test"][3, 0] = 2


def all_missing(export: Export) -> None:
    export.rows["train"][:, 3] = np.nan


def constant(export: Export) -> None:
    export.rows["train"][:, 4] = 7


def non_finite(export: Export) -> None:
    export.rows["train"][11, 5] = np.inf


def too_few_columns(export: Export) -> None:
    export.rows["train"] = export.rows["train"][:, :-1]


def manifest_names_more(export: Export) -> None:
    export.manifest["features"] = [*export.features, "another"]
    export.write_manifest()


def other_file(export: Export) -> None:
    file = next(export.channel("test").iterdir())
    file.write_text(file.read_text().replace(",", ",1", 1))


def rows_lack(export: Export) -> None:
    export.manifest["splits"]["train"]["rows"] += 1
    export.write_manifest()


def no_manifest(export: Export) -> None:
    (export.channel("manifest") / "manifest.json").unlink()


def damaged_manifest(export: Export) -> None:
    (export.channel("manifest") / "manifest.json").write_text('{"format": 1, "snapshot_id": 3')


def more_than_memory(export: Export) -> None:
    export.manifest["splits"]["train"]["rows"] = 10**13
    export.write_manifest()


BEFORE: dict[str, tuple[Fault, str]] = {
    "one class only": (one_class, "Every purchased_within_7_days of train is 0: nothing can be"),
    "a label of 2": (strange_label, "purchased_within_7_days is 2.0 in row 4 of test; it must be"),
    "all missing": (all_missing, "Without any value in the training rows: view_share. Repair"),
    "constant": (constant, "The same in every training row: cart_rate. Repair or leave out"),
    "infinite": (non_finite, "price_level is inf in row 12: not a finite number of 32 bits"),
    "too few columns": (too_few_columns, "rows of 6 columns where 7 are wanted"),
}
AFTER: dict[str, tuple[Fault, str]] = {
    "no file": (no_files, "The channel train is empty: it has no .csv and no .parquet file."),
    "no rows": (no_rows, "The channel validation has no rows; was anything exported"),
    "more features in the manifest": (manifest_names_more, "rows of 7 columns where 8 are wanted"),
    "another file": (other_file, "test-0.csv is not the file that was exported"),
    "fewer rows": (rows_lack, "The channel train has 300 rows; manifest.json says 301."),
    "no manifest": (no_manifest, "The channel manifest has no manifest.json; add the channel"),
    "a damaged manifest": (damaged_manifest, "manifest.json is not readable: "),
    "memory": (more_than_memory, "Not enough memory for the 10000000000000 rows of train; take"),
}
HYPERPARAMETERS: dict[str, tuple[dict[str, object], str]] = {
    "unknown": ({"max_deph": 3}, "max_deph is not known; did you mean max_depth?"),
    "no number": ({"eta": "fast"}, "eta is 'fast'; it must be a number above 0 to 1"),
    "fraction": ({"max_depth": 3.5}, "max_depth is '3.5'; it must be a whole number from 1 to 16"),
    "impossible": ({"subsample": 1.5}, "subsample is '1.5'; it must be a number above 0 to 1"),
    "not finite": ({"min_child_weight": "nan"}, "min_child_weight is 'nan'; it must be a number"),
    "two": ({"eta": 0, "seed": -1}, "eta is '0'; it must be a number above 0 to 1; seed is '-1'"),
    "useless": ({"useless_features": "ok"}, "useless_features is 'ok'; it must be fail or warn"),
}


def failure_of(export: Export, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(export.base))
    assert main() == 2
    assert not (export.base / "model").exists()
    return (export.base / "output/failure").read_text("utf-8")


def small(base: Path) -> Export:
    export = make_export(base, train=300, other=100)
    export.hyperparameters(max_trials=1, num_round=5, threads=1)
    return export


@pytest.mark.parametrize("fault", BEFORE)
def test_data_that_cannot_be_learnt_from(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, sentence = BEFORE[fault]
    export = small(tmp_path)
    spoil(export)
    export.write()
    assert sentence in failure_of(export, monkeypatch)


@pytest.mark.parametrize("fault", AFTER)
def test_data_that_is_not_what_was_exported(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, sentence = AFTER[fault]
    export = small(tmp_path).write()
    spoil(export)
    assert sentence in failure_of(export, monkeypatch)


@pytest.mark.parametrize("fault", HYPERPARAMETERS)
def test_hyperparameters_that_cannot_be(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, sentence = HYPERPARAMETERS[fault]
    export = small(tmp_path)
    export.hyperparameters(**texts)
    assert sentence in failure_of(export, monkeypatch)


def test_useless_features_are_only_told_when_that_is_wished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = small(tmp_path)
    constant(export)
    all_missing(export)
    export.write().hyperparameters(max_trials=1, num_round=5, threads=1, useless_features="warn")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert main() == 0
    card = (tmp_path / "model/card.md").read_text("utf-8")
    assert "- The same in every training row: cart_rate." in card
    assert "- Without any value in the training rows: view_share." in card


def test_a_defect_tells_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = small(tmp_path).write()
    # A folder where a file is to be written is nothing that the program foresees.
    (tmp_path / "output/data/test-scores.csv").mkdir(parents=True)
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert main() == 70
    failure = (export.base / "output/failure").read_text("utf-8")
    assert failure.startswith("Unexpected IsADirectoryError in ")


def test_a_failed_allocation_is_known_whoever_tells_it() -> None:
    with pytest.raises(MemoryError) as raised:
        np.empty(1 << 50)
    assert is_out_of_memory(raised.value)
    assert is_out_of_memory(xgb.core.XGBoostError("[12:00:00] what: std::bad_alloc"))
    assert not is_out_of_memory(xgb.core.XGBoostError("something else"))
