"""The report: one page of everything that a campaign has, to be read in a browser."""


rule report_page:
    input:
        tables=get_report_tables,
        beside=get_beside_tables,
        audit_table=get_report_audit_table,
        findings=get_report_findings,
        worked=get_report_worked,
        figures=get_report_figures,
        records=get_campaign_records,
        registry=get_registry,
        printed="data/thesis_cells.csv",
        citation="CITATION.cff",
        templates=get_report_templates,
    output:
        # No report(…): it is beyond the 2 MB that browsers take as an address, which is how snakemake --report shows a page.
        page=update("reports/{campaign}/index.html"),
    log:
        "logs/{campaign}/report.log",
    benchmark:
        "benchmarks/{campaign}/report.tsv"
    params:
        code=code_hash("stages.report.make"),
        language=CONFIG["lang"],
        source=get_source,
        sources=get_data_sources,
        claimed=get_claimed_option,
        worked=get_worked_option,
        figures=get_figures_option,
        registry=get_registry_option,
    message:
        "Writing the report of campaign {wildcards.campaign}"
    shell:
        "python -m stages.report.make --campaign {wildcards.campaign:q} --source {params.source:q} --language {params.language:q}"
        " --tables {input.tables:q} {input.audit_table:q} {input.beside:q} --printed {input.printed:q} {params.claimed:q}"
        " --findings {input.findings:q} {params.worked:q} {params.figures:q} --records {input.records:q} {params.registry:q}"
        " --sources={params.sources:q} --citation {input.citation:q} --page {output.page:q} 2>&1 | tee {log:q}"
