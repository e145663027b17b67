"""How fast and how right is `locate`: against the machine's own limit and its peers, in one run.

    python -m benchmarks.locate                            # lookup, matching, peers; needs no file
    python -m benchmarks.locate --whole                    # only: the whole step, on sealed locators, at three sizes
    python -m benchmarks.locate --official ONSPD.zip       # also: importing, against pyarrow alone
    python -m benchmarks.locate --truth true_codes.csv     # only: accuracy; columns pcds and any of lsoa11cd, msoa11cd, lad25cd

Every figure but those of the whole step is the best of several runs, because what disturbs a run only ever makes it slower. Seconds of
the processor are given beside those of the clock: on a busy machine only they tell what a step costs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from forms.answers import Locator
from pipeline.directory import ENGLAND, Directory
from pipeline.geography.catalogue import add
from pipeline.geography.in_use import directory_in_use
from pipeline.geography.layout import recognise
from pipeline.geography.source import sources
from pipeline.locate import match
from pipeline.outward import nations
from pipeline.postcode import Outcome, pack, unpack
from pipeline.schools import SchoolDirectory
from pipeline.steps.locate import locate
from retention.bundle import write_bundle
from retention.destroy import certified
from retention.keys import KeyKind, write_private
from retention.ledger import Entry
from retention.seal import LOCATOR_SIZE, seal
from retention.secure_store import SecureStore, Wave
from retention.settings import SecureZone
from retention.steps import Verb, step
from retention.vault import StoredFile, file_hash

RESPONSES = 557_077
REPEATS = 5


def best(action: Callable[[], object], repeats: int = REPEATS) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def say(what: str, seconds: float, against: float | None = None) -> None:
    """One line of the result."""
    print(f"{what:<58}{seconds:9.3f} s" + ("" if against is None else f"{seconds / against:8.2f} x"))


def english_postcodes(directory: Directory, count: int, seed: int = 4) -> list[str]:
    """Postcodes of places in England, drawn at random, seven characters each."""
    here = (directory.places["nation"] == ENGLAND).to_numpy()[directory.place]
    return unpack(np.random.default_rng(seed).choice(directory.codes[here], count))


def lookups(directory: Directory) -> None:
    """The lookup itself, against numpy's searchsorted and against other ways that projects look up postcodes."""
    postcodes = english_postcodes(directory, RESPONSES)
    fixed = np.array(postcodes, dtype="S7")
    codes = pack(fixed)
    limit = best(lambda: np.searchsorted(directory.codes, codes))
    print(f"\n{RESPONSES:,} lookups among {len(directory.codes):,} postcodes")
    say("numpy searchsorted on integers, preloaded", limit, limit)
    say("Directory.find", best(lambda: directory.find(codes)), limit)
    say("Directory.lookup: pack, find, seven columns of text", best(lambda: directory.lookup(fixed)), limit)
    held = pd.DataFrame({"code": directory.codes, "place": directory.place})
    asked = pd.DataFrame({"code": codes})
    say("pandas merge on integers", best(lambda: asked.merge(held, on="code", how="left"), 2), limit)
    database = sqlite3.connect(":memory:")
    database.execute("create table postcodes (code integer primary key, place integer)")
    database.executemany("insert into postcodes values (?, ?)", zip(directory.codes.tolist(), directory.place.tolist(), strict=True))
    query = "select place from postcodes where code = ?"
    say(
        "SQLite in memory, one query each", best(lambda: [database.execute(query, (code,)).fetchone() for code in codes.tolist()], 1), limit
    )
    outward = [postcode[:4].strip() for postcode in postcodes]
    say("pgeocode: nation of every outward code, nothing finer", best(lambda: nations(outward), 2), limit)


def invented_schools(directory: Directory, count: int = 24_000) -> SchoolDirectory:
    """As many schools as England has, most of them sharing a name with others, spread over its councils."""
    rng = np.random.default_rng(5)
    first = np.array(["St Mary's", "Holy Trinity", "Oakfield", "The Grove", "Hill Top", "Riverside", "Park", "St John's", "Manor", "Mill"])
    second = np.array(["Green", "Road", "Lane", "Common", "Bridge", "Heath", "Vale", "Wood", "Cross", "End", "Moor", "Street"])
    kind = np.array(["Primary School", "C of E Primary School", "Catholic Primary School", "Academy", "High School", "Infant School"])
    words = [rng.choice(part, count) for part in (first, second, kind)]
    councils = directory.lookup(np.array(english_postcodes(directory, count, seed=6), dtype="S7"))["lad25cd"]
    return SchoolDirectory(
        "invented",
        pd.DataFrame(
            {
                "name": [" ".join(parts) for parts in zip(*words, strict=True)],
                "town": "",
                "locality": "",
                "phase": np.where(np.char.find(words[2].astype(str), "High") >= 0, "Secondary", "Primary"),
                "type_group": "Academies",
                "lad25cd": councils,
            }
        ),
    )


def invented_locators(directory: Directory, schools: SchoolDirectory, count: int) -> list[Locator]:
    """Locators as children write them: mostly whole, in any spacing, some partial, wrong, missing or with a council only."""
    rng = np.random.default_rng(7)
    councils = directory.places["lad25cd"].dropna().unique()
    names = schools.schools["name"].to_numpy(dtype=object)
    ways = rng.choice(6, count, p=[0.55, 0.2, 0.08, 0.05, 0.02, 0.1])
    locators = []
    for way, postcode, council, name in zip(
        ways, english_postcodes(directory, count), rng.choice(councils, count), rng.choice(names, count), strict=True
    ):
        outward, inward = postcode[:4].strip(), postcode[4:]
        written = (f"{outward} {inward}", f"{outward}{inward}".lower(), outward, f"{outward} {inward} my house", "home", "")[way]
        stated = str(council) if way in (2, 5) else ""
        slip = int(rng.integers(len(name)))
        locators.append(Locator(written, str(name) if way else f"{name[:slip]}{name[slip + 1 :]}", stated, True))
    return locators


def matching(directory: Directory) -> None:
    """The whole of `match`, postcodes, councils and misspelt schools, at three sizes: its cost is linear."""
    schools = invented_schools(directory)
    print("\nmatch(): reading, looking up, falling back, schools with slips of the pen")
    for count in (50_000, 200_000, RESPONSES):
        locators = invented_locators(directory, schools, count)
        seconds = best(lambda given=locators: match(given, directory, schools), 1)  # type: ignore[misc]
        say(f"{count:>9,} locators ({seconds / count * 1e6:.1f} microseconds each)", seconds)
    print(f"largest memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")


def sealed_wave(home: Path, locators: list[Locator]) -> tuple[SecureStore, str]:
    """A secure zone with a wave of these locators, each sealed as the child door seals it, transferred and not yet located."""
    write_private(home / "passphrase", b"a passphrase for this measurement")
    store = SecureStore(SecureZone(home, f"sqlite:///{home / 'secure.sqlite'}", home / "passphrase"))
    wave = Wave("measured", "big_ask", "body-measured", "locator-measured")
    store.ring.create(wave.locator_key, KeyKind.SEALED_BOX)
    store.add_wave(wave, Entry("benchmark", "wave-open", wave.id))
    public = store.ring.public(wave.locator_key)
    with step(store, wave, Verb.TRANSFER, "benchmark") as running:
        path = store.vault.folder / "locators.bundle"
        write_bundle(path, "locators", LOCATOR_SIZE, (seal(locator.to_bytes(), LOCATOR_SIZE, public) for locator in locators))
        running.add_file("locators", StoredFile(path.name, wave.locator_key, len(locators), file_hash(path)))
    return store, wave.id


def whole_step(directory: Directory) -> None:
    """`locate` as the command runs it: check, open, match, write the encrypted result, destroy the key, certify."""
    schools = invented_schools(directory)
    print(f"\nthe whole step on {len(os.sched_getaffinity(0))} processors: from sealed locators to the certificate")
    for count in (50_000, 200_000, RESPONSES):
        with temporary() as home:
            store, wave = sealed_wave(home, invented_locators(directory, schools, count))
            memory = Peak()
            start, busy = time.perf_counter(), processor_seconds()
            with memory:
                told = locate(store, wave, "benchmark", directory=directory, schools=schools)
            clock, busy = time.perf_counter() - start, processor_seconds() - busy
            if told["responses"] != count or told["set_aside"] or certified(store, wave) != {"locators"}:
                raise SystemExit("the step did not end as it should")
        print(
            f"{count:>9,} locators {clock:8.1f} s, {busy:7.1f} s of a processor ({busy / count * 1e6:.0f} microseconds each), "
            f"at most {memory.megabytes:,.0f} MB in all processes"
        )


def processor_seconds() -> float:
    """Used by this process and its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


class Peak:
    """The largest memory of this process and its children together while it lasts, looked at ten times a second.

    Resident set size: what several processes share counts for each.
    """

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid)]
            self.megabytes = max(self.megabytes, sum(map(_resident, pids)) / 1e6)


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def importing(path: Path) -> None:
    """`geography add`, against pyarrow streaming the same columns to Parquet from the same file."""
    source = sources(path)[0]
    recognised = recognise(source.header())
    if recognised is None:
        raise SystemExit("this file is no postcode directory")
    columns = [theirs for ours, theirs in recognised.columns.items() if ours != "grid"]

    def pyarrow_alone(folder: Path) -> None:
        options = pacsv.ConvertOptions(include_columns=columns, column_types=dict.fromkeys(columns, pa.string()))
        with (
            source.open() as stream,
            pacsv.open_csv(stream, convert_options=options) as reader,
            pq.ParquetWriter(folder / "same.parquet", reader.schema) as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)

    print(f"\nimporting {path.name} ({recognised.product}, {source.size / 1e6:,.0f} MB unpacked)")
    with temporary() as home:
        ours = min(best(lambda folder=folder: add(path, folder), 1) for folder in (home / str(n) for n in range(3)))  # type: ignore[misc]
        print(f"largest memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")
        limit = best(lambda: pyarrow_alone(home), 3)
    say("pyarrow streams the same columns to Parquet", limit, limit)
    say("geography add: hash, recognise, check, number, keep", ours, limit)


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for the length of a measurement."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def accuracy(path: Path, directory: Directory) -> None:
    """How many codes of a sample are those that ONS publishes, and which are not."""
    sample = pd.read_csv(path, dtype="str", keep_default_na=False)
    found = match([Locator(postcode=written, asked=True) for written in sample["pcds"]], directory)
    print(f"\naccuracy on {len(sample)} postcodes of {path.name}, {directory.name}")
    for name in [str(column) for column in sample if str(column).startswith(("lsoa11cd", "msoa11cd", "lad25cd", "lsoa21cd", "msoa21cd"))]:
        ours = name.split("_")[0]
        if ours not in found:
            print(f"{name:<40} not known to this directory: add one that has {ours}")
            continue
        known = sample[name].str.startswith("E")
        same = sample[name] == found[ours]
        print(f"{name:<40}{int((same & known).sum()):6} of {int(known.sum())} the same")
        for row in sample.index[known & ~same]:
            why = "ours has none" if pd.isna(found[ours][row]) else f"ours {found[ours][row]}, from {directory.name}"
            print(f"    exception {sample['pcds'][row]}: the sample's edition says {sample[name][row]}, {why}; compare the two editions")
    if "case" in sample:
        print(pd.crosstab(sample["case"], found["outcome"]).to_string())
    print(f"matched in all: {int(found['outcome'].isin([Outcome.MATCHED, Outcome.MATCHED_TERMINATED]).sum())}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--official", type=Path, help="an ONSPD, NSPL or ONS lookup file as downloaded")
    parser.add_argument("--truth", type=Path, help="a CSV of postcodes with their published codes; the directory in use is that of --home")
    parser.add_argument(
        "--home", type=Path, help="a folder that `bigask geography add` has filled; without it, what comes with the program"
    )
    parser.add_argument("--whole", action="store_true", help="measure the whole step")
    arguments = parser.parse_args()
    if arguments.official is not None:
        importing(arguments.official)
    directory = directory_in_use(arguments.home) if arguments.home else Directory.embedded()
    if arguments.truth is not None:
        accuracy(arguments.truth, directory)
    if arguments.whole:
        whole_step(directory)
    if arguments.truth is None and not arguments.whole:
        lookups(directory)
        matching(directory)


if __name__ == "__main__":
    main()
