"""Curves of a training in MLflow while it runs: something to look at, which nothing reads and which never stops the training."""

import sys
import threading
import time
from collections.abc import Mapping
from statistics import fmean
from typing import TYPE_CHECKING

from stages.errors import UserError
from stages.publish import experiment_of, live_name, log_metrics
from stages.store import failed, open_store
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
PATIENCE_SECONDS = 60.0
"""For the last points, at the end of the training; a store that does not answer by then goes without them."""
FINGERPRINT = "lastro.training"


class LiveCurves:
    """A watcher of the loop: keeps what it is shown, and every few seconds a thread writes it to the store, which holds up no training.

    The MLflow run is found by the training's fingerprint, so that a resumed training continues its curves.
    """

    def __init__(self, uri: str, campaign: str, run: str, fingerprint: str) -> None:
        self.uri, self.campaign, self.run, self.fingerprint = uri, campaign, run, fingerprint
        self.points: list[tuple[str, float, int, int]] = []
        self.losses: list[float] = []
        self.failures = 0
        self.client: MlflowClient | None = None
        self.run_id = ""
        self.writer: threading.Thread | None = None
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
        self._wait()
        if self._flush(status):
            self._wait()

    def _wait(self) -> None:
        """For what is being written, and no longer than is reasonable."""
        assert self.writer
        self.writer.join(PATIENCE_SECONDS)
        if self.writer.is_alive():
            print(f"warning: no live curves: the store did not answer within {PATIENCE_SECONDS:.0f} s", file=sys.stderr)

    def _flush(self, status: str | None = None) -> bool:
        """Begin to write; ``False`` where the last writing is not done, or so many failed that no more is tried."""
        self.flushed = time.monotonic()
        if self.failures >= FAILURES or (self.writer and self.writer.is_alive()):
            return False
        self.writer = threading.Thread(target=self._try, args=(status,), daemon=True)
        self.writer.start()
        return True

    def _try(self, status: str | None) -> None:
        """Any failure of MLflow is said once and the points are kept for the next time."""
        try:
            self._write(status)
            self.failures = 0
        except Exception as error:  # its store raises whatever its database does; a training goes on without curves
            self.failures += 1
            told = error if isinstance(error, UserError) else failed(self.uri, error)
            print(f"warning: no live curves: {told}", file=sys.stderr)

    def _write(self, status: str | None) -> None:
        from mlflow.entities import Metric

        if self.client is None:
            self._open()
        assert self.client is not None
        metrics = [Metric(name, value, moment, step) for name, value, moment, step in self.points]  # more may come meanwhile
        log_metrics(self.client, self.run_id, metrics)
        del self.points[: len(metrics)]
        if status:
            self.client.set_terminated(self.run_id, status)

    def _open(self) -> None:
        """Client, experiment and run; the run of an interrupted part of the same training is taken up again."""
        client = open_store(self.uri)
        experiment = experiment_of(client, live_name(self.campaign))
        found = client.search_runs([experiment], f"tags.`{FINGERPRINT}` = '{self.fingerprint}'", max_results=1)
        tags = {FINGERPRINT: self.fingerprint, "lastro.run": self.run, "lastro.campaign": self.campaign}
        run = found[0] if found else client.create_run(experiment, tags=tags, run_name=f"{self.run} (live)")
        client.update_run(run.info.run_id, "RUNNING")
        self.client, self.run_id = client, str(run.info.run_id)
