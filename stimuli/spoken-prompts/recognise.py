"""Write `heard.tsv`: what Whisper base hears in every clip, told only the language.

    python -m pip install -r requirements.txt faster-whisper==1.2.1
    python make.py --out FULL --full
    python recognise.py --set FULL --model FOLDER

FOLDER holds Whisper base for CTranslate2 (`model.bin`, `config.json`, `tokenizer.json`,
`vocabulary.txt`). Takes about a second a clip on one core. Arithmetic in eight bits may differ
between kinds of processor, so `make.py` reads the table that is kept here and does not run this.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
SILENCE = np.zeros(4800, np.float32)  # 0.3 s on both sides: some clips start at once


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=Path, required=True, help="folder that make.py --full wrote")
    parser.add_argument("--model", type=Path, required=True, help="folder of Whisper base")
    parser.add_argument("--out", type=Path, default=HERE / "heard.tsv")
    options = parser.parse_args(argv)
    found = hashlib.sha256((options.model / "model.bin").read_bytes()).hexdigest()
    if found != MODEL_SHA256:
        raise SystemExit(f"model.bin has SHA-256 {found}, needed {MODEL_SHA256}: Whisper base")
    from faster_whisper import WhisperModel

    model = WhisperModel(str(options.model), device="cpu", compute_type="int8", cpu_threads=1)
    lines = ["language\tprompt_id\theard\n"]
    for record in map(json.loads, (options.set / "manifest.jsonl").open(encoding="utf-8")):
        samples, _ = soundfile.read(options.set / record["audio"], dtype="float32")
        parts, _ = model.transcribe(
            np.concatenate([SILENCE, samples, SILENCE]),
            language=record["language"],
            beam_size=5,
            temperature=0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        heard = " ".join(" ".join(part.text for part in parts).split())
        lines.append(f"{record['language']}\t{record['concept']}\t{heard}\n")
    options.out.write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
