"""Kernels of isotypic and of neural-tangents in one run: wall time, CPU time and peak memory, as ratios.

Every measurement is a process of its own, which computes once to compile and warm up and then as often as asked; the best wall
time and the CPU time of the same run count. Peak memory is that of the whole process, imports included.
The largest relative difference of the two kernels is printed beside.

    python -m venv peers
    peers/bin/pip install neural-tangents==0.6.5 jax==0.4.23 jaxlib==0.4.23 'numpy<2' 'scipy<1.13' ISOTYPIC.whl
    peers/bin/python benches/peers/kernels.py
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time

CASES = {
    "MLP-5, n = 2048, d = 784": ("mlp", 2048, (784,)),
    "CNN-flatten, 2 layers, n = 256, 28x28": ("flatten", 256, (28, 28, 1)),
    "CNN-GAP, 1 layer, n = 16, 28x28": ("gap", 16, (28, 28, 1)),
    "softmax attention, n = 64, 16 positions": ("attention", 64, (16, 8)),
}


def network(stax, name):
    """The same expression for either library."""
    conv = [stax.Conv(1, (3, 3), padding="CIRCULAR", W_std=1.3, b_std=0.2), stax.Relu()]
    if name == "mlp":
        return stax.serial(*[stax.Dense(1, b_std=1.0), stax.Relu()] * 5, stax.Dense(1, b_std=1.0))
    if name == "flatten":
        return stax.serial(*conv * 2, stax.Flatten(), stax.Dense(1))
    if name == "gap":
        return stax.serial(*conv, stax.GlobalAvgPool(), stax.Dense(1))
    attention = stax.GlobalSelfAttention(1, 1, 1, 1, linear_scaling=True)
    return stax.serial(stax.Dense(1, b_std=0.3), stax.Relu(), attention, stax.Relu(), stax.GlobalAvgPool(), stax.Dense(1))


def measure(engine, case, repeats, out):
    """In a process of its own: prints one line of JSON."""
    import numpy as np

    if engine == "isotypic":
        from isotypic import stax

        def kernel(kernel_fn, x):
            return kernel_fn(x, None, "ntk")
    else:
        import jax

        jax.config.update("jax_enable_x64", True)
        from neural_tangents import stax

        compiled = {}

        def kernel(kernel_fn, x):
            step = compiled.setdefault("step", jax.jit(lambda x: kernel_fn(x, None, "ntk")))
            return np.asarray(step(x))

    found = {"wall": float("inf"), "cpu": float("inf"), "memory": 0.0}
    if case:
        name, n, shape = CASES[case]
        x = np.random.default_rng(0).normal(size=(n, *shape))
        kernel_fn = network(stax, name)[2]
        matrix = kernel(kernel_fn, x)
        for _ in range(repeats):
            cpu, wall = time.process_time(), time.perf_counter()
            matrix = kernel(kernel_fn, x)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if wall < found["wall"]:
                found.update(wall=wall, cpu=cpu)
        np.save(out, matrix)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        engine, case, out = arguments.measure
        measure(engine, case, arguments.repeats, out)
        return

    import numpy as np

    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, float64, NTK of x with itself\n")
    print("| kernel | isotypic | neural-tangents | wall | CPU time | memory | largest difference |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            rows, matrices = {}, {}
            for engine in ("isotypic", "neural-tangents"):
                out = os.path.join(folder, f"{engine}.npy")
                command = [sys.executable, __file__, "--repeats", str(arguments.repeats), "--measure", engine, case, out]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr)
                rows[engine], matrices[engine] = json.loads(done.stdout.splitlines()[-1]), np.load(out)
            ours, theirs = rows["isotypic"], rows["neural-tangents"]
            off = ~np.eye(len(matrices["isotypic"]), dtype=bool)
            scale = np.abs(matrices["neural-tangents"])
            difference = (np.abs(matrices["isotypic"] - matrices["neural-tangents"]) / scale)[off].max()
            ratio = {key: theirs[key] / max(ours[key], 1e-9) for key in ours}
            print(
                f"| {case} | {ours['wall']:.3f} s, {ours['memory']:.0f} MiB | {theirs['wall']:.3f} s, {theirs['memory']:.0f} MiB "
                f"| {ratio['wall']:.1f}x | {ratio['cpu']:.1f}x | {ratio['memory']:.1f}x | {difference:.0e} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
