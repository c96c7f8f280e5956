"""Training of isotypic and of PyTorch in one run: images per second for the same networks, batches and number of threads.

isotypic trains with `isotypic train classes`, whose metrics.csv says how long each epoch took; PyTorch runs the same steps (dropout,
cross-entropy, Adam) on as many images of the same size. The best epoch of each counts. Without PyTorch nothing is measured.

    cargo build --release -p isotypic-cli --features train
    python3 -m venv peers && peers/bin/pip install torch==2.15.0 numpy
    peers/bin/python benches/peers/training.py
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

BATCH = 512
NETWORKS = ["paper-mlp", "paper-cnn", "paper-vit"]


def vision_transformer(torch):
    """Patches of 4×4, 256 channels, two blocks of four heads of 64, hidden layers of 256, the mean over patches."""
    nn = torch.nn

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.to_qkv, self.out = nn.LayerNorm(256), nn.Linear(256, 768, bias=False), nn.Linear(256, 256, bias=False)

        def forward(self, x):
            heads = self.to_qkv(self.norm(x)).unflatten(-1, (3, 4, 64)).permute(2, 0, 3, 1, 4)
            y = nn.functional.scaled_dot_product_attention(*heads)
            return x + self.out(y.transpose(1, 2).flatten(2))

    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.LayerNorm(256), nn.Linear(256, 256), nn.GELU(), nn.Linear(256, 256))

        def forward(self, x):
            return x + self.layers(x)

    class VisionTransformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 256), nn.LayerNorm(256))
            self.register_buffer("positions", torch.randn(49, 256))
            self.blocks = nn.Sequential(Attention(), Hidden(), Attention(), Hidden())
            self.norm = nn.LayerNorm(256)
            self.classes = nn.Linear(256, 10)

        def forward(self, images):
            patches = images.unflatten(2, (7, 4)).unflatten(4, (7, 4)).permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)
            return self.classes(self.norm(self.blocks(self.embed(patches) + self.positions)).mean(1))

    return VisionTransformer()


def network(torch, name):
    """The network that isotypic has under this name."""
    nn = torch.nn
    if name == "paper-vit":
        return vision_transformer(torch)
    if name == "paper-mlp":
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(512, 128), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(128, 10, bias=False),
        )  # fmt: skip
    return nn.Sequential(
        nn.Conv2d(1, 24, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(24, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10),
    )  # fmt: skip


def of_torch(torch, name, images, epochs, threads):
    """Images per second of the best epoch."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    inputs, targets = torch.rand(images, 1, 28, 28), torch.randint(0, 10, (images,))
    model = network(torch, name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = torch.nn.CrossEntropyLoss()
    best = 0.0
    for _ in range(epochs):
        start, order = time.perf_counter(), torch.randperm(images)
        for rows in order.split(BATCH):
            optimizer.zero_grad()
            loss_of(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()
        best = max(best, images / (time.perf_counter() - start))
    return best


def of_isotypic(program, name, poses, epochs, threads):
    """Images per second of the best epoch, and the number of images."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "run")
        command = [
            program, "train", "classes", "--arch", name, "--poses", str(poses), "--left-out", "5", "--epochs", str(epochs),
            "--batch-size", str(BATCH), "--threads", str(threads), "--out", out, "--json",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        images = json.loads(done.stdout)["results"][0]["examples"]
        with open(os.path.join(out, "metrics.csv"), newline="") as file:
            seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    return images / min(seconds), images


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="target/release/isotypic")
    parser.add_argument("--poses", type=int, default=8, help="of the 1,000 embedded digits")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("skipped: PyTorch is not installed")
        return
    print(f"{platform.machine()}, {arguments.threads} threads, batches of {BATCH}, float32, PyTorch {torch.__version__}\n")
    print("| network | isotypic | PyTorch | ratio |")
    print("|---|---|---|---|")
    for name in NETWORKS:
        ours, images = of_isotypic(arguments.program, name, arguments.poses, arguments.epochs, arguments.threads)
        theirs = of_torch(torch, name, images, arguments.epochs, arguments.threads)
        print(f"| `{name}`, {images} images | {ours:.0f} images/s | {theirs:.0f} images/s | {ours / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
