"""What can go wrong, as exit codes: whoever runs a step from a script can tell one kind from another.

Kinds are known by name, so that saying what failed loads none of the modules that could fail. What is not known is told by its
type and place alone: the message of a stranger's exception may quote what a child wrote.
"""

from __future__ import annotations

from types import TracebackType

UNEXPECTED = 1
EXIT_CODES: dict[int, tuple[str, ...]] = {
    3: (  # not now, or not by you
        "retention.secure_store.StepRefused",
        "governance.gates.GateShut",
        "governance.assurance.NotAssured",
        "governance.safeguarding.SafeguardingError",
        "governance.cases.CaseError",
        "retention.releases.ReleaseRefused",
        "retention.review_marks.ReviewError",
        "retention.collection_wave.WaveClosed",
        "retention.collection_wave.NoWave",
        "retention.staff.StaffError",
        "pipeline.release_zone.ReleaseUnknown",
    ),
    4: (  # something was altered or is broken
        "retention.bundle.BundleError",
        "retention.vault.VaultError",
        "retention.seal.SealError",
        "retention.ledger.LedgerError",
        "retention.destroy.DestructionFailed",
        "pipeline.release_zone.ReleaseDamaged",
    ),
    5: (  # keys, passphrase, settings
        "retention.keys.KeyRingError",
        "retention.settings.SettingsError",
        "pipeline.builder_handed.NotHanded",
    ),
    6: (  # something does not answer
        "retention.database.DatabaseUnavailable",
        "pipeline.doors.DoorFailed",
        "pipeline.simulate.SimulationFailed",
        "pipeline.scrub.executors.ScanStopped",
        "pipeline.scrub.cluster.UnsafeCluster",
    ),
    7: ("disclosure.error.DisclosureError",),  # nothing may leave like this
    8: (  # a definition or an input must be mended
        "forms.survey.SurveyError",
        "forms.sheet.SheetError",
        "pipeline.paper.PaperError",
        "pipeline.table_specs.TableSpecError",
        "pipeline.builder_query.NotUnderstood",
        "pipeline.review_policy.ReviewPolicyError",
        "pipeline.theme_frame.ThemeError",
        "pipeline.safeguarding_rules.SafeguardingRulesError",
        "pipeline.directory.DirectoryError",
        "pipeline.councils.UnknownCouncilError",
        "pipeline.geography.source.GeographyError",
        "pipeline.quality_rules.QualityError",
        "pipeline.scrub.text_stream.StreamError",
        "pipeline.scrub.list_files.ListError",
        "pipeline.scrub.policy.ScrubPolicyError",
        "pipeline.release_description.ReleaseInvalid",
        "retention.schedule.RuleMissing",
        "governance.reading.RecordError",
    ),
}
_CODE_OF = {name: code for code, names in EXIT_CODES.items() for name in names}
_OURS = ("api", "pipeline", "governance", "retention", "disclosure", "forms")


def exit_code(error: BaseException) -> int:
    """The exit code of a known failure; UNEXPECTED for any other."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((_CODE_OF[name] for name in names if name in _CODE_OF), UNEXPECTED)


def sentence(error: BaseException) -> str:
    """What to tell a person: the message of a known failure, on one line; of any other its type and place, and no value."""
    if exit_code(error) == UNEXPECTED:
        return f"Unexpected {type(error).__name__} in {_place(error.__traceback__)}: nothing half done is kept; report this line as it is."
    words = " ".join(str(error).split())
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


def _place(traceback: TracebackType | None) -> str:
    """The innermost line of ours."""
    place = "an unknown place"
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in _OURS:
            place = f"{module}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
