"""Made-up talks, and questions about them in other words than are said.

All are made from sentence templates by a seeded generator, so that every run has the same. A question asks
for one sentence with three or four of its words, in another order and in other inflections, among words that
are not said. A fifth of the verbs are irregular (`taught`, `teach`), as in English, and stemming does not
bring those together. Knows no database.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass


def _listed(text: str, mark: str | None = None) -> list[str]:
    return [word.strip() for word in text.replace("\n", " ").strip().split(mark)]


_PEOPLE = _listed("""
engineer teacher farmer nurse architect pilot baker carpenter chemist designer driver editor fisherman
gardener geologist historian journalist judge lawyer librarian mechanic musician neighbour officer
painter pharmacist photographer plumber potter programmer researcher sailor sculptor surgeon tailor
technician translator veterinarian waiter weaver
""")
_REGULAR = _listed("""
repair clean paint measure replace inspect deliver design improve test record collect remove install
polish examine describe weigh translate explain plant harvest study decorate restore borrow photograph
document compare invent label pack
""")
_IRREGULAR = {  # base: (past, participle of the present)
    "teach": ("taught", "teaching"), "buy": ("bought", "buying"), "sell": ("sold", "selling"),
    "build": ("built", "building"), "draw": ("drew", "drawing"), "bring": ("brought", "bringing"),
    "find": ("found", "finding"), "break": ("broke", "breaking"),
}  # fmt: skip
_THINGS = _listed("""
bicycle bridge telescope violin lantern tractor greenhouse bookshelf engine garden turbine microscope
ladder window chimney fountain statue carpet curtain keyboard camera compass helmet kettle mirror motor
notebook oven parachute pump radiator sail saddle scale screen ship shovel stove sweater table tent
tower train tunnel umbrella valve vase wagon wheel whistle antenna anchor balcony barrel basket battery
beehive bottle bracelet bucket cabinet candle canoe cellar circuit clock coat collar crane drawer drill
drum fence filter flute gate glove hammer harbour hinge hose jar kite lamp lens lever magnet map medal
needle orchard organ pipe plate propeller quilt ramp reactor rope satellite sensor shelf signal sledge
staircase submarine switch thermometer tile trumpet vault vehicle
""")
_QUALITIES = _listed("""
old wooden broken heavy golden tiny rusty foreign modern narrow plastic silent steep striped wet yellow
ancient bright ceramic colourful cheap copper curved dusty electric elegant empty enormous famous
fragile
""")
_PLACES = _listed(
    """
near the station | behind the school | at the market | in the valley | on the island | beside the
lake | under the roof | in the museum | at the airport | in the workshop | by the river | in the
forest | at the university | on the mountain | in the desert | next to the castle | in the kitchen |
at the festival | on the beach | in the laboratory
""",
    " | ",
)
_WHEN = _listed(
    """
last winter | every Tuesday | before the meeting | after the storm | during the holidays | two years
ago | in September | this morning | over the weekend | at midnight
""",
    " | ",
)
_FILLERS = (
    "So let us have a look at the next point.", "I think that is really important to understand.",
    "Thank you all for coming today.", "And that brings me to another question.",
    "We will come back to this later.", "As you can see, it is not that simple.",
    "Let me give you an example.", "You know, people ask me about this all the time.",
)  # fmt: skip
_SAID = (
    "{when} the {person} {past} the {quality} {thing} {place}.",
    "The {person} was {ing} {quality} {things} {place} {when}.",
    "Well, {quality} {things} had to be found, and then the {person} {past} them {place}.",
    "What surprised me {when} was how the {person} {past} a {quality} {thing} {place}.",
    "{place} there were {people} {ing} {quality} {things}.",
    "I remember that {when} we {past} the {thing} of the {person}, the {quality} one.",
)
_ASKED = (
    "where does the {person} {base} {quality} {things}",
    "{people} who {base} a {quality} {thing}",
    "video about {ing} {things} by a {person}, {quality}",
    "{quality} {thing} that {people} {past}",
    "how was the {quality} {thing} of the {person} made? somebody {past} it",
)
SENTENCE_S = 4.0


@dataclass(frozen=True)
class Said:
    """One sentence. `facts`: person, verb, thing and quality; None of a filler."""

    text: str
    facts: tuple[str, str, str, str] | None


@dataclass(frozen=True)
class Question:
    """A question, and the talk and sentence that it asks for."""

    text: str
    talk: int
    sentence: int


def make_talks(count: int, seed: int = 1, sentences: int = 40) -> list[list[Said]]:
    """So many talks of so many sentences; a quarter of the sentences are fillers."""
    rng = random.Random(seed)
    return [[_sentence(rng) for _ in range(sentences)] for _ in range(count)]


def make_questions(talks: list[list[Said]], count: int, seed: int = 2) -> list[Question]:
    """Questions for sentences whose facts are said once in all talks."""
    rng = random.Random(seed)
    times = Counter(said.facts for talk in talks for said in talk)
    places = [
        (number, place)
        for number, talk in enumerate(talks)
        for place, said in enumerate(talk)
        if said.facts is not None and times[said.facts] == 1
    ]
    chosen = rng.sample(places, count)
    return [Question(_question(rng, talks[talk][place]), talk, place) for talk, place in chosen]


def _sentence(rng: random.Random) -> Said:
    if rng.random() < 0.25:
        return Said(rng.choice(_FILLERS), None)
    verbs = [*_REGULAR, *_IRREGULAR]
    facts = (rng.choice(_PEOPLE), rng.choice(verbs), rng.choice(_THINGS), rng.choice(_QUALITIES))
    text = rng.choice(_SAID).format(**_words(facts), place=rng.choice(_PLACES), when=rng.choice(_WHEN))
    return Said(text[0].upper() + text[1:], facts)


def _question(rng: random.Random, said: Said) -> str:
    assert said.facts is not None
    return rng.choice(_ASKED).format(**_words(said.facts))


def _words(facts: tuple[str, str, str, str]) -> dict[str, str]:
    person, base, thing, quality = facts
    past, ing = _IRREGULAR.get(base) or (_past(base), _ing(base))
    return {
        "person": person, "people": _plural(person), "base": base, "past": past, "ing": ing,
        "thing": thing, "things": _plural(thing), "quality": quality,
    }  # fmt: skip


def _past(base: str) -> str:
    if base.endswith("e"):
        return f"{base}d"
    return f"{base[:-1]}ied" if base.endswith("y") else f"{base}ed"


def _ing(base: str) -> str:
    return f"{base.removesuffix('e')}ing"


def _plural(noun: str) -> str:
    if noun.endswith("man"):
        return f"{noun[:-2]}en"
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    if noun.endswith(("s", "sh", "ch", "x")):
        return f"{noun}es"
    return f"{noun.removesuffix('f')}ves" if noun.endswith("shelf") else f"{noun}s"
