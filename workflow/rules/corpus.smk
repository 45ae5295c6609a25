"""From a corpus to tokens: fetch or write it, select and clean, learn a tokenizer, encode. Each artifact has a manifest."""


rule corpus:
    input:
        get_corpus_files,
    output:
        manifest=update("data/{campaign}/corpus/manifest.json"),
        documents=update("data/{campaign}/corpus/documents.txt"),
        offsets=update("data/{campaign}/corpus/offsets.npy"),
    log:
        "logs/{campaign}/corpus.log",
    benchmark:
        "benchmarks/{campaign}/corpus.tsv"
    params:
        code=code_hash("stages.corpus"),
        parameters=get_corpus,
        files=get_sizes(get_corpus_files),
    message:
        "Gathering the documents of campaign {wildcards.campaign}"
    shell:
        "python -m stages.corpus --parameters {params.parameters:q} --folder $(dirname {output.manifest:q}) 2>&1 | tee {log:q}"


rule text:
    input:
        manifest="data/{campaign}/corpus/manifest.json",
        documents=ancient("data/{campaign}/corpus/documents.txt"),
    output:
        manifest=update("data/{campaign}/texts/{text}/manifest.json"),
        documents=update("data/{campaign}/texts/{text}/documents.txt"),
        offsets=update("data/{campaign}/texts/{text}/offsets.npy"),
    log:
        "logs/{campaign}/texts/{text}.log",
    benchmark:
        "benchmarks/{campaign}/texts/{text}.tsv"
    params:
        code=code_hash("stages.text"),
        parameters=get_text_parameters,
    threads: get_text_cores
    message:
        "Cleaning the documents of text {wildcards.text}"
    shell:
        "python -m stages.text --corpus $(dirname {input.manifest:q}) --parameters {params.parameters:q}"
        " --folder $(dirname {output.manifest:q}) --processes {threads} 2>&1 | tee {log:q}"


rule tokens:
    input:
        text="data/{campaign}/texts/{text}/manifest.json",
        documents=ancient("data/{campaign}/texts/{text}/documents.txt"),
        tokenizer="data/{campaign}/tokenizers/{tokenizer}/manifest.json",
    output:
        manifest=update("data/{campaign}/tokens/{tokenizer}/{text}/manifest.json"),
        tokens=update("data/{campaign}/tokens/{tokenizer}/{text}/tokens.npy"),
    log:
        "logs/{campaign}/tokens/{tokenizer}/{text}.log",
    benchmark:
        "benchmarks/{campaign}/tokens/{tokenizer}/{text}.tsv"
    params:
        code=code_hash("stages.encode"),
    threads: get_text_cores
    message:
        "Encoding text {wildcards.text} with tokenizer {wildcards.tokenizer}"
    shell:
        "python -m stages.encode --text $(dirname {input.text:q}) --tokenizer $(dirname {input.tokenizer:q})"
        " --folder $(dirname {output.manifest:q}) --processes {threads} 2>&1 | tee {log:q}"
