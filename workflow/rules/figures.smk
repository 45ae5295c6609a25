"""Figures: what they show as JSON, and SVG, PDF and PNG, from records and tables; and the workflow's own graph."""


rule rule_graph:
    output:
        graph=update("analysis/{campaign}/rule_graph.json"),
    log:
        "logs/{campaign}/rule_graph.log",
    benchmark:
        "benchmarks/{campaign}/rule_graph.tsv"
    params:
        code=code_hash("stages.rule_graph"),
        rules=get_rules_hash,
    message:
        "Asking Snakemake for the graph of campaign {wildcards.campaign}"
    shell:
        "python -m stages.rule_graph --campaign {wildcards.campaign:q} --output {output.graph:q} 2>&1 | tee {log:q}"


rule figure:
    input:
        records=get_figure_records,
        data=get_figure_data,
    output:
        svg=report(
            update("reports/{campaign}/figures/{figure}.svg"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}", "language": "Portuguese"},
        ),
        svg_en=report(
            update("reports/{campaign}/figures/{figure}.en.svg"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}", "language": "English"},
        ),
        pdf=update("reports/{campaign}/figures/{figure}.pdf"),
        png=update("reports/{campaign}/figures/{figure}.png"),
        json=update("reports/{campaign}/figures/{figure}.json"),
    log:
        "logs/{campaign}/figures/{figure}.log",
    benchmark:
        "benchmarks/{campaign}/figures/{figure}.tsv"
    params:
        code=get_figure_code,
        language=CONFIG["lang"],
        folder=lambda wildcards, output: Path(output.json).parent,
    wildcard_constraints:
        figure=r"[a-z_]+",
    message:
        "Drawing figure {wildcards.figure} of campaign {wildcards.campaign}"
    shell:
        "python -m stages.figure --figure {wildcards.figure:q} --campaign {wildcards.campaign:q} --records {input.records:q}"
        " --data {input.data:q} --language {params.language:q} --folder {params.folder:q} 2>&1 | tee {log:q}"
