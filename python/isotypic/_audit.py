"""The audit: will these networks get held-out poses right?"""

from __future__ import annotations

import html
import json
import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import _isotypic
from ._arrays import as_float, as_matrix, ridge_text
from ._network import Layer, spec_of, Definition
from .errors import SettingsError, WorkError
from .gram import label_names
from .group import Group

__all__ = ["AuditResult", "audit"]

Architecture = Union[str, Layer]
Architectures = Union[Architecture, Sequence[Architecture], Mapping[str, Layer]]


class AuditResult:
    """What an audit found. Prints as the tables of the command line; notebooks show the summary."""

    def __init__(self, report: _isotypic.Report) -> None:
        self._report = report

    @cached_property
    def _found(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._report.json)
        return found

    @property
    def summary(self) -> Any:
        """One row for each network and number of poses: a ``pandas.DataFrame`` if pandas is there, else a list."""
        return _table(self._found["summary"])

    @property
    def results(self) -> Any:
        """One row for each pair of seeds (or seed), network and number of poses."""
        return _table(self._found["results"])

    @property
    def points(self) -> Any:
        """One row for each held-out point."""
        return _table(self._found["points"])

    @property
    def verdicts(self) -> Any:
        """One row for each question and network."""
        return _table(self._found["verdicts"])

    @property
    def training_time(self) -> Any:
        """One row for each question, network and number of poses: what happens when training is stopped early. ``None`` unless it was asked for."""
        return self._rows_of("training", "rows")

    @property
    def metrics(self) -> Any:
        """One row for each question, network (and all together) and metric: how well it foretells the errors. ``None`` unless they were asked for."""
        return self._rows_of("metrics", "scores")

    def _rows_of(self, part: str, rows: str) -> Any:
        found = self._found.get(part)
        return None if found is None else _table(found[rows])

    @property
    def conclusion(self) -> list[str]:
        """The answer in plain sentences."""
        return list(self._found["conclusion"])

    def to_dict(self) -> dict[str, Any]:
        """The whole report."""
        copy: dict[str, Any] = json.loads(self._report.json)
        return copy

    def to_json(self) -> str:
        """The document that ``isotypic audit --json`` prints."""
        return self._report.json

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Writes the findings to a file, by its ending: ``.json``, ``.csv``, ``.txt`` or ``.html``.

        The file appears when it is complete; one that exists is replaced.
        """
        target = Path(path)
        writers = {
            ".json": lambda: self._report.json,
            ".csv": lambda: self._report.csv,
            ".txt": lambda: self._report.text(100),
            ".html": self._page,
        }
        write = writers.get(target.suffix.lower())
        if write is None:
            raise SettingsError(
                f"`path`: expected a name ending in {', '.join(writers)}, got `{target.name}`",
            )
        _write_atomically(target, write())
        return target

    def __repr__(self) -> str:
        return self._report.text(100)

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{html.escape(line)}</li>" for line in self.conclusion)
        return f"<pre>{html.escape(self._report.text(100))}</pre><ul>{sentences}</ul>"

    def _page(self) -> str:
        page = self._report.page()
        assert page is not None, "an audit has a page"
        return page


def audit(
    architectures: Optional[Architectures] = None,
    data: Any = None,
    group: Union[Group, str, None] = None,
    *,
    labels: Optional[Sequence[Any]] = None,
    features: Optional[ArrayLike] = None,
    gram: Optional[ArrayLike] = None,
    poses: Union[Sequence[int], str, None] = None,
    hold_out: str = "pose:0",
    kernel: str = "ntk",
    normalize: Optional[str] = None,
    pairs: Union[int, Sequence[tuple[int, int]], None] = None,
    classes: Union[Sequence[Any], str, None] = None,
    seeds: Optional[Sequence[int]] = None,
    seeds_per_class: int = 13,
    unseen_per_class: int = 0,
    together: str = "class",
    seed: int = 0,
    ridge: float | str = "rel:1e-10",
    convention: str = "exact",
    dtype: DTypeLike = np.float64,
    training_time: Union[str, float, Sequence[float], None] = None,
    metrics: bool = False,
) -> AuditResult:
    """Says for every network and number of poses whether held-out poses will be classified correctly, before training.

    >>> from isotypic import audit
    >>> result = audit("mlp", group="rotation:4", pairs=2)
    >>> [row["poses"] for row in result.to_dict()["summary"]]
    [4]

    Args:
      architectures: names, files (``.toml``, ``.json``, ``.onnx``), networks of ``isotypic.stax`` (a mapping gives them names); ``None`` for the default ones.
      data: ``(images, labels)`` with images ``[n, H, W]`` or ``[n, H, W, C]``, images with ``labels`` apart, or a name or path that the command
        line knows; ``None`` for the embedded digits.
      group: such as ``"rotation:16"``; ``None`` for the default questions.
      labels: one per image, or one per seed of features and Gram matrices.
      features: ``[seeds, poses, d]`` in place of data: frozen features of any network.
      gram: a Gram matrix over all poses of all seeds in place of data, the pose fastest.
      poses: numbers of poses to ask about, or ``"all"`` for every divisor; ``None`` for that of the group.
      hold_out: ``"pose:K"``, ``"poses:K,L"``, ``"arc:FROM-TO"``, ``"outside:GROUP"``, or a ``.json`` file.
      kernel: ``"ntk"`` or ``"nngp"``.
      normalize: what is done to an image after the group has acted; ``"center,sphere"`` by default.
      pairs: how many pairs of seeds of different classes, or a list of them.
      classes: whole classes in place of pairs, or ``"all"``.
      seeds: these seeds, with or without classes.
      seeds_per_class: with classes, the first so many of each.
      unseen_per_class: with classes, so many seeds of each that training never sees.
      together: with classes, whose poses are held out together: ``"class"`` or ``"seed"``.
      seed: of the choice of pairs.
      ridge: added to the diagonal; ``"rel:X"`` for X times its mean.
      convention: ``"exact"``, or ``"paper"`` for the definitions of arXiv 2412.11521.
      dtype: ``float64``, or ``float32`` to evaluate pairs of points in single precision; where that is too coarse for a Gram
        matrix, double precision takes over and a note says so.
      training_time: predictions after finite training too: ``"best"`` for the best time of every held-out point, or one or more times in
        steps of learning rate 1 on half the sum of squared errors; found in ``AuditResult.training_time``.
      metrics: whether simple metrics stand beside the errors, and how well they foretell them; found in ``AuditResult.metrics``.
    """
    if sum(given is not None for given in (data, features, gram)) > 1:
        raise SettingsError("`data`, `features` and `gram`: expected at most one of them")
    if group is None and (poses is not None or hold_out != "pose:0"):
        raise SettingsError("`poses` and `hold_out`: need a `group`", 'such as `group="rotation:16"`')
    single = _single_precision(dtype, gram is not None)
    names, networks = _architectures(architectures)
    given, labels = _given(data, labels, features, gram)
    report = _isotypic.audit(
        given,
        None if labels is None else label_names(labels),
        names=names,
        networks=networks,
        group=None if group is None else (group.spec if isinstance(group, Group) else str(group)),
        poses=_poses(poses),
        hold_out=hold_out,
        kernel=kernel,
        normalize=_normalize(normalize, features is None and gram is None),
        pairs=pairs if pairs is None or isinstance(pairs, int) else [(int(a), int(b)) for a, b in pairs],
        classes=_classes(classes, seeds, seeds_per_class, unseen_per_class, together),
        seed=seed,
        ridge=ridge_text(ridge),
        convention=convention,
        single_precision=single,
        training_times=_training_times(training_time),
        metrics=bool(metrics),
    )
    return AuditResult(report)


def _architectures(given: Optional[Architectures]) -> tuple[list[str], list[tuple[str, _isotypic.Network]]]:
    """Names, and networks with names of their own."""
    if given is None:
        return [], []
    if isinstance(given, (str, Layer)):
        given = [given]
    if isinstance(given, Mapping):
        return [], [(str(name), Definition(spec_of(one)).engine) for name, one in given.items()]
    names = [one for one in given if isinstance(one, str)]
    layers = [one for one in given if not isinstance(one, str)]
    numbered = [f"network {index + 1}" if len(layers) > 1 else "network" for index in range(len(layers))]
    return names, [(name, Definition(spec_of(one)).engine) for name, one in zip(numbered, layers)]


def _given(
    data: Any, labels: Optional[Sequence[Any]], features: Optional[ArrayLike], gram: Optional[ArrayLike]
) -> tuple[Any, Optional[Sequence[Any]]]:
    """What the engine takes, and the labels."""
    if gram is not None:
        return as_matrix("gram", gram), labels
    if features is not None:
        values = as_float("features", features).astype(np.float64, copy=False)
        if values.ndim != 3:
            raise SettingsError(f"`features`: expected [seeds, poses, d], got shape {values.shape}")
        return values, labels
    if data is None:
        data = "mini-mnist"
    if isinstance(data, (str, os.PathLike)):
        if labels is not None:
            raise SettingsError("`labels`: expected none with data by name", "load the images and pass them as an array")
        return os.fspath(data), None
    if isinstance(data, tuple):
        if len(data) != 2 or labels is not None:
            raise SettingsError("`data`: expected a pair of images and labels, or images with `labels`")
        data, labels = data
    images = np.asarray(data)
    images = np.ascontiguousarray(images) if images.dtype == np.uint8 else as_float("data", images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4:
        raise SettingsError(f"`data`: expected images [n, H, W] or [n, H, W, C], got shape {images.shape}")
    return images, labels


def _poses(poses: Union[Iterable[int], str, None]) -> Optional[list[int]]:
    if poses is None:
        return None
    if isinstance(poses, str):
        if poses != "all":
            raise SettingsError(f'`poses`: expected numbers or "all", got {poses!r}')
        return []
    numbers = [int(number) for number in poses]
    if not numbers:
        raise SettingsError("`poses`: expected at least one number, got none")
    return numbers


def _training_times(times: Union[str, float, Sequence[float], None]) -> Optional[list[float]]:
    """No times: the best ones alone."""
    if times is None:
        return None
    if isinstance(times, str):
        if times != "best":
            raise SettingsError(f'`training_time`: expected "best" or numbers, got {times!r}')
        return []
    if isinstance(times, (bool, bytes)):
        raise TypeError(f'`training_time`: expected "best" or numbers, got {times!r}')
    try:
        numbers = [float(time) for time in np.atleast_1d(np.asarray(times, dtype=np.float64))]
    except (TypeError, ValueError) as error:
        raise TypeError(f'`training_time`: expected "best" or numbers, got {times!r}') from error
    if not numbers:
        raise SettingsError("`training_time`: expected at least one number, got none")
    return numbers


def _normalize(steps: Optional[str], images: bool) -> str:
    if steps is None:
        return "center,sphere" if images else "none"
    if not images and steps != "none":
        raise SettingsError("`normalize`: only images are normalised", "leave it out for features and Gram matrices")
    return steps


def _single_precision(dtype: DTypeLike, from_gram: bool) -> bool:
    expected = "expected `float64` or `float32`"
    try:
        wanted = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"`dtype`: {expected}, got {dtype!r}") from error
    if wanted not in (np.float32, np.float64):
        raise TypeError(f"`dtype`: {expected}, got `{wanted}`")
    if from_gram and wanted == np.float32:
        raise SettingsError("`dtype`: with `gram` no pair of points is evaluated", "leave it out")
    return bool(wanted == np.float32)


def _classes(
    classes: Union[Sequence[Any], str, None],
    seeds: Optional[Sequence[int]],
    seeds_per_class: int,
    unseen_per_class: int,
    together: str,
) -> Optional[dict[str, Any]]:
    if classes is None and seeds is None:
        if unseen_per_class:
            raise SettingsError("`unseen_per_class`: only asked about in an audit of classes", 'pass `classes="all"`')
        return None
    names: list[str] = []
    if isinstance(classes, str):
        names = [] if classes == "all" else [name.strip() for name in classes.split(",")]
    elif classes is not None:
        names = label_names(classes)
    return {
        "names": names,
        "seeds_per_class": seeds_per_class,
        "seeds": None if seeds is None else [int(index) for index in seeds],
        "unseen_per_class": unseen_per_class,
        "together": together,
    }


def _table(rows: list[dict[str, Any]]) -> Any:
    try:
        import pandas
    except ImportError:
        return rows
    return pandas.DataFrame(rows)


def _write_atomically(target: Path, text: str) -> None:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise WorkError(f"cannot write `{target}`: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # As an ordinary new file would have it.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
