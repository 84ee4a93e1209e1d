"""The words that stand for numbers, days, months, parts of a day and spans of time, in Dutch and in English."""

MONTHS_NL = ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"]
MONTHS_EN = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
SHORT = {
    "jan": 1,
    "feb": 2,
    "mrt": 3,
    "mar": 3,
    "apr": 4,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "sept": 9,
    "okt": 10,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
MONTH = {name: at for names in (MONTHS_NL, MONTHS_EN) for at, name in enumerate(names, 1)} | SHORT
DAYS_NL = ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"]
DAYS_EN = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAY = {name: at for names in (DAYS_NL, DAYS_EN) for at, name in enumerate(names)}
NUMBER = {
    **{
        word: at
        for at, word in enumerate(["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"], 1)
    },
    **{
        word: at
        for at, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1)
    },
    **{
        "één": 1,
        "veertien": 14,
        "twintig": 20,
        "dertig": 30,
        "achtenveertig": 48,
        "vierentwintig": 24,
        "a": 1,
        "an": 1,
        "the": 1,
        "het": 1,
        "'n": 1,
    },
    **{"fourteen": 14, "twenty": 20, "thirty": 30, "twenty-four": 24, "forty-eight": 48},
}
PART = {
    **dict.fromkeys(("ochtend", "ochtends", "morgens", "voormiddag", "middaguur", "vroeg", "morning", "noon", "midday"), "morning"),
    **dict.fromkeys(("middag", "middags", "namiddag", "afternoon"), "afternoon"),
    **dict.fromkeys(("avond", "avonds", "evening", "night"), "evening"),
}
UNIT = {
    **dict.fromkeys(("minuut", "minuten", "min", "minuutjes", "minute", "minutes", "mins"), "minute"),
    **dict.fromkeys(("uur", "uren", "uurtje", "u", "hour", "hours", "hrs", "hr"), "hour"),
    **dict.fromkeys(("werkdag", "werkdagen"), "working day"),
    **dict.fromkeys(("dag", "dagen", "day", "days"), "day"),
    **dict.fromkeys(("etmaal",), "24 hours"),
    **dict.fromkeys(("week", "weken", "weeks"), "week"),
    **dict.fromkeys(("maand", "maanden", "month", "months"), "month"),
}
SPOKEN = {
    **{
        word: at
        for at, word in enumerate(["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"], 1)
    },
    **{
        word: at
        for at, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1)
    },
    **{
        word: at
        for at, word in enumerate(
            ["enen", "tweeën", "drieën", "vieren", "vijven", "zessen", "zevenen", "achten", "negenen", "tienen", "elven", "twaalven"], 1
        )
    },
}
