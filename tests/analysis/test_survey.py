"""What a survey finds, against the dense formulas, whatever way the text is cut; and a head that is known."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from analysis.survey import parts
from analysis.survey.characters import characters, written
from analysis.survey.examples import SPACING
from analysis.survey.groupings import GROUPINGS
from analysis.survey.parts import Reader, cut
from analysis.survey.sources import of_files
from analysis.survey.tables import added, groups_table, heads_table, mass_table, passages_table
from model.alphabets import Bytes, Table, Text8
from model.config import ModelConfig, alphabet_of
from model.head_use import log_edges
from model.span import spans_of
from model.transformer import Transformer
from tests.model.test_use import VARIANTS, dense_weights, small
from tests.small_runs import ROOT

TEXT = (ROOT / "README.md").read_bytes()[200:1300]
"""Lines of English with links, and a character of two bytes."""
EXACT = {"rtol": 1e-9, "atol": 1e-12}


def tables(net: Transformer, file: Path, size: int) -> dict[str, pd.DataFrame]:
    """Of a file read in parts, the last one first."""
    sources = of_files([file], alphabet_of(net.config), file.parent)
    reader, total = Reader(net, sources), None
    for part in cut(sources, size)[::-1]:
        with np.load(io.BytesIO(reader.read(part))) as arrays:
            total = added(total, dict(arrays))
    assert total
    return {
        "heads": heads_table(total, net.config),
        "groups": groups_table(total, net.config),
        "mass": mass_table(total, net.config),
        "passages": passages_table(total, net.config, sources, texts=True),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "text.md").write_bytes(TEXT)
    return tmp_path / "text.md"


def groups_of(data: bytes) -> dict[tuple[str, str], np.ndarray]:
    """Which bytes are in each group, character by character."""
    names: dict[str, list[str]] = {grouping: [] for grouping in GROUPINGS}
    word = line = 0
    before = " "
    for character in data.decode():
        line = 1 if before == "\n" or not line else line + 1
        word = (word + 1) if character.isalpha() else 0
        if character == "\n":
            kind = "newline"
        elif character.isspace():
            kind = "space"
        elif character.isdigit():
            kind = "digit"
        else:
            kind = "mark" if not word else "word start" if word == 1 else "inside word"
        for _ in character.encode():
            names["all"].append("all")
            names["kind"].append(kind)
            names["word"].append(within("word", word) if word else "between words")
            names["line"].append(within("line", line))
        before = character
    return {
        (grouping, group): np.array(names[grouping]) == group
        for grouping, groups in GROUPINGS.items()
        for group in groups
    }


def within(grouping: str, place: int) -> str:
    for name in GROUPINGS[grouping]:
        if name[0].isdigit():
            first, _, last = name.rstrip("+").partition("-")
            if int(first) <= place <= (10**9 if name.endswith("+") else int(last or first)):
                return name
    raise AssertionError(place)


@torch.no_grad()
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_tables_are_those_of_the_formulas(
    variant: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parts.BLOCK, "cpu", 192)
    net, limit = small(variant), 40
    found = tables(net, file, SPACING)
    tokens = torch.tensor(list(TEXT))
    distance = torch.arange(1, limit + 1)
    inside = dense_weights(net, tokens) * (distance <= torch.arange(len(tokens))[:, None])
    use, mass = (inside * distance).sum(-1), inside.sum(-1)
    share = (inside / mass[..., None]).nan_to_num()
    bits = (torch.special.entr(share).sum(-1) / np.log(2)) * mass
    lengths = net.read(tokens[None]).z
    z = torch.stack([(x[0] if x.dim() == 3 else x[:, None]).expand(3, len(TEXT)) for x in lengths])
    span = spans_of(z, 8, limit)
    groups, by_bins = found["groups"], found["mass"]
    for (grouping, group), chosen in groups_of(TEXT).items():
        rows = groups[(groups["grouping"] == grouping) & (groups["group"] == group)]
        assert (rows["tokens"] == chosen.sum()).all()
        if not chosen.any():
            assert rows["use"].isna().all()
            continue

        def means(values: Tensor, chosen: np.ndarray = chosen) -> np.ndarray:
            return values[:, :, torch.from_numpy(chosen)].double().mean(-1).flatten().numpy()

        def of(name: str, rows: pd.DataFrame = rows) -> np.ndarray:
            return rows[name].to_numpy()

        np.testing.assert_allclose(of("use"), means(use), **EXACT)
        np.testing.assert_allclose(of("mean_distance"), means(use) / means(mass), **EXACT)
        np.testing.assert_allclose(of("entropy"), means(bits) / means(mass), **EXACT)
        np.testing.assert_allclose(of("outside"), 1 - means(mass), **EXACT)
        np.testing.assert_allclose(of("z"), means(z), **EXACT)
        np.testing.assert_allclose(of("span"), means(span), **EXACT)
        rows = by_bins[(by_bins["grouping"] == grouping) & (by_bins["group"] == group)]
        for first, after in pairwise(log_edges(limit)):
            bin_rows = rows[rows["first"] == first]
            assert (bin_rows["last"] == after - 1).all()
            in_bin = inside[..., first - 1 : after - 1].sum(-1)
            np.testing.assert_allclose(of("mass", bin_rows), means(in_bin), **EXACT)
            spans_in_bin = ((span >= first) & (span < after)).double()
            counts = means(spans_in_bin) * chosen.sum()
            np.testing.assert_allclose(of("spans", bin_rows), counts, **EXACT)
    within_90 = inside.sum(2).cumsum(-1)
    expected = (within_90 < 0.9 * within_90[..., -1:]).sum(-1) + 1
    assert found["heads"]["distance_90"].tolist() == expected.flatten().tolist()


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_depends_on_how_the_text_is_cut(
    variant: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = small(variant)
    monkeypatch.setitem(parts.BLOCK, "cpu", 10**6)
    whole = tables(net, file, 10 * SPACING)
    monkeypatch.setitem(parts.BLOCK, "cpu", 64)
    for size in (SPACING, 3 * SPACING):
        for name, table in tables(net, file, size).items():
            pd.testing.assert_frame_equal(table, whole[name], rtol=1e-5, atol=1e-9)


@torch.no_grad()
def test_passages_are_the_extremes_and_others_at_quantiles(file: Path) -> None:
    net = small("adaptive")
    found = tables(net, file, 10 * SPACING)
    tokens = torch.tensor(list(TEXT))
    distance = torch.arange(1, 41)
    inside = dense_weights(net, tokens) * (distance <= torch.arange(len(tokens))[:, None])
    uses = (inside * distance).sum(-1)
    for (layer, head), rows in found["passages"].groupby(["layer", "head"]):
        use = uses[layer, head].numpy()
        most = rows[rows["reason"] == "most"]
        assert most["use"].iloc[0] == pytest.approx(use.max())
        assert most["place"].iloc[0] == use.argmax()
        assert np.diff(np.sort(most["place"])).min() >= SPACING
        assert most["use"].is_monotonic_decreasing
        of_head = found["heads"].query("layer == @layer and head == @head").iloc[0]
        for share in (0.1, 0.5, 0.9, 0.99):
            # a bin of use is an eighth of an octave, below 1 there is one
            near = of_head[f"use_{share * 100:.0f}"]
            assert np.quantile(use, share) == pytest.approx(near, rel=0.1, abs=0.5)
            at = rows[rows["quantile"] == share]
            assert len(at) == 2
        for _, row in rows.iterrows():
            t = row["place"]
            assert row["use"] == pytest.approx(use[t])
            assert row["outside"] == pytest.approx(
                1 - inside[layer, head, t].sum().item(), abs=1e-9
            )
            order = inside[layer, head, t].argsort(descending=True)[: len(row["key_distances"])]
            assert row["key_distances"].tolist() == (order + 1).tolist()
            np.testing.assert_allclose(row["key_weights"], inside[layer, head, t][order], rtol=1e-5)
            shown = TEXT[row["text_start"] : row["text_stop"]]
            assert row["text"] == shown.decode()
            assert TEXT[t] in row["text"][row["text_at"]].encode()
            for x, place in zip(row["key_distances"], row["text_keys"], strict=True):
                assert TEXT[t - x] in row["text"][place].encode()


def newline_head() -> Transformer:
    """Head L0·H1 looks 100 tokens back from a newline and at the last token else; all others look everywhere."""
    torch.manual_seed(0)
    config = ModelConfig("fixed", layers=2, heads=2, hidden=8, inner=8, span_limit=128, ramp=8)
    net = Transformer(config).eval()
    with torch.no_grad():
        net.embedding.weight.zero_()
        net.embedding.weight[:, 1] = 1
        net.embedding.weight[ord("\n")] = torch.eye(8)[0]
        net.position.zero_()
        net.position[0, 99] = net.position[1, 0] = 1
        for attention in net.attentions:
            attention.query.weight.zero_()
        net.attentions[0].query.weight[4:6, :2] = 50 * torch.eye(2)
    return net


def test_a_head_that_looks_far_from_newlines_is_found() -> None:
    found = tables(newline_head(), ROOT / "model/transformer.py", 20 * SPACING)
    groups = found["groups"]
    ranked = groups[groups["group"] == "newline"].sort_values("use", ascending=False)
    assert ranked[["layer", "head"]].iloc[0].tolist() == [0, 1]
    heads = found["heads"].sort_values("answers_to_ratio", ascending=False)
    assert heads[["layer", "head"]].iloc[0].tolist() == [0, 1]
    passages = found["passages"].query("layer == 0 and head == 1 and reason == 'most'")
    assert len(passages) == 8
    for _, row in passages.iterrows():
        assert row["text"][row["text_at"]] == "\n"
        assert row["distance"] == pytest.approx(100) and row["key_distances"][0] == 100


def test_a_kind_of_a_few_tokens_is_not_answered_to(file: Path) -> None:
    heads = tables(newline_head(), file, 5 * SPACING)["heads"]
    assert 5 < TEXT.count(b"\n") < 100 and "newline" not in set(heads["answers_to"])


def test_tokens_are_characters_whatever_the_alphabet() -> None:
    text = "é\U0001f600 x"
    points, which = characters(Bytes(), np.frombuffer(text.encode(), np.uint8))
    assert written(points) == text and which.tolist() == [0, 0, 1, 1, 1, 1, 2, 3]
    points, which = characters(Bytes(), np.frombuffer(b"\xe9a\x80", np.uint8))
    assert written(points) == "�a�" and which.tolist() == [0, 1, 2]
    table = Table(("0xA9", "0xC3", "0x20"))
    points, which = characters(table, np.array([1, 0, 2], np.uint8))
    assert written(points) == "é " and which.tolist() == [0, 0, 1]
    points, which = characters(Text8(), np.array([0, 1], np.uint8))
    assert written(points) == " a" and which.tolist() == [0, 1]
