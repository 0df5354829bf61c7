"""Types of arrays; shapes stand where they are used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
#: Sound, one channel: -32768 to 32767.
Pcm = NDArray[np.int16]
