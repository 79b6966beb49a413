"""What to know about running out of memory, which libraries tell in their own ways or not at all."""

from __future__ import annotations

import numpy as np
import xgboost as xgb
from scipy.linalg import cholesky


def reserve_for_blas() -> None:
    """Lets numpy's and scipy's BLAS take their buffers while there is memory; they keep them to the end.

    OpenBLAS asks for its buffer with the first call, and when it gets none asks again for ever: a training that has
    almost filled its memory would neither end nor fail.
    """
    square = np.eye(2)
    np.dot(square, square)
    cholesky(square)


def is_out_of_memory(error: BaseException) -> bool:
    """XGBoost tells a failed allocation of its own as text only."""
    return isinstance(error, MemoryError) or (
        isinstance(error, xgb.core.XGBoostError) and "bad_alloc" in str(error)
    )
