"""Ctrl-C, and other threads while the engine computes."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np

from isotypic import errors, stax

LONG = """
import signal, sys, numpy as np
from isotypic import stax
# Started from a shell in the background the signal would be ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
layers = [stax.Conv(1, (3, 3), padding="CIRCULAR"), stax.Relu()] * 6 + [stax.GlobalAvgPool(), stax.Dense(1)]
x = np.random.default_rng(0).normal(size=(1500, 28, 28, 1))
print("started", flush=True)
try:
    stax.serial(*layers).kernel_fn(x, get="ntk")
except KeyboardInterrupt:
    print("interrupted", flush=True)
    # The engine works on after that.
    print(stax.serial(stax.Dense(1)).kernel_fn(x[:2].reshape(2, -1), get="ntk").shape, flush=True)
    sys.exit(0)
sys.exit("it was not interrupted")
"""


def test_control_c_stops_a_computation_that_would_take_hours():
    child = subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "started\n"
        time.sleep(0.5)
        os.kill(child.pid, signal.SIGINT)
        output, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, output) == (0, "interrupted\n(2, 2)\n")


def test_other_threads_run_meanwhile(rng):
    layers = [stax.Conv(1, (3, 3), padding="CIRCULAR"), stax.Relu()] * 2 + [stax.GlobalAvgPool(), stax.Dense(1)]
    x = rng.normal(size=(12, 16, 16, 1))
    done = threading.Event()

    def compute():
        stax.serial(*layers).kernel_fn(x, get="ntk")
        done.set()

    worker = threading.Thread(target=compute)
    worker.start()
    turns = 0
    while not done.is_set():
        turns += 1
        time.sleep(0.001)
    worker.join()
    # With the lock held this thread would have had at most a turn before and one after.
    assert turns > 3


def test_threads_of_python_may_compute_at_once(rng):
    x = rng.normal(size=(40, 5))
    kernel_fn = stax.serial(stax.Dense(1), stax.Relu(), stax.Dense(1)).kernel_fn
    expected, found = kernel_fn(x, get="ntk"), [None] * 4

    def compute(index):
        found[index] = kernel_fn(x, get="ntk")

    workers = [threading.Thread(target=compute, args=(index,)) for index in range(4)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    for one in found:
        np.testing.assert_array_equal(one, expected)


def test_exceptions_have_a_message_a_hint_and_can_be_pickled():
    error = errors.SettingsError("`x`: wrong", "pass `--ridge 1e-8` or `--out`")
    assert str(error) == '`x`: wrong\nhint: pass `ridge="1e-8"` or `out`'
    assert str(errors.GramError("plain")) == "plain"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is errors.SettingsError and str(again) == str(error)
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.IsotypicError)
