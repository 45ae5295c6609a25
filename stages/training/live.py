"""Curves of a training in MLflow while it runs: something to look at, which nothing reads and which never stops the training."""

import sys
import time
from collections.abc import Mapping
from statistics import fmean
from typing import TYPE_CHECKING

from stages.errors import without_secrets
from stages.publish import experiment_of, live_name, log_metrics, open_client
from stages.training.state import State

if TYPE_CHECKING:
    from mlflow import MlflowClient

EPOCH = ("accuracy", "val_loss", "val_accuracy")
"""Figures of a whole epoch that are shown."""
POINT_SECONDS = 1.0
"""Between the points of a curve, each the mean of the losses since the last."""
FLUSH_SECONDS = 5.0
FAILURES = 3
"""After so many in a row no more is tried."""
FINGERPRINT = "lastro.training"


class LiveCurves:
    """A watcher of the loop: keeps what it is shown, and writes it to the store every few seconds.

    The MLflow run is found by the training's fingerprint, so that a resumed training continues its curves.
    """

    def __init__(self, uri: str, campaign: str, run: str, fingerprint: str) -> None:
        self.uri, self.campaign, self.run, self.fingerprint = uri, campaign, run, fingerprint
        self.points: list[tuple[str, float, int, int]] = []
        self.losses: list[float] = []
        self.failures = 0
        self.client: MlflowClient | None = None
        self.run_id = ""
        self.pointed = self.flushed = time.monotonic()
        self._flush()

    def __call__(self, state: State, figures: Mapping[str, float]) -> None:
        now = time.monotonic()
        if "val_loss" in figures:
            self._point(state, {name: figures[name] for name in EPOCH if name in figures})
        else:
            self.losses.append(figures["loss"])
            if now - self.pointed >= POINT_SECONDS:
                self._point(state, {**figures, "loss": fmean(self.losses)})
                self.losses, self.pointed = [], now
        if now - self.flushed >= FLUSH_SECONDS:
            self._flush()

    def _point(self, state: State, figures: Mapping[str, float]) -> None:
        if self.failures < FAILURES:
            moment = round(time.time() * 1000)
            self.points += [(name, float(value), moment, state.step) for name, value in figures.items()]

    def close(self, status: str) -> None:
        """Write what is left; ``status`` is ``FINISHED`` or ``FAILED``."""
        self._flush(status)

    def _flush(self, status: str | None = None) -> None:
        """Any failure of MLflow is said once and the points are kept for the next time."""
        if self.failures >= FAILURES:
            return
        try:
            self._write(status)
            self.failures = 0
        except Exception as error:  # its store raises whatever its database does; a training goes on without curves
            self.failures += 1
            said = f"warning: no live curves in {self.uri} ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
            print(without_secrets(said), file=sys.stderr)
        self.flushed = time.monotonic()

    def _write(self, status: str | None) -> None:
        from mlflow.entities import Metric

        if self.client is None:
            self._open()
        assert self.client is not None
        metrics = [Metric(name, value, moment, step) for name, value, moment, step in self.points]
        log_metrics(self.client, self.run_id, metrics)
        self.points.clear()
        if status:
            self.client.set_terminated(self.run_id, status)

    def _open(self) -> None:
        """Client, experiment and run; the run of an interrupted part of the same training is taken up again."""
        client = open_client(self.uri)
        experiment = experiment_of(client, live_name(self.campaign))
        found = client.search_runs([experiment], f"tags.`{FINGERPRINT}` = '{self.fingerprint}'", max_results=1)
        tags = {FINGERPRINT: self.fingerprint, "lastro.run": self.run, "lastro.campaign": self.campaign}
        run = found[0] if found else client.create_run(experiment, tags=tags, run_name=f"{self.run} (live)")
        client.update_run(run.info.run_id, "RUNNING")
        self.client, self.run_id = client, str(run.info.run_id)
