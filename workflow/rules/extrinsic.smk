"""What base and adapted models answer: the thesis's three tasks, and the probes beyond them."""


rule generate:
    input:
        models=get_system_models,
        draws=get_system_draws,
    output:
        manifest=update("analysis/{campaign}/outputs/{system}/manifest.json"),
        outputs=update("analysis/{campaign}/outputs/{system}/outputs.jsonl"),
        timing=update("analysis/{campaign}/outputs/{system}/timing.json"),
    log:
        "logs/{campaign}/outputs/{system}.log",
    benchmark:
        "benchmarks/{campaign}/outputs/{system}.tsv"
    params:
        code=code_hash("stages.generate"),
        parameters=get_generation,
        models=get_system_options,
        threads=get_threads,
        device=get_system_device,
    resources:
        gpu=lambda wildcards: int(get_system_device(wildcards) == "cuda"),
    message:
        "Answering the examples of campaign {wildcards.campaign}: {wildcards.system}"
    shell:
        "python -m stages.generate {params.models:q} --draws $(dirname {input.draws:q}) --parameters {params.parameters:q}"
        " --folder $(dirname {output.manifest:q}) --device {params.device:q} {params.threads:q} 2>&1 | tee {log:q}"


rule extrinsic:
    input:
        examples=get_draw_manifest,
        base=get_answers(False),
        adapter=get_answers(True),
    output:
        outputs=update("analysis/{campaign}/extrinsic/{run}/{seed}/outputs.jsonl"),
        summary=update("analysis/{campaign}/extrinsic/{run}/{seed}/summary.json"),
        timing=update("analysis/{campaign}/extrinsic/{run}/{seed}/timing.json"),
    log:
        "logs/{campaign}/extrinsic/{run}/{seed}.log",
    benchmark:
        "benchmarks/{campaign}/extrinsic/{run}/{seed}.tsv"
    params:
        code=code_hash("stages.extrinsic"),
        parameters=get_extrinsic,
    wildcard_constraints:
        seed="[0-9]+",
    message:
        "Scoring the answers of evaluation {wildcards.run}, seed {wildcards.seed}"
    shell:
        "python -m stages.extrinsic --parameters {params.parameters:q} --seed {wildcards.seed:q}"
        " --examples $(dirname {input.examples:q}) --base $(dirname {input.base:q}) --adapter $(dirname {input.adapter:q})"
        " --output-folder $(dirname {output.outputs:q}) 2>&1 | tee {log:q}"


rule probe:
    input:
        get_probed_manifests,
    output:
        report=update("analysis/{campaign}/probes/{run}.json"),
        answers=update("analysis/{campaign}/probes/{run}_answers.jsonl"),
        timing=update("analysis/{campaign}/probes/{run}_timing.json"),
    log:
        "logs/{campaign}/probes/{run}.log",
    benchmark:
        "benchmarks/{campaign}/probes/{run}.tsv"
    params:
        code=code_hash("stages.probe"),
        parameters=get_probe_parameters,
        folders=get_probed_options,
        threads=get_threads,
        device=get_training_device,
    resources:
        gpu=lambda wildcards: int(get_training_device(wildcards) == "cuda"),
    message:
        "Probing the models of campaign {wildcards.campaign} beyond the thesis's tasks"
    shell:
        "python -m stages.probe --run {wildcards.run:q} {params.folders:q} --parameters {params.parameters:q}"
        " --report {output.report:q} --answers {output.answers:q} --timing {output.timing:q}"
        " --device {params.device:q} {params.threads:q} 2>&1 | tee {log:q}"
