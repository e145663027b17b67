"""Coins schools, streets, shops and villages: what children call the places that they know."""

from __future__ import annotations

import string

from pipeline.scrub.coin import Coiner


class PlaceCoiner(Coiner):
    """Draws one place at a time."""

    def _stem(self) -> str:
        form = self._random.random()
        if form < 0.25:
            return self._pick(self._villages)
        if form < 0.45:
            return self._piece("stems") + self._piece("place ends")
        if form < 0.55:
            return self._piece("place starts") + self._piece("place ends")
        if form < 0.75:
            return f"{self._piece('stems')} {self._piece('stems')}"
        if form < 0.85:
            return self._pick(self._surnames)
        return self._piece("stems") if form < 0.93 else self._pick(self._nouns)

    def _school(self) -> str:
        form = self._random.random()
        if form < 0.05:
            return "".join(self._random.choice(string.ascii_uppercase) for _ in range(self._random.randint(3, 4)))
        if form < 0.12:
            return f"{self._stem()} {self._piece('secure ends')}"
        if form < 0.16:
            return f"{self._pick(['hmyoi', 'hmp', 'hm yoi'])} {self._stem()}"
        if form < 0.23:
            return self._pick(["the ", "", ""]) + self._stem()
        if form < 0.28:
            return self._saint()
        if form < 0.32:
            joint = f"our lady and st {self._pick(self._tiers[0])}"
            name = joint if self._random.random() < 0.15 else self._piece("church schools")
            return name + self._pick(["", " primary", " catholic school", " rc primary", " academy"])
        if form < 0.36:
            return f"{self._stem()} {self._pick(['and', '&', 'and'])} {self._stem()} {self._piece('school ends')}"
        if form < 0.42:
            return f"{self._pick([self._stem(), self._saint(), self._saint()])} {self._piece('long school ends')}"
        if form < 0.46:
            return self._founded()
        if form < 0.50:
            return f"{self._piece('trusts')} {self._pick([self._stem(), self._pick(self._villages)])}"
        if form < 0.53:
            town = self._pick([*self._public["place"][:60], self._pick(self._villages)])
            return self._pick(
                [f"{town} college", f"the city academy {town}", f"the city of {town} boys' school", f"{town} high", f"uni of {town}"]
            )
        stem = self._saint() if form < 0.61 else f"{self._given()} {self._surname()}" if form < 0.64 else self._stem()
        return f"{stem} {self._piece('school ends')}"

    def _saint(self) -> str:
        return f"{self._pick(['st', 'st', 'st.', 'saint'])} {self._pick(self._tiers[0])}{self._pick(['', 's', chr(39) + 's'])}"

    def _founded(self) -> str:
        """A school called after its founder: 'lady eleanor's', 'archbishop whitlow's', 'king edmund vi'."""
        founder = f"{self._piece('founders')} {self._pick([self._pick(self._tiers[0]), self._surname()])}"
        return founder + self._pick(["'s", "s", "", " vi", "'s school", "'s grammar", " school"])

    def _village(self) -> str:
        form = self._random.random()
        if form < 0.55:
            return self._pick(self._towns if form < 0.05 else self._villages)
        bare = self._piece("place starts" if form < 0.8 else "stems") + self._piece("place ends")
        if form < 0.82:
            return bare
        if form < 0.92:
            return f"{self._piece('place adjectives')} {bare}"
        return bare + self._piece("place tails")

    def _spot(self) -> str:
        article = "the " if self._random.random() < 0.06 else ""
        return f"{article}{self._stem() if self._random.random() < 0.8 else self._given() + 's'} {self._piece('spots')}"

    def _shop(self) -> str:
        form = self._random.random()
        if form < 0.25:
            return f"{self._pick([self._given(), self._surname()])}{self._pick(['s', chr(39) + 's', ''])}"
        if form < 0.32:
            return f"{self._surname()} {self._pick(['and', '&'])} {self._pick(['sons', 'son', 'daughters', 'co', self._surname()])}"
        if form < 0.40:
            kind = self._famous("brand") if self._random.random() < 0.3 else self._piece("shops")
            return f"{self._pick([self._given(), self._surname()])}'s {kind}"
        if form < 0.6:
            return f"{self._pick([self._given() + 's', self._surname() + 's', self._stem(), self._stem()])} {self._piece('shops')}"
        if form < 0.8:
            return f"the {self._stem()} {self._pick(['arms', 'inn', 'stores', 'kebab', 'cafe', 'bakery', 'pharmacy'])}"
        return f"{self._stem()} {self._pick(['stores', 'news', 'motors', 'garage', 'farm shop', 'garden centre', 'chip shop'])}"

    def _club(self) -> str:
        first = self._stem() if self._random.random() < 0.75 else f"{self._stem()} {self._piece('street ends')}"
        return f"{self._pick(['', '', '', '1st ', '3rd ', 'the ', '22nd '])}{first} {self._piece('clubs')}"

    def _street(self) -> str:
        form = self._random.random()
        if form < 0.10:
            return f"the {self._stem()}" if form < 0.05 else self._stem()
        if form < 0.27:
            return f"{self._stem()} {self._piece('buildings')}"
        return f"{self._stem()} {self._piece('street ends')}"

    def _number(self) -> str:
        if self._random.random() < 0.12:
            return self._piece("spelled numbers")
        return str(self._random.randint(1, 199)) + self._pick(["", "", "", "a", "b"])

    def _address(self) -> str:
        number = self._pick(["", "number ", "no ", "", "", ""]) + self._number()
        street = f"{self._stem()} {self._piece('street ends')}"
        if self._random.random() < 0.2:
            return f"flat {self._random.randint(1, 60)} {self._stem()} {self._piece('buildings')}"
        return f"{number} {street}"
