"""What a trained model is worth: loss on windows, texts drawn from it, and the token shapes of these."""


rule windows:
    input:
        weights=get_weights("manifest.json"),
        train=get_tokens("train"),
        head=get_tokens("head"),
        held_out=get_tokens("held_out"),
    output:
        windows=update("analysis/{campaign}/windows/{run}.json"),
    log:
        "logs/{campaign}/windows/{run}.log",
    benchmark:
        "benchmarks/{campaign}/windows/{run}.tsv"
    params:
        code=code_hash("stages.windows"),
        parameters=get_evaluation,
        tokens=get_folders(train="train", head="head", held_out="held_out"),
        threads=get_threads,
    message:
        "Evaluating run {wildcards.run} on windows"
    shell:
        "python -m stages.windows --run {wildcards.run:q} --weights $(dirname {input.weights:q}) {params.tokens:q}"
        " --parameters {params.parameters:q} --output {output.windows:q} {params.threads:q} 2>&1 | tee {log:q}"


rule sample:
    input:
        weights="versions/{campaign}/{version}/{run}/manifest.json",
        tokenizer=get_tokenizer_manifest,
    output:
        samples=update("versions/{campaign}/{version}/{run}/samples.json"),
    log:
        "logs/{campaign}/sample/{version}/{run}.log",
    benchmark:
        "benchmarks/{campaign}/sample/{version}/{run}.tsv"
    params:
        code=code_hash("stages.sample"),
        parameters=get_sampling,
        lowercase=get_lowercase,
        threads=get_threads,
    message:
        "Drawing texts from run {wildcards.run}"
    shell:
        "python -m stages.sample --run {wildcards.run:q} --weights $(dirname {input.weights:q}) --tokenizer $(dirname {input.tokenizer:q})"
        " --parameters {params.parameters:q} {params.lowercase:q} --output {output.samples:q} {params.threads:q} 2>&1 | tee {log:q}"


rule guardrails:
    input:
        samples=get_weights("samples.json"),
        tokenizer=get_tokenizer_manifest,
    output:
        report=update("analysis/{campaign}/guardrails/{run}.json"),
    log:
        "logs/{campaign}/guardrails/{run}.log",
    benchmark:
        "benchmarks/{campaign}/guardrails/{run}.tsv"
    params:
        code=code_hash("stages.guardrails"),
        parameters=get_limits,
    message:
        "Checking the token shapes of the texts of run {wildcards.run}"
    shell:
        "python -m stages.guardrails --run {wildcards.run:q} --samples {input.samples:q} --tokenizer $(dirname {input.tokenizer:q})"
        " --parameters {params.parameters:q} --output {output.report:q} 2>&1 | tee {log:q}"
