"""What the report asks for: the campaign's own files, and those of the campaigns that stand beside it."""

from stages.report.beside import REFERENCE


def get_report(wildcards):
    """The page of the campaign."""
    return f"reports/{CONFIG['campaign']}/index.html"


def get_report_templates(wildcards):
    """What the page is laid out by: templates, style and script."""
    return sorted(path.as_posix() for path in Path("stages/report").iterdir() if path.suffix in (".j2", ".css", ".js"))


def get_audited(campaign, path):
    """``path``, which the audit makes; what the last audit left stands where none can be made here for want of the evidence."""
    if is_trained_here(campaign) or has_evidence(campaign) or not Path(path).exists():
        return path
    return before_update(path)


def has_evidence(campaign):
    """Whether the evidence is on this machine."""
    try:
        return bool(evidence_root(load_registry(campaign)))
    except UserError:
        return False


def get_report_tables(wildcards):
    """Data of every table that rests on records, parameters or what the audit measured."""
    return [f"reports/{wildcards.campaign}/tables/{name}.json" for name in get_own_names(wildcards.campaign)]


def get_report_audit_table(wildcards):
    """Data of the audit's own table."""
    return get_audited(wildcards.campaign, f"reports/{wildcards.campaign}/tables/audit.json")


def get_report_findings(wildcards):
    """Findings of the campaign's audit."""
    return get_audited(wildcards.campaign, f"analysis/{wildcards.campaign}/audit/findings.json")


def get_beside(campaign):
    """Campaigns beside the page's own: the imported one, and those that ``--config beside=`` names."""
    named = [name.strip() for name in str(CONFIG["beside"] or "").split(",") if name.strip()]
    return [name for name in dict.fromkeys([REFERENCE, *named]) if name != campaign]


def get_beside_tables(wildcards):
    """Data of the other campaigns' tables."""
    campaigns = get_beside(wildcards.campaign)
    return [
        f"reports/{campaign}/tables/{name}.json"
        for campaign in campaigns
        for name in get_table_names(campaign) + (get_corrected_names(campaign) if campaign == REFERENCE else [])
    ]


def get_figure_files(campaign):
    """Data and images of the campaign's figures."""
    return [f"reports/{campaign}/figures/{name}.{kind}" for name in get_figure_names(campaign) for kind in ("json", "svg", "en.svg")]


def get_report_figures(wildcards):
    """Figures of the campaign in the output's path."""
    return get_figure_files(wildcards.campaign)


def get_figures_option(wildcards):
    """Their data as an option of the stage's command line."""
    data = [path for path in get_figure_files(wildcards.campaign) if path.endswith(".json")]
    return ["--figures", *data] if data else []


def get_report_worked(wildcards):
    """What became of the numbers that the text works out; none where there is no such text."""
    campaign = wildcards.campaign
    return [f"analysis/{campaign}/audit/worked_numbers.json"] if get_worked_files(wildcards) else []


def get_worked_option(wildcards):
    """They as an option of the stage's command line."""
    return [word for path in get_report_worked(wildcards) for word in ("--worked", path)]


def get_registry_option(wildcards):
    """The registry as an option of the stage's command line."""
    return ["--registry", path] if (path := get_registry(wildcards)) else []


def get_claimed_option(wildcards):
    """Whether what the thesis prints is the campaign's own claim."""
    return ["--claimed"] if load_campaign(wildcards.campaign).printed_cells else []


def get_data_sources(wildcards):
    """Corpus and instructions of the campaign, as JSON."""
    campaign = load_campaign(wildcards.campaign)
    given = {"corpus": campaign.corpus, "instructions": campaign.instructions}
    return json.dumps({name: model.model_dump(mode="json") for name, model in given.items() if model})
