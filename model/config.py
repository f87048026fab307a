"""What a model and a run are made of: plain values, checked when they are made."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from model.alphabets import Alphabet, Unit, alphabet
from model.plain import ConfigError as ConfigError
from model.plain import Plain, require

Variant = Literal["fixed", "adaptive", "dynamic"]
Optimizer = Literal["adamw", "adagrad"]
Schedule = Literal["cosine", "constant"]
Precision = Literal["float32", "bfloat16", "float64"]
BudgetKind = Literal["bpc", "flops", "cache"]

ALPHABETS = ("bytes", "text8", "table", "unknown")


@dataclass(frozen=True)
class ModelConfig(Plain):
    """The sizes of a transformer (DESIGN section 1 has the words, section 2 the mathematics).

    `table` lists the symbols of the alphabet `table`; `vocabulary` is how many the alphabet `unknown` has.
    `most_spans`, of a trimmed model, is the most that the span of each head may be: layers x heads, tokens.
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
    most_spans: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Raises ConfigError where a field is unknown or of a wrong type; a table and spans are lists."""
        if isinstance(values, dict):
            lists = {name: values[name] for name in ("table", "most_spans") if name in values}
            values = {**values, **{name: _frozen(value) for name, value in lists.items()}}
        return super().from_dict(values)

    def __post_init__(self) -> None:
        self.check_types()
        require(
            self.variant in get_args(Variant),
            "variant",
            self.variant,
            "fixed, adaptive or dynamic",
        )
        require(
            self.alphabet in ALPHABETS,
            "alphabet",
            self.alphabet,
            " or ".join(ALPHABETS),
        )
        self._check_symbols()
        for name in ("layers", "heads", "hidden", "inner", "span_limit", "ramp"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        require(
            self.hidden % self.heads == 0,
            "hidden",
            self.hidden,
            f"a multiple of heads={self.heads}",
        )
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.z_start <= self.span_limit, "z_start", self.z_start, "in [0, span_limit]")
        require(self.position_std > 0, "position_std", self.position_std, "above 0")
        self._check_most_spans()

    def _check_most_spans(self) -> None:
        if self.most_spans == ():
            return
        bounds = f"of {self.layers} lists of {self.heads} spans, each from 1 to {self.span_limit}"
        expected = f"empty, or a list {bounds}, of a model that is not fixed"
        layers = self.most_spans if isinstance(self.most_spans, tuple) else ()
        fits = len(layers) == self.layers and self.variant != "fixed"
        fits = fits and all(isinstance(x, tuple) and len(x) == self.heads for x in layers)
        spans = [span for layer in layers for span in layer] if fits else []
        fits = fits and all(type(span) is int and 1 <= span <= self.span_limit for span in spans)
        require(fits, "most_spans", self.most_spans, expected)

    def most_span(self, layer: int, head: int) -> int:
        """The most that the span of a head may be, tokens: S but for a trimmed model."""
        return self.most_spans[layer][head] if self.most_spans else self.span_limit

    def _check_symbols(self) -> None:
        texts = isinstance(self.table, tuple) and all(isinstance(s, str) for s in self.table)
        require(texts, "table", self.table, "a list of texts")
        unknown = self.alphabet == "unknown"
        require(
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


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def alphabet_of(model: ModelConfig) -> Alphabet:
    """What a model reads and writes. Raises UnknownAlphabet."""
    return alphabet(model.alphabet, model.table)


@dataclass(frozen=True)
class TrainingConfig(Plain):
    """How a model is trained. The defaults are a recipe for small machines.

    The learning rate warms up linearly, then falls along a cosine to `floor` of itself or stays constant, and is at
    `floor` for the last `hold` steps, in which the spans, whose noise follows the rate, have time to settle: the paper's
    large models end so, with 20,000 steps at a tenth. `schedule_steps`, where not 0, is what all this is spread over in
    place of `steps`: a run that ends early has then seen the rates of a longer one.
    Span parameters have `span_rate` times the rate (theta and b; less for AdamW beyond S = 512, see `model.optim`).
    A batch is read in `accumulate` parts, one after another, for less memory.
    `bfloat16` computes matrix products so and keeps the weights in float32; `float64` is for comparisons.
    The newest `keep` checkpoints stay, the best one, and every one at a multiple of `keep_every` steps, where that is not 0.
    """

    optimizer: Optimizer = "adamw"
    schedule: Schedule = "cosine"
    steps: int = 12_250
    schedule_steps: int = 0
    hold: int = 0
    floor: float = 0.05
    batch: int = 16
    accumulate: int = 1
    block: int = 128
    precision: Precision = "float32"
    learning_rate: float = 2e-3
    span_rate: float = 10.0
    warmup: int = 300
    span_penalty: float = 3e-6
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    evaluate_every: int = 350
    evaluate_tokens: int = 65_536
    keep: int = 3
    keep_every: int = 0

    def __post_init__(self) -> None:
        self.check_types()
        for name, choices in (
            ("optimizer", Optimizer),
            ("schedule", Schedule),
            ("precision", Precision),
        ):
            known, value = get_args(choices), getattr(self, name)
            require(value in known, name, value, f"{', '.join(known[:-1])} or {known[-1]}")
        for name in ("steps", "batch", "accumulate", "block", "evaluate_every", "keep"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        require(self.evaluate_tokens >= 2, "evaluate_tokens", self.evaluate_tokens, "at least 2")
        require(
            self.schedule_steps == 0 or self.schedule_steps >= self.steps,
            "schedule_steps",
            self.schedule_steps,
            f"0 or at least steps={self.steps}",
        )
        most = max(0, self.planned_steps - self.warmup)
        require(0 <= self.hold <= most, "hold", self.hold, f"from 0 to steps - warmup = {most}")
        require(0 < self.floor <= 1, "floor", self.floor, "above 0 and at most 1")
        require(
            self.batch % self.accumulate == 0,
            "accumulate",
            self.accumulate,
            f"a divisor of batch={self.batch}",
        )
        for name in ("learning_rate", "span_rate", "gradient_clip"):
            require(getattr(self, name) > 0, name, getattr(self, name), "above 0")
        for name in ("warmup", "span_penalty", "weight_decay", "keep_every"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")

    @property
    def planned_steps(self) -> int:
        """What the schedule of the learning rate is spread over."""
        return self.schedule_steps or self.steps

    @property
    def tokens_a_step(self) -> int:
        return self.batch * self.block


@dataclass(frozen=True)
class Budget(Plain):
    """How far a model may be trimmed: at most so many `bpc` more on valid, or down to at most such a share of the
    multiply-adds of its attention (`flops`) or of its `cache`.
    """

    kind: BudgetKind
    most: float

    def __post_init__(self) -> None:
        self.check_types()
        kinds = get_args(BudgetKind)
        require(self.kind in kinds, "kind", self.kind, f"{', '.join(kinds[:-1])} or {kinds[-1]}")
        if self.kind == "bpc":
            require(0 <= self.most < math.inf, "most", self.most, "0 or more bits per character")
        else:
            require(0 < self.most < 1, "most", self.most, "a share between 0 and 1")


@dataclass(frozen=True)
class RunSpec(Plain):
    """What a run was asked for: written once, as run.json.

    An imported run was trained by other code: of its training, steps and block alone are known. A trimmed one was made
    of a checkpoint, its `parent` (`<run>@<step>`), within a `budget`; its config, but for that, is the parent's.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    corpus: str = "classics"
    seed: int = 1
    title: str = ""
    imported: bool = False
    parent: str = ""
    budget: Budget | None = None

    def __post_init__(self) -> None:
        self.check_types()
        require(
            bool(self.parent) == bool(self.budget),
            "budget",
            self.budget,
            "given with a parent, and only then",
        )
        require(
            self.imported or self.training.block <= self.model.span_limit,
            "block",
            self.training.block,
            f"at most span_limit={self.model.span_limit}",
        )

    @classmethod
    def from_dict(cls, values: Any) -> RunSpec:
        """Raises ConfigError where a field is unknown, missing or of a wrong type."""
        require(isinstance(values, dict), "run", values, "an object")
        parts = {
            "model": ModelConfig.from_dict(values.get("model", {})),
            "training": TrainingConfig.from_dict(values.get("training", {})),
            "budget": Budget.from_dict(values["budget"]) if values.get("budget") else None,
        }
        return super().from_dict({**values, **parts})

    def to_dict(self) -> dict[str, Any]:
        """Plain values; of an imported run only what is known, and of trimming only where it was trimmed."""
        values = dataclasses.asdict(self)
        if not self.model.most_spans:
            del values["model"]["most_spans"]
        if not self.parent:
            del values["parent"], values["budget"]
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
            "model": {f.name for f in dataclasses.fields(ModelConfig)} - {"most_spans"},
            "training": {f.name for f in dataclasses.fields(TrainingConfig)},
            "run": {"corpus", "seed", "title"},
        }
        for name, value in settings.items():
            part = next((p for p, known in names.items() if name in known), None)
            require(part is not None, name, value, "the name of a setting")
            parts[part or "run"][name] = value
        return dataclasses.replace(
            self,
            model=dataclasses.replace(self.model, **parts["model"]),
            training=dataclasses.replace(self.training, **parts["training"]),
            **parts["run"],
        )


def parse_setting(text: str) -> tuple[str, str | int | float]:
    """`name=value` as a name and a number or a text. Raises ConfigError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{text!r} is no setting; write NAME=VALUE")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            pass
    return name, value
