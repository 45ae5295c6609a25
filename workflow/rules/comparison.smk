"""What the tables print against what the thesis prints, and the campaign's metrics in one file."""


rule thesis_check:
    input:
        tables=get_table_data,
        cells="data/thesis_cells.csv",
    output:
        verdicts=update("analysis/{campaign}/thesis_check.csv"),
        summary=update("analysis/{campaign}/thesis_check.json"),
    log:
        "logs/{campaign}/thesis_check.log",
    benchmark:
        "benchmarks/{campaign}/thesis_check.tsv"
    params:
        code=code_hash("stages.compare"),
    message:
        "Comparing every cell of campaign {wildcards.campaign} with what the thesis prints"
    shell:
        "python -m stages.compare --tables {input.tables:q} --cells {input.cells:q}"
        " --verdicts {output.verdicts:q} --summary {output.summary:q} 2>&1 | tee {log:q}"


rule metrics:
    input:
        records=get_campaign_records,
    output:
        metrics=update("analysis/{campaign}/metrics.json"),
    log:
        "logs/{campaign}/metrics.log",
    benchmark:
        "benchmarks/{campaign}/metrics.tsv"
    params:
        code=code_hash("stages.metrics"),
    message:
        "Collecting the metrics of campaign {wildcards.campaign}"
    shell:
        "python -m stages.metrics --records {input.records:q} --metrics {output.metrics:q} 2>&1 | tee {log:q}"
