"""Questions for sentences of the made-up talks with none of their words: synonyms, half of them in German.

Knows no database and no model.
"""

from __future__ import annotations

import random
from collections import Counter

from tests.benchmarks.search.talks import Question, Said

# said: (English, German)
PEOPLE = {
    "teacher": ("instructor at a school", "Lehrer"), "farmer": ("man with cows and fields", "Bauer"),
    "nurse": ("hospital carer", "Krankenschwester"), "baker": ("maker of bread", "Bäcker"),
    "judge": ("magistrate in court", "Richter"), "lawyer": ("attorney", "Anwalt"),
    "sailor": ("seaman", "Matrose"), "surgeon": ("doctor who operates", "Chirurg"),
    "tailor": ("dressmaker", "Schneider"), "programmer": ("software developer", "Programmierer"),
    "painter": ("artist", "Maler"), "fisherman": ("angler", "Fischer"), "pilot": ("aviator", "Pilot"),
    "carpenter": ("woodworker", "Tischler"), "veterinarian": ("animal doctor", "Tierarzt"),
    "journalist": ("reporter", "Reporter"), "driver": ("chauffeur", "Fahrer"),
    "musician": ("band member", "Musiker"), "photographer": ("taker of pictures", "Fotograf"),
}  # fmt: skip
VERBS = {
    "repair": ("fixed", "reparierte"), "clean": ("washed", "putzte"), "buy": ("purchased", "kaufte"),
    "sell": ("traded away", "verkaufte"), "build": ("constructed", "baute"),
    "draw": ("sketched", "zeichnete"),
    "find": ("discovered", "fand"), "break": ("smashed", "zerbrach"), "remove": ("took away", "entfernte"),
    "borrow": ("got on loan", "lieh sich"), "examine": ("took a close look at", "untersuchte"),
    "photograph": ("took pictures of", "fotografierte"), "replace": ("swapped", "tauschte"),
    "invent": ("came up with", "erfand"), "decorate": ("adorned", "verzierte"),
    "deliver": ("transported", "lieferte"), "measure": ("determined the size of", "vermaß"),
}  # fmt: skip
THINGS = {
    "bicycle": ("bike", "Fahrrad"), "violin": ("fiddle", "Geige"), "ship": ("vessel", "Schiff"),
    "coat": ("jacket", "Mantel"), "sofa": ("couch", "Sofa"), "ladder": ("steps to climb", "Leiter"),
    "umbrella": ("brolly", "Regenschirm"), "sweater": ("pullover", "Pullover"), "oven": ("cooker", "Ofen"),
    "engine": ("motor", "Triebwerk"), "mirror": ("looking glass", "Spiegel"), "carpet": ("rug", "Teppich"),
    "clock": ("timepiece", "Uhr"), "canoe": ("kayak", "Kanu"), "tractor": ("farm vehicle", "Traktor"),
    "quilt": ("blanket", "Steppdecke"), "garden": ("yard with plants", "Garten"),
    "statue": ("sculpture", "Statue"), "lamp": ("light", "Leuchte"), "bucket": ("pail", "Eimer"),
    "trumpet": ("brass instrument", "Trompete"), "cellar": ("basement", "Keller"),
    "notebook": ("jotter", "Notizbuch"), "table": ("desk", "Tisch"), "train": ("railway cars", "Eisenbahn"),
}  # fmt: skip
QUALITIES = {
    "old": ("aged", "alt"), "broken": ("damaged", "kaputt"), "tiny": ("very small", "winzig"),
    "modern": ("up to date", "zeitgemäß"), "wet": ("soaked", "nass"), "cheap": ("inexpensive", "billig"),
    "yellow": ("lemon coloured", "gelb"), "heavy": ("weighty", "schwer"), "enormous": ("huge", "riesig"),
    "famous": ("well known", "berühmt"), "empty": ("with nothing in it", "leer"),
    "dusty": ("covered in dirt", "staubig"), "bright": ("shining", "hell"), "wooden": ("timber", "aus Holz"),
    "ancient": ("from long ago", "uralt"), "golden": ("gilded", "vergoldet"), "rusty": ("corroded", "rostig"),
    "elegant": ("stylish", "vornehm"), "electric": ("battery powered", "mit Strom"),
}  # fmt: skip


def make_other_words(talks: list[list[Said]], count: int, seed: int = 5) -> list[Question]:
    """Questions for sentences whose facts are said once, and all have a synonym."""
    rng = random.Random(seed)
    times = Counter(said.facts for talk in talks for said in talk)
    places = [
        (number, place)
        for number, talk in enumerate(talks)
        for place, said in enumerate(talk)
        if said.facts is not None and times[said.facts] == 1 and _has_all(said.facts)
    ]
    chosen = rng.sample(places, min(count, len(places)))
    return [
        Question(_asked(talks[talk][place], n % 2 == 1), talk, place)
        for n, (talk, place) in enumerate(chosen)
    ]


def _has_all(facts: tuple[str, str, str, str]) -> bool:
    person, verb, thing, quality = facts
    return person in PEOPLE and verb in VERBS and thing in THINGS and quality in QUALITIES


def _asked(said: Said, in_german: bool) -> str:
    assert said.facts is not None
    tables = (PEOPLE, VERBS, THINGS, QUALITIES)
    person, verb, thing, quality = (
        table[word][in_german] for table, word in zip(tables, said.facts, strict=True)
    )
    if in_german:
        return f"Welcher {person} {verb} etwas: {thing}, {quality}"
    return f"{person} {verb} {thing} {quality}"
