"""What a model and a run are made of: plain values, checked when they are made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from model.alphabets import Alphabet, Unit, alphabet

Variant = Literal["fixed", "adaptive", "dynamic"]
Optimizer = Literal["adamw", "adagrad"]

ALPHABETS = ("bytes", "text8", "table", "unknown")


class ConfigError(ValueError):
    """A setting is wrong; the message names it, its value and what would be right."""


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name} is {value!r}; it must be {expected}")


class _Plain:
    """A dataclass that is read from JSON values, strictly."""

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Raises ConfigError for a value that is no object, and for an unknown or ill-typed field."""
        _require(isinstance(values, dict), cls.__name__, values, "an object")
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in values:
            _require(name in fields, name, values[name], f"one of {', '.join(fields)}")
        return cls(**values)

    def _check_types(self) -> None:
        for f in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            if f.type == "int":
                _require(type(value) is int, f.name, value, "a whole number")
            elif f.type == "float":
                number = isinstance(value, (int, float)) and not isinstance(value, bool)
                _require(number, f.name, value, "a number")
            elif f.type == "str":
                _require(isinstance(value, str), f.name, value, "a text")
            elif f.type == "bool":
                _require(isinstance(value, bool), f.name, value, "true or false")


@dataclass(frozen=True)
class ModelConfig(_Plain):
    """The sizes of a transformer (DESIGN section 1 has the words, section 2 the mathematics).

    `table` lists the symbols of the alphabet `table`; `vocabulary` is how many the alphabet `unknown` has.
    """

    variant: Variant = "adaptive"
    alphabet: str = "bytes"
    layers: int = 6
    heads: int = 8
    hidden: int = 128
    inner: int = 512
    span_limit: int = 512
    ramp: int = 32
    dropout: float = 0.0
    z_start: float = 0.0
    position_std: float = 0.1
    table: tuple[str, ...] = ()
    vocabulary: int = 0

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Raises ConfigError where a field is unknown or of a wrong type; a table is a list."""
        if isinstance(values, dict) and isinstance(values.get("table"), list):
            values = {**values, "table": tuple(values["table"])}
        return super().from_dict(values)

    def __post_init__(self) -> None:
        self._check_types()
        _require(
            self.variant in get_args(Variant),
            "variant",
            self.variant,
            "fixed, adaptive or dynamic",
        )
        _require(
            self.alphabet in ALPHABETS,
            "alphabet",
            self.alphabet,
            " or ".join(ALPHABETS),
        )
        self._check_symbols()
        for name in ("layers", "heads", "hidden", "inner", "span_limit", "ramp"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        _require(
            self.hidden % self.heads == 0,
            "hidden",
            self.hidden,
            f"a multiple of heads={self.heads}",
        )
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        _require(
            0 <= self.z_start <= self.span_limit, "z_start", self.z_start, "in [0, span_limit]"
        )
        _require(self.position_std > 0, "position_std", self.position_std, "above 0")

    def _check_symbols(self) -> None:
        texts = isinstance(self.table, tuple) and all(isinstance(s, str) for s in self.table)
        _require(texts, "table", self.table, "a list of texts")
        unknown = self.alphabet == "unknown"
        _require(
            (self.vocabulary >= 1) if unknown else self.vocabulary == 0,
            "vocabulary",
            self.vocabulary,
            "at least 1 for the alphabet unknown" if unknown else "0 where the alphabet is known",
        )
        if not unknown or self.table:
            try:
                alphabet(self.alphabet, self.table)
            except ValueError as error:
                raise ConfigError(f"table: {error}") from error

    @property
    def symbols(self) -> int:
        """Size of the alphabet."""
        return self.vocabulary or alphabet_of(self).size

    @property
    def unit(self) -> Unit:
        """What tokens are, in a word."""
        return "symbols" if self.alphabet == "unknown" else alphabet_of(self).unit

    @property
    def head_dim(self) -> int:
        return self.hidden // self.heads


def alphabet_of(model: ModelConfig) -> Alphabet:
    """What a model reads and writes. Raises UnknownAlphabet."""
    return alphabet(model.alphabet, model.table)


@dataclass(frozen=True)
class TrainingConfig(_Plain):
    """How a model is trained. The defaults are a recipe for small machines.

    The rate warms up linearly, falls along a cosine to 5%, and stays there for the last `hold` steps, in which the
    spans, whose noise follows the rate, have time to settle.
    """

    optimizer: Optimizer = "adamw"
    steps: int = 12_250
    hold: int = 0
    batch: int = 16
    block: int = 128
    learning_rate: float = 2e-3
    warmup: int = 300
    span_penalty: float = 3e-6
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    evaluate_every: int = 350
    evaluate_tokens: int = 65_536
    keep: int = 3

    def __post_init__(self) -> None:
        self._check_types()
        _require(
            self.optimizer in ("adamw", "adagrad"), "optimizer", self.optimizer, "adamw or adagrad"
        )
        for name in ("steps", "batch", "block", "evaluate_every", "keep"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        _require(self.evaluate_tokens >= 2, "evaluate_tokens", self.evaluate_tokens, "at least 2")
        _require(
            0 <= self.hold <= max(0, self.steps - self.warmup),
            "hold",
            self.hold,
            f"from 0 to steps - warmup = {max(0, self.steps - self.warmup)}",
        )
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        _require(self.gradient_clip > 0, "gradient_clip", self.gradient_clip, "above 0")
        for name in ("warmup", "span_penalty", "weight_decay"):
            _require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")


@dataclass(frozen=True)
class RunSpec(_Plain):
    """What a run was asked for: written once, as run.json.

    An imported run was trained by other code: of its training, steps and block alone are known.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    corpus: str = "classics"
    seed: int = 1
    title: str = ""
    imported: bool = False

    def __post_init__(self) -> None:
        self._check_types()
        _require(
            self.imported or self.training.block <= self.model.span_limit,
            "block",
            self.training.block,
            f"at most span_limit={self.model.span_limit}",
        )

    @classmethod
    def from_dict(cls, values: Any) -> RunSpec:
        """Raises ConfigError where a field is unknown, missing or of a wrong type."""
        _require(isinstance(values, dict), "run", values, "an object")
        parts = {
            "model": ModelConfig.from_dict(values.get("model", {})),
            "training": TrainingConfig.from_dict(values.get("training", {})),
        }
        return super().from_dict({**values, **parts})

    def to_dict(self) -> dict[str, Any]:
        """Plain values; of an imported run only what is known."""
        values = dataclasses.asdict(self)
        if self.imported:
            del values["seed"]
            for name in ("dropout", "z_start", "position_std"):
                del values["model"][name]
            values["training"] = {k: values["training"][k] for k in ("steps", "block")}
        return values

    def replace(self, **settings: Any) -> RunSpec:
        """The same run with some settings changed, by their names in any of the three parts."""
        parts: dict[str, dict[str, Any]] = {"run": {}, "model": {}, "training": {}}
        names = {
            "model": {f.name for f in dataclasses.fields(ModelConfig)},
            "training": {f.name for f in dataclasses.fields(TrainingConfig)},
            "run": {"corpus", "seed", "title"},
        }
        for name, value in settings.items():
            part = next((p for p, known in names.items() if name in known), None)
            _require(part is not None, name, value, "the name of a setting")
            parts[part or "run"][name] = value
        return dataclasses.replace(
            self,
            model=dataclasses.replace(self.model, **parts["model"]),
            training=dataclasses.replace(self.training, **parts["training"]),
            **parts["run"],
        )


_SETTLED = TrainingConfig(steps=13_650, hold=1_400)
_SMALL = ModelConfig(
    layers=12, hidden=512, inner=2048, span_limit=8192, dropout=0.3, position_std=1.0
)
_LARGE = dataclasses.replace(_SMALL, layers=24, hidden=768, inner=4096, dropout=0.4)
_PAPER = TrainingConfig(
    optimizer="adagrad",
    steps=600_000,
    batch=64,
    block=512,
    learning_rate=0.07,
    warmup=32_000,
    span_penalty=5e-7,
    weight_decay=0.0,
    gradient_clip=0.03,
    evaluate_every=1_000,
)

PRESETS: dict[str, RunSpec] = {
    "quick": RunSpec(
        ModelConfig(layers=3, heads=4, hidden=64, inner=256, span_limit=256),
        TrainingConfig(steps=1_000, block=64, evaluate_every=100, evaluate_tokens=32_768),
        title="a first run: a few minutes on two cores",
    ),
    "classics-adaptive": RunSpec(training=_SETTLED, title="classics · adaptive"),
    "classics-dynamic": RunSpec(
        ModelConfig(variant="dynamic"), _SETTLED, title="classics · dynamic"
    ),
    "classics-fixed": RunSpec(ModelConfig(variant="fixed"), _SETTLED, title="classics · fixed"),
    "enwik8-mini": RunSpec(
        ModelConfig(layers=8, heads=4, hidden=256, inner=1024, span_limit=1024, position_std=1.0),
        dataclasses.replace(_PAPER, steps=150_000, block=256, warmup=8_000, span_penalty=2e-6),
        corpus="enwik8",
        title="enwik8 · adaptive, mini",
    ),
    "enwik8-small": RunSpec(_SMALL, _PAPER, corpus="enwik8", title="enwik8 · adaptive, small"),
    "enwik8-large": RunSpec(
        _LARGE,
        dataclasses.replace(_PAPER, steps=150_000),
        corpus="enwik8",
        title="enwik8 · adaptive, large",
    ),
    "text8-small": RunSpec(
        dataclasses.replace(_SMALL, alphabet="text8"),
        dataclasses.replace(_PAPER, steps=900_000),
        corpus="text8",
        title="text8 · adaptive, small",
    ),
    "text8-large": RunSpec(
        dataclasses.replace(_LARGE, alphabet="text8"),
        dataclasses.replace(_PAPER, steps=250_000),
        corpus="text8",
        title="text8 · adaptive, large",
    ),
}
