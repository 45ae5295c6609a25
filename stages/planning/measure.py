"""An estimate, and how it is scaled."""

from dataclasses import dataclass, replace

from stages.record import Record

THIS_MACHINE = "this machine"


@dataclass(frozen=True)
class Estimate:
    """Seconds of a job: as measured, and the least and the most that the measurement bears out."""

    seconds: float
    low: float
    high: float
    device: str
    """On which it was measured."""
    source: str
    """File that it rests on."""
    kilowatt_hours: float | None = None
    assumptions: tuple[str, ...] = ()

    def times(self, factor: float, assumption: str = "") -> "Estimate":
        """The same of ``factor`` times the work, on the assumption given."""
        energy = None if self.kilowatt_hours is None else self.kilowatt_hours * factor
        said = (*self.assumptions, assumption) if assumption else self.assumptions
        scaled = replace(self, seconds=self.seconds * factor, low=self.low * factor, high=self.high * factor)
        return replace(scaled, kilowatt_hours=energy, assumptions=said)


def estimate_of(seconds: float, device: str, source: object, assumption: str = "") -> Estimate:
    """One measurement, whose spread is not known."""
    return Estimate(seconds, seconds, seconds, device, str(source), assumptions=(assumption,) if assumption else ())


def estimate_of_record(record: Record, source: object) -> Estimate:
    """The run again; least and most: as if each epoch took what its fastest or its slowest one did, where epochs were timed."""
    seconds, device = record.time.seconds, record.environment.device
    assert seconds and device
    epochs = [epoch.seconds for epoch in record.history if epoch.seconds]
    mean = sum(epochs) / len(epochs) if epochs else 1.0
    low, high = (seconds * min(epochs) / mean, seconds * max(epochs) / mean) if epochs else (seconds, seconds)
    return Estimate(seconds, low, high, device, str(source), record.energy.kilowatt_hours)
