"""Tables: LaTeX, CSV and JSON from records and parameters, the same code for every campaign."""


rule table:
    input:
        spec="params/tables/{table}.yaml",
        records=get_table_records,
        parameters=get_table_inputs,
        analyses=get_table_analyses,
    output:
        tex=update("reports/{campaign}/tables/{table}.tex"),
        csv=report(
            update("reports/{campaign}/tables/{table}.csv"),
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
        json=update("reports/{campaign}/tables/{table}.json"),
    log:
        "logs/{campaign}/tables/{table}.log",
    benchmark:
        "benchmarks/{campaign}/tables/{table}.tsv"
    params:
        code=code_hash("stages.table"),
        language=CONFIG["lang"],
        prices=get_table_prices,
        source=get_source,
    message:
        "Writing table {wildcards.table} of campaign {wildcards.campaign}"
    shell:
        "python -m stages.table --spec {input.spec:q} --campaign {wildcards.campaign:q} --records {input.records:q}"
        " --analyses {input.analyses:q}"
        " --prices {params.prices:q} --language {params.language:q} --source {params.source:q}"
        " --tex {output.tex:q} --csv {output.csv:q} --json {output.json:q} 2>&1 | tee {log:q}"
