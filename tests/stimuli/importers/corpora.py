"""Small corpora in each format, whose every position is known.

A point rests where it lies in a mouth and moves by a few mm at its own frequency, so that
`position("TT.x", t)` is its place at `t` seconds. At `EVENT` seconds after its beginning every
utterance has a click in its sound and a dip of the lower lip, for what lies between the two.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.io
import soundfile

REST = {
    "UL": (10.0, 3.0), "LL": (7.0, -22.0), "JAW": (-8.0, -12.0), "TT": (-16.0, -8.0),
    "TB": (-33.0, 2.0), "TD": (-49.0, 0.0), "V": (-62.0, -5.0), "T3": (-41.0, 2.0),
    "MNM": (-40.0, -8.0), "ML": (-5.0, -5.0), "JAWL": (-12.0, -14.0),
}  # fmt: skip
POINTS = ("UL", "LL", "JAW", "TT", "TB", "TD")
EVENT = 0.62  # seconds
SECONDS = 1.5
DIP = 12.0  # mm
WIDTH = 0.012  # seconds


def position(channel: str, times: np.ndarray, events=(EVENT,)) -> np.ndarray:
    """Return where a channel such as "TT.x" is, mm, x to the front and y upwards."""
    point, axis = channel.split(".")
    k = list(REST).index(point) * 2 + "xy".index(axis)
    moved = REST[point]["xy".index(axis)] + 3.0 * np.sin(2 * np.pi * (1 + k / 10) * times + k)
    if channel == "LL.y":
        for event in events:
            moved = moved - DIP * np.exp(-(((times - event) / WIDTH) ** 2))
    return moved


def places(points, times, events=(EVENT,)) -> np.ndarray:
    """Return x and y of the points: time by channel."""
    return np.stack(
        [position(f"{p}.{axis}", times, events) for p in points for axis in "xy"], axis=1
    )


def sound(rate: int, seconds: float = SECONDS, events=(EVENT,)) -> np.ndarray:
    """Return a quiet tone with a click at each event, int16."""
    tone = 300 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)
    for event in events:
        tone[round(event * rate)] = 30000
    return tone.astype(np.int16)


def est_track(
    names,
    values,
    rate: float,
    *,
    start: float = 0.0,
    kind: str = "binary",
    order: str = "01",
    written: str | None = None,
    breaks=None,
) -> bytes:
    """Return a track file; `written` is the order of bytes where it is not the declared one."""
    times = start + np.arange(len(values)) / rate
    flags = np.ones(len(values)) if breaks is None else 1.0 - np.asarray(breaks)
    table = np.column_stack([times, flags, values])
    channels = "".join(f"Channel_{k} {name}\n" for k, name in enumerate(names))
    head = (
        f"EST_File Track\nDataType {kind}\nNumFrames {len(values)}\n"
        + (f"ByteOrder {order}\n" if kind == "binary" else "")
        + f"NumChannels {len(names)}\nEqualSpace 1\nBreaksPresent true\nCommentChar ;\n\n{channels}"
        "EST_Header_End\n"
    ).encode()
    if kind == "ascii":
        rows = [" ".join(f"{number:.6f}" for number in row) for row in table]
        return head + ("\n".join(rows) + "\n").encode()
    return head + table.astype("<f4" if (written or order) == "01" else ">f4").tobytes()


def sphere(samples: np.ndarray, rate: int, coding: str = "pcm", count: int | None = None) -> bytes:
    """Return a NIST SPHERE file of 16-bit samples, big end first."""
    head = (
        f"NIST_1A\n   1024\nsample_count -i {len(samples) if count is None else count}\n"
        f"sample_n_bytes -i 2\nchannel_count -i 1\nsample_byte_format -s2 10\n"
        f"sample_rate -i {rate}\nsample_coding -s{len(coding)} {coding}\nend_head\n"
    )
    return head.encode().ljust(1024) + samples.astype(">i2").tobytes()


def textgrid(seconds: float, tiers) -> str:
    """Return a TextGrid; `tiers` is name: (text, start, end) and so on."""
    lines = [f'"ooTextFile"\n"TextGrid"\n0 {seconds} <exists> {len(tiers)}']
    for name, labels in tiers.items():
        lines.append(f'"IntervalTier" "{name}" 0 {seconds} {len(labels)}')
        lines += [f'{start} {end} "{text}"' for text, start, end in labels]
    return "\n".join(lines) + "\n"


def mview(path: Path, signals, **audio) -> None:
    """Write a Matlab file in MVIEW's layout: `signals` is (name, rate, values) and so on."""
    names = ("NAME", "SRATE", "SIGNAL", "SOURCE", "SENTENCE", "WORDS", "PHONES", "LABELS")
    rows = np.empty((1, len(signals)), dtype=[(name, object) for name in names])
    for k, (name, rate, values) in enumerate(signals):
        empty = np.zeros((0, 0))
        rows[0, k] = (name, float(rate), values, empty, "", empty, empty, empty)
    for field, value in audio.items():
        rows[0, 0][field] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {path.stem: rows})


def mview_labels(labels) -> np.ndarray:
    """Return labels (text, start, end) as MVIEW keeps them."""
    rows = np.empty((1, len(labels)), dtype=[("LABEL", object), ("OFFS", object)])
    for k, (text, start, end) in enumerate(labels):
        rows[0, k] = (text, np.array([[start, end]]))
    return rows


def torch_file(path: Path, content) -> None:
    """Write what `torch.save` writes of plain values and numpy arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr(f"{path.stem}/version", "3\n")


LABELS = (("sil", 0.0, 0.2), ("k", 0.2, 0.7), ("ah", 0.7, 1.0), ("t", 1.0, 1.3), ("sil", 1.3, 1.5))
WORDS = ("cut", "cat", "kit")
SENTENCES = "".join(f"{k:03d}. {word.capitalize()}.\n\n" for k, word in enumerate(WORDS, start=1))


def make_mngu0(folder: Path, *, unit: float = 0.1, turned: float = -1.0, **track) -> None:
    """Write three utterances in three folders."""
    times = track.get("start", 0.0) + np.arange(round(SECONDS * 200)) / 200
    sensors = {"T3": "TD", "T2": "TB", "T1": "TT", "jaw": "JAW", "upperlip": "UL", "lowerlip": "LL"}
    names, columns = [], []
    for name, point in sensors.items():
        names += [f"{name}_{what}" for what in ("px", "py", "pz", "ox", "oy", "oz")]
        x, y = position(f"{point}.x", times), position(f"{point}.y", times)
        columns += [0 * x, turned * unit * x, unit * y, 0 * x, 0 * x, 0 * x]
    names.append("taxdist")
    values = np.column_stack([*columns, 0 * times])
    for k, word in enumerate(WORDS, start=1):
        name = f"mngu0_s1_{k:04d}"
        put(folder / f"ema/{name}.ema", est_track(names, values, 200, **track))
        put_wav(folder / f"wav/{name}.wav", sound(16000), 16000)
        ends = "".join(
            f"    {end:.5f} 26 \t{ {'sil': '#', 'ah': 'V'}.get(label, label) }\n"
            for label, _, end in LABELS
        )
        put(folder / f"lab/{name}.lab", f"signal {name}\nnfields 1\n#\n{ends}".encode())
        features = f'Features max_id 9 ; type Text ; iform "\\"{word.capitalize()}.\\"" ;'
        put(
            folder / f"utt/{name}.utt",
            f"EST_File utterance\nEST_Header_End\n{features}\n".encode(),
        )


def make_mocha(folder: Path, *, speakers=("fsew0", "msak0"), unit: float = 100.0, **track) -> None:
    """Write three sentences of each speaker, and the list of sentences."""
    times = track.get("start", 0.0) + np.arange(round(SECONDS * 500)) / 500
    names = [
        *("ui_x", "li_x", "ul_x", "ll_x", "tt_x", "ui_y", "li_y", "ul_y", "ll_y", "tt_y"),
        *("tb_x", "td_x", "v_x_", "****", "bn_x", "tb_y", "td_y", "v_y_", "****", "bn_y"),
    ]
    points = {"li": "JAW", "ul": "UL", "ll": "LL", "tt": "TT", "tb": "TB", "td": "TD", "v": "V"}
    columns = []
    for name in names:
        sensor, _, axis = name.strip("_").partition("_")
        sign = -1 if axis == "x" else 1
        known = sensor in points
        columns.append(
            sign * unit * position(f"{points[sensor]}.{axis}", times) if known else 0 * times
        )
    values = np.column_stack(columns)
    # Two names end in a blank, as in the corpus.
    header = [name[:-1] + " " if name.endswith("_") else name for name in names]
    for speaker in speakers:
        for k in range(1, len(WORDS) + 1):
            name = f"{speaker}_{k:03d}"
            put(folder / f"{speaker}/{name}.ema", est_track(header, values, 500, **track))
            put(folder / f"{speaker}/{name}.wav", sphere(sound(16000), 16000))
            rows = "".join(f"{start} {end} {label}\n" for label, start, end in LABELS)
            put(folder / f"{speaker}/{name}.lab", rows.encode())
    put(folder / "mocha-timit.txt", SENTENCES.encode())


def make_hprc(folder: Path, *, rate: float = 100.0, skip=(), **audio) -> None:
    """Write three sentences at two rates of speaking."""
    times = np.arange(round(SECONDS * rate)) / rate
    sensors = {"TR": "TD", "TB": "TB", "TT": "TT", "UL": "UL", "LL": "LL"} | {
        name: name for name in ("ML", "JAW", "JAWL")
    }
    arpabet = {"sil": "sp", "ah": "AH1", "k": "K", "t": "T"}
    labels = mview_labels([(arpabet[label], start, end) for label, start, end in LABELS])
    for k, word in enumerate(WORDS, start=1):
        for speed in "NF":
            signals = [("AUDIO", 44100, sound(44100)[:, None] / 32768)]
            for name, point in sensors.items():
                x, z = position(f"{point}.x", times), position(f"{point}.y", times)
                signals.append((name, rate, np.column_stack([x, 0 * x, z, 0 * x, 0 * x, 0 * x])))
            mview(
                folder / f"F01/data/F01_B01_S{k:02d}_R01_{speed}.mat",
                [signal for signal in signals if signal[0] not in skip],
                **({"SENTENCE": word.capitalize() + ".", "PHONES": labels} | audio),
            )
    mview(folder / "F01/data/F01_palate.mat", [("PALATE", 100, np.zeros((2, 3)))])


def make_usc_timit(folder: Path, *, rate: float = 100.0, trans=None) -> None:
    """Write one file with three sentences, 1.5 s each."""
    total = SECONDS * len(WORDS)
    events = tuple(SECONDS * k + EVENT for k in range(len(WORDS)))
    times = np.arange(round(total * rate)) / rate
    signals = [("AUDIO", 22050, sound(22050, total, events)[:, None] / 32768)]
    for point in ("TT", "UL", "LL", "JAW", "TD", "TB"):
        x, y = position(f"{point}.x", times, events), position(f"{point}.y", times, events)
        signals.append((point, rate, np.column_stack([x, y, 0 * x])))
    name = "usctimit_ema_f1_001_003"
    mview(folder / f"F1/mat/{name}.mat", signals)
    rows = []
    for k, word in enumerate(WORDS):
        for label, start, end in LABELS:
            begin, until = start + SECONDS * k, end + SECONDS * k
            said = label != "sil"
            rows.append(
                f"{begin:.3f},{until:.3f},{label},{word if said else ''},"
                f"{'well, ' + word + '.' if said else ''},{k + 1 if said else ''}"
            )
    put(folder / f"F1/trans/{name}.trans", (trans or "\n".join(rows) + "\n").encode())


BEGIN = 20  # frame of the recording that is the first of the trimmed part


def make_spire(folder: Path, *, change: Callable[[dict], dict] = dict) -> None:
    """Write three sentences, trimmed at both ends."""
    frames = np.arange(BEGIN, 140)
    times = frames / 100
    ema = np.zeros((len(frames), 18))
    for point, column in {"UL": 0, "LL": 2, "JAW": 8, "TT": 12, "TB": 14, "TD": 16}.items():
        ema[:, column : column + 2] = places([point], times)
    six = places(POINTS, times)
    content = {
        "ema_trimmed": ema,
        "ema_trimmed_and_normalised_with_6_articulators": (six - six.mean(0)) / six.std(0),
        "phonemes": ["k", "ah", "t", "sil"],
        "durations": [50, 30, 30, 10],
        "begin_end": [BEGIN, 140],
    }
    for k in range(1, len(WORDS) + 1):
        name = f"ASession{k:04d}"
        torch_file(folder / f"processed/spk3/{name}.pt", change(dict(content)))
        put_wav(folder / f"audios/spk3/{name}.wav", sound(16000), 16000)
    put(folder / "mocha-timit.txt", SENTENCES.encode())


LOST = 6  # frames of the microbeam that are lost at the start, as they always are


def make_xrmb(folder: Path, *, step: int = 6866, lose=None) -> None:
    """Write three tasks; `lose` changes the table, time by 17 numbers."""
    times = np.arange(int(SECONDS / (step * 1e-6))) * step
    order = ("UL", "LL", "TT", "TB", "T3", "TD", "JAW", "MNM")
    table = np.column_stack([times, np.round(1000 * places(order, times * 1e-6))])
    table[:LOST, 1:] = 1_000_000
    if lose:
        lose(table)
    arpabet = {"sil": "sp", "ah": "AH1", "k": "K", "t": "T"}
    for k, word in enumerate(WORDS, start=1):
        rows = ["\t".join(str(int(number)) for number in row) for row in table]
        put(folder / f"JW11/tp{k:03d}.txy", "\r\n".join(rows).encode())
        put_wav(folder / f"JW11/tp{k:03d}.wav", sound(21739), 21739)
        phones = [(arpabet[label], start, end) for label, start, end in LABELS]
        words = [("sp", 0.0, 0.2), (word.upper(), 0.2, 1.3), ("sp", 1.3, 1.5)]
        grid = textgrid(1.5, {"phone": phones, "word": words})
        put(folder / f"JW11/tp{k:03d}.TextGrid", grid.encode())


def put(path: Path, content: bytes) -> None:
    """Write a file and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def put_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """Write a WAV file of 16-bit samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")


MAKERS: dict[str, Callable[..., None]] = {
    "mngu0": make_mngu0,
    "mocha": make_mocha,
    "hprc": make_hprc,
    "usc-timit": make_usc_timit,
    "spire-ema": make_spire,
    "xrmb": make_xrmb,
}
