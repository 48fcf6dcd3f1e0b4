"""How `spoken-prompts` is made: scripts, phones, recogniser output, packages, files."""

from __future__ import annotations

import doctest
import gzip
import hashlib
import importlib
import io
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from grounding.stimuli import read_stimuli

LANGUAGES = ("en", "fr", "es", "it", "ru")
MODULES = ("debian", "hearing", "make", "phones", "recognise", "scripts", "sound")


@pytest.fixture(scope="module")
def tools():
    """The folder's modules by name, imported as `make.py` imports them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(read_stimuli("spoken-prompts").folder))
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        found = {name: importlib.import_module(name) for name in MODULES}
        yield found
        for name in MODULES:
            sys.modules.pop(name, None)


def test_a_script_is_written_as_it_is_spoken(tools):
    style = tools["scripts"].in_one_style
    assert style("... Has joined,  press 1...", "en") == "has joined, press one"
    assert style("¿En qué carpeta ?", "es") == "¿en qué carpeta?"
    assert style("Нажмите «звёздочку» или 9.", "ru") == "нажмите звёздочку или девять"
    assert style("dall’interno", "it") == "dall'interno"
    assert style("Sunday", "en") == "Sunday" and style("Dimanche", "fr") == "dimanche"
    assert style("A.M.", "fr") == "A.M." and style("P.M.", "en") == "P.M."


def test_a_correction_of_another_script_is_refused(tools):
    scripts = tools["scripts"]
    change = scripts.Correction("es", "vm-no", "nó", "no", "accent")
    changes = {("es", "vm-no"): change}
    assert scripts.transcripts({"vm-no": "nó"}, changes, ("vm-no",), "es") == {"vm-no": "no"}
    with pytest.raises(ValueError, match="upstream has 'No', not 'nó'"):
        scripts.transcripts({"vm-no": "No"}, changes, ("vm-no",), "es")
    with pytest.raises(ValueError, match="no script"):
        scripts.transcripts({}, {}, ("vm-no",), "es")
    with pytest.raises(ValueError, match="a and b both say 'no'"):
        scripts.transcripts({"a": "No.", "b": "no"}, {}, ("a", "b"), "es")
    with pytest.raises(ValueError, match="needs a change, a why"):
        scripts.Correction("es", "vm-no", "no", "no", "accent")


def test_two_corrections_of_one_script_are_refused(tools, tmp_path):
    table = tmp_path / "corrections.tsv"
    line = "es\tvm-no\tnó\tno\taccent\n"
    table.write_text("language\tprompt_id\twas\tis\twhy\n" + line + line, encoding="utf-8")
    with pytest.raises(ValueError, match="two corrections of es vm-no"):
        tools["scripts"].read_corrections(table)


def test_upstream_scripts_are_read_and_other_lines_refused(tools, tmp_path):
    read = tools["scripts"].read_scripts
    path = tmp_path / "core.txt.gz"
    path.write_bytes(gzip.compress("\ufeff; note\n\na/b: One: two \na/b: three\n".encode()))
    assert read(path) == {"a/b": "One: two"}
    path.write_bytes(gzip.compress(b"no colon here\n"))
    with pytest.raises(ValueError, match="line 1: found 'no colon here'"):
        read(path)


# Phones


def test_segments_are_split_as_panphon_knows_them(tools):
    segments = tools["phones"].segments
    assert segments("dʒ", "en") == ["d͡ʒ"]
    assert segments("aɪ", "en") == ["a", "ɪ"]
    assert segments("ɚ", "en") == ["ə", "ɹ"]
    assert segments("ɜː", "en") == ["ɜː", "ɹ"]
    assert segments("ɜː", "it") == ["ɜː"]
    assert segments("y", "ru") == ["ɨ"] and segments("y", "fr") == ["y"]
    with pytest.raises(ValueError, match="panphon does not know all of"):
        segments("p☃", "en")


def test_another_espeak_and_lost_lines_are_refused(tools, monkeypatch):
    phones = tools["phones"]
    voice = SimpleNamespace(version=lambda: (1, 51, 0), phonemize=lambda *_, **__: ["a"])
    espeak = "phonemizer.backend.espeak.wrapper"
    wrapper = SimpleNamespace(set_library=lambda path: None, set_data_path=lambda path: None)
    loader = SimpleNamespace(get_library_path=str, get_data_path=str)
    fakes = {
        "espeakng_loader": loader,
        "phonemizer.backend": SimpleNamespace(EspeakBackend=lambda *_, **__: voice),
        espeak: SimpleNamespace(EspeakWrapper=wrapper),
        "phonemizer.separator": SimpleNamespace(Separator=lambda **_: None),
    }
    for name in ("phonemizer", "phonemizer.backend.espeak", *fakes):
        monkeypatch.setitem(sys.modules, name, fakes.get(name, SimpleNamespace()))
    phones._voice.cache_clear()
    with pytest.raises(RuntimeError, match=r"espeak-ng 1\.51\.0 found, 1\.52\.0 needed"):
        phones.phones(["a"], "en")
    voice.version = lambda: phones.VERSION
    assert phones.phones(["a"], "en") == [("a",)]
    with pytest.raises(RuntimeError, match="en: 2 texts in, 1 out"):
        phones.phones(["a", "b"], "en")
    phones._voice.cache_clear()


def test_russian_laterals_are_soft_where_the_spelling_says_so(tools):
    laterals = tools["phones"].russian_laterals
    assert laterals(["n", "o", "ɭ"], "ноль") == ["n", "o", "lʲ"]
    assert laterals(["ɭ", "a", "ɭʲ", "i"], "лали") == ["lˠ", "a", "lʲ", "i"]
    assert laterals(["s", "t", "o", "ɭ"], "стол") == ["s", "t", "o", "lˠ"]
    assert laterals(["ɭ", "ɭʲ", "i"], "лли") == ["lʲ", "lʲ", "i"]
    with pytest.raises(ValueError, match="1 laterals in the phones of 'да', not 0"):
        laterals(["ɭ"], "да")


# What a recogniser heard


def test_edits_agree_with_a_slow_recursion(tools):
    def slow(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        same = slow(a[1:], b[1:]) + (a[0] != b[0])
        return min(same, slow(a[1:], b) + 1, slow(a, b[1:]) + 1)

    rng = np.random.default_rng(0)
    for _ in range(40):
        a, b = ("".join(rng.choice(list("xyz"), rng.integers(0, 6))) for _ in range(2))
        assert tools["hearing"].edits(a, b) == slow(a, b)


def test_figures_count_as_the_words_that_the_set_has_for_them(tools):
    judge = tools["hearing"].judge
    said = {"digits/13": "thirteen", "digits/h-13": "thirteenth"}
    for heard in ("13th", "13.", "Thirteenth!"):
        assert judge(heard, "thirteenth", "en", said, list).word_errors == 0
    assert judge("14th", "thirteenth", "en", said, list).word_errors == 1
    nothing = judge("", "thirteenth", "en", said, list)
    assert nothing.word_errors == nothing.phone_errors == 1
    near = judge("thirteent", "thirteenth", "en", said, list)
    assert near.word_errors == 1 and near.phone_errors == pytest.approx(0.1)


# Rebuilding


def test_packages_are_pinned_and_two_a_language(tools):
    names = {package.name for package in tools["debian"].PACKAGES}
    stem = "asterisk-core-sounds"
    assert names == {f"{stem}-{code}{end}" for code in LANGUAGES for end in ("", "-g722")}
    assert all(len(package.sha256) == 64 for package in tools["debian"].PACKAGES)


def test_a_package_in_the_cache_is_not_fetched_again(tools, tmp_path, monkeypatch):
    debian = tools["debian"]
    package = debian.Package("asterisk-core-sounds-xx", hashlib.sha256(b"deb").hexdigest())
    monkeypatch.setattr(debian.shutil, "which", lambda name: None)
    (tmp_path / package.file).write_bytes(b"deb")
    assert debian.fetch(package, tmp_path) == tmp_path / package.file
    (tmp_path / package.file).write_bytes(b"altered")
    with pytest.raises(SystemExit, match=r"apt-get not found.*Debian 12.*snapshot\.debian\.org"):
        debian.fetch(package, tmp_path)
    with pytest.raises(SystemExit, match="dpkg-deb not found"):
        debian.unpack([], tmp_path)


def test_a_failed_or_altered_package_is_refused(tools, tmp_path, monkeypatch):
    debian = tools["debian"]
    package = debian.Package("asterisk-core-sounds-xx", hashlib.sha256(b"deb").hexdigest())
    monkeypatch.setattr(debian.shutil, "which", lambda name: name)

    def apt(data: bytes | None):
        def run(command, cwd, **_):
            if data is not None:
                (Path(cwd) / package.file).write_bytes(data)
            code = 100 if data is None else 0
            return debian.subprocess.CompletedProcess(command, code, "", "E: Unable to locate")

        return run

    monkeypatch.setattr(debian.subprocess, "run", apt(None))
    with pytest.raises(SystemExit, match=r"failed: E: Unable to locate.*apt-get update"):
        debian.fetch(package, tmp_path)
    monkeypatch.setattr(debian.subprocess, "run", apt(b"another build"))
    with pytest.raises(SystemExit, match=f"needed {package.sha256}"):
        debian.fetch(package, tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(debian.subprocess, "run", apt(b"deb"))
    assert debian.fetch(package, tmp_path).read_bytes() == b"deb"


def test_sound_of_another_form_is_refused(tools, monkeypatch):
    def opened(rate: int):
        frame = SimpleNamespace(
            sample_rate=rate,
            layout=SimpleNamespace(name="mono"),
            format=SimpleNamespace(name="s16"),
            to_ndarray=lambda: np.ones((1, 4), np.int16),
        )
        container = SimpleNamespace(decode=lambda audio: [frame, frame])
        return lambda path, format: nullcontext(container)

    monkeypatch.setitem(sys.modules, "av", SimpleNamespace(open=opened(16_000)))
    assert tools["sound"].decode(Path("x.g722")).shape == (8,)
    monkeypatch.setitem(sys.modules, "av", SimpleNamespace(open=opened(8_000)))
    with pytest.raises(ValueError, match=r"x\.g722: decoded to .* needed 16-bit mono at 16000 Hz"):
        tools["sound"].decode(Path("x.g722"))


def test_another_recogniser_is_refused(tools, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"other")
    with pytest.raises(SystemExit, match=r"model\.bin has SHA-256 .* Whisper base"):
        tools["recognise"].main(["--set", str(tmp_path), "--model", str(tmp_path)])


def test_flac_keeps_every_sample_and_its_bytes_repeat(tools):
    rng = np.random.default_rng(0)
    samples = rng.integers(-(2**15), 2**15, 1000).astype(np.int16)
    data = tools["sound"].flac(samples)
    assert data == tools["sound"].flac(samples)
    back, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == 16_000 and np.array_equal(back, samples)


def test_missing_tools_are_named_before_anything_is_fetched(tools, tmp_path, monkeypatch):
    make = tools["make"]
    monkeypatch.setattr(make, "TOOLS", ("json", "no_such_tool"))
    cache = tmp_path / "cache"
    with pytest.raises(SystemExit, match=r"not found: no_such_tool\. Run .*requirements\.txt"):
        make.main(["--out", str(tmp_path / "out"), "--cache", str(cache)])
    assert list(tmp_path.iterdir()) == []


def test_prompts_are_kept_by_their_mean_duration(tools):
    make = tools["make"]
    rate, most = make.RATE, make.LONGEST_MEAN
    short, long = make.Prompt("a/b", "phrase", "other"), make.Prompt("c", "phrase", "other")
    sounds = {(code, "a/b"): bytes(int(rate * most)) for code in LANGUAGES}
    sounds |= {(code, "c"): bytes(int(rate * most)) for code in LANGUAGES}
    sounds["ru", "c"] = bytes(int(rate * most) + 1)
    assert make.short_enough(sounds, [short, long]) == [short]
    assert short.stem == "a-b"


def test_sound_that_the_manifest_would_not_name_is_refused(tools, tmp_path):
    make = tools["make"]
    make.write_whole(tmp_path / "audio/en/a.flac", b"1")
    make.refuse_others(tmp_path, {"audio/en/a.flac"})
    with pytest.raises(SystemExit, match=r"also holds audio/en/a\.flac"):
        make.refuse_others(tmp_path, set())
    assert [path.name for path in (tmp_path / "audio/en").iterdir()] == ["a.flac"]


def test_differences_name_missing_additional_and_altered_files(tools, tmp_path):
    make = tools["make"]
    a, b = tmp_path / "a", tmp_path / "b"
    for folder in (a, b):
        make.write_whole(folder / "manifest.jsonl", b"{}")
        make.write_whole(folder / "audio/en/x.flac", b"1")
    assert make.differences(a, b) == []
    make.write_whole(b / "audio/en/x.flac", b"2")
    make.write_whole(a / "audio/en/y.flac", b"3")
    assert make.differences(a, b) == ["audio/en/x.flac", "audio/en/y.flac"]


def test_examples_in_docstrings_hold(tools):
    for module in tools.values():
        assert doctest.testmod(module).failed == 0
