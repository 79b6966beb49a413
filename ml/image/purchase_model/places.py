"""Where SageMaker puts things. Its environment variables go before the fixed layout below /opt/ml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_BASE = "/opt/ml"
DEFAULT_PORT = 8080


@dataclass(frozen=True)
class Places:
    """`channels` is asked by name; the other paths need not exist yet."""

    base: Path
    hyperparameters: Path
    model: Path
    output_data: Path
    failure: Path
    checkpoints: Path
    channels: Mapping[str, Path]


def places_from(environment: Mapping[str, str]) -> Places:
    base = Path(environment.get("SAGEMAKER_BASE_DIR") or DEFAULT_BASE)
    names = ("train", "validation", "test", "manifest")
    return Places(
        base=base,
        hyperparameters=base / "input/config/hyperparameters.json",
        model=Path(environment.get("SM_MODEL_DIR") or base / "model"),
        output_data=Path(environment.get("SM_OUTPUT_DATA_DIR") or base / "output/data"),
        failure=base / "output/failure",
        checkpoints=base / "checkpoints",
        channels={
            name: Path(environment.get(f"SM_CHANNEL_{name.upper()}") or base / "input/data" / name)
            for name in names
        },
    )


def address_from(environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port to serve on: any interface inside a container, loopback outside of one."""
    outside = "SAGEMAKER_BASE_DIR" in environment
    host = environment.get("MILLRACE_ML_HOST") or ("127.0.0.1" if outside else "0.0.0.0")
    return host, int(environment.get("SAGEMAKER_BIND_TO_PORT") or DEFAULT_PORT)
