"""Benchmarks compare equal numbers, and say when they are not equal.

How fast either side is, is no test's business.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

from grounding.activations.trials import Killed, Weight
from grounding.activations.upkeep import Verified
from grounding.bench import BENCHMARKS, Benchmark, extraction, keeping, run_benchmark
from grounding.bench.extraction import COLUMNS, EXTRACTIONS, SUBJECTS, as_cells, machine, run_case
from grounding.bench.large import Large, weigh
from grounding.bench.loops import hear_one_by_one, read_one_by_one, whisper_one_by_one
from grounding.bench.material import random_hubert, random_wav2vec2, recordings, texts
from grounding.bench.measured import Measured, alone, peak_mib, relative_difference
from grounding.bench.passes import Subject, measure_model, noted, run_bare
from grounding.bench.ridge import ridge_maps
from grounding.bench.work import (
    agreements,
    bootstraps,
    correlation_rdm,
    permutations,
    whitened_bootstrap,
)
from grounding.commands.main import app
from grounding.encoders import load_encoder
from grounding.stimuli import read_stimuli
from grounding.stimuli.toy import write_toy_set

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}

SMALL = {
    "correlation RDM": correlation_rdm(40, 30),
    "bootstrap, pearson": bootstraps("pearson", "corr", samples=6, peer_samples=3),
    "bootstrap, spearman": bootstraps("spearman", "spearman", samples=6, peer_samples=3),
    "bootstrap, rho-a": bootstraps("rho-a", "rho-a", samples=6, peer_samples=3),
    "whitened bootstrap": whitened_bootstrap(samples=4, slow_samples=2),
    "permutation test": permutations(20, 5),
    "ridge maps": ridge_maps(200, 10, 2, folds=4, peer_folds=2),
    **{
        f"agreements, {ours}": agreements(ours, theirs, stimuli=40)
        for ours, theirs in (
            ("cosine", "cosine"),
            ("pearson", "corr"),
            ("spearman", "spearman"),
            ("tau-a", "tau-a"),
        )
    },
}


@pytest.mark.parametrize("name", SMALL)
def test_both_sides_give_the_same_numbers_on_the_same_draws(name):
    ours, theirs = (np.asarray(work()) for work in SMALL[name](np.random.default_rng(0)))
    np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=0, atol=1e-9)
    assert theirs.shape[1:] == ours.shape[1:]


def test_the_peer_of_a_benchmark_that_does_a_part_says_so():
    for benchmark in BENCHMARKS.values():
        assert (f" x {benchmark.share}" in benchmark.peer) == (benchmark.share > 1)


def test_sides_take_turns_and_differences_are_seen():
    calls = []

    def make(rng):
        def ours():
            calls.append("ours")
            return np.array([1.0, 2.0, 9.0])

        def theirs():
            calls.append("theirs")
            return np.array([1.0, 2.5])

        return ours, theirs

    benchmark = Benchmark("work", "peer x 3", make, share=3)
    timing = run_benchmark(benchmark, repeats=2, rng=np.random.default_rng(0))
    assert calls == ["ours", "theirs"] * 3  # one round to warm up, two that count
    assert timing.difference == 0.5  # over what both did
    assert timing.ratio > 0.0


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_a_large_case_is_timed_and_weighed_in_a_process_of_its_own(metric):
    found = weigh(Large(60, 20, 10, metric), seed=0)
    assert found.seconds > 0.0
    assert found.bare > 0.0
    assert found.beyond >= 0.0


# Extraction.


def row(**fields):
    return Measured(what="ours", against="theirs", **fields)


def test_a_row_says_what_its_ratio_means_and_whether_it_is_as_wanted():
    slow = row(ours=2.3, theirs=2.0, limit=1.1)
    assert slow.ratio == pytest.approx(1.15) and slow.wanted == "at most 1.1"
    assert slow.verdict == "missed" and replace(slow, limit=1.2).verdict == "met"
    fast = row(ours=1.0, theirs=4.0, sense="as fast", limit=3.0)
    assert fast.ratio == 4.0 and fast.wanted == "at least 3" and fast.verdict == "met"
    assert replace(fast, limit=5.0).verdict == "missed"
    assert row(ours=1.0).verdict == "" and row(ours=1.0).ratio is None
    assert row(ours=1.0, theirs=0.0).ratio == float("inf")
    assert all(len(as_cells(one)) == len(COLUMNS) for one in (slow, fast, row(ours=1.0)))


@pytest.mark.parametrize("difference", [2e-4, float("nan"), float("inf")])
def test_a_row_whose_numbers_differ_is_neither_met_nor_missed(difference):
    wrong = row(ours=1.0, theirs=1.0, limit=1.1, difference=difference, bound=1e-4)
    assert wrong.differs and wrong.verdict == "differs" == as_cells(wrong)[-1]
    right = replace(wrong, difference=1e-4)
    assert not right.differs and right.verdict == "met"
    assert replace(right, limit=None).verdict == "equal"


def test_the_relative_difference_is_the_worst_vector_s():
    theirs = np.ones((2, 3, 4))
    ours = theirs.copy()
    ours[1, 2, 0] += 0.02
    assert relative_difference(ours, theirs) == pytest.approx(0.01)
    assert relative_difference(ours[:, :2], theirs) == float("inf")


def test_the_peak_of_memory_is_that_of_what_follows():
    before = peak_mib(forget=True)
    held = np.ones(2**23)
    assert peak_mib() - before > 60 and held.nbytes == 2**26


def test_the_recordings_are_all_words_and_some_made_of_them(tmp_path):
    some = recordings(1000, tmp_path, np.random.default_rng(0))
    assert len({one.id for one in some}) == len(some) == 1000
    words = read_stimuli("vocal-tract-words")
    assert len({one.id for one in some} & set(words.ids)) == len(words)
    lengths = [one.header.samples for one in some]
    both = [one.samples for one in words]
    assert min(lengths) < min(both) and max(lengths) > max(both) and len(set(lengths)) > 150


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words") / "toys"
    return write_toy_set(folder, words=8, realisations=1, rng=np.random.default_rng(0))


def test_texts_are_all_different(words, tmp_path):
    some = texts(30, tmp_path, np.random.default_rng(0), words)
    assert len({one.transcript for one in some}) == 30
    assert len({len(one.transcript.split()) for one in some}) > 5


def tiny_whisper(folder, seed):
    import transformers as tf

    sizes = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "vocab_size": 64}
    heads = {f"{half}_attention_heads": 2 for half in ("encoder", "decoder")}
    heads |= {f"{half}_ffn_dim": 32 for half in ("encoder", "decoder")}
    ends = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), 1)
    config = tf.WhisperConfig(decoder_start_token_id=2, **sizes, **heads, **ends)
    tf.WhisperForConditionalGeneration(config).save_pretrained(folder)
    tf.WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)
    return str(folder)


def tiny_bert(folder, seed):
    import transformers as tf
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = {
        piece: k for k, piece in enumerate([*special, *letters, *("##" + x for x in letters)])
    }
    coder = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    coder.pre_tokenizer = pre_tokenizers.Whitespace()
    frame = [(token, pieces[token]) for token in ("[CLS]", "[SEP]")]
    coder.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=frame
    )
    names = dict(zip(("pad", "unk", "cls", "sep"), special, strict=True))
    tf.PreTrainedTokenizerFast(
        tokenizer_object=coder, **{f"{name}_token": token for name, token in names.items()}
    ).save_pretrained(folder)
    sizes = {key: TINY[key] for key in list(TINY)[:4]}
    tf.BertModel(tf.BertConfig(vocab_size=len(pieces), **sizes)).save_pretrained(folder)
    return str(folder)


SUBJECT = Subject(
    name="tiny wav2vec 2.0",
    count=9,
    model=partial(random_wav2vec2, **TINY),
    material=recordings,
    loop=hear_one_by_one,
)
TINY_SUBJECTS = {
    "wav2vec2": SUBJECT,
    "hubert": replace(SUBJECT, model=partial(random_hubert, **TINY)),
    "bfloat16": replace(SUBJECT, dtype="bfloat16", bound=0.05),
    "whisper": replace(SUBJECT, model=tiny_whisper, loop=whisper_one_by_one, count=3, faster=None),
    "bert": replace(SUBJECT, model=tiny_bert, loop=read_one_by_one, material=texts),
}


@pytest.mark.parametrize("name", TINY_SUBJECTS)
def test_extraction_gives_what_the_loop_gives_and_reads_what_it_stored(name, words, tmp_path):
    subject = TINY_SUBJECTS[name]
    of_words = replace(subject, material=partial(subject.material, words=words))
    bare, loop, again = measure_model(of_words, tmp_path, 0, 1)
    assert not bare.differs and not loop.differs and bare.difference == loop.difference
    assert again.difference == 0.0
    assert all(one.ours > 0.0 and one.theirs > 0.0 for one in (bare, loop, again))
    assert bare.peak is not None and bare.peak >= 0.0


def test_a_loop_that_gives_other_numbers_is_seen(words, tmp_path):
    def other(folder):
        loop = hear_one_by_one(folder)
        return lambda stimuli: loop(list(stimuli)[::-1])

    subject = replace(SUBJECT, loop=other, material=partial(recordings, words=words))
    bare, loop, again = measure_model(subject, tmp_path, 0, 1)
    assert bare.verdict == loop.verdict == "differs" and not again.differs


def test_bare_passes_are_those_of_the_encoder(words, tmp_path):
    encoder = load_encoder(random_wav2vec2(tmp_path / "model", 0, **TINY))
    first, second = [], []
    with noted(encoder, first):
        encoder.encode(recordings(9, tmp_path / "audio", np.random.default_rng(0), words))
    with noted(encoder, second):
        run_bare(encoder, first)
    assert len(first) == len(second) > 1
    for one, other in zip(first, second, strict=True):
        assert one.samples == other.samples and one.inputs is not other.inputs
        assert all(one.inputs[name] is other.inputs[name] for name in one.inputs)
    run_bare(encoder, first[:1])
    assert len(second) == len(first)  # nothing is noted after the block


def test_cases_have_the_sizes_that_their_names_say():
    for subject in SUBJECTS:
        assert f", {subject.count:,} " in subject.name and subject.name in EXTRACTIONS


def test_a_flipped_bit_is_named_and_its_shard_alone_is_rebuilt(tmp_path):
    unnamed, others = run_case(partial(keeping.measure_damage, 8, 2), seed=0, repeats=1)
    assert (unnamed.difference, others.difference) == (0, 0)


def test_damage_that_verify_does_not_name_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "verify", lambda store: Verified(2, 0, (), ()))
    unnamed, others = keeping.measure_damage(8, 2, tmp_path, 0, 1)
    assert unnamed.difference == 2 and unnamed.differs and not others.differs


def test_a_rebuilding_of_more_than_the_damage_is_counted(tmp_path, monkeypatch):
    real = keeping.extract_slowly
    monkeypatch.setattr(keeping, "extract_slowly", lambda *how: [*real(*how), "another"])
    unnamed, others = keeping.measure_damage(8, 2, tmp_path, 0, 1)
    assert others.difference == 2 and others.differs and not unnamed.differs


def test_a_killed_run_ends_as_one_that_was_not(tmp_path):
    equal, again = keeping.measure_kills(8, 1, tmp_path, 0, 1)
    assert not equal.differs and not again.differs


def test_kills_that_harm_are_counted(tmp_path, monkeypatch):
    fates = [Killed(1.0, 4, 4, True), Killed(2.0, 4, 8, True), Killed(3.0, 4, 4, False)]
    monkeypatch.setattr(keeping, "kill_and_resume", lambda *how: fates)
    equal, again = keeping.measure_kills(8, 3, tmp_path, 0, 1)
    assert (equal.difference, again.difference) == (1, 1) and equal.differs and again.differs


@pytest.mark.parametrize(("growth", "verdict"), [(0.1, "met"), (1.0, "missed")])
def test_memory_that_grows_with_the_stimuli_is_seen(growth, verdict, tmp_path, monkeypatch):
    def peak(count, of, scratch, in_memory=False):
        hashed = 30 + 0.01 * count
        whole = hashed + growth * count + in_memory * count
        return Weight(*(int(2**20 * mib) for mib in (30, hashed, whole)))

    monkeypatch.setattr(keeping, "peak_memory", peak)
    flat, added, gathered, hashes, kept = keeping.measure_memory(10, 100, 1.5, tmp_path, 0, 1)
    assert flat.verdict == verdict and flat.unit == "MiB"
    assert added.ratio == pytest.approx(10) and gathered.ratio > 1.5
    assert hashes.ours == pytest.approx(10.24, abs=0.1)
    assert kept.ours == pytest.approx(1024 * growth, abs=0.1) and kept.theirs == 1024


def test_a_large_store_is_indexed_and_a_layer_read(tmp_path):
    first, again, read = keeping.measure_index(150, 3, 4, tmp_path, 0, 1)
    assert "150 stimuli x 3 layers (3 shards)" in first.what
    assert again.theirs == first.ours and read.difference == 0.0 and read.peak is not None


def test_a_layer_that_is_not_what_was_written_is_seen(tmp_path):
    keeping.write_large(tmp_path, 70, 3, 4, np.random.default_rng(0))
    np.save(tmp_path / keeping.EXPECTED, np.zeros((70, 4), dtype=np.float32))
    *_, difference, _ = alone(keeping.read_large, tmp_path, 70, 3)
    assert difference > 1.0


@pytest.mark.parametrize(("difference", "status"), [(0.0, 0), (1.0, 1)])
def test_the_command_prints_the_table_of_the_readme(difference, status, monkeypatch):
    found = [row(ours=1.0, theirs=2.0, difference=difference)]
    monkeypatch.setattr(extraction, "EXTRACTIONS", {"a case": None, "another": None})
    monkeypatch.setattr(extraction, "run_case", lambda case, seed, repeats: found)
    said = CliRunner().invoke(app, ["bench", "--extraction", "--only", "a case", "--repeats", "2"])
    assert said.exit_code == status
    lines = said.stdout.splitlines()
    assert lines[0] == f"Median of 2. {machine()}" and "thread" in machine()
    assert lines[2].startswith("| what | against | ours |")
    assert lines[4].startswith("| ours | theirs | 1 s | 2 s | 0.5 times as long |")
    assert len(lines) == 5 and {line.count("|") for line in lines[2:]} == {len(COLUMNS) + 1}
