"""From instructions to what models are tuned on and tested on: gather or write them, split them, draw the examples of an evaluation."""


rule instructions:
    input:
        get_instruction_files,
    output:
        manifest=update("data/{campaign}/instructions/manifest.json"),
        rows=update("data/{campaign}/instructions/rows.jsonl"),
    log:
        "logs/{campaign}/instructions.log",
    benchmark:
        "benchmarks/{campaign}/instructions.tsv"
    params:
        code=code_hash("stages.instructions"),
        parameters=get_instructions,
        files=get_sizes(get_instruction_files),
    message:
        "Gathering the instructions of campaign {wildcards.campaign}"
    shell:
        "python -m stages.instructions --parameters {params.parameters:q} --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"


rule split:
    input:
        manifest="data/{campaign}/instructions/manifest.json",
        rows=ancient("data/{campaign}/instructions/rows.jsonl"),
    output:
        manifest=update("data/{campaign}/examples/{split}/manifest.json"),
        train=update("data/{campaign}/examples/{split}/train.jsonl"),
        validation=update("data/{campaign}/examples/{split}/validation.jsonl"),
        test=update("data/{campaign}/examples/{split}/test.jsonl"),
    log:
        "logs/{campaign}/examples/{split}.log",
    benchmark:
        "benchmarks/{campaign}/examples/{split}.tsv"
    params:
        code=code_hash("stages.split"),
        parameters=get_split,
    wildcard_constraints:
        split="split-[a-z0-9-]+",
    message:
        "Splitting the instructions of campaign {wildcards.campaign}: {wildcards.split}"
    shell:
        "python -m stages.split --instructions $(dirname {input.manifest:q}) --parameters {params.parameters:q}"
        " --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"


rule draw:
    input:
        manifest="data/{campaign}/instructions/manifest.json",
        rows=ancient("data/{campaign}/instructions/rows.jsonl"),
        split=get_draw_split,
    output:
        manifest=update("data/{campaign}/examples/{draws}/{seed}/manifest.json"),
        examples=update("data/{campaign}/examples/{draws}/{seed}/examples.jsonl"),
    log:
        "logs/{campaign}/examples/{draws}/{seed}.log",
    benchmark:
        "benchmarks/{campaign}/examples/{draws}/{seed}.tsv"
    params:
        code=code_hash("stages.draw"),
        parameters=get_draw,
    wildcard_constraints:
        draws="draws-[a-z0-9-]+",
        seed="[0-9]+",
    message:
        "Drawing the examples of seed {wildcards.seed}"
    shell:
        "python -m stages.draw --instructions $(dirname {input.manifest:q}) --split $(dirname {input.split:q})"
        " --parameters {params.parameters:q} --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"
