"""What scripts share that make sets of recorded speech: packages, phones, sound, folders."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from grounding.errors import AudioError, UnknownName, UserError
from grounding.files import write_whole
from grounding.stimuli.recorded import debian, folders, phones, sound

PACKAGE = debian.Package("some-sounds", "1.0-1", hashlib.sha256(b"deb").hexdigest(), "sounds")
HAS_ESPEAK = importlib.util.find_spec("phonemizer") and importlib.util.find_spec("espeakng_loader")


# Packages


def test_a_package_in_the_cache_is_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setattr(debian.shutil, "which", lambda name: None)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / PACKAGE.file).write_bytes(b"deb")
    assert debian.fetch(PACKAGE, cache) == cache / "some-sounds_1.0-1_all.deb"
    (cache / PACKAGE.file).write_bytes(b"altered")
    with pytest.raises(
        UserError, match=r"apt-get not found.*Debian 12.*snapshot\.debian\.org/package/sounds/1.0-1"
    ):
        debian.fetch(PACKAGE, cache)
    with pytest.raises(UserError, match="dpkg-deb not found"):
        debian.unpack([], tmp_path)


def test_a_failed_or_altered_package_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(debian.shutil, "which", lambda name: name)

    def apt(data: bytes | None):
        def run(command, cwd, **_):
            if data is not None:
                (Path(cwd) / PACKAGE.file).write_bytes(data)
            code = 100 if data is None else 0
            return debian.subprocess.CompletedProcess(command, code, "", "E: Unable to locate")

        return run

    monkeypatch.setattr(debian.subprocess, "run", apt(None))
    with pytest.raises(UserError, match=r"failed: E: Unable to locate.*apt-get update"):
        debian.fetch(PACKAGE, tmp_path)
    monkeypatch.setattr(debian.subprocess, "run", apt(b"another build"))
    with pytest.raises(UserError, match=f"needed {PACKAGE.sha256}"):
        debian.fetch(PACKAGE, tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(debian.subprocess, "run", apt(b"deb"))
    assert debian.fetch(PACKAGE, tmp_path).read_bytes() == b"deb"


# Phones


def test_segments_are_split_as_panphon_knows_them():
    segments = phones.segments
    assert segments("dʒ", "en") == ["d͡ʒ"]
    assert segments("aɪ", "en") == ["a", "ɪ"]
    assert segments("ɚ", "en") == ["ə", "ɹ"]
    assert segments("ɜː", "en") == ["ɜː", "ɹ"]
    assert segments("ɜː", "it") == ["ɜː"]
    assert segments("tsʲʲ", "ro") == ["t͡sʲ"] and segments("ɫ", "bg") == ["ɫ"]
    assert segments("y", "ru") == ["ɨ"] and segments("y", "fr") == ["y"]
    assert segments("ˈaɪ", "de") == ["ˈa", "ɪ"] and segments('"', "ru") == []
    with pytest.raises(ValueError, match="panphon does not know all of"):
        segments("p☃", "en")


def test_russian_laterals_are_soft_where_the_spelling_says_so():
    laterals = phones.russian_laterals
    assert laterals(["n", "o", "ɭ"], "ноль") == ["n", "o", "lʲ"]
    assert laterals(["ɭ", "a", "ɭʲ", "i"], "лали") == ["lˠ", "a", "lʲ", "i"]
    assert laterals(["s", "t", "o", "ɭ"], "стол") == ["s", "t", "o", "lˠ"]
    assert laterals(["ɭ", "ɭʲ", "i"], "лли") == ["lʲ", "lʲ", "i"]
    with pytest.raises(ValueError, match="1 laterals in the phones of 'да', not 0"):
        laterals(["ɭ"], "да")


@pytest.fixture
def espeak(monkeypatch):
    """A voice that stands for espeak-ng's, and says what `phonemize` returns."""
    voice = SimpleNamespace(version=lambda: phones.VERSION, phonemize=lambda *_, **__: ["a"])
    wrapper = SimpleNamespace(set_library=lambda path: None, set_data_path=lambda path: None)
    loader = SimpleNamespace(get_library_path=str, get_data_path=str)
    fakes = {
        "espeakng_loader": loader,
        "phonemizer.backend": SimpleNamespace(EspeakBackend=lambda *_, **__: voice),
        "phonemizer.backend.espeak.wrapper": SimpleNamespace(EspeakWrapper=wrapper),
        "phonemizer.separator": SimpleNamespace(Separator=lambda **_: None),
    }
    for name in ("phonemizer", "phonemizer.backend.espeak", *fakes):
        monkeypatch.setitem(sys.modules, name, fakes.get(name, SimpleNamespace()))
    phones._voice.cache_clear()
    yield voice
    phones._voice.cache_clear()


def test_another_espeak_and_lost_lines_are_refused(espeak):
    espeak.version = lambda: (1, 51, 0)
    with pytest.raises(UserError, match=r"espeak-ng 1\.51\.0 found, 1\.52\.0 needed"):
        phones.phones(["a"], "en")
    espeak.version = lambda: phones.VERSION
    assert phones.phones(["a"], "en") == [("a",)]
    with pytest.raises(ValueError, match="en: 2 texts in, 1 out"):
        phones.phones(["a", "b"], "en")
    with pytest.raises(UnknownName, match="unknown espeak-ng voice 'fi'"):
        phones.phones(["a"], "fi")


def test_missing_espeak_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    phones._voice.cache_clear()
    with pytest.raises(UserError, match=r"'espeakng_loader' not found.*phonemizer==3\.4\.0"):
        phones.phones(["a"], "en")


@pytest.mark.skipif(not HAS_ESPEAK, reason="espeak-ng is installed by who makes a set")
def test_stress_stands_before_its_vowel():
    assert phones.phones(["gato", "mano"], "es") == [tuple("ɡato"), tuple("mano")]
    assert phones.phones(["gato"], "es", stress=True) == [("ɡ", "ˈa", "t", "o")]


# Sound


def test_flac_keeps_every_sample_and_its_bytes_repeat():
    rng = np.random.default_rng(0)
    samples = rng.integers(-(2**15), 2**15, 1000).astype(np.int16)
    data = sound.flac(samples)
    assert data == sound.flac(samples)
    back, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == 16_000 and np.array_equal(back, samples)


def test_g722_of_another_form_is_refused(monkeypatch):
    def opened(rate: int, frames: int = 2):
        frame = SimpleNamespace(
            sample_rate=rate,
            layout=SimpleNamespace(name="mono"),
            format=SimpleNamespace(name="s16"),
            to_ndarray=lambda: np.ones((1, 4), np.int16),
        )
        container = SimpleNamespace(decode=lambda audio: [frame] * frames)
        return lambda path, format: nullcontext(container)

    monkeypatch.setitem(sys.modules, "av", SimpleNamespace(open=opened(16_000)))
    assert sound.decode_g722(Path("x.g722")).shape == (8,)
    monkeypatch.setitem(sys.modules, "av", SimpleNamespace(open=opened(8_000)))
    with pytest.raises(AudioError, match=r"x\.g722: decoded to .* needed 16-bit mono at 16000 Hz"):
        sound.decode_g722(Path("x.g722"))
    monkeypatch.setitem(sys.modules, "av", SimpleNamespace(open=opened(16_000, frames=0)))
    with pytest.raises(AudioError, match=r"x\.g722: no sound in it"):
        sound.decode_g722(Path("x.g722"))


def test_vorbis_keeps_what_is_beyond_full_scale_and_a_torn_file_is_refused(tmp_path):
    path = tmp_path / "x.ogg"
    square = 0.99 * np.sign(np.sin(2 * np.pi * 200 * np.arange(44_100) / 44_100))
    soundfile.write(path, np.stack([square, square], axis=1), 44_100, "VORBIS", format="OGG")
    values, rate = sound.decode_vorbis(path)
    assert rate == 44_100 and values.shape == (44_100, 2) and np.abs(values).max() > 1
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioError, match=r"x\.ogg is cut off"):
        sound.decode_vorbis(path)


def test_a_silent_channel_does_not_halve_the_other():
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    assert np.array_equal(sound.one_channel(np.stack([0 * tone, tone], axis=1), 16_000), tone)
    assert np.allclose(sound.one_channel(np.stack([tone, 3 * tone], axis=1), 16_000), 2 * tone)
    with pytest.raises(AudioError, match="no channels to mix"):
        sound.one_channel(np.zeros((10, 2), np.float32), 16_000)


def test_silence_is_trimmed_and_soft_ends_are_kept():
    rng = np.random.default_rng(0)
    gains = np.repeat([0.001, 0.01, 0.3, 0.01, 0.001], [16_000, 800, 16_000, 800, 16_000])
    samples = (gains * rng.standard_normal(len(gains))).astype(np.float32)
    kept = sound.trimmed(samples)
    assert len(kept) == 16_000 + 2 * sound.EDGE * sound.RATE
    assert np.array_equal(kept, samples[16_000 + 800 - 1600 :][: len(kept)])
    assert np.array_equal(sound.trimmed(kept), kept)
    of = sound.levels(samples)
    assert sound.spoken_seconds(of) == 1.0
    assert sound.range_db(of) == pytest.approx(20 * np.log10(0.3 / 0.001), abs=2)


def test_a_gain_that_leaves_too_much_is_refused():
    samples = np.array([0.5, -1.2], np.float32)
    assert sound.to_16_bit(samples, 0.7).tolist() == [11_469, -27_525]
    with pytest.raises(AudioError, match=r"peaks at 1\.200 of full scale.*gain of 0\.9.*Lower"):
        sound.to_16_bit(samples, 0.9)


# Folders


def test_missing_modules_are_named():
    folders.require(["json"], Path("r.txt"))
    with pytest.raises(UserError, match=r"not found: no_such_tool\. Run 'python .* -r r\.txt'"):
        folders.require(["json", "no_such_tool"], Path("r.txt"))


def test_a_users_fault_is_one_message_and_status_2(capsys):
    def fail() -> int:
        raise UserError("no such thing")

    assert folders.exit_status(lambda: 0) == 0 and folders.exit_status(fail) == 2
    assert capsys.readouterr().err == "no such thing\n"


def test_sound_that_the_manifest_would_not_name_is_refused(tmp_path):
    write_whole(tmp_path / "audio/en/a.flac", b"1")
    folders.refuse_others(tmp_path, {"audio/en/a.flac"})
    with pytest.raises(UserError, match=r"also holds audio/en/a\.flac \(1 such\)"):
        folders.refuse_others(tmp_path, set())


def test_differences_name_missing_additional_and_altered_files(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    for folder in (a, b):
        folders.write_records(folder, [{"id": "ä"}])
        write_whole(folder / "audio/en/x.flac", b"1")
    assert (a / "manifest.jsonl").read_text(encoding="utf-8") == '{"id": "ä"}\n'
    assert folders.differences(a, b) == []
    write_whole(b / "audio/en/x.flac", b"2")
    write_whole(a / "audio/en/y.flac", b"3")
    assert folders.differences(a, b) == ["audio/en/x.flac", "audio/en/y.flac"]
