"""Track 2's models: a small base model of one's own or one of the hub, adapters on it, and what these gain on validation text."""


rule hub_model:
    output:
        manifest=update("data/{campaign}/models/{model}/manifest.json"),
    log:
        "logs/{campaign}/models/{model}.log",
    benchmark:
        "benchmarks/{campaign}/models/{model}.tsv"
    params:
        code=code_hash("stages.hub_model"),
        model=get_hub_model,
    message:
        "Fetching the model {wildcards.model}"
    shell:
        "python -m stages.hub_model {params.model:q} --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"


rule byte_tokenizer:
    input:
        manifest=get_tokenizer_text("manifest.json"),
        documents=ancient(get_tokenizer_text("documents.txt")),
    output:
        manifest=update("data/{campaign}/tokenizers/{tokenizer}/manifest.json"),
        tokenizer=update("data/{campaign}/tokenizers/{tokenizer}/tokenizer.json"),
        configuration=update("data/{campaign}/tokenizers/{tokenizer}/tokenizer_config.json"),
        template=update("data/{campaign}/tokenizers/{tokenizer}/chat_template.jinja"),
    log:
        "logs/{campaign}/tokenizers/{tokenizer}.log",
    benchmark:
        "benchmarks/{campaign}/tokenizers/{tokenizer}.tsv"
    params:
        code=code_hash("stages.base_tokenizer"),
        parameters=get_tokenizer_parameters,
    wildcard_constraints:
        tokenizer="byte_bpe-[a-z0-9_-]+",
    message:
        "Learning the pieces of tokenizer {wildcards.tokenizer}"
    shell:
        "python -m stages.base_tokenizer --text $(dirname {input.manifest:q}) --parameters {params.parameters:q}"
        " --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"


rule train_base:
    input:
        train=get_base_text("train"),
        validation=get_base_text("validation"),
        tokenizer=get_tokenizer_manifest,
    output:
        manifest=update("versions/{campaign}/{version}/{run}/manifest.json"),
        weights=update("versions/{campaign}/{version}/{run}/model.safetensors"),
        configuration=update("versions/{campaign}/{version}/{run}/config.json"),
        generation=update("versions/{campaign}/{version}/{run}/generation_config.json"),
        tokenizer=update("versions/{campaign}/{version}/{run}/tokenizer.json"),
        tokenizer_configuration=update("versions/{campaign}/{version}/{run}/tokenizer_config.json"),
        template=update("versions/{campaign}/{version}/{run}/chat_template.jinja"),
        training=update("versions/{campaign}/{version}/{run}/training.json"),
        timing=update("versions/{campaign}/{version}/{run}/timing.json"),
    log:
        "logs/{campaign}/train/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/train/{version}/{run}.tsv"
    params:
        code=code_hash("stages.tune"),
        parameters=get_tune_parameters,
        threads=get_threads,
        device=get_training_device,
        launcher=get_launcher,
    wildcard_constraints:
        campaign=get_trained(),
        run=get_runs_of("llama"),
    threads: get_training_cores
    resources:
        gpu=get_training_gpus,
    message:
        "Training base model {wildcards.run} of campaign {wildcards.campaign}"
    shell:
        "{params.launcher:q} -m stages.tune --campaign {wildcards.campaign:q} --run {wildcards.run:q} --parameters {params.parameters:q}"
        " --texts $(dirname {input.train:q}) --validation $(dirname {input.validation:q}) --tokenizer $(dirname {input.tokenizer:q})"
        " --folder $(dirname {output.manifest:q}) --device {params.device:q} {params.threads:q} 2>&1 | tee {log:q}"


rule tune:
    input:
        model=get_model,
        data=get_tuning_data,
        adapter=get_first_adapter,
    output:
        manifest=update("versions/{campaign}/{version}/{run}/manifest.json"),
        weights=update("versions/{campaign}/{version}/{run}/adapter_model.safetensors"),
        configuration=update("versions/{campaign}/{version}/{run}/adapter_config.json"),
        training=update("versions/{campaign}/{version}/{run}/training.json"),
        timing=update("versions/{campaign}/{version}/{run}/timing.json"),
    log:
        "logs/{campaign}/train/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/train/{version}/{run}.tsv"
    params:
        code=code_hash("stages.tune"),
        parameters=get_tune_parameters,
        data=get_tuning_data_option,
        adapter=get_first_adapter_option,
        threads=get_threads,
        device=get_training_device,
        launcher=get_launcher,
    wildcard_constraints:
        campaign=get_trained(),
        run=get_runs_of("qlora"),
    threads: get_training_cores
    resources:
        gpu=get_training_gpus,
    message:
        "Tuning run {wildcards.run} of campaign {wildcards.campaign}"
    shell:
        "{params.launcher:q} -m stages.tune --campaign {wildcards.campaign:q} --run {wildcards.run:q} --parameters {params.parameters:q}"
        " --model $(dirname {input.model:q}) {params.data:q} {params.adapter:q} --folder $(dirname {output.manifest:q})"
        " --device {params.device:q} {params.threads:q} 2>&1 | tee {log:q}"


rule intrinsic:
    input:
        model=get_model,
        data=get_tuning_data,
        adapter=get_weights("manifest.json"),
    output:
        losses=update("analysis/{campaign}/intrinsic/{run}.json"),
    log:
        "logs/{campaign}/intrinsic/{run}.log",
    benchmark:
        "benchmarks/{campaign}/intrinsic/{run}.tsv"
    params:
        code=code_hash("stages.intrinsic"),
        data=get_tuning_data_option,
        threads=get_threads,
        device=get_training_device,
    wildcard_constraints:
        run=get_runs_of("qlora"),
    resources:
        gpu=lambda wildcards: int(get_training_device(wildcards) == "cuda"),
    message:
        "Comparing run {wildcards.run} with its base model on validation text"
    shell:
        "python -m stages.intrinsic --run {wildcards.run:q} --model $(dirname {input.model:q}) --adapter $(dirname {input.adapter:q})"
        " {params.data:q} --output {output.losses:q} --device {params.device:q} {params.threads:q} 2>&1 | tee {log:q}"
