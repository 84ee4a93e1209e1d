"""What in a text is not its writer's own words: links, names, signatures, and what somebody else is quoted with.

Texts are searched in copies in which what must not be judged is blanked, so that positions stay those of the text.
"""

import re

import regex

from services.responder.bounded import Pattern

BLANK = "\x00"
LINK = Pattern(
    r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,8}(?:nl|be|com|net|org|eu|de|fr|info|shop|app|io|example)(?![\w-])(?:/\S*)?",
    regex.IGNORECASE,
)
HANDLE = Pattern(r"(?<!\w)@\w[\w.-]*(?:@[\w.-]+\w)?|(?<!\w)#\w+")
CARET = Pattern(r"\^\p{L}{1,3}(?!\w)")
# Double quotes by any pair; single ones only where they open before a word and close after one, which an apostrophe
# ('s avonds, foto's) does not. A quotation stays within its paragraph.
QUOTED = Pattern(
    r"“[^“”\n]*”|„[^„”“\n]*[”“]|«[^«»\n]*»|\"[^\"\n]*\""
    r"|‘(?![stnkm]\b)[^‘\n]*?[^\s‘]’(?!\w)"
    r"|(?<![\w'’])['’](?![stnkm]\b)(?=\S)[^'\n]*?(?:\w'\w[^'\n]*?)*[^\s'’]'(?!\w)"
)
QUOTED_LINE = Pattern(r"^[ \t]*>.*$", regex.MULTILINE)


# What each can hardly do without: telling that it is not there costs a tenth of looking for it.
_NEEDED = {
    LINK: re.compile(r"[@/]|\.[A-Za-z]"),
    HANDLE: re.compile(r"[@#]"),
    CARET: re.compile(r"\^"),
    QUOTED: re.compile(r"[\"“„«‘'’]"),
    QUOTED_LINE: re.compile(r">"),
}


def blank(text: str, *patterns: Pattern) -> str:
    for pattern in patterns:
        needed = _NEEDED.get(pattern)
        if needed is not None and not needed.search(text):
            continue
        text = pattern.sub(lambda m: BLANK * len(m[0]), text)
    return text
