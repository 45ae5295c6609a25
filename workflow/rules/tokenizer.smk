"""Tokenizers: characters or SentencePiece pieces, learnt from a text, and what they make of raw documents."""


rule character_tokenizer:
    input:
        manifest=get_tokenizer_text("manifest.json"),
        documents=ancient(get_tokenizer_text("documents.txt")),
    output:
        manifest=update("data/{campaign}/tokenizers/{tokenizer}/manifest.json"),
        characters=update("data/{campaign}/tokenizers/{tokenizer}/characters.json"),
    log:
        "logs/{campaign}/tokenizers/{tokenizer}.log",
    benchmark:
        "benchmarks/{campaign}/tokenizers/{tokenizer}.tsv"
    params:
        code=code_hash("stages.tokenizer"),
        parameters=get_tokenizer_parameters,
        seed=get_tokenizer_seed,
    wildcard_constraints:
        tokenizer="character-[0-9a-f]+",
    message:
        "Listing the characters of tokenizer {wildcards.tokenizer}"
    shell:
        "python -m stages.tokenizer --text $(dirname {input.manifest:q}) --parameters {params.parameters:q}"
        " --seed {params.seed:q} --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"


use rule character_tokenizer as piece_tokenizer with:
    output:
        manifest=update("data/{campaign}/tokenizers/{tokenizer}/manifest.json"),
        model=update("data/{campaign}/tokenizers/{tokenizer}/tokenizer.model"),
        vocabulary=update("data/{campaign}/tokenizers/{tokenizer}/tokenizer.vocab"),
    wildcard_constraints:
        tokenizer="(bpe|unigram)-[a-z0-9_-]+",
    message:
        "Learning the pieces of tokenizer {wildcards.tokenizer}"


rule fragmentation:
    input:
        corpus="data/{campaign}/corpus/manifest.json",
        documents=ancient("data/{campaign}/corpus/documents.txt"),
        tokenizer="data/{campaign}/tokenizers/{tokenizer}/manifest.json",
    output:
        report=update("data/{campaign}/tokenizers/{tokenizer}/fragmentation.json"),
    log:
        "logs/{campaign}/tokenizers/{tokenizer}_fragmentation.log",
    benchmark:
        "benchmarks/{campaign}/tokenizers/{tokenizer}_fragmentation.tsv"
    params:
        code=code_hash("stages.fragmentation"),
        seed=get_tokenizer_seed,
    message:
        "Measuring how tokenizer {wildcards.tokenizer} cuts raw documents"
    shell:
        "python -m stages.fragmentation --corpus $(dirname {input.corpus:q}) --tokenizer $(dirname {input.tokenizer:q})"
        " --documents 2000 --seed {params.seed:q} --output {output.report:q} 2>&1 | tee {log:q}"
