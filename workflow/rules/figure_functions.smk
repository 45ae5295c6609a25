"""What the rules of figures ask for: the figures that a campaign has something to show in, and what each is drawn from."""

from stages.figures.catalogue import analyses_of, figures_of, runs_of, tables_of

FIGURE_FILES = ("svg", "en.svg", "pdf", "png", "json")


def get_figure_names(campaign):
    """Figures of the campaign."""
    return figures_of(get_campaign_runs(campaign))


def get_figures(wildcards):
    """Figure files of the campaign."""
    campaign = CONFIG["campaign"]
    return [f"reports/{campaign}/figures/{name}.{kind}" for name in get_figure_names(campaign) for kind in FIGURE_FILES]


def get_figure_runs(wildcards):
    """Merged parameters of the runs that the figure in the output's path shows."""
    if wildcards.figure not in (names := get_figure_names(wildcards.campaign)):
        raise UserError(f"reports/{wildcards.campaign}/figures", "figure", wildcards.figure, "one of: " + ", ".join(names))
    return runs_of(wildcards.figure, get_campaign_runs(wildcards.campaign))


def get_figure_records(wildcards):
    """Record files that the figure shows."""
    return [get_record(wildcards.campaign, run.run) for run in get_figure_runs(wildcards)]


def get_figure_data(wildcards):
    """Tables, results of the audit, or graph that the figure shows."""
    campaign, figure = wildcards.campaign, wildcards.figure
    if figure == "workflow":
        return [f"analysis/{campaign}/rule_graph.json"]
    tables = [spec.table for spec in get_specs(campaign)]
    files = [f"reports/{campaign}/tables/{name}.json" for name in tables_of(figure, tables)]
    return files + [f"analysis/{campaign}/audit/{name}.json" for name in analyses_of(figure, tables)]


def get_figure_code(wildcards):
    """Hash of the code that all figures share, and of the figure's own."""
    get_figure_runs(wildcards)
    return sha256_of_json([code_hash("stages.figure"), code_hash(f"stages.figures.{wildcards.figure}")])


def get_rules_hash(wildcards):
    """Hash of the rules as they are written, without remarks: Snakemake draws its graph from them and from the campaign's runs."""
    files = [Path("Snakefile"), *sorted(Path("workflow/rules").glob("*.smk"))]
    lines = [line for file in files for line in file.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return sha256_of_json([lines, load_campaign(wildcards.campaign).runs])
