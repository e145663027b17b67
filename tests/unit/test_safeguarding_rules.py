"""Safeguarding rules on written examples: what must reach the lead, what must not fill the lead's queue, and nothing is quoted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.safeguarding_hints import examples, likeness, load_weights, save_weights
from pipeline.safeguarding_rules import SafeguardingRulesError, flags, load_rules, plain, rule_of
from pipeline.scrub.spans import Span

WRITTEN = examples()  # the rules were widened, and the weights of the last one learnt, after these were written
HARM = {name.removeprefix("harm "): texts for name, texts in WRITTEN.items() if name.startswith("harm ")}

# Hints, and everyday lines in like words, written after all rules but the learnt one; neither rules nor weights have seen them.
HINTED_LATER = [
    "i sleep in the bathroom because it has a bolt",
    "dad says what happens in this house stays in this house",
    "mums new man counts the bruises so he knows where to hit next",
    "my stepbrother makes me watch things on his phone then copies them",
    "i save the painkillers from the dentist in a sock",
    "i have picked the bridge",
    "if i fell asleep and that was it i would be ok with that",
    "i smile all day and then i go home and use the blade from my sharpener",
    "i only drink water on weekdays so that i fit",
    "we havent had a hot meal since nan died",
    "my shoes have cardboard in",
    "i do nights with the baby because mum is out of it",
    "the social worker rings and mum makes me say everything is fine",
    "i am not allowed to talk to the neighbours",
    "i am locked in after school until morning",
    "he makes me call him daddy and he isnt",
    "the lodger leaves his door open on purpose when i go past",
    "my guitar teacher texts me hearts",
    "they gave me a phone and now it never stops ringing, i have to go when it does",
    "i took a train to a town i dont know with a parcel up me",
    "my cousin is 14 and she is being sent away for a wedding",
    "gran says girls who bring shame dont come home",
    "my brother keeps a machete under the sink for the other lot",
    "i draw how i would do it, all of them in the hall",
    "he got me drunk then i dont remember",
    "my mum sells her tablets and i hand them over at the door",
    "i had to clean the blood up before the little ones came down",
    "dad burned my books and my hand",
    "i flinch at everything",
    "i have not been home for eleven nights, i go round and round on the night bus",
    "my dad put a tracker on me and waits outside school",
    "he says if i tell they will put me in a home and it will be my fault",
    "mummy sleeps all day and i cant wake her",
    "there is something wrong with mummy she fell and she wont talk",
    "my foster carers make us eat in the garage",
    "staff member shows us videos on nights",
    "i would rather be under a train than do monday",
    "nobody gets that i am already gone",
    "i hear them saying my name through the wall and to jump",
    "my ex has a video and the whole year has seen it",
]
EVERYDAY_LATER = [
    "i sleep in the top bunk",
    "i dont drink fizzy drinks",
    "i have picked the name for my cat",
    "my guitar teacher is funny",
    "we went on the train to a town i dont know",
    "my cousin is getting a wedding dress",
    "my brother keeps a hamster under the sink",
    "i draw all the time",
    "my mum makes me say please",
    "there is something wrong with our boiler",
    "my foster carers have a garage",
    "we watch videos at the club on friday nights",
    "i would rather be on a train than a bus",
    "i love my phone, it never stops ringing",
    "i am locked out of my ipad",
    "my shoes have lights in",
    "i can hear the neighbours through the wall",
    "the whole year has seen the show",
    "dad burned the toast",
    "we had a hot meal at school",
    "i had to clean up after the dog",
    "i go round and round on the roundabout",
    "i cant wake up early",
    "my mum waits outside school for me",
    "my name was called out",
    "the baby cries at night and i help",
    "scared of heights",
    "i am the man of the house now",
    "less fighting in the corridors",
    "there were police at our school because of a fight",
    "my mates got in trouble for smoking",
    "the boys slap each other for fun",
    "sometimes my parents argue",
    "i get angry when i lose",
    "my friend told me a secret",
    "i cry when i watch sad films",
    "my gran died in hospital",
    "my uncle is a police officer",
    "older people tell us to shut up",
    "i am left out of the group chat",
]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in HARM.items() for text in texts])
def test_what_names_a_harm_reaches_the_lead(rule: str, text: str) -> None:
    found = rule_of(text)
    assert found is not None, f"missed: an example of {rule}"
    assert found == rule or rule_of(text) in HARM


@pytest.mark.parametrize("text", WRITTEN["told"])
def test_what_is_told_less_directly_reaches_the_lead_too(text: str) -> None:
    assert rule_of(text) is not None


def test_more_than_a_quarter_of_the_hints_that_nobody_foresaw_is_found_and_the_lead_is_not_buried() -> None:
    """Honest numbers, not targets: the rules in words alone find 3 of these 40. So whoever reads a text may raise a flag too."""
    by_words = [rule_of(text) not in (None, "hinted") for text in HINTED_LATER]
    assert sum(by_words) >= 3
    assert sum(rule_of(text) is not None for text in HINTED_LATER) >= 11
    assert sum(rule_of(text) is not None for text in EVERYDAY_LATER) <= 5


@pytest.mark.parametrize("text", ["my social worker Zofia never calls back", "my brother Zofia has autism", "Zofia came out as gay"])
def test_what_is_sensitive_about_somebody_named_is_no_harm(text: str) -> None:
    assert rule_of(text, identified=True) is None


@pytest.mark.parametrize("text", [*WRITTEN["ordinary"], *WRITTEN["everyday"]])
def test_what_children_say_every_day_does_not(text: str) -> None:
    assert rule_of(text) in (None, "hinted")


def test_hardly_any_of_it_reads_like_a_hint() -> None:
    """Single words are weighed, so 'my dad never hits me' reads like one; better so than the reverse."""
    assert sum(rule_of(text) is not None for text in [*WRITTEN["ordinary"], *WRITTEN["everyday"]]) <= 4


@pytest.mark.parametrize("change", [str.upper, str.title, lambda text: text.replace("i", "í"), lambda text: f"  {text}!!! :(("])
def test_letters_accents_and_marks_hide_nothing(change: object) -> None:
    assert callable(change)
    for texts in HARM.values():
        for text in texts:
            assert rule_of(change(text)) is not None


@pytest.mark.parametrize("text", ["i want to diiiiiie", "my dad hitttts me", "I WANNNNA DIE"])
def test_drawn_out_letters_are_read(text: str) -> None:
    assert rule_of(text) is not None


def test_naming_somebody_beside_something_harmful_reaches_the_lead_and_neither_alone_does() -> None:
    text = "Zofia in my class takes drugs"
    assert rule_of(text, identified=True) == "identified_and_harmful"
    assert rule_of(text) is None
    assert rule_of("Zofia is my best friend", identified=True) is None


def test_a_worse_rule_names_the_flag_first() -> None:
    names = [rule.name for rule in load_rules()]
    assert names[0] == "suicide"
    assert names[-1] == "identified_and_harmful"
    assert rule_of("my dad hits me and i want to die") == "suicide"


def test_flags_are_rows_and_rules_and_identical_texts_are_flagged_each() -> None:
    texts = ["more parks", "i want to die", "Zofia was arrested", "i want to die"]
    found: list[list[Span]] = [[], [], [Span(0, 5, "PERSON", 0.9, "learnt")], []]
    assert flags(texts, found) == [(1, "suicide"), (2, "identified_and_harmful"), (3, "suicide")]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        flags(texts, found[:2])


def test_plain_spelling_keeps_words_apart_and_writes_short_ones_out() -> None:
    assert plain("I’m gonna   DIE!!! u don't care…") == "im going to die you dont care"


@pytest.mark.parametrize(
    "content",
    ["", "words: {}\nrules: {}", "words: {}\nrules: {a: {patterns: [x]}}", "words: {}\nrules: {a: {what: x, patterns: []}}",
     "words: {}\nrules: {a: {what: x, patterns: ['(']}}", "words: {}\nrules: {a: {what: x, patterns: [x], more: 1}}"],
)  # fmt: skip
def test_rules_that_cannot_be_used_stop_the_step(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SafeguardingRulesError):
        load_rules(path)


def test_the_likeness_is_that_of_the_learnt_regression(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.safeguarding_hints.WEIGHTS", tmp_path / "weights")
    load_weights.cache_clear()
    save_weights([("a", 2.0, 1.0), ("b", 1.0, -3.0), ("a b", 1.5, 0.5)], -0.25)
    first = (tmp_path / "weights").read_bytes()
    save_weights([("a b", 1.5, 0.5), ("a", 2.0, 1.0), ("b", 1.0, -3.0)], -0.25)
    twice = (1 + math.log(2)) * 2.0  # of 'a', which stands there twice
    assert likeness("a b a") == pytest.approx(-0.25 + (twice - 3 + 1.5 * 0.5) / math.sqrt(twice**2 + 1 + 1.5**2))
    assert likeness("unknown words") == likeness("") == -0.25
    assert (tmp_path / "weights").read_bytes() == first
    load_weights.cache_clear()
