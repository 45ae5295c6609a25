"""The audit: every rule over the campaign, what its outputs and samples say when read rightly, and the tables that follow."""


rule corrected_scores:
    input:
        registry=ancient("data/{campaign}/registry.json"),
        claims=get_claims,
    output:
        scores=update("analysis/{campaign}/audit/corrected_scores.json"),
    log:
        "logs/{campaign}/audit/corrected_scores.log",
    benchmark:
        "benchmarks/{campaign}/audit/corrected_scores.tsv"
    params:
        code=code_hash("stages.corrected_scores"),
        parameters=get_run_parameters,
        evidence=get_evidence_hash,
        claims=get_claims_option,
    message:
        "Scoring the answers of campaign {wildcards.campaign} without what is left of their prompts"
    shell:
        "python -m stages.corrected_scores --campaign {wildcards.campaign:q} --parameters {params.parameters:q}"
        " {params.claims:q} --output {output.scores:q} 2>&1 | tee {log:q}"


rule guardrail_cross:
    input:
        registry=ancient("data/{campaign}/registry.json"),
        records=get_guardrail_records,
    output:
        cross=update("analysis/{campaign}/audit/guardrail_cross.json"),
    log:
        "logs/{campaign}/audit/guardrail_cross.log",
    benchmark:
        "benchmarks/{campaign}/audit/guardrail_cross.tsv"
    params:
        code=code_hash("stages.guardrail_cross"),
        evidence=get_registry_hash,
    message:
        "Encoding the samples of campaign {wildcards.campaign} under every tokenizer"
    shell:
        "python -m stages.guardrail_cross --campaign {wildcards.campaign:q} --records {input.records:q}"
        " --output {output.cross:q} 2>&1 | tee {log:q}"


rule worked_numbers:
    input:
        files=get_worked_files,
    output:
        verdicts=update("analysis/{campaign}/audit/worked_numbers.json"),
    log:
        "logs/{campaign}/audit/worked_numbers.log",
    benchmark:
        "benchmarks/{campaign}/audit/worked_numbers.tsv"
    params:
        code=code_hash("stages.worked_numbers"),
    message:
        "Holding the worked numbers of campaign {wildcards.campaign} against their inputs"
    shell:
        "python -m stages.worked_numbers --campaign {wildcards.campaign:q} --files {input.files:q}"
        " --output {output.verdicts:q} 2>&1 | tee {log:q}"


rule audit_campaign:
    input:
        registry=ancient(get_registry),
        records=get_campaign_records,
        tables=get_table_data,
        corrected=get_corrected_data,
        statements=get_statements,
        template="stages/audit/page.html.j2",
    output:
        findings=update("analysis/{campaign}/audit/findings.json"),
        page=report(
            update("analysis/{campaign}/audit/index.html"),
            caption="../report/audit.rst",
            category="Audit",
            labels={"page": "Findings by rule"},
        ),
    log:
        "logs/{campaign}/audit/audit.log",
    benchmark:
        "benchmarks/{campaign}/audit/audit.tsv"
    params:
        code=code_hash("stages.audit.make"),
        parameters=get_all_parameters_hash,
        evidence=get_registry_hash,
        settings=str(CONFIG["set"] or ""),
    message:
        "Auditing campaign {wildcards.campaign} by every rule"
    shell:
        "python -m stages.audit.make --campaign {wildcards.campaign:q} --settings={params.settings:q}"
        " --corrected {input.corrected:q} --findings {output.findings:q} --page {output.page:q} 2>&1 | tee {log:q}"
