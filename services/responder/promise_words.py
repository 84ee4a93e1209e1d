"""The words by which a clause tells that we commit to something, in Dutch and in English.

A clause comes in, in lower case, without its phrases of time; what it is goes out. Dutch shows who acts by what stands next to the verb ("ik bel je",
"morgen bel ik je"), English by will and its kin. What we are, feel or know is no commitment to the reader, nor is what we deliver, drive, open or
organise.
"""

from dataclasses import dataclass

from services.responder.bounded import Pattern
from services.responder.verdicts.reading import Reading
from services.responder.wording import Wording
from services.responder.wording import pattern as _pattern
from services.responder.wording import words as _words


@dataclass(frozen=True, slots=True)
class Words:
    """Of a language. See `kind` for what each tells."""

    language: str
    written: Pattern
    """What a text in this language can hardly do without."""
    boundary: Pattern
    joining: frozenset[str]
    lead: Pattern
    tag_question: Pattern
    commits: Wording
    """A main clause in which we are to do something, or the reader is to have something from us."""
    elided: Pattern
    """The same without its subject, after a clause of ours: "en stuur je morgen een mail"."""
    subordinate: Pattern
    """How a clause begins that hangs on another one."""
    vouch: Wording
    """We vouch for what the next clause says: "ik zorg ervoor (dat …)"."""
    vouched: Pattern
    """That next clause."""
    voids: Wording
    """Not a commitment after all: denied, done, expected, or about opening hours, deliveries, works."""
    we: Wording
    bare: Pattern
    """Nothing but small words: what is left of "uiterlijk om 17:00,"."""

    theirs: Pattern
    """What they are to do, once a colleague or a team of ours was named."""
    ours: Wording
    """A colleague or a team of ours."""
    arranged: Wording
    """We have seen to it that somebody does something yet: a commitment, though it is told as done."""

    def kind(self, clause: str, before: str, read: Reading, *, subject: bool, vouched: bool) -> str:
        """`commitment`, `content` (of one that the clause before it vouches for), `time`, `aside` (it hangs on another clause), or `other`. `before` is
        the text before it; `subject`: we were the subject of the last clause; `vouched`: we vouched in it for this one."""
        if self.bare.fullmatch(clause):
            return "time"
        if self.arranged.search(clause, read):
            return "commitment"
        if self.voids.search(clause, read):
            return "other"
        if vouched and self.vouched.match(clause):
            return "content"
        if self.subordinate.match(clause):
            return "aside"
        if self.commits.search(clause, read) or self.vouch.search(clause, read) or (subject and self.elided.match(clause)):
            return "commitment"
        if self.theirs.match(clause) and self.ours.search(before, read):
            return "commitment"
        return "other"

    def speaks(self, clause: str, read: Reading) -> bool:
        """Whether we are its subject, so that a clause without one goes on about us."""
        return bool(self.we.search(clause, read)) and not self.subordinate.match(clause)

    def vouches(self, clause: str, read: Reading) -> bool:
        return bool(self.vouch.search(clause, read))


# --- Dutch --------------------------------------------------------------------------------------------------------------------------

_STATE = _words(
    "heb hebben hebt heeft had hadden ben bent zijn is was waren kan kunnen kunt kon konden wil willen wilt wou wilde wilden mag mogen mocht mochten",
    "moet moeten moest moesten zou zouden",
)
_SMALL = _words(
    # what stands next to "ik" without being its verb
    "dat als of en maar want toen dan omdat zodat zodra voordat nadat terwijl hoe wat wie waar waarom waardoor waarvoor",
    "waarmee waarna wanneer die sinds tot",
    "ook zoals dus mits tenzij totdat zolang indien hopelijk zelf niet geen je jou jouw jullie u het de een er hier",
    "daar dit deze ons onze met voor van om in op bij",
    "aan over uit naar te nu weer zo al door per tussen tegen na ik wij we heel erg graag even nog samen elkaar altijd",
    "iets iemand mijn hem haar hun alle alles",
)
_NOT_ACTS = _words(
    # what we feel, know and are like
    "zie zien ziet begrijp begrijpen snap snappen denk denken vind vinden wens wensen hoor horen ontvang ontvangen merk",
    "merken mis missen wacht wachten sta staan",
    "zit zitten lig liggen blijf blijven heet heten lees lezen betreur betreuren waardeer waarderen geloof geloven dank",
    "danken bedank bedanken krijg krijgen",
    "hoop hopen verwacht verwachten ga gaan hanteer hanteren twijfel schrik schrikken baal balen leef leven herken herkennen houd van",
    # what a company does all day
    "rijd rijden vertrek vertrekken vaar varen vlieg vliegen lever leveren bezorg bezorgen werk werken sluit sluiten",
    "open openen organiseer organiseren vier vieren",
    "lanceer lanceren verhuis verhuizen stop stoppen verkoop verkopen bestaan draai draaien speel spelen trap trappen vervoer vervoeren",
    # what is over
    "belde belden stuurde stuurden mailde mailden zei zeiden schreef schreven kwam kwamen nam namen vroeg vroegen deed",
    "deden gaf gaven ging gingen liet lieten zocht",
    "zochten bracht brachten beloofde beloofden sprak spraken zag zagen hoorde hoorden vond vonden wist wisten dacht",
    "dachten werd werden kreeg kregen las lazen",
)
_ACTS = rf"(?!{_STATE}>>|{_SMALL}>>|{_NOT_ACTS}>>)\w{{3,}}"
"""A verb next to its subject."""
_WILL_NL = r"(?:ga|gaan|gaat|zal|zullen) "
_VERB = (
    r"(?:bel(?:len|t)?|(?:e-)?mail(?:en|t)?|(?:ver|op)?stu(?:ur|urt|ren)|schrij(?:f|ft|ven)|app(?:en|t)?|laat|laten|zoek(?:en|t)?|kij(?:k|kt"
    r"|ken)|bekij(?:k|kt|ken)"
    r"|check(?:en|t)?|controle(?:er|ert|ren)|vra(?:ag|agt|gen)|kom(?:en|t)?|ne(?:em|emt)|nemen|pak(?:ken|t)?|regel(?:en|t)?|los(?:sen|t)?"
    r"|reage(?:er|ert|ren)"
    r"|(?:be)?antwoord(?:en|t)?|koppel(?:en|t)?|meld(?:en|t)?|informe(?:er|ert|ren)|bericht(?:en)?|sms'?(?:en|t)|onderzoek(?:en|t)?"
    r"|behandel(?:en|t)?|beoorde(?:el|elt|len)|beslis(?:sen|t)?"
    r"|verwerk(?:en|t)?|pas(?:sen|t)?|wijzig(?:en|t)?|corrige(?:er|ert|ren)|herstel(?:len|t)?|repare(?:er|ert|ren)|vervang(?:en|t)?|beta(?:al"
    r"|alt|len)|stort(?:en)?"
    r"|boek(?:en|t)?|ma(?:ak|akt|ken)|zet(?:ten)?|ge(?:ef|eft|ven)|ga(?:at|an)?|zal|zullen|zorg(?:en|t)?|bekij(?:k|kt|ken)|bezorg(?:en|t)?"
    r"|lever(?:en|t)?|meet|meten|controle(?:er|ert|ren)|bestel(?:len|t)?|post(?:en)?|app(?:en|t)|deel|deelt|delen|hervat(?:ten)?|vraagt?|vragen"
    r"|repare(?:er|ert)|breng(?:en|t)?|hou(?:d|dt|den)?"
    r"|doe(?:n|t)?|plan(?:nen|t)?"
    r"|update(?:n|t)?|spre(?:ek|ekt|ken)|bespre(?:ek|ekt|ken)|overleg(?:gen|t)?|leg(?:gen|t)?|ha(?:al|alt|len)|vergoed(?:en|t)?|plaats(?:en)?"
    r"|help(?:en|t)?"
    r"|verreken(?:en|t)?|verhelp(?:en|t)?|start(?:en)?|escale(?:er|ert|ren)|rond(?:en)?|bezoek(?:en|t)?|annule(?:er|ert|ren)|active(?:er|ert"
    r"|ren)|crediteren|licht(?:en)?)"
)
_OURS = (
    r"(?:collega(?:'?s)?|\w*team|\w*afdeling\w*|\w*medewerkers?|\w*specialist(?:en)?|monteurs?|technicus|technici|klantenservice|klantcontact"
    r"|servicedesk|helpdesk|webcare"
    r"|leidinggevende|\w*manager|\w{2,}dienst|technische dienst|iemand|experts?|planners?|backoffice|teamleider|\w*behandelaar|adviseurs?"
    r"|elektricien|installateur|productveiligheid|planning|techniek|bezorgers?|koeriers?|klachten\w*|magazijn|administratie|hypotheken|facturen"
    r"|veiligheid|conducteur|directie|woordvoer\w*)"
)
_REACHES = r"<<(?:belt|bellen|mailt|mailen|appt|appen|smst|sms't|schrijft|bericht|informeert|bereikt)"
"""What somebody does who gets in touch."""
_HAVE = r"(?:krijg(?:t|en)?|ontvang(?:t|en)?)"
_THINGS = r"(?:bestelling|pakket\w*|levering|zending|afspraak|bezoek|order)"
"""What reaches the reader by others, or was agreed already."""
_GOT = (
    r"(?:antwoord(?:en)?|reactie|bericht(?:je)?|terugkoppeling|update|mail(?:tje)?|e-mail|telefoontje|belletje|seintje|uitsluitsel"
    r"|duidelijkheid|bevestiging|terugbetaling|geld|bedrag"
    r"|vergoeding|credit\w*|factuur|nieuwe?|vervang\w*|brief|informatie|oplossing|tegoed|voorstel|uitleg|beslissing|besluit|resultaat"
    r"|uitkomst|aanbod|offerte|contract|link|voucher"
    r"|cadeaubon|iets|nader|retourlabels?|terug|nieuws)"
)
_DONE = (
    r"(?:(?:terug|op)?gebeld|gemaild|gecontacteerd|geholpen|behandeld|opgelost|opgepakt|uitgezocht|onderzocht|hersteld|gerepareerd|verholpen"
    r"|beantwoord|terugbetaald|(?:terug)?gestort"
    r"|(?:terug)?geboekt|overgemaakt|gecrediteerd|verwerkt|aangepast|gecorrigeerd|verstuurd|verzonden|(?:op|toe|na)?gestuurd|(?:na|be)keken"
    r"|nagekeken|vervangen|geregeld|rechtgezet"
    r"|geïnformeerd|uitbetaald|verrekend|geannuleerd|geactiveerd|beoordeeld|in behandeling genomen|contact (?:met (?:je|u|jou) )?opgenomen"
    r"|benaderd|afgehandeld|uitgevoerd|doorgevoerd)"
)
_YOU = r"(?:je|jij|u|jullie)"
_I = r"(?:ik|we|wij)"
_DUTCH = Words(
    language="nl",
    written=_pattern(r"<<(?:ik|wij|je|jij|u|jouw|uw|het|een|van|wordt|nog|ons)>>"),
    boundary=_pattern(
        r"[,;:()–—]",
        r"(?<=\s)- ",
        r"<<dat>>(?! (?:op|van|voor|uiterlijk|vandaag|morgen|overmorgen|binnen|zo|zsm|nog|dan|deze|volgende|vanmiddag|vanavond|vanochtend|maandag"
        r"|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|spoedig|snel|binnenkort|via|per|ook)>>)",
        r"<<(?:en|maar|want|dus|of|als|indien|wanneer|zodra|omdat|zodat|totdat|tot|voordat|nadat|terwijl|waar\w*|wat|hoe|wie|die|zolang"
        r"|mits|tenzij|om|daarna)>>",
    ),
    joining=frozenset({"en", "of", "om", "tot", ",", "maar"}),
    lead=_pattern(r"(?:[\s,;:()–—-]|(?:en|maar|want|dus)>>)*"),
    tag_question=_pattern(r",\s*(?:goed|oké|ok|okay|akkoord|is dat goed|afgesproken|schikt dat)\s*\?"),
    commits=Wording(
        # ik bel, morgen bellen we
        rf"(?<!(?:{_STATE}|{_NOT_ACTS})\s)<<{_I} (?:(?:zelf|persoonlijk|graag|ook|nu|even|nog) )?{_ACTS}>>",
        rf"(?<=(?<!\w){_ACTS}\s+){_I}>>",
        rf"<<{_I} {_WILL_NL}(?!open>>|dicht>>|naar>>|over>>|verhuizen>>)|<<{_WILL_NL}{_I}>>",
        rf"<<{_I}>>.*?<<te (?:kunnen |laten )?(?:vertellen|melden|bellen|antwoorden|reageren|geven|laten|sturen|weten|hebben|helpen)>>",
        rf"<<(?:verwacht(?:en)?|hopen?|hoop|streef|streven|probeer|proberen) {_I}>>.*?<<te (?:kunnen )?(?:vertellen|melden|bellen|antwoorden"
        rf"|reageren|geven|laten|sturen|hebben)>>",
        # a colleague calls, then our team calls
        rf"^(?!.*<<{_STATE}>>).*?<<{_OURS}>>(?: (?:van|uit|bij|op) [^,]{{1,40}}?)? (?:\w+ ){{0,3}}?{_VERB}>>",
        rf"^(?!.*<<{_STATE}>>).*?<<{_VERB}>>(?: \w+){{0,6}}? {_OURS}>>",
        r"<<(?:mijn|onze|ons) (?:\w+ ){1,3}?(?:belt|mailt|appt|smst|sms't|stuurt|neemt|reageert|antwoordt|bezoekt|helpt|informeert|onderzoekt"
        r"|bekijkt|beoordeelt|zoekt|checkt|controleert|pakt|plant|komt|laat|legt|regelt|kijkt)>>",
        # somebody of ours gets in touch, whoever that is: "de secretaris belt u", "over een uur belt zij u"
        rf"(?<=\w\s){_REACHES} (?:je|jou|jullie|u)>>(?! (?:zelf|ons|mij|me|naar|met|dan (?:naar|met)|even (?:naar|met))>>)",
        rf"<<{_REACHES} (?:zij|ze|hij|(?:de|het|een|onze|mijn|mevrouw|meneer|dhr|mevr)\.? \w+(?: \w+)?) (?:je|jou|jullie|u)>>",
        r"<<(?:meldt|melden) zich (?:\w+ )?bij (?:je|jou|jullie|u)>>|<<(?:neemt|nemen) (?:\w+ ){0,2}?contact (?:met (?:je|jou|jullie|u) )?op>>",
        # the whole of it is on its way to the reader
        rf"<<(?:{_YOU} (?:hebt|heeft|heb)|(?:hebt|heeft|heb) {_YOU})(?: (?:het|hem|die|deze|dat|ze|alles))?\s*$|<<(?:{_YOU} (?:hebt|heeft)|(?:hebt"
        rf"|heeft|heb) {_YOU}) (?:het|hem|die|deze|dat|ze|alles)>>(?!.*<<{_DONE}>>)",
        rf"<<(?:staat|ligt|zit|komt|volgt)>>.*?<<{_GOT}>>.*?<<(?:in (?:je|uw|jouw) (?:inbox|mail|mailbox|brievenbus|postvak)|hier|van (?:ons|mij)"
        rf"|naar (?:je|u) toe|je kant op|uw kant op)>>|<<{_GOT}>>.*?<<(?:staat|ligt|zit|komt|volgt)>>.*?<<(?:in (?:je|uw|jouw) (?:inbox|mail|mailbox"
        rf"|brievenbus|postvak)|hier|van (?:ons|mij)|naar (?:je|u) toe|je kant op|uw kant op)>>",
        # you hear, you have an answer
        rf"<<(?:{_YOU} (?:\w+ )?(?:hoort?|verneemt|leest|weet)|(?:hoort?|verneemt?|leest?|weet) {_YOU})>>",
        rf"^(?!.*<<{_THINGS}>>).*?<<(?:{_YOU} {_HAVE}|{_HAVE} {_YOU})>>",
        rf"^(?!.*<<{_THINGS}>>).*?<<(?:{_YOU} (?:hebt?|heeft)|(?:hebt?|heeft) {_YOU})>>.*?<<(?:{_GOT}|van (?:ons|mij|me)|in (?:je|uw) (?:mail"
        rf"|mailbox|inbox|bezit)|aan de lijn|aan de telefoon)>>",
        rf"<<(?:wordt|word|worden)>>.*?<<{_DONE}>>",
        r"<<(?:geld|bedrag|terugbetaling|vergoeding|tegoed|verschil)>>.*?<<(?:rekening|terug)>>",
        rf"<<{_YOU} (?:kunt|kan|mag)>>.*?<<{_GOT}>>.*?<<(?:verwachten|tegemoet\s?zien)>>",
        # without its subject: "kom er morgen op terug"
        r"^__(?:bel (?:je|u)>>.*?<<(?:terug|op)|kom (?:er|hier|hierop|bij je)>>.*?<<terug|laat (?:het )?(?:je|u)>>.*?<<weten)>>",
        r"<<ga(?:at|an)>>.*?<<(?:op de post|de deur uit|op de bus|je kant op|naar je toe)>>",
        r"<<(?:ligt|valt)>>.*?<<(?:brief|bon|kaart|pas|pakketje)>>.*?<<(?:mat|brievenbus|bus)>>",
        r"<<(?:antwoord|reactie|update|terugkoppeling|uitsluitsel|nieuws|bericht) volgt>>",
    ),
    elided=_pattern(
        rf"__(?:en |maar )?(?:(?:dan|daarna|vervolgens|ook|het|je|u|er|zal|zullen|zo|gaan?) )*{_VERB}>>(?! {_YOU} (?:ons|mij|me)>>)",
        r"__(?:en )?(?:hopen?|hoop|verwacht(?:en)?)>>.*?<<te (?:kunnen )?\w+",
    ),
    subordinate=_pattern(
        r"__(?:als|indien|wanneer|zodra|omdat|zodat|totdat|tot|voordat|nadat|terwijl|zolang|mits|tenzij|om|of|hoe|wie|mocht(?:en)?)>>",
        rf"__(?:dat|wat|waar\w*)>>(?! (?:\w+ )?(?!{_SMALL}>>)\w{{3,}} (?:{_I}|{_YOU})>>)",
        rf"__die>>(?! (?:je |u |jou )?(?:\w+ )?{_VERB}>>| \w+ (?:{_I}|{_YOU})>>)",
    ),
    vouch=Wording(
        rf"<<(?:zorg(?:en)?|belo(?:of|ven)|garande(?:er|ren)|verzeker(?:en)?|zeg(?:gen)?) (?:{_I}|er|ervoor|je|u|jou|voor)>>",
        r"<<(?:reken|rekenen|ga|gaan) (?:ik |we |wij )?(?:erop|ervan uit)>>",
        rf"<<{_I} (?:zorg|belo|garand|verzeker|streef|streven|prob)",
        rf"<<(?:{_I} (?:vraag|vragen|verzoek|verzoeken)|(?:vraag|vragen|verzoek|verzoeken) {_I})>>.*?<<{_OURS}>>",
        r"<<(?:mijn|ons) (?:uiterste )?best>>",
        r"<<(?:toezien|toe op|erop toe|zorgen|beloven|garanderen)>>",
    ),
    vouched=_pattern(r"__(?:dat|om|ervoor dat|ernaar om|er|of)>>"),
    voids=Wording(
        r"<<(?:niet|geen|nooit|niets|niks|niemand|nauwelijks|gisteren|vorige|eerder|naar verwachting|verwachten? (?:we |ik |wij )?dat"
        r"|vermoedelijk|volgens|vervoerder|bezorg(?:d|t|en|er|ers|ing|dienst))>>",
        r"<<(?:bereikbaar|geopend|open|gesloten|onderhoud\w*|werkzaamheden|dienstregeling|levertijd|in huis|recht op|altijd|meestal|normaal"
        r"|normaliter|doorgaans|gemiddeld|standaard|al \d+ jaar|al jaren)>>",
        rf"<<(?:{_I} {_STATE}|{_STATE} {_I})>>(?! kunnen)",
        # what we ask of the reader, and what we offer everybody
        rf"<<(?:vraag|vragen|verzoek|verzoeken|raad|raden|adviseer|adviseren|nodig|nodigen|wens|wensen) (?:{_I} )?{_YOU}>>",
        r"<<(?:op alles|verkoop|voorverkoop|uitverkoop|live|uitzending|wedstrijd|\d+\s?%)>>",
    ),
    we=Wording(rf"<<(?:{_I}|{_OURS})>>"),
    theirs=_pattern(rf"__(?:en )?(?:zij|ze|hij|die) (?:je |u |jou )?(?:\w+ )?{_VERB}>>"),
    ours=Wording(rf"<<{_OURS}>>"),
    arranged=Wording(
        rf"<<{_OURS}>>.*?<<(?:gevraagd|verzocht)>>.*?<<te \w+",
        rf"<<(?:gevraagd|verzocht)>>.*?<<{_OURS}>>.*?<<te \w+",
    ),
    bare=_pattern(
        r"(?:[\s,;:()–—.!-]|(?:uiterlijk|nog|dus|doch|en|of|dan|in|ieder|elk|geval|graag|liefst|al|ergens|hopelijk|waarschijnlijk|om|op|voor"
        r"|rond|het|zo|mogelijk|eerder|misschien"
        r"|maar|tot|als|lukt|sowieso|zeker|gewoon)>>)+"
    ),
)

# --- English ------------------------------------------------------------------------------------------------------------------------

_NO_ACT = (
    r"(?:be (?:\w+ )?(?:closed|open|available|here|there|playing|hosting|celebrating|moving|able|at|back online|down|late|out|delayed|running"
    r"|introducing|launching|holding)"
    r"|close|open|deliver|launch|run|operate|leave|depart|see|assume|need|have to|start|stop|arrive|celebrate|host|introduce|miss|remember"
    r"|understand|move|consider|always|never)"
)
_ACT = (
    r"(?:call|ring|phone|email|e-mail|mail|send|write|message|dm|text|let|look|check|ask|get|come|reply|respond|answer|contact|reach|update"
    r"|inform|tell|notify|report|investigate"
    r"|handle|solve|resolve|fix|sort|process|refund|credit|pay|transfer|replace|repair|correct|change|arrange|follow|pick|find|review|assess"
    r"|decide|confirm|forward|escalate|share"
    r"|provide|give|keep|make|help|take|chase|discuss|dispatch|ship|cancel|activate|book|schedule|put|work|do|have|be in touch|be in contact"
    r"|be calling|be sending|visit|speak|return"
    r"|raise|see to|post|upload|publish|pass|print|collect|deliver|measure|drop|issue|try|cover|waive|reset|unlock|restore|reimburse|compensate|deal"
    r"|go through|talk)"
)
_ACTING = (
    r"(?!(?:having|being|experiencing|opening|closing|running|playing|moving|seeing|hoping|waiting|offering|launching|celebrating|delivering"
    r"|introducing|going|expecting|working"
    r"|hosting|organising|organizing|trying|getting|feeling|wondering|writing|asking|doing|during|anything|something|nothing)>>)\w+ing"
)
_US = (
    r"(?:(?:my|our|a|an|the|one of (?:my|our)) (?:[\w-]+ ){0,4}?(?:colleagues?|teams?|departments?|specialists?|engineers?|managers?"
    r"|technicians?|agents?|advisers?|advisors?|experts?"
    r"|supervisors?|desk|support|lead|electricians?|member of (?:staff|our team))|someone(?: (?:from|in|at) [^,]{1,40}?)?|somebody"
    r"|customer (?:service|services|care|support)|team lead(?:er)?)"
)
_FROM_US = (
    r"(?:hear|have heard|know|read|find|have (?:our|the|my|your)"
    r"|(?:get|receive) (?!.*<<(?:parcel|package|order|delivery|shipment|appointment|visit|points)>>)|(?:have|expect"
    r"|see) (?:[^,]{0,40}?<<)?"
    r"(?:answers?|reply|replies|response|update|email|e-mail|mail|message|call|phone call|callback|refund|money|credit|replacement|news"
    r"|confirmation|letter|decision|solution|information"
    r"|voucher|explanation|clarity|outcome|new|contract|invoice|payment|amount|back|feedback|from (?:us|me)|details|more)"
    r"|be (?:\w+ )?(?:called|contacted|refunded|informed|updated|notified|compensated|phoned|credited|paid|reimbursed|emailed|helped))"
)
_WILL = r"(?:(?: |')(?:will|ll|shall)|(?:'m| am| is|'re| are) (?:now )?going to)"
_ENGLISH = Words(
    language="en",
    written=_pattern(r"<<(?:i|i'll|we'll|you|you'll|your|the|our|my|will|us|let|and|for)>>"),
    boundary=_pattern(
        r"[,;:()–—]",
        r"(?<=\s)- ",
        r"<<and>>(?! (?:us|me|him|her|them)>>)",
        r"<<(?:but|so|if|when|whenever|once|as soon as|that|whether|because|since|until|while|which|who|what|where|why|how|unless|in case"
        r"|or|then)>>",
    ),
    joining=frozenset({"and", "or", ",", "but"}),
    lead=_pattern(r"(?:[\s,;:()–—-]|(?:and|but|so|then)>>)*"),
    tag_question=_pattern(r",\s*(?:ok|okay|alright|all right|right|deal|is that ok(?:ay)?|does that work)\s*\?"),
    commits=Wording(
        rf"<<(?:i|we){_WILL}(?: (?:\w+ly|also|now|then|both|all|still|try to|aim to|do (?:my|our) best to|make sure to|be sure to"
        rf"|be able to))* (?!{_NO_ACT}>>)\w+",
        rf"<<(?:i'm|i am|we're|we are) (?:{_ACTING}|working on (?:it|this|that|your))>>",
        r"<<(?:i|we) (?:\w+ly |also |always )?(?:promise|guarantee|aim to|try to|plan to|intend to|endeavou?r to|strive to|make sure|ensure"
        r"|commit to)>>",
        rf"<<(?:i|we) (?:hope|expect) to (?:be in touch|know|{_ACT})>>",
        rf"<<(?:i|we) should (?:be able to {_ACT}|have>>)",
        r"<<goes out to you>>|<<(?:goes|going|go) in the (?:post|mail)>>",
        r"<<(?:i|we) (?:\w+ly |always )?(?:reply|respond|answer|get back|come back)>>",
        r"<<(?:i|we) (?:then |also |first )?(?:call|ring|text|email|e-mail|message|send|update|phone|post|check|contact|visit|let you know|tell you"
        r"|bring|mail|review|pick up|come by)>>",
        r"<<let's (?:speak|talk|call|meet|have a call)>>|<<(?:your|the|our) (?:answer|reply|update|confirmation|refund|voucher|email|letter"
        r"|result) (?:will be|is|arrives|comes|lands|'ll be) (?:\w+ )?(?:in|with|on)(?: your| you| its way)",
        rf"<<let me (?:just |quickly )?{_ACT}>>",
        rf"<<{_US}(?: \w+)?{_WILL}(?: \w+ly| also| then)? (?!{_NO_ACT}>>)(?:{_ACT}|be in touch)>>",
        r"<<(?:my|our) (?:\w+ ){1,4}?(?:will|'ll|is going to) (?:call|ring|phone|e-?mail|text|contact|message|get back|reach out|visit"
        r"|be in touch|let you|update|reply|send)>>",
        rf"<<you(?:{_WILL}| can expect to| should)(?: (?:\w+ly|also|then))? {_FROM_US}",
        r"<<(?:you (?:can|may) )?expect (?:to hear|(?:an?|our|my|the) (?:\w+ )?(?:call|reply|answer|email|response|update|message|refund"
        r"|decision))>>",
        r"<<(?:will|'ll) be (?:\w+ )?(?:refunded|processed|fixed|resolved|replaced|repaired|corrected|handled|sorted|answered|credited"
        r"|transferred|reviewed|investigated|updated|sent"
        r"|picked up|looked into|dealt with|paid|issued|assessed|reimbursed|put right|completed|settled|cleared|escalated|forwarded)>>",
        r"<<(?:money|refund|credit|amount|payment)>>.*?<<(?:will|'ll) be (?:back|in your|on your|with you)>>",
        r"^__will (?:\w+ly )?(?:get back|call|let you know|update|reply|dm|email|come back|check|follow up|be in touch)>>",
        r"^__and will (?:\w+ )?(?:(?:e-?mail|call|ring|text|phone|message|contact|update|tell|send|write to|get back to|come back to|let) you>>|reply>>)",
        r"<<(?:answer|reply|update|response) (?:will follow|to follow|follows)>>",
    ),
    elided=_pattern(
        rf"__(?:(?:and|but|then) )*(?:(?:will|shall|then|also|\w+ly|(?:hope|expect|aim|plan|try|intend) to) )*(?!{_NO_ACT}>>){_ACT}>>"
    ),
    subordinate=_pattern(
        r"__(?:if|when|whenever|once|as soon as|that|whether|because|since|until|while|which|what|where|why|how|unless|in case|or|please"
        r"|could|can|would|shall|do|did)>>",
        r"__who>>(?!(?: \w+){0,3}?(?: |')(?:will|ll) )",
    ),
    vouch=Wording(
        r"<<(?:i|we)(?:'ll| will)? (?:\w+ly )?(?:promise|guarantee|make sure|make certain|see that|ensure|see to it|assure you)>>"
        r"|<<(?:i|we) can (?:confirm|promise"
        r"|assure you)>>",
        rf"<<(?:i|we)(?:'ll| will) (?:ask|get|have) {_US}>>",
    ),
    vouched=_pattern(r"__(?:that )?(?:you|your|it|this|he|she|they|someone|i|we|the|my|our|a)>>"),
    voids=Wording(
        r"<<(?:ask|advise|recommend|invite|urge|remind) (?:that )?you>>|<<(?:broadcast\w*|sale|presale|match|off everything|\d+\s?% off)>>",
        r"<<(?:not|never|no one|nobody|unable|cannot|hardly|yesterday|expected|according to|couriers?|deliver(?:ed|y|ies)?|opening hours"
        r"|maintenance|timetable|usually|always|normally|generally|typically|on average)>>",
        r"n't>>",
    ),
    we=Wording(rf"<<(?:i|we|let me|{_US})>>"),
    theirs=_pattern(rf"__(?:and )?(?:who(?: \w+){{0,3}}?|they|she|he){_WILL}(?: \w+ly| also| then)? (?!{_NO_ACT}>>){_ACT}>>"),
    ours=Wording(rf"<<{_US}>>|<<with (?:our |the )?(?:claims|billing|complaints|finance|support|sales|legal)>>"),
    arranged=Wording(rf"<<(?:asked|requested|arranged for|instructed) {_US} to {_ACT}>>"),
    bare=_pattern(
        r"(?:[\s,;:()–—.!-]|(?:and|or|at|the|latest|hopefully|if|possible|sooner|on|by|in|any|case|probably|ideally|so|then|but|around|for"
        r"|sure|maybe)>>)+"
    ),
)

WORDS = {"nl": _DUTCH, "en": _ENGLISH}
