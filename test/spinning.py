"""An executor of rclpy that spins in a thread, and whose thread has ended before what it uses is taken from it."""

import threading

from rclpy.executors import ExternalShutdownException

#: A thread that is asked to stop looks up this often, s.
STEP_S = 0.05
WAIT_S = 30.0


class Spinning:
    """`executor.shutdown` alone leaves a thread within `spin`, which then trips over what is gone."""

    def __init__(self, executor):
        self._executor = executor
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def close(self):
        """Wait for the thread's end, then shut the executor down."""
        self._stopping.set()
        self._executor.wake()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive(), "a callback does not end"
        self._executor.shutdown()

    def _spin(self):
        try:
            while not self._stopping.is_set():
                self._executor.spin_once(timeout_sec=STEP_S)
        except ExternalShutdownException:
            pass  # a test that ends the context itself
