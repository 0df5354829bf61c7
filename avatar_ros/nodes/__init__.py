"""One thin module per executable: names the node, its parameters, and who builds its stage."""

import os

# Eleven processes share the cores: a product of small matrices on two threads would only wait for the face's. Read by
# numpy's BLAS when it loads, so it must stand here, before any stage is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
