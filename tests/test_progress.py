"""Progress is plain lines where there is no terminal, and few of them."""

from __future__ import annotations

from grounding import progress


def test_lines_say_what_how_far_and_when_done(capsys, monkeypatch):
    clock = iter([0.0, 1.0, 7.0, 9.5])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.shown() as report:
        report("layers", 0, 10)
        report("layers", 4, 10)  # one second later: too soon for another line
        report("layers", 7, 10)
        report("layers", 10, 10)
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.splitlines() == [
        "layers: 0/10",
        "layers: 7/10, 0:03 left",
        "layers: done in 9.5 s",
    ]


def test_what_was_done_before_makes_no_speed(capsys, monkeypatch):
    clock = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.shown() as report:
        report("layers", 900, 1000)
        report("layers", 900, 1000)
        report("layers", 920, 1000)  # 20 in 20 seconds
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["layers: 900/1000", "layers: 900/1000", "layers: 920/1000, 1:20 left"]


def test_work_of_another_name_has_lines_of_its_own(capsys):
    with progress.shown() as report:
        report("a", 0, 2)
        report("b", 0, 3)
    assert capsys.readouterr().err.splitlines() == ["a: 0/2", "b: 0/3"]


def test_a_terminal_gets_a_bar_and_no_lines(capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress.shown() as report:
        report("layers", 0, 2)
        report("layers", 2, 2)
    assert "layers: " not in capsys.readouterr().err
