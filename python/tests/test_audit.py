"""The audit in Python against that of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from isotypic import AuditResult, Group, audit, stax
from isotypic.errors import DataError, IsotypicError, SettingsError, WorkError


def images(rng, count=6):
    return rng.normal(size=(count, 8, 8)), np.arange(count) % 2


@pytest.fixture(scope="module")
def small():
    return audit("mlp", group="rotation:4", pairs=3)


def test_the_numbers_are_those_of_the_command_line(small, command_line):
    printed = command_line("audit", "--arch", "mlp", "--group", "rotation:4", "--pairs", 3, "--json")
    assert json.loads(printed) == small.to_dict()
    assert small.to_json().strip() == printed.strip()


def test_single_precision_is_that_of_the_command_line(small, command_line):
    printed = command_line("audit", "--arch", "mlp", "--group", "rotation:4", "--pairs", 3, "--dtype", "f32", "--json")
    single = audit("mlp", group="rotation:4", pairs=3, dtype=np.float32).to_dict()
    assert json.loads(printed) == single
    ours, double = (np.array([row["error"] for row in found["points"]]) for found in (single, small.to_dict()))
    assert np.any(ours != double)
    np.testing.assert_allclose(ours, double, atol=1e-4)


def test_arrays_are_the_same_data_as_a_file(rng, command_line, tmp_path):
    pixels, labels = images(rng)
    np.savez(tmp_path / "d.npz", images=pixels[..., None], labels=labels)
    printed = json.loads(
        command_line("audit", "--data", tmp_path / "d.npz", "--arch", "mlp", "--group", "rotation:4", "--pairs", 4, "--json")
    )
    for found in (
        audit("mlp", (pixels, labels), "rotation:4", pairs=4),
        audit(["mlp"], pixels[..., None], Group("rotation:4"), labels=labels.tolist(), pairs=4),
    ):
        assert found.to_dict()["points"] == printed["points"]


def test_networks_of_stax_stand_beside_named_ones(rng):
    mlp = stax.serial(
        stax.Flatten(), stax.Dense(1, b_std=1.0), stax.Relu(), stax.Dense(1, b_std=1.0)
    )
    data = images(rng)
    found = audit(["mlp", mlp], data, "rotation:4", pairs=3).to_dict()["summary"]
    assert [row["arch"] for row in found] == ["mlp", "network"]
    assert found[0]["median_exact_error"] == found[1]["median_exact_error"]
    named = audit({"mine": mlp}, data, "rotation:4", pairs=3).to_dict()["summary"]
    assert [row["arch"] for row in named] == ["mine"]


def test_features_and_gram_matrices_agree(rng):
    features, labels = rng.normal(size=(4, 3, 7)), ["a", "b", "a", "b"]
    rows = features.reshape(12, 7)
    by_features = audit("linear", features=features, labels=labels, group="cyclic:3", ridge=1e-3).to_dict()
    by_gram = audit(gram=rows @ rows.T / 7, labels=labels, group="cyclic:3", ridge=1e-3).to_dict()
    a, b = (np.array([row["exact_error"] for row in found["results"]]) for found in (by_features, by_gram))
    scaled = audit(gram=rows @ rows.T, labels=labels, group="cyclic:3", ridge=7e-3).to_dict()
    c = np.array([row["exact_error"] for row in scaled["results"]])
    np.testing.assert_allclose(b, c, rtol=1e-9)
    assert len(a) == len(b) == 4


FIXTURES = Path(__file__).parents[2] / "crates" / "isotypic-onnx" / "fixtures"


def test_exported_networks_are_the_same_as_on_the_command_line(rng, command_line, tmp_path):
    pixels, labels = images(rng)
    np.savez(tmp_path / "d.npz", images=pixels[..., None], labels=labels)
    network = str(FIXTURES / "cnn_pooled.onnx")
    printed = command_line(
        "audit", "--data", tmp_path / "d.npz", "--arch", network, "--group", "rotation:4", "--pairs", 4, "--json"
    )
    found = audit(architectures=[network], data=(pixels, labels), group="rotation:4", pairs=4).to_dict()
    assert found["points"] == json.loads(printed)["points"]
    assert found["settings"]["architectures"] == [network]


def test_files_of_exported_networks_that_do_not_fit_are_named(rng, tmp_path):
    data = images(rng)
    with pytest.raises(IsotypicError, match=r"elu\.onnx`: node 2 `node_Elu_4` \(`Elu`\): this nonlinearity"):
        audit(str(FIXTURES / "elu.onnx"), data, "rotation:4", pairs=1)
    with pytest.raises(IsotypicError, match=r"expected shape `\[8, 8, 1\]`, for which the network was made"):
        audit(str(FIXTURES / "mlp.onnx"), group="rotation:4", pairs=1)
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes((FIXTURES / "mlp.onnx").read_bytes()[:100])
    with pytest.raises(IsotypicError, match=r"damaged\.onnx`: onnx file: expected a protobuf message"):
        audit(str(damaged), data, "rotation:4", pairs=1)


@pytest.mark.parametrize("question", [["--pairs", 3], ["--classes", "all", "--seeds-per-class", 2]])
def test_training_times_and_metrics_are_those_of_the_command_line(question, command_line):
    printed = command_line(
        "audit", "--arch", "mlp", "--group", "rotation:4", *question, "--training-time", "0.5,20", "--metrics", "--json"
    )
    asked = {"pairs": 3} if "--pairs" in question else {"classes": "all", "seeds_per_class": 2}
    found = audit("mlp", group="rotation:4", **asked, training_time=[20, 0.5], metrics=True)
    expected = json.loads(printed)
    for part in ("training", "metrics", "points"):
        assert found.to_dict()[part] == expected[part], part
    assert len(found.metrics) == 8 and len(found.training_time) == 1
    best = audit("mlp", group="rotation:4", **asked, training_time="best")
    assert best.metrics is None and best.to_dict()["training"]["times"] == []
    one = audit("mlp", group="rotation:4", **asked, training_time=np.float32(0.5))
    assert one.to_dict()["training"]["times"] == [0.5] and one.metrics is None
    assert audit("mlp", group="rotation:4", **asked).training_time is None


@pytest.mark.parametrize(
    ("time", "error"),
    [("soon", SettingsError), ([], SettingsError), (-1.0, SettingsError), (True, TypeError), (["a"], TypeError)],
)
def test_training_times_that_are_none_are_refused(time, error):
    with pytest.raises(error, match="training.time"):
        audit("mlp", group="rotation:4", pairs=1, training_time=time)


def test_whole_classes_are_asked_about(rng):
    pixels, labels = images(rng, 8)
    found = audit("mlp", (pixels, labels), "rotation:4", classes="all", seeds_per_class=3, unseen_per_class=1)
    kinds = {row["kind"] for row in found.to_dict()["results"]}
    assert kinds == {"seed"}
    some = audit("mlp", (pixels, labels), "rotation:4", classes=[0, 1], seeds=[0, 1, 2, 3], together="seed")
    assert len(some.to_dict()["results"]) >= 4


def test_findings_come_as_tables_and_files(small, tmp_path):
    pandas = pytest.importorskip("pandas")
    assert isinstance(small, AuditResult)
    assert isinstance(small.summary, pandas.DataFrame) and list(small.summary["poses"]) == [4]
    assert len(small.results) == 3 and len(small.points) == 6 and len(small.verdicts) == 1
    assert "exact" in repr(small) and "<pre>" in small._repr_html_() and small.conclusion
    assert json.loads(small.report(tmp_path / "a.json").read_text()) == small.to_dict()
    assert small.report(tmp_path / "a.csv").read_text().count("\n") == 4
    assert small.report(str(tmp_path / "a.txt")).read_text() == repr(small)
    page = small.report(tmp_path / "a.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "</html>" in page
    assert "<svg" in page and "Content-Security-Policy" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.html", "a.json", "a.txt"]
    with pytest.raises(SettingsError, match="`path`"):
        small.report(tmp_path / "a.pdf")
    with pytest.raises(WorkError, match="cannot write") as caught:
        small.report(tmp_path / "none" / "a.txt")
    assert isinstance(caught.value, OSError)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"architectures": "resnext"}, IsotypicError, "resnext"),
        ({"data": "no-such-data"}, DataError, "no-such-data"),
        ({"data": np.ones((4, 8, 8))}, IsotypicError, "labels"),
        ({"data": np.ones((4, 8)), "labels": [0, 1, 0, 1]}, SettingsError, "`data`"),
        ({"data": (np.full((4, 8, 8), np.nan), [0, 1, 0, 1])}, DataError, "data"),
        ({"data": (np.ones((4, 8, 8)), [0, 1])}, DataError, "4 images"),
        ({"features": np.ones((2, 3)), "labels": [0, 1]}, SettingsError, "`features`"),
        ({"features": np.ones((2, 3, 4)), "gram": np.eye(4)}, SettingsError, "at most one"),
        ({"gram": np.eye(4), "labels": [0, 1], "architectures": "mlp", "group": "cyclic:2"}, SettingsError, "Gram matrix"),
        ({"group": "rotation:4", "hold_out": "nose:0"}, IsotypicError, "nose"),
        ({"hold_out": "pose:1"}, SettingsError, "need a `group`"),
        ({"group": "rotation", "poses": "some"}, SettingsError, "`poses`"),
        ({"kernel": "cov"}, SettingsError, "cov"),
        ({"ridge": "rel:much"}, IsotypicError, "much"),
        ({"convention": "other"}, SettingsError, "other"),
        ({"gram": np.eye(4), "labels": [0, 1], "group": "cyclic:2", "dtype": "f4"}, SettingsError, "`dtype`"),
        ({"unseen_per_class": 2}, SettingsError, "`unseen_per_class`"),
        ({"classes": "all", "together": "image"}, SettingsError, "`together`"),
    ],
)
def test_what_does_not_fit_is_named(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        audit(**arguments)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("dtype", [np.int64, "float16", "no such type", complex])
def test_other_precisions_are_a_type_error(dtype):
    with pytest.raises(TypeError, match="`dtype`: expected `float64` or `float32`"):
        audit("mlp", group="rotation:4", pairs=1, dtype=dtype)
