"""How far a training is, on stderr: a bar on a terminal, elsewhere a line every ten seconds, so that a log stays readable."""

import sys
import time
from collections.abc import Mapping
from datetime import timedelta

from tqdm import tqdm  # type: ignore[import-untyped]

from stages.training.state import State

LINE_SECONDS = 10.0


class Progress:
    """A watcher of the loop."""

    def __init__(self, run: str, state: State, total_steps: int) -> None:
        self.run, self.total_steps, self.first_step, self.first_positions = run, total_steps, state.step, state.positions_total
        self.started = self.shown = time.monotonic()
        terminal = sys.stderr.isatty()
        self.bar = tqdm(total=total_steps, initial=state.step, desc=run, unit="step", disable=not terminal, dynamic_ncols=True)

    def __call__(self, state: State, figures: Mapping[str, float]) -> None:
        now = time.monotonic()
        rate = (state.positions_total - self.first_positions) / max(now - self.started, 1e-9)
        text = f"loss {figures['loss']:.4f}, {rate:,.0f} positions/s"
        if not self.bar.disable:
            self.bar.set_postfix_str(text, refresh=False)
            self.bar.update(state.step - self.bar.n)
        elif now - self.shown >= LINE_SECONDS or "val_loss" in figures:
            self.shown = now
            validated = f", validation loss {figures['val_loss']:.4f}" if "val_loss" in figures else ""
            left = (self.total_steps - state.step) * (now - self.started) / max(state.step - self.first_step, 1)
            place = f"{self.run}: step {state.step} of {self.total_steps}"
            print(f"{place}, {text}{validated}, {timedelta(seconds=round(left))} left", file=sys.stderr, flush=True)

    def close(self) -> None:
        self.bar.close()
