"""The evidence report: one page of HTML and the same as a tagged PDF (PDF/UA), made of what `governance.assurance` gathered."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from governance.approvals import Kind
from governance.assurance import Evidence, Outcome, module_hash
from governance.charts import data_uri, in_words, risk_matrix
from governance.gates import Gate
from governance.opening import CHECKS, standing
from governance.record import PARTS

HTML, PDF = "evidence.html", "evidence.pdf"


def write_report(evidence: Evidence, folder: Path) -> tuple[Path, Path]:
    """Write the report into the folder, as HTML and as PDF. Returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html = render(evidence)
    (folder / HTML).write_text(html, encoding="utf-8")
    write_pdf(html, folder / PDF)
    return folder / HTML, folder / PDF


def render(evidence: Evidence) -> str:
    """The report as one HTML page that loads nothing."""
    at = evidence.at
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    risks = at.record.register.risks
    found = standing(at)
    return environment.get_template("evidence.html").render(
        evidence=evidence,
        at=at,
        record=at.record,
        risks=risks,
        charts=[(data_uri(risk_matrix(risks, after)), in_words(risks, after)) for after in (False, True)],
        gates=[(gate, gate in CHECKS, [one.sentence for one in found.missing if one.gate is gate]) for gate in Gate],
        parts=[(part.replace("_", " "), getattr(at.record.assessment, part)) for part in PARTS],
        steps=[(name.replace("_", " "), getattr(at.record.interests, name)) for name in _STEPS],
        approvals=[(needed, at.signed.approved_by(needed.code)) for needed in at.record.assessment.approvals],
        decisions=[one for one in at.signed.decisions if one.kind in (Kind.REVIEW, Kind.CONSULTATION, Kind.AMENDMENT)],
        passed=Outcome.PASSED,
        module_hash=module_hash,
    )


_STEPS = ("understand_rights", "identify_impacts", "assess", "prioritise")


def write_pdf(html: str, path: Path) -> None:
    """The page as a PDF that is tagged for screen readers (PDF/UA-1). Raises SettingsError where WeasyPrint's libraries are missing."""
    from retention.settings import SettingsError

    try:
        import weasyprint
    except OSError:
        raise SettingsError("The PDF needs Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0.") from None
    weasyprint.HTML(string=html, base_url=None).write_pdf(path, pdf_variant="pdf/ua-1")
