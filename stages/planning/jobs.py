"""The jobs that Snakemake would run now, as its own dry run tells them."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.errors import UserError


@dataclass(frozen=True)
class Job:
    """One job that is to run."""

    rule: str
    wildcards: Mapping[str, str]
    gpu: bool
    """Whether it asks for one."""
    benchmark: Path | None
    """Where Snakemake writes, after the job, how long it took."""

    @property
    def campaign(self) -> str:
        return self.wildcards.get("campaign", "")


def job_of(rule: str, wildcards: Mapping[str, str], resources: Any, benchmark: Any) -> Job:
    """A job from Snakemake's words for it; ``resources`` by name."""
    return Job(rule, dict(wildcards), bool(resources.get("gpu", 0)), Path(str(benchmark)) if benchmark else None)


def jobs_to_run(dag: Any) -> list[Job]:
    """The jobs that Snakemake, once its DAG is built, is about to run; target rules, which make nothing, left out."""
    needed = (job for job in dag.needrun_jobs() if job.output)
    return [job_of(job.rule.name, job.wildcards_dict, job.resources, job.benchmark) for job in needed]


class _Listener(logging.Handler):
    """Keeps the jobs that Snakemake announces (the events that its logger plugins get)."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []

    def emit(self, record: logging.LogRecord) -> None:
        said: dict[str, Any] = vars(record)
        if said.get("event") == "job_info" and said["output"]:
            self.jobs.append(job_of(said["rule_name"], said["wildcards"], said["resources"], said["benchmark"]))


def planned_jobs(campaign: str, targets: Iterable[str] = (), settings: Sequence[str] = (), forceall: bool = False) -> list[Job]:
    """Jobs of a dry run in this folder, in Snakemake's order; nothing is written.

    ``settings``: overrides, as of ``--config set``. ``forceall``: also those that need not run. :class:`UserError` where Snakemake
    refuses, with its words.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.exceptions import RuleException, WorkflowError
    from snakemake.logging import logger
    from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

    listener = _Listener()
    try:
        with SnakemakeApi(OutputSettings(dryrun=True, log_level_override=logging.INFO)) as api:
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
            logger.addHandler(listener)
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config={"campaign": campaign, "set": " ".join(settings)}),
                snakefile=Path("Snakefile"),
            )
            dag = workflow.dag(DAGSettings(targets=frozenset(targets), forceall=forceall, force_incomplete=True))
            dag.execute_workflow(executor="dryrun")
    except (RuleException, WorkflowError) as error:
        raise _in_words(error, campaign) from error
    return listener.jobs


def _in_words(error: BaseException, campaign: str) -> UserError:
    """The user's error below Snakemake's own, or Snakemake's words."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, UserError):
            return below
        below = below.__cause__ or below.__context__
    return UserError(f"campaign {campaign}", "targets", " ".join(str(error).split()), "what 'snakemake -n' can plan")
