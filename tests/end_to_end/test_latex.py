"""The LaTeX of all tables compiles, in both languages, with booktabs alone: nothing too wide, no character lost."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, copy_project, snakemake

DOCUMENT = r"""\documentclass[a4paper,12pt]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{booktabs}
%% The text block of the thesis: 16 cm wide.
\textwidth=16cm \oddsidemargin=0cm \textheight=24cm \topmargin=-1.5cm
\begin{document}
%s
\end{document}
"""


@pytest.mark.latex
@pytest.mark.parametrize("language", ["pt", "en"])
def test_all_tables_compile_without_a_box_too_wide_or_a_missing_character(tmp_path: Path, language: str) -> None:
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not here: apt-get install texlive-latex-base texlive-latex-recommended lmodern")
    folder = ROOT
    if language == "en":
        folder = copy_project(tmp_path / "project")
        snakemake(folder, "tables", "--config", "lang=en")
    tables = sorted((folder / "reports/published/tables").glob("*.tex"))
    assert len(tables) == 27
    for table in tables:
        shutil.copy(table, tmp_path)
    (tmp_path / "all.tex").write_text(DOCUMENT % "\n".join(rf"\input{{{table.name}}}\clearpage" for table in tables))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    log = (tmp_path / "all.log").read_text(errors="replace")
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.findall(r"^(?:Overfull|Missing character|! |LaTeX Warning: Font).*", log, re.MULTILINE) == []
    assert "27 pages" in log
