"""The shelf: trained models in a folder, each version a signed file, with a list of them all beside it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from stream_app.durability.artefact import ArtefactRefused, open_sealed, seal
from stream_app.durability.snapshot import VERSIONS
from stream_app.errors import InvalidInput
from stream_app.events import Notes
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.contract import MatchModel
from stream_app.models.feature_models import FAMILY
from stream_app.models.zoo import MODELS
from stream_app.workbench.training import Trained, examples, train

LIST = "models.json"
LIST_FORMAT = 1

DEFAULT_MODEL = "kalman_softmax_v1"
"""Who is asked when nobody is named: the best of the algorithms on the numbers of the sample."""

BUILT_IN: Mapping[str, str] = {
    "kalman_softmax_v1": "KalmanSoftmax",
    "logistic_regression_v1": "LogisticRegression",
    "random_forest_v1": "RandomForest",
    "naive_bayes_v1": "NaiveBayes",
    "ensemble_v1": "Ensemble",
}
"""Models that are there from the start, with their algorithms: they learn the shipped sample when they are asked."""

BUILT_IN_VERSION = 0

NOWHERE = ""
"""Stands for the competition of a model that has learned a table and works in none yet."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What can name a model anywhere in the service."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """What the list says of one version of a model.

    Attributes
    ----------
    features
        The numbers that it takes, in the order in which they are given to it.
    file
        Its file in the folder; "" for a built-in one.
    trained_at
        ISO 8601, UTC; "" for a built-in one.
    source
        The file that it learned, and `data_digest` the SHA-256 of its rows.
    figures, base_rate
        How it did when it was asked of each row before learning it, and how the running base rate did.
    folds
        The same on each part of a cross-validation; empty where there was none.
    versions
        Those of Python and the libraries that its state belongs to.
    """

    model: str
    version: int
    algorithm: str
    features: tuple[str, ...]
    file: str
    rows: int
    trained_at: str
    source: str
    data_digest: str
    figures: Mapping[str, float]
    base_rate: Mapping[str, float]
    folds: tuple[Mapping[str, float], ...]
    versions: Mapping[str, str]

    @property
    def built_in(self) -> bool:
        """Whether it comes with the program."""
        return self.version == BUILT_IN_VERSION


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that can be asked."""

    entry: Shelved
    model: MatchModel


class Shelf:
    """The trained models in `folder`, signed with `key`. Several processes may use it at once."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    def entries(self) -> list[Shelved]:
        """All versions that were trained, in the order in which they were.

        Raises InvalidInput when the list is damaged.
        """
        path = self.folder / LIST
        try:
            listed = orjson.loads(path.read_bytes())
            if listed["format"] != LIST_FORMAT:
                raise InvalidInput(f"{path}: format {listed['format']}; wanted {LIST_FORMAT}")
            return [_entry(fields) for fields in listed["models"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InvalidInput(
                f"{path}: {error.strerror}; wanted a list of models, or none (STREAM_APP_DATA_DIR)"
            ) from None
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"{path}: no list of models ({error}); wanted it as `stream-app train` writes it"
            ) from None

    def get(self, model: str, version: int | None = None) -> Ready:
        """The version of a model, the newest where none is named, ready to be asked.

        A model that comes with the program and was never trained here learns the shipped sample.

        Raises
        ------
        InvalidInput
            There is no such model or version, or its file cannot be used: it is gone, damaged, signed with another key
            or of another version of the program.
        """
        found = [entry for entry in self.entries() if entry.model == model]
        chosen = [entry for entry in found if version in (None, entry.version)]
        if chosen:
            return Ready(chosen[-1], self._load(chosen[-1]))
        if model in BUILT_IN and version in (None, BUILT_IN_VERSION):
            return built_in(model)
        if found or model in BUILT_IN:
            known = ", ".join(str(entry.version) for entry in found) or str(BUILT_IN_VERSION)
            raise InvalidInput(f"--version {version}: model {model!r} has no such version; wanted one of {known}")
        if model in MODELS:
            raise InvalidInput(
                f"model {model!r}: looks at teams and not at numbers alone; wanted --home, --away and --competition"
            )
        names = ", ".join(dict.fromkeys([*(entry.model for entry in self.entries()), *BUILT_IN]))
        raise InvalidInput(f"model {model!r}: unknown here; the models are {names} (`stream-app train` makes others)")

    def add(self, model: str, trained: Trained, source: str, now: datetime) -> Shelved:
        """Keep what was trained as the next version of `model`.

        Raises InvalidInput when the name cannot be that of a file, or the folder cannot be written.
        """
        check_name(model)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._alone():
                entries = self.entries()
                version = 1 + max((entry.version for entry in entries if entry.model == model), default=0)
                entry = _describe(model, version, trained, source, f"{now:%Y-%m-%dT%H:%M:%SZ}")
                blob = seal(_handover(entry, trained), self._key)
                _replace(self.folder / entry.file, blob)
                listed = {"format": LIST_FORMAT, "models": [asdict(known) for known in (*entries, entry)]}
                _replace(self.folder / LIST, orjson.dumps(listed, option=orjson.OPT_INDENT_2))
        except OSError as error:
            raise InvalidInput(
                f"folder {self.folder}: {error.strerror}; wanted one that can be written (STREAM_APP_DATA_DIR)"
            ) from None
        return entry

    def trouble(self, entry: Shelved) -> str | None:
        """Why a version cannot be used; None when it can."""
        if entry.built_in:
            return None
        try:
            self._load(entry)
        except InvalidInput as error:
            return str(error)
        return None

    def _load(self, entry: Shelved) -> MatchModel:
        path = self.folder / entry.file
        try:
            found = open_sealed(path.read_bytes(), self._key)
        except OSError as error:
            raise InvalidInput(f"{path}: {error.strerror}; train model {entry.model!r} anew") from None
        except ArtefactRefused as refused:
            raise InvalidInput(f"{path}: {refused}; train model {entry.model!r} anew") from None
        if found.contender != Contender(entry.model, entry.version):
            raise InvalidInput(f"{path}: holds something else; wanted version {entry.version} of {entry.model!r}")
        return found.model

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder against other processes that add to it."""
        with (self.folder / f"{LIST}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def built_in(model: str) -> Ready:
    """A model that comes with the program, having learned the shipped sample."""
    from stream_app.workbench.sample import FILE, OUTCOME, SAMPLE_FEATURES, shipped
    from stream_app.workbench.table import table_of

    table = table_of(FILE, shipped().read_bytes())
    rows = examples(table, SAMPLE_FEATURES, OUTCOME)
    trained = train(BUILT_IN[model], SAMPLE_FEATURES, rows, folds=0, advance=lambda: None)
    return Ready(_describe(model, BUILT_IN_VERSION, trained, FILE, ""), trained.model)


def check_name(model: str) -> None:
    """Raises InvalidInput when `model` cannot name a model."""
    if not _NAME.fullmatch(model):
        wanted = "a small letter, then at most 63 small letters, digits and '_', such as custom_v1"
        raise InvalidInput(f"--model-id {model!r}: wanted {wanted}")


def _handover(entry: Shelved, trained: Trained) -> Handover:
    """What a league takes that lets the model go on from here."""
    training: Notes = {
        "algorithm": entry.algorithm,
        "features": ", ".join(entry.features),
        "rows": entry.rows,
        "source": entry.source,
        "trained_at": entry.trained_at,
        "log_loss": entry.figures["log_loss"],
        "base_rate_log_loss": entry.base_rate["log_loss"],
    }
    contender = Contender(entry.model, entry.version)
    return Handover(NOWHERE, contender, FAMILY, trained.model, trained.knowledge, Knowledge(), training)


def _describe(model: str, version: int, trained: Trained, source: str, trained_at: str) -> Shelved:
    return Shelved(
        model=model,
        version=version,
        algorithm=trained.algorithm,
        features=trained.features,
        file=f"{model}-{version}.model" if version else "",
        rows=trained.rows,
        trained_at=trained_at,
        source=source,
        data_digest=trained.knowledge.chain.hex(),
        figures=trained.progressive.plain(),
        base_rate=trained.base_rate.plain(),
        folds=tuple(fold.plain() for fold in trained.folds),
        versions=dict(VERSIONS),
    )


def _entry(fields: Mapping[str, object]) -> Shelved:
    entry = Shelved(**fields)  # type: ignore[arg-type]  # as `asdict` wrote them; another shape raises TypeError
    return Shelved(**{**fields, "features": tuple(entry.features), "folds": tuple(entry.folds)})  # type: ignore[arg-type]  # as above


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    made = path.with_name(f"{path.name}.new")
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
