"""Training a run, and its record from what training and evaluation left."""


rule train:
    input:
        train=get_tokens("train"),
        validation=get_tokens("validation"),
        tokenizer=get_tokenizer_manifest,
    output:
        manifest=update("versions/{campaign}/{version}/{run}/manifest.json"),
        weights=update("versions/{campaign}/{version}/{run}/weights.safetensors"),
        training=update("versions/{campaign}/{version}/{run}/training.json"),
        timing=update("versions/{campaign}/{version}/{run}/timing.json"),
    log:
        "logs/{campaign}/train/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/train/{version}/{run}.tsv"
    params:
        code=code_hash("stages.train"),
        parameters=get_train_parameters,
        tokens=get_folders(train="train", validation="validation"),
        threads=get_threads,
        device=get_training_device,
        launcher=get_launcher,
    wildcard_constraints:
        campaign=get_trained(),
        run=get_runs_of("recurrent", "transformer"),
    threads: get_training_cores
    resources:
        gpu=get_training_gpus,
    message:
        "Training run {wildcards.run} of campaign {wildcards.campaign}"
    shell:
        "{params.launcher:q} -m stages.train --campaign {wildcards.campaign:q} --run {wildcards.run:q} --parameters {params.parameters:q}"
        " {params.tokens:q} --tokenizer $(dirname {input.tokenizer:q}) --folder $(dirname {output.manifest:q})"
        " --device {params.device:q} {params.threads:q} 2>&1 | tee {log:q}"


rule record_run:
    input:
        get_results,
    output:
        record=update("versions/{campaign}/{version}/{run}/record.json"),
        history=update("versions/{campaign}/{version}/{run}/history.csv"),
    log:
        "logs/{campaign}/record/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/record/{version}/{run}.tsv"
    params:
        code=get_importer_code,
        importer=get_importer,
        parameters=get_run_parameters,
    wildcard_constraints:
        campaign=get_trained(),
    message:
        "Recording run {wildcards.run} of campaign {wildcards.campaign}"
    shell:
        "python -m stages.importers.{params.importer:q} --campaign {wildcards.campaign:q} --parameters {params.parameters:q}"
        " --record {output.record:q} --history {output.history:q} 2>&1 | tee {log:q}"


ruleorder: record_run > import_extrinsic > import_run
