"""Records: one JSON a run, imported from the campaign's evidence."""


rule score_outputs:
    input:
        registry=ancient("data/{campaign}/registry.json"),
    output:
        scores=update("analysis/{campaign}/extrinsic/scores.csv"),
    log:
        "logs/{campaign}/score_outputs.log",
    benchmark:
        "benchmarks/{campaign}/score_outputs.tsv"
    params:
        code=code_hash("stages.score"),
        parameters=get_run_parameters,
        evidence=get_evidence_hash,
    message:
        "Scoring the extrinsic outputs of campaign {wildcards.campaign}, example by example"
    shell:
        "python -m stages.score --campaign {wildcards.campaign:q} --parameters {params.parameters:q}"
        " --scores {output.scores:q} 2>&1 | tee {log:q}"


rule import_run:
    input:
        registry=ancient("data/{campaign}/registry.json"),
    output:
        record=update("versions/{campaign}/{version}/{run}/record.json"),
        history=update("versions/{campaign}/{version}/{run}/history.csv"),
    log:
        "logs/{campaign}/import/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/import/{version}/{run}.tsv"
    params:
        code=get_importer_code,
        importer=get_importer,
        parameters=get_run_parameters,
        evidence=get_evidence_hash,
    wildcard_constraints:
        campaign=get_imported(),
    message:
        "Importing run {wildcards.run} of campaign {wildcards.campaign} from its published files"
    shell:
        "python -m stages.importers.{params.importer:q} --campaign {wildcards.campaign:q} --parameters {params.parameters:q}"
        " --record {output.record:q} --history {output.history:q} 2>&1 | tee {log:q}"


rule import_extrinsic:
    input:
        registry=ancient("data/{campaign}/registry.json"),
        scores="analysis/{campaign}/extrinsic/scores.csv",
    output:
        record=update("versions/{campaign}/{version}/{run}/record.json"),
        history=update("versions/{campaign}/{version}/{run}/history.csv"),
    log:
        "logs/{campaign}/import/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/import/{version}/{run}.tsv"
    params:
        code=get_importer_code,
        parameters=get_run_parameters,
        evidence=get_evidence_hash,
    wildcard_constraints:
        campaign=get_imported(),
        run="extrinsic",
    message:
        "Importing the extrinsic evaluation of campaign {wildcards.campaign} from its scored outputs"
    shell:
        "python -m stages.importers.extrinsic --campaign {wildcards.campaign:q} --parameters {params.parameters:q}"
        " --scores {input.scores:q} --record {output.record:q} --history {output.history:q} 2>&1 | tee {log:q}"
