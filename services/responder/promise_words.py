"""The words by which a clause tells that we commit to something, in Dutch and in English.

A clause comes in, in lower case, without its phrases of time; what it is goes out. Dutch shows who acts by what stands next to the verb ("ik bel je",
"morgen bel ik je"), English by will and its kin. Verbs are those of customer care: what we deliver, drive, close or organise is no commitment to answer.
"""

from dataclasses import dataclass

from services.responder.bounded import Pattern


@dataclass(frozen=True, slots=True)
class Words:
    """Of a language. See `kind` for what each tells."""

    language: str
    boundary: Pattern
    joining: frozenset[str]
    lead: Pattern
    tag_question: Pattern
    commits: Pattern
    """A main clause in which we are to do something, or the reader is to have something from us."""
    elided: Pattern
    """The same without its subject, after a clause of ours: "en stuur je morgen een mail"."""
    subordinate: Pattern
    """How a clause begins that hangs on another one."""
    vouch: Pattern
    """We vouch for what the next clause says: "ik zorg ervoor (dat …)"."""
    vouched: Pattern
    """That next clause."""
    voids: Pattern
    """Not a commitment after all: denied, done, expected, or about opening hours, deliveries, works."""
    we: Pattern
    bare: Pattern
    """Nothing but small words: what is left of "uiterlijk om 17:00,"."""

    theirs: Pattern
    """What they are to do, once a colleague or a team of ours was named."""
    ours: Pattern
    """A colleague or a team of ours."""
    arranged: Pattern
    """We have seen to it that somebody does something yet: a commitment, though it is told as done."""

    def kind(self, clause: str, *, subject: bool, vouched: bool, ours: bool) -> str:
        """`commitment`, `content` (of one that the clause before it vouches for), `time`, `aside` (it hangs on another clause), or `other`. `subject`: we
        were the subject of the clause before; `vouched`: we vouched for this one; `ours`: a colleague or a team of ours was named."""
        if self.bare.fullmatch(clause):
            return "time"
        if self.arranged.search(clause):
            return "commitment"
        if self.voids.search(clause):
            return "other"
        if vouched and self.vouched.match(clause):
            return "content"
        if self.subordinate.match(clause):
            return "aside"
        if self.commits.search(clause) or (subject and self.elided.match(clause)) or (ours and self.theirs.match(clause)):
            return "commitment"
        return "other"

    def speaks(self, clause: str) -> bool:
        """Whether we are its subject, so that a clause without one goes on about us."""
        return bool(self.we.search(clause)) and not self.subordinate.match(clause)

    def vouches(self, clause: str) -> bool:
        return bool(self.vouch.search(clause))


def _pattern(text: str) -> Pattern:
    """A blank stands for any white space."""
    return Pattern(text.replace(" ", r"\s+"))


# --- Dutch --------------------------------------------------------------------------------------------------------------------------

_VERB = (
    r"(?:bel(?:len|t)?|mail(?:en|t)?|e-mail(?:en|t)?|(?:ver)?stu(?:ur|urt|ren)|zend(?:en|t)?|schrij(?:f|ft|ven)|app(?:en|t)?|dm(?:'en)?|laat|laten|zoek(?:en|t)?|kij(?:k|kt|ken)"
    r"|bekij(?:k|kt|ken)|check(?:en|t)?|controle(?:er|ert|ren)|vra(?:ag|agt|gen)|kom(?:en|t)?|ne(?:em|emt)|nemen|pak(?:ken|t)?|regel(?:en|t)?|los(?:sen|t)?"
    r"|reage(?:er|ert|ren)|(?:be)?antwoord(?:en|t)?|koppel(?:en|t)?|meld(?:en|t)?|berichten|informe(?:er|ert|ren)|onderzoek(?:en|t)?|behandel(?:en|t)?"
    r"|beoorde(?:el|elt|len)|beslis(?:sen|t)?|verwerk(?:en|t)?|pas(?:sen|t)?|wijzig(?:en|t)?|corrige(?:er|ert|ren)|herstel(?:len|t)?|repare(?:er|ert|ren)"
    r"|vervang(?:en|t)?|beta(?:al|alt|len)|stort(?:en)?|boek(?:en|t)?|ma(?:ak|akt|ken)|zet(?:ten)?|ge(?:ef|eft|ven)|ga(?:at|an)?|zal|zullen|zorg(?:en|t)?|belo(?:of|oft|ven)"
    r"|garande(?:er|ert|ren)|breng(?:en|t)?|hou(?:d|dt|den)?|doe(?:n|t)?|plan(?:nen|t)?|update(?:n|t)?|contacte(?:er|ert|ren)|spre(?:ek|ekt|ken)|bespre(?:ek|ekt|ken)"
    r"|overleg(?:gen|t)?|leg(?:gen|t)?|ha(?:al|alt|len)|credite(?:er|ert|ren)|vergoed(?:en|t)?|annule(?:er|ert|ren)|active(?:er|ert|ren)|verleng(?:en|t)?|plaats(?:en|t)?"
    r"|prob(?:eer|eert|eren)|stre(?:ef|eft|ven)|help(?:en|t)?|stem(?:men|t)?|deel|delen|deelt|voer(?:en|t)?|start(?:en)?|ruim(?:en|t)?|bied(?:en|t)?|bezoek(?:en|t)?|escale(?:er|ert|ren)"
    r"|verhelp(?:en|t)?|fix(?:en|t)?|verreken(?:en|t)?|geleid(?:en|t)?|stap(?:pen|t)?|rond(?:en|t)?|kaart(?:en)?|inform(?:eer|eert|eren)|achterhal(?:en)?|achterhaalt?|nodig(?:en|t)?)"
)
_OURS = (
    r"(?:collega(?:'?s)?|\w*team|\w*afdeling\w*|\w*medewerkers?|\w*specialist(?:en)?|monteurs?|technicus|technici|klantenservice|klantcontact|servicedesk|helpdesk|webcare"
    r"|leidinggevende|\w*manager|\w{2,}dienst|technische dienst|iemand|experts?|planners?|backoffice|teamleider|schadebehandelaar|behandelaar|adviseurs?)"
)
_HAVE = r"(?:hoor(?:t)?|krijg(?:t|en)?|ontvang(?:t|en)?|heb(?:t)?|heeft|verneem(?:t)?|lees(?:t)?)"
_GOT = (
    r"(?:antwoord(?:en)?|reactie|bericht(?:je)?|terugkoppeling|update|mail(?:tje)?|e-mail|telefoontje|belletje|uitsluitsel|duidelijkheid|bevestiging|terugbetaling|geld|bedrag"
    r"|vergoeding|creditnota|creditfactuur|factuur|nieuwe?|vervang\w*|brief|informatie|oplossing|tegoed|voorstel|uitleg|beslissing|besluit|resultaat|uitkomst|aanbod|offerte|contract|link"
    r"|voucher|cadeaubon|meer|iets|nader|retourlabel|terug)"
)
_DONE = (
    r"(?:(?:terug|op)?gebeld|gemaild|gecontacteerd|geholpen|behandeld|opgelost|opgepakt|uitgezocht|onderzocht|hersteld|gerepareerd|verholpen|beantwoord|terugbetaald|(?:terug)?gestort|(?:terug)?geboekt"
    r"|overgemaakt|gecrediteerd|verwerkt|aangepast|gecorrigeerd|verstuurd|verzonden|(?:op|toe|na)?gestuurd|(?:na|be)keken|nagekeken|vervangen|geregeld|rechtgezet|geïnformeerd|uitbetaald|verrekend"
    r"|geannuleerd|geactiveerd|beoordeeld|in behandeling genomen|contact (?:met (?:je|u|jou) )?opgenomen|benaderd)"
)
_DUTCH = Words(
    language="nl",
    boundary=_pattern(
        r"[,;:()–—]|(?<=\s)- |(?<!\w)(?:en|maar|want|dus|dat|of|als|indien|wanneer|zodra|omdat|zodat|totdat|tot|voordat|nadat|terwijl|waar\w*|wat|hoe|wie|die|zolang|mits"
        r"|tenzij|om)(?!\w)"
    ),
    joining=frozenset({"en", "of", "om", "tot", ",", "maar"}),
    lead=_pattern(r"(?:[\s,;:()–—-]|(?:en|maar|want|dus)(?!\w))*"),
    tag_question=_pattern(r",\s*(?:goed|oké|ok|okay|akkoord|is dat goed|afgesproken|schikt dat)\s*\?"),
    commits=_pattern(
        # ik bel, morgen bellen we; not "kunnen we", which offers
        rf"(?<!\w)(?:ik|we|wij) (?:zelf |persoonlijk |graag |ook |nu |even |nog )?{_VERB}(?!\w)|(?<!\w){_VERB} (?:ik|we|wij)(?!\w)"
        rf"|(?<!\w)(?:ik|we|wij)(?!\w).*?(?<!\w)te (?:kunnen |laten )?(?:vertellen|melden|bellen|antwoorden|reageren|geven|laten|sturen|weten|hebben|helpen)(?!\w)"
        rf"|(?<!\w)(?:verwacht(?:en)?|hopen?|hoop|streef|streven|probeer|proberen) (?:ik|we|wij)(?!\w).*?(?<!\w)te (?:kunnen )?\w+"
        # a colleague calls, then our team calls
        rf"|(?<!\w){_OURS}(?!\w)(?: (?:van|uit|bij|op) [^,]{{1,40}}?)? (?:\w+ ){{0,2}}?{_VERB}(?!\w)|(?<!\w){_VERB}(?!\w)(?: \w+){{0,5}}? {_OURS}(?!\w)"
        # you hear, you have an answer
        rf"|(?<!\w)(?:(?:je|jij|u|jullie) (?:\w+ )?(?:hoort|hoor|verneemt|leest)|(?:hoort?|verneemt?|leest?) (?:je|jij|u|jullie))(?!\w)"
        rf"|(?<!\w)(?:(?:je|jij|u|jullie) {_HAVE}|{_HAVE} (?:je|jij|u|jullie))(?!\w).*?(?<!\w){_GOT}(?!\w)"
        rf"|(?<!\w)(?:wordt|word|worden)(?!\w).*?(?<!\w){_DONE}(?!\w)"
        r"|(?<!\w)(?:geld|bedrag|terugbetaling|vergoeding|tegoed|verschil)(?!\w).*?(?<!\w)(?:rekening|terug)(?!\w)"
        rf"|(?<!\w)(?:je|u|jij) (?:kunt|kan|mag)(?!\w).*?(?<!\w){_GOT}(?!\w).*?(?<!\w)(?:verwachten|tegemoet\s?zien)(?!\w)"
        # without its subject: "kom er morgen op terug"
        r"|^\s*(?:bel (?:je|u)(?!\w).*?(?<!\w)(?:terug|op)|kom (?:er|hier|hierop|bij je)(?!\w).*?(?<!\w)terug|laat (?:het )?(?:je|u)(?!\w).*?(?<!\w)weten)(?!\w)"
        r"|(?<!\w)ga(?:at|an) (?:\w+ )?(?:op de post|de deur uit|op de bus|je kant op|naar je toe)(?!\w)"
        rf"|^[\s,]*(?:(?:uiterlijk|dan|graag|je|u) )*(?:antwoord|reactie|update|terugkoppeling|nieuws) volgt(?!\w)|(?<!\w)(?:antwoord|reactie|update|terugkoppeling|uitsluitsel) volgt(?!\w)"
    ),
    elided=_pattern(
        rf"[\s,]*(?:en |maar )?(?:(?:dan|daarna|vervolgens|ook|het|je|u|er|zal|zullen|zo|gaan?) )*{_VERB}(?!\w)(?! (?:je|jij|u|jullie) (?:ons|mij|me)(?!\w))"
        r"|[\s,]*(?:en )?(?:hopen?|hoop|verwacht(?:en)?)(?!\w).*?(?<!\w)te (?:kunnen )?\w+"
    ),
    subordinate=_pattern(
        r"[\s,]*(?:als|indien|wanneer|zodra|omdat|zodat|totdat|tot|voordat|nadat|terwijl|zolang|mits|tenzij|om|of|hoe|wie|mocht(?:en)?|"
        rf"(?:dat|wat|waar\w*)(?! (?:\w+ )?{_VERB} (?:ik|we|wij))|die(?! (?:je |u |jou )?(?:\w+ )?{_VERB}(?!\w)))(?!\w)"
    ),
    vouch=_pattern(
        r"(?<!\w)(?:zorg(?:en)?|belo(?:of|ven)|garande(?:er|ren)|verzeker(?:en)?|zeg(?:gen)?) (?:ik|we|wij|er|ervoor|je|u|jou|voor)(?!\w)|(?<!\w)(?:ik|we|wij) (?:zorg|belo|garand|verzeker|streef|streven|prob)|(?<!\w)(?:mijn|ons) (?:uiterste )?best(?!\w)|(?<!\w)(?:toezien|toe op|erop toe|zorgen|beloven|garanderen)(?!\w)"
    ),
    vouched=_pattern(r"[\s,]*(?:dat|om|ervoor dat|ernaar om|er)(?!\w)"),
    voids=_pattern(
        r"(?<!\w)(?:niet|geen|nooit|niets|niks|niemand|nauwelijks|gisteren|vorige|eerder|naar verwachting|verwachten? (?:we |ik |wij )?dat|vermoedelijk|volgens|vervoerder|bezorg\w*|bereikbaar|geopend|open|gesloten"
        r"|onderhoud\w*|werkzaamheden|dienstregeling|levertijd|in huis|recht op|(?:ik|we|wij) (?:heb|hebben|had|hadden|ben|zijn|was|waren|kan|kunnen|kon|konden|wil|willen|mag|mogen|moet|moeten)"
        r"|(?:heb|hebben|had|hadden|ben|zijn|was|waren|kan|kunnen|kon|konden|wil|willen|mag|mogen|moet|moeten) (?:ik|we|wij)|zouden?)(?!\w)(?! kunnen)"
    ),
    we=_pattern(r"(?<!\w)(?:ik|we|wij|" + _OURS + r")(?!\w)"),
    theirs=_pattern(rf"[\s,]*(?:en )?(?:zij|ze|hij|die) (?:je |u |jou )?(?:\w+ )?{_VERB}(?!\w)"),
    ours=_pattern(rf"(?<!\w){_OURS}(?!\w)"),
    arranged=_pattern(
        rf"(?<!\w){_OURS}(?!\w).*?(?<!\w)(?:gevraagd|verzocht)(?!\w).*?(?<!\w)te \w+|(?<!\w)(?:gevraagd|verzocht)(?!\w).*?(?<!\w){_OURS}(?!\w).*?(?<!\w)te \w+"
    ),
    bare=_pattern(
        r"(?:[\s,;:()–—.!-]|(?:uiterlijk|nog|dus|en|of|dan|in|ieder|elk|geval|graag|liefst|al|ergens|hopelijk|waarschijnlijk|om|op|voor|rond|het|zo|mogelijk|eerder|misschien|maar|tot|als|lukt)(?!\w))+"
    ),
)

# --- English ------------------------------------------------------------------------------------------------------------------------

_NO_ACT = (
    r"(?:be (?:\w+ )?(?:closed|open|available|here|there|playing|hosting|celebrating|moving|able|at|back online|down|late|out|delayed|running|introducing|launching|holding)"
    r"|close|open|deliver|launch|run|operate|leave|depart|see|assume|need|have to|start|stop|arrive|celebrate|host|introduce|miss|remember|understand|move|consider)"
)
_ACT = (
    r"(?:call|ring|phone|email|e-mail|mail|send|write|message|dm|text|let|look|check|ask|get|come|reply|respond|answer|contact|reach|update|inform|tell|notify|report|investigate|handle|solve|resolve|fix"
    r"|sort|process|refund|credit|pay|transfer|replace|repair|correct|change|arrange|follow|pick|find|review|assess|decide|confirm|forward|escalate|share|provide|give|keep|make|help|take|chase|discuss"
    r"|dispatch|ship|cancel|activate|book|schedule|put|work|do|have|be in touch|be in contact|be calling|be sending|visit|speak|return|raise|see to)"
)
_US = (
    r"(?:(?:my|our|a|an|the|one of (?:my|our)) (?:[\w-]+ ){0,4}?(?:colleagues?|teams?|departments?|specialists?|engineers?|managers?|technicians?|agents?|advisers?|advisors?|experts?|supervisors?|desk|support"
    r"|supervisor|lead|member of (?:staff|our team))|someone(?: (?:from|in|at) [^,]{1,40}?)?|somebody|customer (?:service|care))"
)
_FROM_US = (
    r"(?:hear|(?:get|receive|have|expect|see) (?:[^,]{0,40}?(?<!\w))?(?:answers?|reply|replies|response|update|email|e-mail|mail|message|call|phone call|callback|refund|money|credit|replacement|news|confirmation|letter|decision"
    r"|solution|information|voucher|explanation|outcome|new|contract|invoice|payment|amount|back|feedback|it from us|details|more)"
    r"|be (?:\w+ )?(?:called|contacted|refunded|informed|updated|notified|compensated|phoned|credited|paid|reimbursed|emailed|helped))"
)
_WILL = r"(?:(?: |')(?:will|ll|shall)|(?:'m| am|'re| are) (?:now )?going to)"
_ENGLISH = Words(
    language="en",
    boundary=_pattern(
        r"[,;:()–—]|(?<=\s)- |(?<!\w)(?:and|but|so|if|when|whenever|once|as soon as|that|whether|because|since|until|while|which|who|what|where|why|how|unless|in case|or|then)(?!\w)"
    ),
    joining=frozenset({"and", "or", ",", "but"}),
    lead=_pattern(r"(?:[\s,;:()–—-]|(?:and|but|so|then)(?!\w))*"),
    tag_question=_pattern(r",\s*(?:ok|okay|alright|all right|right|deal|is that ok(?:ay)?|does that work)\s*\?"),
    commits=_pattern(
        rf"(?<!\w)(?:i|we){_WILL}(?: (?:\w+ly|also|now|then|both|all|certainly|still|try to|aim to|do (?:my|our) best to|make sure to|be sure to|be able to))* (?!{_NO_ACT}(?!\w))\w+"
        r"|(?<!\w)(?:i'm|i am|we're|we are) (?:\w+ing (?:into|to|on|for|with)|looking|checking|investigating|sending|calling|preparing)(?!\w)"
        r"|(?<!\w)(?:i|we) (?:\w+ly |also |always )?(?:promise|guarantee|aim to|try to|plan to|intend to|endeavou?r to|strive to|make sure|ensure)(?!\w)"
        r"|(?<!\w)(?:i|we) (?:hope|expect) to (?:have|get|let|give|come|be in touch|know|reply|respond|resolve|update|send|tell|call)(?!\w)"
        r"|(?<!\w)(?:i|we) (?:\w+ly |always )?(?:reply|respond|answer|get back|come back)(?!\w)"
        rf"|(?<!\w)let me (?:just |quickly )?{_ACT}(?!\w)"
        rf"|(?<!\w){_US}(?:{_WILL}| is going to| are going to)(?: \w+ly| also| then)? (?!{_NO_ACT}(?!\w)){_ACT}(?!\w)"
        rf"|(?<!\w)you(?:{_WILL}| can expect to| should)(?: (?:\w+ly|also|then))? {_FROM_US}(?!\w)|(?<!\w)(?:you (?:can|may) )?expect (?:to hear|(?:an?|our|my|the) (?:\w+ )?(?:call|reply|answer|email|response|update|message|refund))(?!\w)"
        r"|(?<!\w)(?:will|'ll) be (?:\w+ )?(?:refunded|processed|fixed|resolved|replaced|repaired|corrected|handled|sorted|answered|credited|transferred|reviewed|investigated|updated|sent|picked up|looked into|dealt with|paid)(?!\w)"
        r"|(?<!\w)(?:money|refund|credit|amount|payment)(?!\w).*?(?<!\w)(?:will|'ll) be (?:back|in your|on your|with you)(?!\w)"
        r"|^\s*will (?:\w+ly )?(?:get back|call|let you know|update|reply|dm|email|come back|check|follow up|be in touch)(?!\w)"
        r"|(?<!\w)(?:answer|reply|update|response) (?:will follow|to follow|follows)(?!\w)"
    ),
    elided=_pattern(rf"[\s,]*(?:(?:and|but|then) )*(?:(?:will|then|also|\w+ly|(?:hope|expect|aim|plan|try|intend) to) )*(?!{_NO_ACT}(?!\w)){_ACT}(?!\w)"),
    subordinate=_pattern(
        r"[\s,]*(?:if|when|whenever|once|as soon as|that|whether|because|since|until|while|which|who(?!(?: |')(?:will|ll) )|what|where|why|how|unless|in case|or|please|could|can|would|shall|do|did)(?!\w)"
    ),
    vouch=_pattern(r"(?<!\w)(?:i|we)(?:'ll| will)? (?:\w+ly )?(?:promise|guarantee|make sure|ensure|see to it|assure you)(?!\w)"),
    vouched=_pattern(r"[\s,]*(?:that )?(?:you|your|it|this|he|she|they|someone|i|we|the|my|our|a)(?!\w)"),
    voids=_pattern(
        r"(?<!\w)(?:not|never|no one|nobody|unable|cannot|hardly|yesterday|expected|according to|couriers?|deliver(?:ed|y|ies)?|opening hours|maintenance|timetable)(?!\w)|n't(?!\w)"
    ),
    we=_pattern(r"(?<!\w)(?:i|we|let me|" + _US + r")(?!\w)"),
    theirs=_pattern(rf"[\s,]*(?:and )?(?:who|they|she|he)(?:{_WILL}| is going to)(?: \w+ly| also| then)? (?!{_NO_ACT}(?!\w)){_ACT}(?!\w)"),
    ours=_pattern(rf"(?<!\w){_US}(?!\w)"),
    arranged=_pattern(rf"(?<!\w)(?:asked|requested|arranged for|instructed) {_US} to {_ACT}(?!\w)"),
    bare=_pattern(
        r"(?:[\s,;:()–—.!-]|(?:and|or|at|the|latest|hopefully|if|possible|sooner|on|by|in|any|case|probably|ideally|so|then|but|around|for|sure|maybe)(?!\w))+"
    ),
)

WORDS = {"nl": _DUTCH, "en": _ENGLISH}
