"""An extraction on a cluster ends in the bytes of one without it, whoever dies on the way."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from grounding.activations import compute_shard, extract, extract_stored, plan_of, working
from grounding.activations.cluster import (
    CLUSTERS,
    anywhere,
    compute_on,
    connected,
    extract_on,
    map_on,
)
from grounding.activations.trials import SlowEncoder, contents
from grounding.encoders import load_encoder
from grounding.encoders.request import Request
from grounding.errors import GroundingError, UnknownName, UserError
from grounding.rsa import bootstrap, permutation_test, rdm
from grounding.stimuli import Stimulus

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(working, "SHARD", 4)


@pytest.fixture(scope="module")
def client():
    """Two processes on this machine."""
    with connected("local:2") as client:
        yield client


def test_a_worker_that_is_killed_loses_nothing_and_changes_no_byte(client, toys, tmp_path):
    slow = SlowEncoder(load_encoder("toy"), seconds=0.1)
    plan = plan_of(slow, toys, ("mean", "max"), tmp_path / "cluster")
    assert len(plan.works) == 5
    before = set(client.run(os.getpid).values())
    reports, killed = [], []

    def progress(done, total):
        reports.append((done, total))
        if done == 4:  # both workers are in the middle of another shard
            killed.append(busy(client))
            os.kill(killed[0], signal.SIGKILL)

    compute_on(client, slow, plan, tmp_path / "cluster", progress)
    assert killed[0] in before and killed[0] not in set(client.run(os.getpid).values())
    assert reports[0] == (0, 20) and reports[-1] == (20, 20)
    for pooling in ("mean", "max"):
        extract(load_encoder("toy"), toys, pooling, tmp_path / "serial")
    assert contents(tmp_path / "cluster") == contents(tmp_path / "serial")
    assert not plan_of(slow, toys, ("mean", "max"), tmp_path / "cluster").works


def busy(client) -> int:
    """Return the process of a worker that is at a shard."""
    for _ in range(200):
        at_work = [name for name, tasks in client.processing().items() if tasks]
        running = client.run(os.getpid, workers=at_work)
        if running:
            return next(iter(running.values()))
        time.sleep(0.01)
    raise AssertionError("no worker was busy")


def test_what_is_sent_is_labels_and_paths(toys, tmp_path):
    encoder = load_encoder("toy")
    work, *_ = plan_of(encoder, toys, ("mean",), tmp_path).works
    _ = work.stimuli[0].audio  # read here before
    assert len(pickle.dumps(Request("toy"))) < 1000
    assert len(pickle.dumps(work)) < 1000 * len(work.stimuli)
    assert len(pickle.dumps(work)) < 0.1 * sum(s.audio.nbytes for s in work.stimuli)


def test_a_cluster_gives_what_is_stored_and_computes_the_rest(client, toys, tmp_path):
    request = Request("toy", weights="random", seed=3)
    encoder = load_encoder("toy", weights="random", seed=3)
    for work in plan_of(encoder, toys, ("mean",), tmp_path / "a").works[:1]:
        compute_shard(encoder, work, tmp_path / "a")
    reports = []
    found = extract_on(
        client, request, toys, "mean", tmp_path / "a", lambda *seen: reports.append(seen)
    )
    assert reports[0] == (4, 20)
    alone = extract_stored(encoder, toys, "mean", tmp_path / "b")
    np.testing.assert_array_equal(found.load().values, alone.load().values)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_fault_of_a_stimulus_comes_back_in_the_same_words(client, toys, tmp_path):
    soundfile.write(tmp_path / "short.wav", np.linspace(-0.1, 0.1, 100), 16_000)
    short = Stimulus("too-short", "cat", "en", tmp_path, "short.wav", 16_000)
    stimuli = [*toys[:4], short]
    with pytest.raises(UserError) as serial:
        extract(load_encoder("toy"), stimuli, "mean", tmp_path / "serial")
    plan = plan_of(load_encoder("toy"), stimuli, ("mean",), tmp_path / "cluster")
    with pytest.raises(type(serial.value)) as found:
        compute_on(client, Request("toy"), plan, tmp_path / "cluster")
    assert str(found.value) == str(serial.value) and "too-short" in str(found.value)


def test_workers_that_die_at_one_shard_are_given_up(client, toys, tmp_path):
    class Dying(SlowEncoder):
        def encode(self, stimuli, layers=None):
            import os as system

            system._exit(1)

    dying = Dying(load_encoder("toy"), seconds=0.0)
    plan = plan_of(dying, toys[:4], ("mean",), tmp_path)
    first = plan.works[0].stimuli[0]
    from dask import config

    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        connected("local:1") as frail,
        pytest.raises(UserError, match=f"died again and again at the stimuli '{first.id}' to"),
    ):
        compute_on(frail, dying, plan, tmp_path)


@pytest.mark.parametrize("times", [1, 99])
def test_an_error_that_is_no_fault_of_the_input_is_tried_again(client, times, toys, tmp_path):
    class Flaky(SlowEncoder):
        def encode(self, stimuli, layers=None):
            with (tmp_path / "tries").open("a+") as file:
                file.write("x")
                file.seek(0)
                if len(file.read()) <= times:
                    raise RuntimeError("the disk is away")
            return self.inner.encode(stimuli, layers)

    flaky = Flaky(load_encoder("toy"), seconds=0.0)
    plan = plan_of(flaky, toys[:4], ("mean",), tmp_path / "store")
    if times == 1:
        compute_on(client, flaky, plan, tmp_path / "store")
    else:
        with pytest.raises(RuntimeError, match="the disk is away"):
            compute_on(client, flaky, plan, tmp_path / "store")
    assert len((tmp_path / "tries").read_text()) == (2 if times == 1 else 3)
    assert not list((tmp_path / "store").rglob("*.unfinished"))


def test_workers_with_another_encoder_are_found_out(client, toys, tmp_path):
    plan = plan_of(load_encoder("toy"), toys[:4], ("mean",), tmp_path)
    with pytest.raises(UserError, match="workers' encoder is not this process' own: they wrote to"):
        compute_on(client, Request("toy", weights="random", seed=1), plan, tmp_path)


def test_one_process_does_one_shard_at_a_time(toys, tmp_path):
    running, most = [], []

    class Watched(SlowEncoder):
        def encode(self, stimuli, layers=None):
            running.append(1)
            most.append(len(running))
            time.sleep(0.05)
            running.pop()
            return self.inner.encode(stimuli, layers)

    from grounding.activations.cluster import _attempt

    watched = Watched(load_encoder("toy"), 0.0)
    works = plan_of(watched, toys, ("mean",), tmp_path).works
    threads = [threading.Thread(target=_attempt, args=(watched, w, tmp_path)) for w in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 5 and max(most) == 1


def test_draws_on_a_cluster_are_the_same_numbers(client, toys):
    acts = extract(load_encoder("toy"), toys, "mean")
    first, second = (rdm(acts.layer(k), acts.ids, metric="euclidean") for k in (0, 2))
    how = {"measure": "pearson", "n": 120}

    def drawn(**more):
        rng = np.random.default_rng(0)
        return (
            bootstrap([first], [second], rng=rng, **how, **more).samples,
            permutation_test([first], second, rng=rng, **how, **more).null,
        )

    for alone, shared in zip(drawn(), drawn(map=map_on(client)), strict=True):
        np.testing.assert_array_equal(alone, shared)


def test_requests_mean_the_same_in_any_folder(tmp_path, monkeypatch, toys):
    (tmp_path / "model").mkdir()
    (tmp_path / "words.vec").write_text("cat 1 2\n")
    monkeypatch.chdir(tmp_path)
    whole = {name: anywhere(Request(name)).name for name in ("model", "vectors:words.vec", "toy")}
    assert whole == {
        "model": str(tmp_path / "model"),
        "vectors:words.vec": f"vectors:{tmp_path / 'words.vec'}",
        "toy": "toy",
    }
    assert anywhere(Request("owner/model")).name == "owner/model"
    from grounding.activations.cluster import _anywhere

    monkeypatch.chdir(toys.folder.parent)
    work, *_ = plan_of(load_encoder("toy"), toys[:4], ("mean",), tmp_path).works
    moved = replace(work, stimuli=tuple(replace(s, folder=toys.folder.name) for s in work.stimuli))
    whole_again = _anywhere(moved).stimuli
    assert {stimulus.folder for stimulus in whole_again} == {toys.folder.absolute()}
    assert [s.record() for s in whole_again] == [s.record() for s in work.stimuli]


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("locl:2", "unknown kind of cluster 'locl'. Did you mean 'local'"),
        ("local:two", r"given as local\[:WORKERS\] with a whole number from 1; found 'local:two'"),
        ("local:0", "found 'local:0'"),
        ("tcp:nowhere", "no scheduler answers at 'tcp:nowhere'"),
        ("slurm:3", "cannot start SLURM jobs: .*Needed: at least cores and memory"),
    ],
)
def test_clusters_that_cannot_be_are_refused(cluster, message):
    with pytest.raises((UserError, UnknownName), match=message), connected(cluster):
        pass


@pytest.mark.parametrize("name", ["distributed", "dask_jobqueue"])
def test_without_the_extra_it_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with (
        pytest.raises(GroundingError, match=rf"{name}.*pip install 'speech-grounding\[cluster\]'"),
        connected("slurm:1"),
    ):
        pass


def test_the_table_is_whole():
    assert all(name == kind.name and name in kind.form for name, kind in CLUSTERS.items())


def test_slurm_jobs_do_the_work(toys, tmp_path, monkeypatch):
    """With an sbatch that starts the job in the background, as a queue of its own would."""
    pytest.importorskip("dask_jobqueue")
    from dask import config

    commands = tmp_path / "commands"
    commands.mkdir()
    log = tmp_path / "log"
    (commands / "sbatch").write_text(
        f'#!/bin/bash\ncp "${{!#}}" {tmp_path}/job.sh\n'
        f"setsid bash {tmp_path}/job.sh > {log} 2>&1 & echo $! > {tmp_path}/pid\n"
        'echo "Submitted batch job 7"\n'
    )
    (commands / "scancel").write_text(f"#!/bin/bash\nkill -- -$(cat {tmp_path}/pid)\n")
    for file in commands.iterdir():
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    settings = {"cores": 1, "processes": 1, "memory": "1GB", "queue": "cpu", "interface": "lo"}
    with (
        config.set({f"jobqueue.slurm.{name}": value for name, value in settings.items()}),
        connected("slurm") as client,
    ):
        extract_on(client, Request("toy"), toys, "mean", tmp_path / "slurm")
    assert "#SBATCH -p cpu" in (tmp_path / "job.sh").read_text()
    extract(load_encoder("toy"), toys, "mean", tmp_path / "serial")
    assert contents(tmp_path / "slurm") == contents(tmp_path / "serial")


def test_it_is_not_imported_before_it_is_asked_for():
    program = "import grounding.activations.cluster, sys; print('distributed' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert said.stdout.strip() == b"False"
