"""Files that are not as their corpus documents them are refused, and the file is named."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy.io
import soundfile

from grounding.errors import ManifestError
from grounding.stimuli import read_stimuli
from grounding.stimuli.importers import import_corpus

EMA = "mngu0_s1_0002.ema"


@pytest.fixture
def refused(corpora: ModuleType, tmp_path: Path):
    """Make a corpus, spoil it, and hold what is said of it against a pattern."""

    def check(name: str, spoil: Callable[[Path], None], match: str, **changes) -> str:
        folder = tmp_path / name
        corpora.MAKERS[name](folder, **changes)
        spoil(folder)
        with pytest.raises(ManifestError, match=match) as caught:
            import_corpus(name, folder, tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert sorted(path.name for path in tmp_path.iterdir()) == [name]
        return str(caught.value)

    return check


def edit(pattern: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Return a function that changes the files of a corpus that have this name."""

    def apply(folder: Path) -> None:
        paths = list(folder.rglob(pattern))
        assert paths
        for path in paths:
            before = path.read_bytes()
            path.write_bytes(change(before))
            assert path.read_bytes() != before

    return apply


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a function that replaces one text by another."""
    return lambda data: data.replace(old, new)


def remove(pattern: str) -> Callable[[Path], None]:
    """Return a function that removes the files of this name."""
    return lambda folder: [path.unlink() for path in folder.rglob(pattern)] and None


def nothing(_: Path) -> None:
    """Leave the corpus as it is."""


# --- EST_Track: MNGU0 and MOCHA ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ascii", "binary"])
@pytest.mark.parametrize("order", ["01", "10"])
def test_text_and_either_order_of_bytes_are_one(
    kind: str, order: str, corpora: ModuleType, tmp_path: Path
) -> None:
    corpora.make_mngu0(tmp_path / "a", kind=kind, order=order)
    import_corpus("mngu0", tmp_path / "a", tmp_path / "out", smoothing_hz=0, keep_bad=True)
    ema = read_stimuli(tmp_path / "out")[0].articulation["ema"]
    truth = corpora.position("TT.x", np.arange(300) / 200)
    np.testing.assert_allclose(ema.values[:, ema.channels.index("TT.x")], truth, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda data: b"0.00 1 2 3\n", r"begins with b'0.00 1 2 3\\n'; needed 'EST_File Track'"),
        (lambda data: data[:200], "has no end of its header; it is cut off"),
        (lambda data: data[:-40], r"holds \d+ bytes behind its header; 300 frames of 39 numbers"),
        (lambda data: data + b"more", r"holds \d+ bytes behind its header; 300 frames"),
        (swap(b"NumFrames 300", b"NumFrames many"), "declares NumFrames 'many'; needed a whole nu"),
        (swap(b"NumChannels 37", b"NumChannels 36"), "names 37 channels and declares NumChannels"),
        (swap(b"EqualSpace 1", b"NumAuxChannels 2"), "has auxiliary channels; needed a track with"),
        (swap(b"ByteOrder 01", b"ByteOrder 12"), "declares ByteOrder '12'; needed 01"),
        (swap(b"ByteOrder 01\n", b""), "declares ByteOrder None; needed 01"),
        (swap(b"ByteOrder 01", b"ByteOrder 10"), "no even clock.*another order than ByteOrder 10"),
        (swap(b"DataType binary", b"DataType floppy"), "declares DataType 'floppy'; needed binary"),
        (swap(b" T1_py", b" tip_py"), "lacks the channel T1_py; it has T3_px, T3_py"),
        (swap(b"T3_p", b"T3_q"), "lacks the channels T3_py, T3_pz; it has"),
    ],
)
def test_a_bad_track_is_refused(change, match: str, refused) -> None:
    told = refused("mngu0", edit(EMA, change), match)
    assert f"  ema/{EMA}: " in told
    assert "0001" not in told


def test_text_that_is_no_number_is_refused(refused) -> None:
    spoil = edit(EMA, swap(b"0.005000 1.000000", b"0.005000 one"))
    refused("mngu0", spoil, rf"{EMA}: holds text that is no number", kind="ascii")


def test_bytes_in_another_order_than_declared_are_refused(refused) -> None:
    told = refused("mocha", nothing, r"fsew0_001.ema: has times that are no even cl", written="10")
    assert told.count("another order than ByteOrder 01") == 6  # all of them at once


def test_the_normalised_release_is_told_from_the_basic_one(refused) -> None:
    def normalise(data: bytes) -> bytes:
        return data.replace(b"_py", b"_x").replace(b"_pz", b"_y")

    refused(
        "mngu0", edit("*.ema", normalise), r"It is the normalised release: needed the basic one"
    )


def test_frames_that_jump_in_time_are_refused(refused) -> None:
    def jump(data: bytes) -> bytes:
        head, end, body = data.partition(b"EST_Header_End\n")
        rows = np.frombuffer(body, "<f4").reshape(300, -1).copy()
        rows[150:, 0] += 0.5
        return head + end + rows.tobytes()

    refused("mngu0", edit(EMA, jump), rf"{EMA}: has times that are no even clock: 0, 0.005 and so")


@pytest.mark.parametrize(
    ("unit", "match"),
    [
        (1.0, "ema/mngu0_s1_0001.ema: has a position 520 mm from the origin; needed at most 300"),
        (0.01, r"flesh points move by 0.21\d mm \(median standard deviation\); needed 0.5 to 20"),
    ],
)
def test_another_unit_is_refused(unit: float, match: str, refused) -> None:
    refused("mngu0", nothing, match, unit=unit)


def test_an_axis_that_is_turned_round_is_refused(refused) -> None:
    # The tip's x is all that the corpus has in front; its back is known to be bad in MNGU0.
    def turn(data: bytes) -> bytes:
        return data.replace(b" tt_", b" xx_").replace(b" td_", b" tt_").replace(b" xx_", b" td_")

    refused(
        "mocha",
        edit("*.ema", turn),
        r"speaker 'msak0': TT.x is at -49.\d mm and TD.x at -1\d.\d mm on the mean; needed the "
        "first in front of the second",
    )


def test_lips_upside_down_are_refused(refused) -> None:
    def turn(data: bytes) -> bytes:
        return (
            data.replace(b"upperlip", b"upperLIP")
            .replace(b"lowerlip", b"upperlip")
            .replace(b"upperLIP", b"lowerlip")
        )

    refused("mngu0", edit("*.ema", turn), r"UL.y is at -2\d.\d mm and LL.y at 3.1 mm on the mean")


def test_another_rate_is_refused(refused) -> None:
    def slower(data: bytes) -> bytes:
        head, end, body = data.partition(b"EST_Header_End\n")
        rows = np.frombuffer(body, "<f4").reshape(300, -1).copy()
        rows[:, 0] *= 2
        return head + end + rows.tobytes()

    refused(
        "mngu0", edit(EMA, slower), rf"{EMA}: has movement at 100.00 Hz; needed the corpus's 20"
    )


def test_a_file_with_other_channels_than_its_speaker_is_refused(refused) -> None:
    spoil = edit("fsew0_002.ema", swap(b"v_x ", b"q_x "))
    refused("mocha", spoil, r"fsew0_002.ema: has the channels UL.x .* where speaker 'fsew0' has")


def test_a_renamed_channel_of_mocha_is_refused(refused) -> None:
    spoil = edit("fsew0_002.ema", swap(b"tt_x", b"tip_x"))
    refused("mocha", spoil, r"fsew0/fsew0_002.ema: lacks the channel tt_x; it has ui_x, li_x, ul_x")


@pytest.mark.parametrize("name", ["mngu0", "mocha", "spire-ema", "xrmb"])
def test_movement_without_its_recording_is_refused(name: str, refused) -> None:
    refused(name, remove("*.wav"), r"has no recording of its name")


def test_a_track_that_is_there_twice_is_refused(refused) -> None:
    def again(folder: Path) -> None:
        (folder / "more").mkdir()
        (folder / "more" / EMA).write_bytes((folder / "ema" / EMA).read_bytes())

    refused("mngu0", again, r"mngu0_s1_0002 is there 2 times: ema/.*, more/.*. Keep one of them")


# --- labels and transcripts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spoil", "match"),
    [
        ("mngu0", edit("*2.lab", swap(b"\n#\n", b"\n")), r"2.lab: has no line .#. that ends"),
        ("mngu0", edit("*2.lab", swap(b" 26 ", b" ")), r"2.lab: line 4 is .*needed an end, a"),
        ("mngu0", edit("*2.lab", swap(b"0.70", b"-.70")), r"2.lab: line 5 is '-.70000'; need"),
        ("mngu0", edit("*2.lab", swap(b"0.70", b"0.10")), r"2.lab: has 'k' from 0.2 to 0.1 s"),
        ("mngu0", edit("*2.lab", swap(b"0.70", b"o.70")), r"2.lab: line 5 is 'o.70000'; need"),
        ("mngu0", edit("*2.utt", swap(b"iform", b"oform")), r"2.utt: has no feature iform"),
        ("mngu0", edit("*2.utt", swap(b"Cat", b"C\x07t")), r"2.utt: has the transcript 'C.x07t.'"),
        ("mngu0", edit("*2.utt", swap(b"Cat", b"C\xe4t")), r"2.utt: byte \d+ is not UTF-8"),
        ("mocha", edit("*w0_002.lab", swap(b" k", b"")), r"fsew0_002.lab: line 2 is '0.2 0.7'"),
        ("mocha", edit("mocha*", swap(b"002. ", b"")), r"mocha-timit.txt: line 3 is 'Cat.'; ne"),
        ("mocha", edit("mocha*", swap(b"002", b"001")), r"mocha-timit.txt: line 3 gives 001 a"),
        ("xrmb", edit("*2.TextGrid", swap(b'"word"', b'"mot"')), r"2.TextGrid: has the tier"),
        ("xrmb", edit("*2.TextGrid", lambda data: data[:60]), r"JW11/tp002.TextGrid: line \d"),
    ],
)  # fmt: skip
def test_bad_labels_and_transcripts_are_refused(name: str, spoil, match: str, refused) -> None:
    refused(name, spoil, match)


def test_two_lists_of_sentences_are_refused(refused) -> None:
    def again(folder: Path) -> None:
        (folder / "fsew0/mocha-timit.txt").write_bytes((folder / "mocha-timit.txt").read_bytes())

    refused("mocha", again, r"fsew0/mocha-timit.txt and mocha-timit.txt: needed one file mocha-tim")


def test_two_companions_of_one_name_are_refused(refused) -> None:
    def again(folder: Path) -> None:
        for name in ("one", "two"):
            (folder / name).mkdir()
            (folder / name / "mngu0_s1_0002.lab").write_bytes(b"#\n")
        (folder / "lab/mngu0_s1_0002.lab").unlink()

    refused("mngu0", again, r"0002.ema: belongs to one/.*.lab and to two/.*.lab; needed one file")


def test_a_link_out_of_the_folder_is_refused(refused, tmp_path: Path) -> None:
    def lead_out(folder: Path) -> None:
        (folder / "ema" / EMA).unlink()
        (folder / "ema" / EMA).symlink_to(Path(soundfile.__file__))

    refused("mngu0", lead_out, rf"ema/{EMA}: leads out of")


# --- sound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            swap(b"-s3 pcm", b"-s26 pcm,embedded-shorten-v2.00"),
            "samples coded as 'pcm,embedded-sho",
        ),
        (
            lambda data: data[:-10],
            "declares 24000 samples of 2 bytes and holds 23995 in 1 channel;",
        ),
        (lambda data: data[:500], "is NIST SPHERE that cannot be read"),
        (lambda data: b"RIFF" + data, "fsew0_002.wav: cannot be opened as FLAC, WAV or Ogg"),
    ],
)
def test_bad_sphere_files_are_refused(change, match: str, refused) -> None:
    told = refused("mocha", edit("fsew0_002.wav", change), match)
    assert "fsew0/fsew0_002.wav: " in told


def test_two_channels_are_refused(refused) -> None:
    def double(folder: Path) -> None:
        soundfile.write(folder / "wav/mngu0_s1_0002.wav", np.zeros((24000, 2)), 16000)

    refused("mngu0", double, r"wav/mngu0_s1_0002.wav: has 2 channels; needed one. Export one chann")


# --- Matlab files --------------------------------------------------------------------------------

MAT = "F01_B01_S02_R01_N.mat"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda data: data[:-400], "cannot be read as a Matlab file"),
        (lambda data: b"hello", "cannot be read as a Matlab file"),
        (
            lambda data: b"MATLAB 7.3 MAT-file, Platform",
            "of version 7.3, which is HDF5 and not rea",
        ),
        (lambda data: b"\x89HDF\r\n\x1a\n", "of version 7.3, which is HDF5 and not read here"),
    ],
)
def test_bad_matlab_files_are_refused(change, match: str, refused) -> None:
    told = refused("hprc", edit(MAT, change), match)
    assert f"F01/data/{MAT}: " in told


def test_a_bad_matlab_file_of_usc_timit_is_named(refused) -> None:
    spoil = edit("*.mat", lambda data: data[:300])
    refused("usc-timit", spoil, r"F1/mat/usctimit_ema_f1_001_003.mat: cannot be read as a Matlab")


def test_signals_without_names_are_refused(refused, corpora: ModuleType) -> None:
    def unnamed(folder: Path) -> None:
        rows = [(np.zeros((1, 1)), 100.0, np.zeros((150, 6)))]
        corpora.mview(folder / "F01/data" / MAT, rows)

    refused("hprc", unnamed, r"lacks AUDIO, UL, .*; it has an unnamed one")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"skip": ("TT",)}, "lacks TT; it has AUDIO, TR, TB, UL, LL, ML, JAW, JAWL"),
        ({"skip": ("AUDIO",)}, "lacks AUDIO; it has TR, TB, TT"),
        ({"rate": 200.0}, "has movement at 200.00 Hz; needed the corpus's 100.00 Hz"),
        ({"SRATE": 0.0}, "has SRATE .*0.0.* for AUDIO; needed one rate in Hz"),
        ({"SRATE": "x"}, "has SRATE .*x.* for AUDIO; needed one rate in Hz"),
        ({"SRATE": 44100.5}, "has AUDIO as float32 at 44100.5 Hz; needed 16 bits or floating"),
        ({"SIGNAL": np.zeros((9, 2))}, r"has AUDIO of shape \(9, 2\); needed one row of samples"),
        ({"SIGNAL": np.zeros((9, 1), "i4")}, "has AUDIO as int32 at 44100.0 Hz; needed 16 bits"),
        ({"SIGNAL": np.full((9, 1), 2.0)}, "has AUDIO beyond full scale 1"),
        ({"SIGNAL": np.full((9, 1), np.nan)}, "has AUDIO beyond full scale 1"),
        ({"PHONES": np.ones(3)}, "has PHONES without LABEL and OFFS"),
        ({"SENTENCE": "a\x07b"}, r"has the transcript 'a\\x07b'; needed printable text"),
    ],
)
def test_signals_that_are_not_as_documented_are_refused(changes, match: str, refused) -> None:
    refused("hprc", nothing, match, **changes)


def test_phones_that_end_before_they_begin_are_refused(refused, corpora: ModuleType) -> None:
    labels = corpora.mview_labels([("K", 0.5, 0.2)])
    refused(
        "hprc", nothing, r"has a phone at \[0.5, 0.2\] s; needed a start and an end", PHONES=labels
    )


def test_other_variables_than_signals_are_refused(refused) -> None:
    def other(folder: Path) -> None:
        scipy.io.savemat(folder / "F01/data" / MAT, {"x": np.ones(3), "y": np.ones(3)})

    refused(
        "hprc", other, rf"{MAT}: holds x, y; needed one row of structs with NAME, SRATE and SIGN"
    )


@pytest.mark.parametrize(
    ("signals", "match"),
    [
        ({"TT": (100.0, np.zeros((150, 2)))}, r"has TT of shape \(150, 2\); needed frames by x, y"),
        ({"TT": (100.0, np.zeros((150, 6, 2)))}, r"has TT of shape \(150, 6, 2\)"),
        (
            {"TT": (100.0, np.zeros((149, 6)))},
            r"has sensors of \[149, 150\] frames at \[100.0\] Hz",
        ),
        (
            {"TT": (200.0, np.zeros((150, 6)))},
            r"has sensors of \[150\] frames at \[100.0, 200.0\] H",
        ),
    ],
)
def test_sensors_that_do_not_fit_together_are_refused(
    signals, match: str, refused, corpora: ModuleType
) -> None:
    def other(folder: Path) -> None:
        rows = [("AUDIO", 44100.0, np.zeros((66150, 1)))]
        for name in ("TR", "TB", "TT", "UL", "LL", "JAW"):
            rows.append((name, *signals.get(name, (100.0, np.zeros((150, 6))))))
        corpora.mview(folder / "F01/data" / MAT, rows)

    refused("hprc", other, match)


def test_two_signals_of_one_name_are_refused(refused, corpora: ModuleType) -> None:
    def other(folder: Path) -> None:
        names = ("TR", "TB", "TT", "UL", "LL", "JAW", "JAW")
        rows = [(name, 100.0, np.zeros((150, 6))) for name in names]
        corpora.mview(folder / "F01/data" / MAT, [("AUDIO", 44100.0, np.zeros((9, 1))), *rows])

    refused("hprc", other, r"lacks names of its own for its signals; it has AUDIO, TR")


@pytest.mark.parametrize(
    ("trans", "match"),
    [
        (
            "0,1,sil\n",
            "line 1 is '0,1,sil'; needed start, end, phone, word, sentence and its number",
        ),
        ("0,one,k,a,a.,1\n", "line 1 is '0,one,k,a,a.,1'; needed start"),
        ("0,1,k,a,a.,first\n", "line 1 is '0,1,k,a,a.,first'; needed start"),
        ("0,1,k,a,a.,1\n0.5,1,t,a,a.,1\n", "line 2 is out of order"),
        ("1,0,k,a,a.,1\n", "line 1 is out of order"),
        ("0,1,k,a,a.,1\n1,2,t,a,b.,1\n", "gives sentence 1 as 'a.' and 'b.'"),
        ("\n0,1,k,a,,1\n", "gives sentence 1 as '' and ''"),
    ],
)
def test_bad_transcriptions_of_usc_timit_are_refused(trans: str, match: str, refused) -> None:
    told = refused("usc-timit", nothing, re.escape(match), trans=trans)
    assert "F1/trans/usctimit_ema_f1_001_003.trans: " in told


def test_a_file_of_usc_timit_without_transcription_is_left_out(refused) -> None:
    refused("usc-timit", remove("*.trans"), r"no transcript: no usctimit_ema_f1_001_003.trans")


# --- SPIRE-EMA and its torch files ---------------------------------------------------------------


def without(*keys: str) -> Callable[[dict], dict]:
    """Return a function that takes entries away."""
    return lambda content: {k: v for k, v in content.items() if k not in keys}


def shuffled(content: dict) -> dict:
    """Exchange the columns of two sensors."""
    content["ema_trimmed"] = content["ema_trimmed"][:, [2, 3, 0, 1, *range(4, 18)]]
    return content


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda _: ["a list"], "holds no dict of values"),
        (without("ema_trimmed"), "holds ema_trimmed_and.*; needed ema_trimmed and begin_end"),
        (without("begin_end"), "holds ema_trimmed, ema_.*; needed ema_trimmed and begin_end"),
        (lambda c: c | {"begin_end": [20]}, "needed ema_trimmed and begin_end"),
        (
            lambda c: c | {"begin_end": [20, 139]},
            r"of shape \(120, 18\) and begin_end 20, 139; nee",
        ),
        (lambda c: c | {"ema_trimmed": np.zeros((120, 12))}, r"of shape \(120, 12\) and begin_end"),
        (
            without("ema_trimmed_and_normalised_with_6_articulators"),
            r"lacks ema_tr.* tells the col",
        ),
        (
            shuffled,
            r"has UL.x where ema_trimmed_and.* moves otherwise \(correlation -?0.\d+\); the",
        ),
        (lambda c: c | {"durations": [1, 2, 3, 4]}, "durations that do not fill its 120 frames"),
        (lambda c: c | {"durations": [50, 30, 40]}, "durations that do not fill its 120 frames"),
        (lambda c: c | {"durations": None}, "durations that do not fill its 120 frames"),
        (lambda c: c | {"phonemes": [1, 2, 3, 4]}, "durations that do not fill its 120 frames"),
    ],
)
def test_values_that_are_not_as_documented_are_refused(change, match: str, refused) -> None:
    told = refused("spire-ema", nothing, match, change=change)
    assert "processed/spk3/ASession0001.pt: " in told


@pytest.mark.parametrize("change", [
    lambda c: without("ema_trimmed")(c) | {"ema_clipped": c["ema_trimmed"]},
    lambda c: c | {"begin_end": (20, 140), "durations": np.array(c["durations"])},
    lambda c: c | {"begin_end": np.array([20, 140]), "ema_trimmed": c["ema_trimmed"].astype("f4")},
    lambda c: c | {"ema_trimmed": np.asfortranarray(c["ema_trimmed"])},
    lambda c: c | {"durations": [np.int64(n).item() for n in c["durations"]], "more": None},
    lambda c: c | {"durations": [np.int64(n) for n in c["durations"]]},
    without("phonemes", "durations"),
])  # fmt: skip
def test_other_spellings_of_the_same_values_are_read(
    change, corpora: ModuleType, tmp_path: Path
) -> None:
    corpora.make_spire(tmp_path / "a", change=change)
    import_corpus("spire-ema", tmp_path / "a", tmp_path / "out", smoothing_hz=0)
    stimulus = read_stimuli(tmp_path / "out")[0]
    ema = stimulus.articulation["ema"]
    truth = corpora.position("TD.y", np.arange(20, 140) / 100)
    np.testing.assert_allclose(ema.values[:, ema.channels.index("TD.y")], truth, atol=1e-4)
    assert stimulus.attributes["part_of_recording_s"] == (0.2, 1.4)


def test_what_torch_itself_saves_is_read(corpora: ModuleType, tmp_path: Path) -> None:
    import torch

    def save(path: Path, content: dict) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(content, path)

    written = corpora.torch_file
    corpora.torch_file = save
    try:
        corpora.make_spire(tmp_path / "a")
    finally:
        corpora.torch_file = written
    assert import_corpus("spire-ema", tmp_path / "a", tmp_path / "out").stimuli == 3


class Trap:
    """Opened the usual way, a file with this in it would make a file `opened`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_that_a_file_names_is_run(refused, tmp_path: Path) -> None:
    trap = tmp_path / "spire-ema/opened"
    told = refused(
        "spire-ema",
        nothing,
        "would call '.*' when opened; only plain values and arrays",
        change=lambda content: content | {"more": Trap(trap)},
    )
    assert not trap.exists()
    assert told.count("would call") == 3
    # The control: the same file does run what it names where it is opened.
    with zipfile.ZipFile(tmp_path / "spire-ema/processed/spk3/ASession0001.pt") as archive:
        pickle.loads(archive.read("ASession0001/data.pkl"))
    assert trap.exists()


def program(*parts: bytes) -> Callable[[bytes], bytes]:
    """Return a function that replaces a torch file by one with this program."""

    def replace(_: bytes) -> bytes:
        import io

        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("x/data.pkl", b"".join(parts))
        return buffer.getvalue()

    return replace


DTYPE = b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8K\x00K\x01tR"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tX\x01\x00\x00\x00btR"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda data: data[:-30], "cannot be read as a torch file"),
        (lambda data: b"hello", "cannot be read as a torch file"),
        (lambda data: data.replace(b"data.pkl", b"date.pkl"), "is no torch file of plain values"),
        (program(b"\x80\x02}"), "is damaged inside"),
        (program(b"\x80\x02}q\x00h\x07."), "is damaged inside"),
        (program(b"\x80\x02u."), "is damaged inside"),
        (program(b"\x80\x02K\x01K\x01a."), "is damaged inside"),
        (program(b"\x80\x02K\x01t."), "is damaged inside"),
        (program(b"\x80\x02}}b."), "is damaged inside .a state was given to what takes none"),
        (program(b"\x80\x02", ARRAY, b"."), "is damaged inside .an array is not finished"),
        (program(b"\x80\x02", ARRAY, b"(K\x01K\x03\x85", DTYPE, b"\x89C\x01atb."), "has 1 bytes"),
        (
            program(b"\x80\x02c_codecs\nencode\n(X\x01\x00\x00\x00aX\x01\x00\x00\x00btR."),
            "coded as",
        ),
        (
            program(b"\x80\x02cnumpy\ndtype\n(X\x01\x00\x00\x00OK\x00K\x01tR."),
            "values of type 'O';",
        ),
        (program(b"\x80\x02}(tR."), "calls what is no array and no number"),
        (program(b"\x80\x02cnumpy\nndarray\n)R."), "calls what is no array and no number"),
        (program(b"\x80\x02cposix\nsystem\n."), "would call 'posix.system' when opened"),
        (program(b"\x80\x02(cposix\nsystem\no."), "would call 'posix.system' when opened"),
        (
            program(b"\x80\x02N\x94."),
            "holds the instruction MEMOIZE, which plain values do not need",
        ),
        (program(b"\x80\x02X\x01\x00\x00\x00aQ."), "holds the instruction BINPERSID"),
    ],
)
def test_damaged_torch_files_are_refused(change, match: str, refused) -> None:
    told = refused("spire-ema", edit("ASession0002.pt", change), match)
    assert "processed/spk3/ASession0002.pt: " in told


# --- the microbeam's text ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda data: b"\x00\x01ACC", "line 1 is b'.x00.x01ACC'; needed numbers with tabs between"),
        (
            lambda data: data[:-25].rstrip(b"\t-"),
            "line 218 has 1[0-9] numbers; needed a time and 8",
        ),
        (lambda data: data.replace(b"\t", b" "), "line 1 is .*; needed numbers with tabs between"),
        (lambda data: data.split(b"\r\n")[0] + b"\r\n\r\n", "has 1 frames; needed two at the l"),
        (
            lambda data: data.replace(b"\n20598\t", b"\n30598\t"),
            "that are not 6866 microseconds apa",
        ),
        (
            lambda data: data.replace(b"\t1000000\r", b"\tnan\r"),
            "that are not 6866 microseconds apa",
        ),
    ],
)
def test_bad_microbeam_files_are_refused(change, match: str, refused) -> None:
    told = refused("xrmb", edit("tp002.txy", change), match)
    assert "JW11/tp002.txy: " in told


def test_another_clock_of_the_microbeam_is_refused(refused) -> None:
    refused("xrmb", nothing, r"JW11/tp001.txy: has times that are not 6866 micros", step=10000)


def test_a_task_with_nothing_measured_is_left_out(corpora: ModuleType, tmp_path: Path) -> None:
    corpora.make_xrmb(tmp_path / "a")

    def lose(data: bytes) -> bytes:
        rows = [row.split(b"\t")[0] + b"\t1000000" * 16 for row in data.split(b"\r\n")]
        return b"\r\n".join(rows)

    edit("tp002.txy", lose)(tmp_path / "a")
    done = import_corpus("xrmb", tmp_path / "a", tmp_path / "out")
    assert done.left_out == {"JW11_tp002": "nothing was measured in it"}


# --- all at once ---------------------------------------------------------------------------------


def test_all_faults_are_told_at_once(refused) -> None:
    def spoil(folder: Path) -> None:
        edit("mngu0_s1_0001.ema", lambda data: data[:-4])(folder)
        edit("mngu0_s1_0002.lab", swap(b"#\n", b""))(folder)
        (folder / "wav/mngu0_s1_0003.wav").unlink()

    told = refused("mngu0", spoil, r"nothing was written, because\n")
    assert [line.split(":")[0] for line in told.splitlines()[1:]] == [
        "  ema/mngu0_s1_0001.ema",
        "  lab/mngu0_s1_0002.lab",
        "  ema/mngu0_s1_0003.ema",
    ]


def test_a_corpus_of_bad_recordings_alone_is_refused(refused) -> None:
    def rename(folder: Path) -> None:
        for k in (2, 3):
            for path in folder.rglob(f"msak0_00{k}.*"):
                path.unlink()
        for path in list(folder.rglob("msak0_001.*")):
            path.rename(path.with_name(path.name.replace("001", "268")))

    refused("mocha", rename, r"every recording is known to be bad; keep_bad", speakers=("msak0",))
