"""What can go wrong, as exit codes: whoever runs a step from a script can tell one kind from another."""

from __future__ import annotations

from disclosure.table import DisclosureError
from forms.survey import SurveyError
from pipeline.directory import DirectoryError
from pipeline.doors import DoorFailed
from pipeline.release_description import ReleaseInvalid
from pipeline.release_zone import ReleaseDamaged, ReleaseUnknown
from pipeline.simulate import SimulationFailed
from pipeline.table_specs import TableSpecError
from retention.bundle import BundleError
from retention.collection_store import NoWave, WaveClosed
from retention.database import DatabaseUnavailable
from retention.destroy import DestructionFailed
from retention.keys import KeyRingError
from retention.ledger import LedgerError
from retention.releases import ReleaseRefused
from retention.review import ReviewError
from retention.schedule import RuleMissing
from retention.seal import SealError
from retention.secure_store import StepRefused
from retention.settings import SettingsError
from retention.staff import StaffError
from retention.vault import VaultError

EXIT_CODES: dict[int, tuple[type[Exception], ...]] = {
    3: (StepRefused, ReleaseRefused, ReviewError, WaveClosed, NoWave, StaffError, ReleaseUnknown),  # not now, or not by you
    4: (BundleError, VaultError, SealError, LedgerError, DestructionFailed, ReleaseDamaged),  # something was altered or is broken
    5: (KeyRingError, SettingsError),  # keys, passphrase, settings
    6: (DatabaseUnavailable, DoorFailed, SimulationFailed),  # something does not answer
    7: (DisclosureError,),  # nothing may leave like this
    8: (SurveyError, TableSpecError, DirectoryError, RuleMissing, ReleaseInvalid),  # a definition must be mended
}
KNOWN = tuple(kind for kinds in EXIT_CODES.values() for kind in kinds)


def exit_code(error: Exception) -> int:
    """The exit code of a known failure; 1 for any other."""
    return next((code for code, kinds in EXIT_CODES.items() if isinstance(error, kinds)), 1)
