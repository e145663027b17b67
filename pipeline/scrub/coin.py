"""Coins names and usernames that nobody bears, from lists and pieces; the same seed gives the same ones. Places: `coin_places`."""

from __future__ import annotations

import random
import string

from pipeline.scrub.lists import NameLists, sections, word_classes

VOCABULARY = sections("training/vocabulary.txt")


class Coiner:
    """Draws one thing at a time."""

    def __init__(self, lists: NameLists, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - texts for training, no secret
        self._lists = lists
        given = [(n, r) for n, r in lists.given.items() if len(n) > 1]
        plain = [(n, r) for n, r in given if not lists.is_word(n) or lists.zipf(n) < 30]
        self._tiers = (
            sorted(n for n, r in plain if r >= 42),
            sorted(n for n, r in plain if 30 <= r < 42),
            sorted(n for n, r in plain if r < 30),
        )
        self._wordy = sorted(n for n, r in given if r >= 33 and lists.is_word(n) and 30 <= lists.zipf(n) <= 54)
        self._surnames = sorted(lists.surnames)
        self._nouns = sorted(w for w, (z, known) in lists.words.items() if known and 33 <= z <= 47 and 3 < len(w) < 9 and w.isalpha())
        self._rare = sorted(w for w, (z, known) in lists.words.items() if known and z < 33 and 3 < len(w) < 12 and not lists.is_name(w))
        self._peoples, self._acronyms = sorted(word_classes()["people"]), sorted(word_classes()["acronyms"])
        self._ailments = sorted(word_classes()["health"])
        self._public: dict[str, list[str]] = {}
        for phrases in lists.public.values():
            for words, kind in phrases:
                self._public.setdefault(kind, []).append(" ".join(words).replace(" ' ", "'").replace(" - ", "-"))
        everywhere = set(self._public["place"])
        self._villages = sorted(n for n, people in lists.places.items() if people < 60_000 and n not in everywhere)
        self._towns = sorted(n for n, people in lists.places.items() if people >= 60_000 and n not in everywhere)
        # a private person may bear the first name of a public one
        self._shared = sorted(n for n in {*self._public["person"], *self._public["fiction"]} if lists.given.get(n, 0) >= 30)

    def _piece(self, kind: str) -> str:
        return self._random.choice(VOCABULARY[kind])

    def _pick(self, options: list[str] | tuple[str, ...]) -> str:
        return self._random.choice(options)

    def _pet(self) -> str:
        return self._pick(self._nouns) if self._random.random() < 0.5 else self._given()

    def _titled_pet(self) -> str:
        return f"{self._pick(['mr', 'mrs', 'sir', 'lady', 'doctor', 'captain', 'professor', 'miss', 'king', 'princess'])} {self._pet()}"

    def _acronym(self) -> str:
        return self._pick(self._acronyms).upper()

    def _ailment(self) -> str:
        return self._pick(self._ailments)

    def _people(self) -> str:
        return self._pick(self._peoples)

    def _letter(self) -> str:
        return self._random.choice(string.ascii_lowercase)

    def _given(self) -> str:
        roll = self._random.random()
        if roll < 0.14:
            return self._pick(self._wordy)
        if roll < 0.20:
            return self._coined()
        if roll < 0.24:
            return self._pick(self._shared)
        tier = self._random.choices(self._tiers, (46, 34, 20))[0]
        name = self._pick(tier)
        if self._random.random() < 0.04:
            name = f"{name}-{self._pick(['mae', 'rose', 'lee', 'jo', 'leigh', 'grace', 'may', 'jay'])}"
        return name

    def _coined(self) -> str:
        """A name of two halves of others: what no list holds."""
        first, second = self._pick(self._tiers[1]), self._pick(self._tiers[1])
        return first[: max(2, len(first) // 2)] + second[len(second) // 2 :]

    def _surname(self) -> str:
        roll = self._random.random()
        if roll < 0.12:
            return self._pick(self._nouns)
        if roll < 0.18:
            return f"{self._pick(self._surnames)}-{self._pick(self._surnames)}"
        if roll < 0.22:
            return f"{self._piece('surname starts')} {self._pick(self._surnames)}"
        return self._pick(self._surnames)

    def _formal(self) -> str:
        roll = self._random.random()
        if roll < 0.08:
            return f"{self._pick(['sir', 'miss', 'mr', 'mrs'])} {self._given()}"
        if roll < 0.13:
            return f"{self._piece('formal')} {self._letter()}"
        return f"{self._piece('formal')} {self._surname()}"

    def _initials(self) -> str:
        form = self._random.random()
        first, second = self._letter(), self._letter()
        return (
            f"{first}{second}"
            if form < 0.5
            else f"{first}.{second}."
            if form < 0.7
            else first.upper()
            if form < 0.85
            else f"{first}.{second}"
        )

    def _nick(self) -> str:
        form = self._random.random()
        if form < 0.45:
            return f"{self._piece('nick starts')} {self._pick([self._given(), self._letter(), 'man', 'dave', 'g'])}"
        if form < 0.75:
            base = self._given()[:4]
            return base + self._piece("nick ends")
        return self._pick(self._nouns) + self._pick(["", "y", "boy", "head", "s"])

    def _odd(self) -> str:
        """A nickname that is a word, or now and then a hero's name."""
        return self._pick(self._nouns) if self._random.random() < 0.9 else self._famous("fiction").split()[0]

    def _handle(self) -> str:
        rng = self._random
        first = (
            rng.choice(
                [
                    self._given(),
                    self._pick(self._nouns),
                    self._pick(["lil", "its", "real", "not", "ur", "the", "xx", "king", "queen", "baby"]) + self._given(),
                ]
            )
            .replace(" ", "")
            .replace("'", "")
        )
        second = self._pick(self._nouns)
        digits = str(rng.choice([rng.randint(1, 99), rng.randint(2005, 2018), rng.randint(100, 999)]))
        forms = (
            *(f"{first}{digits}", f"{first}_{second}", f"{first}.{second}", f"xx_{first}_xx", f"{first}{second}{digits}", f"_{first}_"),
            *(f"{first}{second}", f"@{first}{digits}", f"{first.title()}{second.title()}", f"{first}{second}", f"{first}xo"),
            *(f"@{first}.{second}", f"{first}_{digits}", f"{second}{first}"),
        )
        return rng.choice(forms)

    def _famous(self, kind: str) -> str:
        name = self._pick(self._public[kind])
        first, _, last = name.partition(" ")
        known_by_it = kind == "person" and last in self._lists.famous and not self._lists.given.get(last)
        return last if known_by_it and first and self._random.random() < 0.15 else name
