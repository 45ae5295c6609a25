"""The whole experiment at a glance: what there is to make, and from what.

snakemake -c2                              records, tables, metrics, figures and page of the campaign
snakemake -c2 tables                       its tables            (records: its records)
snakemake -c2 figures                      its figures
snakemake -c2 track1                       track 1 alone: its records, and every table that rests on them
snakemake -c2 track2                       track 2 alone: base model, adapters, their evaluations, and their tables
snakemake -c2 check                        its tables against what the thesis prints
snakemake -c2 audit                        every rule of the audit over it (make audit also says what is new)
snakemake -c2 report                       the page of all this: tables with their lineage, audit, figures
snakemake -c2 report --config beside=demo  with another campaign's tables beside its own
snakemake -c2 --config campaign=NAME       another campaign
snakemake -c2 --config campaign=NAME heavy=yes   also jobs that need a GPU or hours (what they cost: make plan campaign=NAME)
snakemake -c2 --config lang=en             tables in English
snakemake -c2 --config set="extrinsic.extrinsic.examples_per_task=100"
snakemake --report report.html all audit   tables, figures and audit with the jobs that made them, as Snakemake shows them
"""

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


include: "workflow/rules/functions.smk"
include: "workflow/rules/training_functions.smk"
include: "workflow/rules/tuning_functions.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/tokenizer.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/instructions.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/extrinsic.smk"
include: "workflow/rules/records.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/figure_functions.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report_functions.smk"
include: "workflow/rules/report.smk"


# Seconds on records and tables, or a download: not worth a place in a queue (docs/scaling.md). Without a queue this changes nothing.
localrules:
    figure,
    guardrails,
    hub_model,
    import_extrinsic,
    import_run,
    metrics,
    record_run,
    report_page,
    rule_graph,
    table,
    thesis_check,
    worked_numbers,


rule all:
    input:
        get_records,
        get_tables,
        get_metrics,
        get_figures,
        get_report,
    default_target: True


rule records:
    input:
        get_records,


rule tables:
    input:
        get_tables,


rule figures:
    input:
        get_figures,


rule track1:
    input:
        get_track1,


rule track2:
    input:
        get_track2,


rule check:
    input:
        get_check,


rule audit:
    input:
        get_audit,


rule report:
    input:
        get_report,


onstart:
    refuse_what_is_not_asked_for(workflow)
    hold_project()
    ledger.remember(get_unfinished_outputs(workflow))
    show_live_curves()


onsuccess:
    ledger.settle()


onerror:
    ledger.settle(get_unfinished_outputs(workflow))
