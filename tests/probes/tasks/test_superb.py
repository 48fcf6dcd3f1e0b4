"""A leaderboard's table is read as it stands, or refused by file and line."""

from __future__ import annotations

import pytest

from grounding.errors import UnknownName, UserError
from grounding.probes.tasks import read_leaderboard

HEAD = "Model,Task,Metric,Value,URL\n"


@pytest.fixture
def table(tmp_path):
    def write(text, name="board.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_values_are_kept_and_turned_toward_better(table):
    text = HEAD + "a,ASR,WER,6.5,x\n\nb,ASR,wer,3.5,\na,KS,Acc,96,\n"
    found = read_leaderboard(table(text))
    assert found.tasks == (("ASR", "wer"), ("KS", "acc")) and found.rows[1].line == 4
    assert found.values("ASR", "WER") == {"a": 6.5, "b": 3.5}
    assert found.toward_better("ASR", "wer") == {"a": -6.5, "b": -3.5}
    assert found.toward_better("KS", "acc") == {"a": 96.0}
    with pytest.raises(UnknownName, match=r"unknown task 'ASQ'. Did you mean 'ASR'"):
        found.values("ASQ", "wer")
    with pytest.raises(UnknownName, match="unknown metric of 'KS' 'wer'"):
        found.values("KS", "wer")


def test_tabs_and_a_byte_order_mark_are_read(table):
    text = "\ufeffmodel\ttask\tmetric\tvalue\na, b\tPR\tper\t0.05\n"
    (row,) = read_leaderboard(table(text, "board.tsv")).rows
    assert (row.model, row.task, row.metric, row.value) == ("a, b", "PR", "per", 0.05)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"board.csv has no results; needed a header line"),
        (HEAD, "has no results"),
        ("model,task,metric,valeu\n", "csv:1: 0 columns are named 'value'.*Is 'valeu' meant"),
        ("model,model,task,metric,value\n", "2 columns are named 'model'; needed one"),
        (HEAD + "a,ASR,wer,1\n", "csv:2: has 4 cells and the header 5"),
        (HEAD + "a,,wer,1,\n", "csv:2: 'task' is empty"),
        (HEAD + 'a,ASR,wer,"6,5",\n', "csv:2: the value is '6,5'; needed a finite number"),
        (HEAD + "a,ASR,wer,nan,\n", "the value is 'nan'"),
        (HEAD + "a,ASR,wre,1,\n", "csv:2: unknown metric 'wre'. Did you mean 'wer'"),
        (HEAD + "a,ASR,wer,1,\na,ASR,WER,2,\n", "csv:3: wer of 'a' in 'ASR' is also on line 2"),
        (HEAD + 'a,"ASR"x,wer,1,\n', "csv:2: no table"),
        (b"model\xff", "board.csv is not UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(text, message, table):
    with pytest.raises(UserError, match=message):
        read_leaderboard(table(text))


def test_other_files_are_refused(table, tmp_path):
    with pytest.raises(UserError, match=r"is neither .csv nor .tsv"):
        read_leaderboard(table(HEAD, "board.xlsx"))
    with pytest.raises(UserError, match="cannot be read"):
        read_leaderboard(tmp_path / "none.csv")
