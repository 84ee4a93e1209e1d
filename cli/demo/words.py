"""The shape of a storm's vocabulary: what a scenario picks from, and a scenario's only source of text.

Places in braces: ``{at}`` the brand's account, ``{name}`` its name, ``{place}`` and ``{quarter}`` where it is, ``{since}``, ``{effect}`` and ``{ask}``
from the lists below, ``{tag}`` the hashtag of the day, ``{reach}`` and ``{said}`` how somebody can be reached or who they are. Everything is invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What people write while something is down, by who they are. Reports are made of a sentence and its places; the rest is taken as it stands."""

    title: str
    tag: str
    places: tuple[str, ...]
    quarters: tuple[str, ...]
    reports: tuple[str, ...]
    """Dutch, with {place}, {quarter}, {since}, {effect} and {ask}."""
    since: tuple[str, ...]
    effects: tuple[str, ...]
    asks: tuple[str, ...]
    reports_en: tuple[str, ...]
    since_en: tuple[str, ...]
    effects_en: tuple[str, ...]
    asks_en: tuple[str, ...]
    everyday: tuple[str, ...]
    jokes: tuple[str, ...]
    angry: tuple[str, ...]
    """A follow-up in one's own thread when nobody answers."""
    thanks: tuple[str, ...]
    critical: tuple[str, ...]
    influencers: tuple[str, ...]
    press: tuple[str, ...]
    legal: tuple[str, ...]
    spam: tuple[str, ...]
    first_of_pair: tuple[str, ...]
    """With {reach}: a phone number, an address, or nothing."""
    second_of_pair: tuple[str, ...]
    """The same question on another channel, with {said}: a handle, or nothing."""
    mail_subjects: tuple[str, ...]
    mails: tuple[str, ...]


FIRST_NAMES = (
    "Aafke", "Abel", "Ahmed", "Aleida", "Anouk", "Arjen", "Asha", "Bente", "Berend", "Bilal", "Britt", "Carlijn", "Coen", "Daan", "Demi",
    "Diederik", "Elif", "Elske", "Emma", "Ewout", "Famke", "Fenna", "Floris", "Geertje", "Gijs", "Hamza", "Hanne", "Hugo", "Ilse", "Imane",
    "Isa", "Jelmer", "Jesse", "Jorrit", "Karim", "Kaatje", "Lars", "Lieke", "Lotte", "Maarten", "Malika", "Merel", "Mees", "Naomi", "Niels",
    "Noor", "Omar", "Pien", "Pleun", "Quirine", "Ravi", "Roos", "Rutger", "Saar", "Sefa", "Sjoerd", "Sofie", "Teun", "Tirza", "Umut", "Veerle",
    "Vera", "Wessel", "Willemijn", "Xander", "Yara", "Youssef", "Zeynep",
)  # fmt: skip
"""What people of a scenario are called."""

HANDLE_WORDS = (
    "aan_de_dijk", "bakt", "bij_de_haven", "buiten", "denkt", "fietst", "foto", "graaft", "in_de_tuin", "kijkt", "leest", "loopt",
    "maakt_muziek", "met_de_hond", "nu", "op_zolder", "praat", "reist", "rent", "schrijft", "tekent", "thuis", "vaart_mee", "van_hiernaast",
    "vist", "wandelt", "werkt", "zingt", "zwemt", "kookt",
)  # fmt: skip
"""What stands in a handle after the name."""
