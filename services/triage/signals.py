# ruff: noqa: E501 - a pattern reads best on one line
r"""What cannot wait, and what can hurt: a text and what is known of its sender reach this module, risks and an urgency leave it.

Readable rules, on purpose: when a team asks why a message was called critical, the answer is a line below. Each signal is a list of
patterns (RE2 syntax, all matched in one pass) over the text in lower case without accents. They are written for Dutch and English,
with the plainest words in German and French. What they miss, people correct; what they find, they can explain.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import re2

from services.triage.features import well_formed

MAX_CHARS = 10_000
INFLUENTIAL_FOLLOWERS = 50_000
NEGATIVE_SCORE = -0.2

Urgency = str
"""critical, high, normal or low."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who wrote a message, from outside the text."""

    followers: int | None = None
    staff: bool = False


UNKNOWN_SENDER: Final = Sender()

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "legal_threat": (
            r"\b(mijn|een|onze|m'n|met|via|naar|door|zijn|haar) (advoca(at|ten)|jurist|raadsman|raadsvrouw)\b",
            r"\badvocaat (in|is|heeft|neemt|zal|gaat|van|komt)\b",
            r"\bjuridische (stappen|procedure|actie|hulp|weg|maatregelen)\b",
            r"\b(naar|voor|bij) de (rechter|rechtbank|kantonrechter|geschillencommissie|ombudsman)\b",
            r"\b(kantonrechter|geschillencommissie|kifid|in gebreke ?stel\w*|ingebrekestelling|dagvaard\w*|rechtszaak|kort geding|sommatie|sommeer)\b",
            r"\bstel (ik )?(u|jullie|je) (hierbij |formeel |officieel |bij dezen )*(in gebreke|aansprakelijk)\b",
            r"\b(aansprakelijk (stellen|gesteld|houden)|aansprakelijkstelling|schadeclaim indienen|rechtsbijstand\w*|das rechtsbijstand)\b",
            r"\b(ombudsman|toezichthouder|autoriteit persoonsgegevens|consumentenautoriteit)\b",
            r"\b(melding|klacht|melden|aangifte|stap|gemeld|meld) .{0,30}\b(acm|afm|ap|autoriteit|politie tegen jullie|consumentenbond)\b",
            r"\b(my|a|our|the|with|through|hired a|get a) (lawyer|solicitor|attorney|barrister|legal team)s?\b",
            r"\b(legal (action|proceedings|steps|notice)|notice of default|letter before action|small claims( court)?|class action|lawsuit|subpoena)\b",
            r"\b(see you|take (you|this|them)|taking (you|this|them)|going|go) (in|to) court\b",
            r"\b(i('ll| will|'m going to| am going to)|we('ll| will)|about to|going to) sue\b|\bsuing (you|them)\b",
            r"\b(ombudsman|trading standards|financial conduct authority|fca|ofcom|ofgem|data protection authority|regulator)\b",
            r"\b(held|hold|holding) (you|your company|them) (liable|legally responsible)\b",
            r"\b(rechtsanwalt|meinen anwalt|anwalt einschalten|rechtliche schritte|verbraucherzentrale|mon avocat|mise en demeure|action en justice)\b",
        ),
        "press": (
            r"\b(journalist|journaliste|verslaggever|verslaggeefster|redacteur|redactie van|nieuwsredactie|onderzoeksjournalist)\b",
            r"\b(reporter|news ?desk|editor at|correspondent)\b",
            r"\b(persvraag|persvragen|persvoorlichter|persdienst|woordvoerder|voor publicatie|wederhoor|press (enquiry|inquiry|office|officer|request|contact))\b",
            r"\b(request for comment|on the record|deadline for comment|comment for (an|our|my) (article|story|piece)|spokesperson)\b",
            r"\b(naar|bij|aan) (de pers|de krant|kassa|radar|de media|hart van nederland|opgelicht|meldpunt|rtl|nos|het ad|de telegraaf)\b",
            r"\b(de pers|de krant|de media|tv-programma|consumentenprogramma) .{0,30}\b(ingelicht|benaderd|ingeschakeld|getipt|gebeld|geinteresseerd)\b",
            r"\b(going|go|went|gone|talk(ing)?|spoke(n)?|speak(ing)?|contact(ed|ing)?|tipped off|tell) (to )?the (press|papers|media|newspapers?|bbc)\b",
            r"\bthe (press|media|newspapers?) (is|are|has|have) .{0,20}(on (it|this)|interested|story|informed)\b",
            r"\b(ik schrijf|wij maken|ik werk aan) .{0,20}(een artikel|een stuk|een reportage|een uitzending) (over|voor)\b",
            r"\bi('m| am) writing (an|a) (article|story|piece) (about|on|for)\b",
        ),
        "self_harm": (
            r"\b(zelfmoord|zelfdoding|suicid\w*|zelfbeschadig\w*)\b",
            r"\b(een einde aan (mijn|m'n|het) leven|er een eind(e)? aan maken|uit het leven stappen|(wil|kan) niet meer leven|leven (heeft )?geen zin meer)\b",
            r"\b(ik wil dood|liever dood|beter af zonder mij|voor de trein spring\w*|van (een|de) (brug|flat) spring\w*|mezelf (iets )?(aan ?doe|aandoen|van kant))\b",
            r"\b(kill myself|end(ing)? my life|end it all|want to die|better off dead|no reason to live|self.?harm|hurt myself|don'?t want to (live|be here) any ?more)\b",
            r"\b(selbstmord|nicht mehr leben|umbringen|me suicider|mettre fin a mes jours)\b",
        ),
        "safety": (
            r"\b(brand|vuur|vlam(men)?|rook|vonken) .{0,25}\b(uit|in|bij|ontstaan|vat\w*|gevat|kwam|komt)\b.{0,20}\b(oplader|accu|batterij|toestel|meterkast|modem|apparaat|kast|stekker|stopcontact|motor|trein|bus|fiets|stekkerdoos|router|machine)\b",
            r"\b(oplader|accu|batterij|toestel|meterkast|modem|apparaat|stekker|stopcontact|telefoon|fiets|router|droger|wasmachine|laptop|kachel) .{0,30}\b(ontplof\w*|geexplodeerd|explodeer\w*|in brand|vlam gevat|gesmolten|smelt|rookt|vonkt|onder stroom|doorgebrand)\b",
            r"\b(gaslucht|gaslek|gas lekt|ruik(en)? gas|koolmonoxide|co-melder|kortsluiting|electrocutie|geelektrocuteerd|onder stroom|levensgevaarlijk|brandgevaar\w*|brandlucht|schroeilucht)\b",
            r"\b(voedselvergiftiging|allergische reactie|anafylactisch\w*|glas in (het|de|mijn)|stuk glas|stikken|gestikt|verstikking\w*|giftig)\b",
            r"\b(gewond|gewonden|brandwond\w*|ziekenhuis|ambulance|eerste hulp|spoedeisende)\b.{0,60}\b(door|van|na|met) (jullie|uw|je|een|het|de)\b",
            r"\b(door|van|na|met) (jullie|uw|je) .{0,40}\b(gewond|brandwond\w*|in het ziekenhuis|naar het ziekenhuis|op de spoedeisende)\b",
            r"\b(remmen (doen|deden|werk\w*) (het )?niet|rem(men)? weiger\w*|deur(en)? (ging|gingen|gaat|gaan) open tijdens|bom ?melding|verdacht pakket)\b",
            r"\b(caught fire|catch(es)? fire|on fire|burst into flames|exploded|exploding|started smoking|smoke coming|sparks|overheat(s|ed|ing)? and|melted|electrocuted|electric shock)\b",
            r"\b(gas leak|smell(s|ing)? (of )?gas|carbon monoxide|food poisoning|allergic reaction|anaphyla\w+|choking hazard|choked on|piece of glass|glass in (my|the|our)|brakes? fail\w*|bomb (threat|scare|alert))\b",
            r"\b(injured|hospitali[sz]ed|taken to (the )?hospital|burn(ed|t) (my|his|her|our)|in the er)\b",
            r"\b(gasgeruch|explodiert|in brand geraten|lebensgefahrlich|fuite de gaz|a pris feu|a explose)\b",
        ),
        "fraud": (
            r"\b(ik ben|we zijn|mijn (moeder|vader|oma|opa|zoon|dochter) is|slachtoffer) .{0,30}\b(opgelicht|gehackt|beroofd|bestolen|oplichting|fraude|identiteitsfraude)\b",
            r"\b(geld|bedrag|\w*rekening|spaargeld|euro) .{0,40}\b(gestolen|leeggehaald|geplunderd|weggesluisd|verdwenen)\b|\b\w*rekening (is )?(leeg|geplunderd)\b",
            r"\b(fraude|frauduleuze|onbekende) (op|met|transactie|afschrijving|betaling|overboeking)\w*",
            r"\b(ik herken|herken ik) .{0,30}(afschrijving|transactie|betaling)\w* niet\b",
            r"\b(account|rekening|profiel) (is |was )?(gehackt|overgenomen)\b|\bidentiteitsfraude\b|\bbankpas (is )?gestolen\b",
            r"\b(hacked|stole(n)? (my|from)|been scammed|got scammed|fraudulent (charge|transaction|payment)s?|unauthori[sz]ed (charge|transaction|payment|withdrawal)s?)\b",
            r"\b(money|savings|funds) .{0,30}\b(stolen|disappeared|vanished|gone)\b|\b(drained|emptied) my account\b|\bidentity theft\b",
        ),
        "phishing": (
            r"\b(phishing|smishing|spoofing|nep(mail|sms|site|account|bericht|pagina|website|profiel)?|valse (mail|e-mail|sms|website|site|app))\b",
            r"\b(doen zich voor|doet zich voor|uit (jullie|uw) naam|in (jullie|uw) naam|zogenaamd van (jullie|u))\b",
            r"\b(scam(mer)?s? (posing|pretending|using your)|impersonat\w+|pretend(s|ing)? to be (you|from)|fake (account|e?-?mail|text|website|site|sms|page|profile|message))\b",
            r"\b(gefalschte mail|faux mail|hameconnage)\b",
        ),
        "stranded": (
            r"\b(gestrand|sta(an)? vast|zit(ten)? vast|kan niet (meer )?(thuis|naar huis)|kom niet (meer )?thuis|nacht op (het vliegveld|station|schiphol)|geen hotel|in niemandsland)\b",
            r"\b(sta|staan|zit|zitten) .{0,40}(midden in de nacht|op het vliegveld|langs de snelweg|langs de weg|in het donker)\b",
            r"\b(stranded|stuck (at|in|on) .{0,25}(airport|station|motorway|highway|platform|train|plane|tarmac|bus|lift|elevator)|no way (to get )?home|sleeping (at|in|on) .{0,15}(airport|floor))\b",
            r"\b(gestrandet|bloques? a l'aeroport)\b",
        ),
        "vulnerable": (
            r"\b(zuurstof|beademing\w*|dialyse|insuline|medicijn(en)?|thuiszorg|alarmknop|persoonsalarm|couveuse|hartpatient)\b.{0,80}\b(uit|niet|zonder|geen|leeg|op|weg|plat|uitgevallen|nodig|kapot|storing)\b",
            r"\b(zonder|geen) (verwarming|warm water|stroom|water|gas)\b.{0,60}\b(baby|kind\w*|oude|moeder|oma|opa|zwanger|ziek\w*|newborn|peuter)\b",
            r"\b(baby|pasgeboren|zwanger\w*|oma|opa|hoogbejaard\w*|rolstoel|ziek\w*)\b.{0,80}\b(zonder|geen) (verwarming|warm water|stroom|water|gas|hulp|eten)\b",
            r"\b(oxygen|dialysis|insulin|ventilator|medication|heart patient)\b.{0,80}\b(without|no|out|off|not|down|dead|need)\b",
            r"\b(no|without) (heating|power|water|electricity|gas|hot water)\b.{0,60}\b(baby|newborn|toddler|elderly|pregnant|grandm\w+|disabled|sick)\b",
            r"\b(baby|newborn|elderly|pregnant|grandmother|disabled|wheelchair)\b.{0,80}\b(no|without) (heating|power|water|electricity|gas|hot water|help|food)\b",
        ),
        "data_leak": (
            r"\b(datalek|data ?lek|lek(ken)? van gegevens|gegevens (zijn |werden )?(gelekt|op straat)|avg-lek)\b",
            r"\b(zie|zag|krijg|kreeg|heb|ontvang|ontving|ontvangen|sta|staan|lees)\b.{0,50}\b(gegevens|facturen|factuur|adres|polis|dossier|rekening|account|bestelling)\b.{0,20}\bvan (een ander\w*|iemand anders|andere (klant|mensen|klanten)|een vreemde|een onbekende)\b",
            r"\b(gegevens|factuur|mail|polis|dossier|brief) .{0,20}(van|naar) (een )?(iemand anders|andere klant\w*|verkeerde (persoon|adres|klant))\b",
            r"\b(data (leak|breach)|leaked (my|our|customer|personal)|(personal|customer) (data|details|information) (leaked|exposed|published))\b",
            r"\b(see|saw|seeing|received|receive|got|shows?|showing|sent)\b.{0,40}\b(someone else'?s|another (customer|person|user)'?s|other (customers|people)'?s?)\b.{0,25}\b(data|details|invoice|bill|account|address|order|information|statement|policy|records?)\b",
            r"\b(datenleck|datenpanne|fuite de donnees)\b",
        ),
        "discrimination": (
            r"\b(discrimin\w+|racis(me|t|tisch\w*|m|ts?)|sexis\w+|homofo\w+|homopho\w+|xenofob\w+|xenophob\w+|antisemit\w+|islamofob\w+|islamophob\w+|transfo(ob|bie)\w*|transphob\w+|validisme|ableis\w+)\b",
            r"\b(vanwege|om|omdat|because of|due to) (mijn|mijn?n|zijn|haar|my|his|her|our|onze) (huidskleur|kleur|afkomst|geloof|hoofddoek|geaardheid|handicap|beperking|achternaam|skin( colou?r)?|race|religion|headscarf|hijab|disability|accent|ethnicity|sexuality)\b",
            r"\b(etnisch profiler\w+|racial profil\w+|geweigerd .{0,30}(rolstoel|hoofddoek|blindengeleidehond|hulphond)|refused .{0,30}(wheelchair|headscarf|guide dog))\b",
        ),
        "total_loss": (
            r"\b(helemaal|totaal|volledig|al \w+ dagen|sinds \w+|nog steeds|weer|nu) (geen|zonder) (internet|bereik|stroom|verbinding|tv|gas|water|warm water|verwarming|telefoon|wifi|netwerk)\b",
            r"\b(geen|zonder) (internet|stroom|verbinding|bereik|gas|water|warm water|verwarming|netwerk)\b",
            r"\b(internet|wifi|stroom|netwerk|alles|verbinding|telefonie|site|app|pinnen) (ligt|is|zijn|liggen|valt|was) (er ?(al )?(weer )?\w* ?)?(uit|plat|eruit|down|weg|uitgevallen)\b",
            r"\b(algehele|landelijke|grote) storing\b|\bkan (helemaal )?(nergens|niet) (meer )?(bij mijn (geld|account|rekening)|pinnen|betalen|bellen|internetten)\b",
            r"\b(no|without|lost) (internet|signal|power|electricity|service|connection|heating|hot water|water|gas|network|broadband|wifi)\b",
            r"\b(internet|broadband|power|network|service|everything|wifi|site|system) (is|has been|was|went|are) (completely |totally |all |still )?(down|out|off|dead)\b",
            r"\b(can'?t|cannot|unable to) (access|use|get into|reach) (any of )?my (money|account|funds|savings)\b",
            r"\b(kein (internet|netz|strom)|totalausfall|(internet|netz|strom) (ist|geht) (ausgefallen|nicht)|plus de (reseau|courant|connexion)|pas d'internet)\b",
        ),
        "deadline": (
            r"\b(vandaag|vanavond|vanmiddag|vannacht|morgen|morgenochtend|overmorgen|over (een|1|twee|2|drie|3) uur|binnen (24|48) uur)\b.{0,60}\b(nodig|vertrek\w*|vlieg\w*|vlucht|weg|trouw\w*|begrafenis|uitvaart|verhuis\w*|feest|deadline|verjaardag|operatie|op reis|vakantie|examen|sluit|verloopt|afgesloten)\b",
            r"\b(nodig|vertrek\w*|vlieg|vliegen|vlucht|trouw|trouwen|trouwerij|bruiloft|begrafenis|uitvaart|verhuis\w*|deadline|jarig|verjaardag|operatie|examen|afgesloten|verloopt)\b.{0,50}\b(vandaag|vanavond|vanmiddag|morgen|morgenochtend|overmorgen|over (een|1|twee|2|drie|3) uur)\b",
            r"\b(today|tonight|tomorrow|in (an|one|two|three|1|2|3) hours?|within (24|48) hours|this (afternoon|evening))\b.{0,60}\b(need|flight|fly|flying|leave|leaving|depart\w*|wedding|funeral|moving|deadline|birthday|surgery|exam|expires?|party)\b",
            r"\b(need|flight|fly|flying|leave|leaving|departs?|wedding|funeral|moving|deadline|birthday|surgery|exam|expires?|party|travel\w*)\b.{0,50}\b(today|tonight|tomorrow|in (an|one|two|three|1|2|3) hours?)\b",
            r"\b(spoed|met spoed|dringend|urgent|asap|zo snel mogelijk|dringlich)\b",
        ),
        "attempts": (
            r"\b(voor de|al voor de|de) (derde|vierde|vijfde|zesde|zevende|achtste|negende|tiende|zoveelste|honderdste|[3-9]e|[1-9]\de) (keer|maal|mail|poging|monteur|bericht|telefoontje|x)\b",
            r"\b(al|meer dan|nu) (drie|vier|vijf|zes|zeven|acht|negen|tien|twaalf|[3-9]|[1-9]\d) ?(keer|maal|x|mails?|keren)\b",
            r"\b([3-9]|[1-9]\d) ?(x|keer|maal) (gebeld|gemaild|contact|geprobeerd|gevraagd|gemeld|aangegeven|een (mail|bericht))\b",
            r"\b(drie|vier|vijf|zes|zeven|acht|tien) (keer|maal) .{0,20}(gebeld|gemaild|contact|geprobeerd|gevraagd|gemeld|doorverbonden|uitgelegd)\b",
            r"\b(third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|umpteenth|[3-9](rd|th)|[1-9]\dth) (time|attempt|email|message|call|engineer|request)\b",
            r"\b(called|emailed|contacted|rung|phoned|asked|tried|messaged|explained|complained) .{0,20}\b(three|four|five|six|seven|eight|nine|ten|a dozen|[3-9]|[1-9]\d) times\b",
            r"\b(three|four|five|six|seven|eight|nine|ten|[3-9]|[1-9]\d) (calls|emails|messages|phone calls) (later|and|so far|already)\b",
        ),
        "money_waiting": (
            r"\b(terugbetaling|geld|restitutie|refund|vergoeding|borg|uitbetaling|bedrag|creditering|schadevergoeding|teruggave)\b.{0,80}\b((vier|vijf|zes|zeven|acht|negen|tien|[4-9]|[1-9]\d) weken|(een|twee|drie|vier|vijf|zes|[1-9]) maand(en)?|maanden|(een )?half jaar|een jaar)\b",
            r"\b((vier|vijf|zes|zeven|acht|negen|tien|[4-9]|[1-9]\d) weken|(een|twee|drie|vier|vijf|zes|[1-9]) maand(en)?|maanden|(een )?half jaar)\b.{0,60}\b(terugbetaling|mijn geld|restitutie|refund|vergoeding|borg|uitbetaling|teruggave)\b",
            r"\b(refund|money back|my money|deposit|reimbursement|payout|compensation)\b.{0,80}\b((four|five|six|seven|eight|nine|ten|[4-9]|[1-9]\d) weeks|(a|one|two|three|four|five|six|[1-9]) months?|months|half a year)\b",
            r"\b((four|five|six|seven|eight|nine|ten|[4-9]|[1-9]\d) weeks|(a|one|two|three|four|five|six|[1-9]) months?|months)\b.{0,60}\b(refund|money back|my money|deposit|reimbursement|payout)\b",
        ),
        "asks": (
            r"\?",
            r"\b(wie|wat|waar|waarom|wanneer|welke?|hoe|hoeveel|hoelang|kan (ik|iemand|het|je|u)|kun(t|nen)? (u|je|jij|jullie)|mag ik|is het mogelijk|weet iemand|ik wil graag|graag (een|uw|jullie|hulp|contact)|wil (graag )?weten|vraagje|help|hulp)\b",
            r"\b(opzeggen|annuleren|wijzigen|aanpassen|terugsturen|ruilen|omruilen|opvragen|doorgeven|ik zou graag|bel (mij|me)|neem contact)\b",
            r"\b(who|what|where|why|when|which|how|can (you|i|someone|we)|could (you|i|someone)|would like to|i('d| would) like|please (send|help|call|check|fix|cancel|remove|advise)|pls|help|need to know|wondering)\b",
            r"\b(cancel|refund|return|exchange|update my|change my|call me)\b",
            r"\b(wann|warum|wie kann|konnen sie|bitte|hilfe|comment|pourquoi|quand|pouvez-vous|aidez)\b",
        ),
        "problem": (
            r"\b(kapot|defect|stuk|werkt niet|doet het niet|storing|fout(code|melding)?|mislukt|vertraging|vertraagd|geannuleerd|ontbreekt|kwijt|beschadigd|lekt|geweigerd|geblokkeerd|verkeerde?|te laat|vermist|klacht)\b",
            r"\b(in de wacht|aan de lijn gehangen|wacht(en)? (ik |we |wij )?(nu )?(al|nog)|al (een|twee|drie|vier|vijf|zes|\d+) (uur|uren|dagen|weken|maanden))\b",
            r"\b(on hold|(been|still) waiting|waited|for (an|two|three|four|five|\d+) (hours|days|weeks|months)|no (tv|wifi|reply|refund|help|answer))\b|\bgeen (tv|wifi|bereik|hulp)\b",
            r"\b(niet|nog geen|nooit|geen) .{0,25}(ontvangen|binnen|aangekomen|bezorgd|geleverd|gekregen|terugbetaald|reactie|antwoord|bevestiging|gekomen|inloggen|bereikbaar)\b",
            r"\b(broken|doesn'?t work|not working|isn'?t working|won'?t|error|failed|outage|delay(ed)?|cancell?ed|missing|lost|damaged|leak(s|ing)?|refused|blocked|wrong|overcharged|charged twice|late|complaint|crash(es|ed|ing)?)\b",
            r"\b(not|never|hasn'?t|haven'?t|didn'?t|no) .{0,25}(received|arrived|delivered|shipped|refunded|reply|response|answer|confirmation|log ?in)\b",
            r"\b(kaputt|funktioniert nicht|storung|verspatung|fehlt|en panne|ne (marche|fonctionne) pas|retard|manque)\b",
        ),
        "machine_mail": (
            r"^(automatisch antwoord|automatic reply|out of office|auto(matische)?[- ]?(reply|antwoord|bericht)|afwezig|abwesenheit|reponse automatique|undeliverable|delivery status)",
            r"\b(ik ben (momenteel |nu )?(afwezig|niet aanwezig|op vakantie) (tot|van|en)|i am (currently )?(out of (the )?office|away until|on leave))\b",
            r"\b(unsubscribe|uitschrijven voor|afmelden voor deze nieuwsbrief|nieuwsbrief|newsletter|weekly digest)\b",
            r"\b(link ?building|backlinks|seo[- ](pakket|diensten|services|package)|followers (today|now|for)|gratis (iphone|vakantie|bitcoin)|crypto (signals|winst|profit)|guaranteed profit|earn (money|\$))\b",
        ),
    }
)  # fmt: skip
"""Signal → patterns. A signal is there when any of its patterns is."""

RISKS: Final = ("influencer", "press", "legal_threat", "safety", "data_leak", "staff_leak", "hashtag_hijack", "discrimination", "self_harm")
CRITICAL: Final = frozenset({"press", "legal_threat", "safety", "self_harm", "fraud", "stranded", "vulnerable"})
HIGH: Final = frozenset(
    {"data_leak", "staff_leak", "discrimination", "influencer", "total_loss", "deadline", "attempts", "money_waiting", "phishing"}
)


def fold(text: str) -> str:
    """The form that the patterns are written for: lower case, no accents, straight quotes, single spaces, at most MAX_CHARS."""
    short = text[:MAX_CHARS].lower().replace("’", "'").replace("‘", "'")
    if not short.isascii():
        short = well_formed(short)
        short = "".join(letter for letter in unicodedata.normalize("NFKD", short) if not unicodedata.combining(letter))
    return " ".join(short.split())


@lru_cache(maxsize=1)
def _matcher() -> tuple[re2.Set, tuple[str, ...]]:
    """All patterns as one automaton, and the signal of each."""
    options = re2.Options()
    options.max_mem = 256 << 20
    options.dot_nl = True
    every = re2.Set.SearchSet(options)
    owners = []
    for signal, patterns in SIGNALS.items():
        for pattern in patterns:
            every.Add(pattern)
            owners.append(signal)
    every.Compile()
    return every, tuple(owners)


def signals(text: str) -> frozenset[str]:
    """The names of all signals in the text."""
    every, owners = _matcher()
    # Without a match the engine says None, not an empty list.
    return frozenset(owners[index] for index in every.Match(fold(text)) or ())


def risks(
    text: str,
    found: frozenset[str],
    score: float,
    sender: Sender = UNKNOWN_SENDER,
    campaign_hashtags: Sequence[str] = (),
    internal_names: Sequence[str] = (),
) -> list[str]:
    """The risks of a message, in the order of RISKS. `score` is the sentiment's, -1 to 1; hashtags and names are in lower case."""
    lower = text[:MAX_CHARS].lower()
    present = set(found)
    negative = score <= NEGATIVE_SCORE
    if negative and sender.followers is not None and sender.followers >= INFLUENTIAL_FOLLOWERS:
        present.add("influencer")
    if any(name in lower for name in internal_names) and sender.staff:
        present.add("staff_leak")
    if any(tag in lower for tag in campaign_hashtags) and (negative or "machine_mail" in found):
        present.add("hashtag_hijack")
    if "machine_mail" in found:
        # Newsletters and absence notes name spokespersons and regulators without meaning anything by it.
        present -= {"press", "legal_threat"}
    return [risk for risk in RISKS if risk in present]


def urgency(
    found: frozenset[str],
    risk: Sequence[str],
    sentiment: str,
    score: float = 0.0,
    sender: Sender = UNKNOWN_SENDER,
    *,
    labelled: bool = False,
) -> Urgency:
    """How soon a person must see a message: the highest that any signal asks for. `labelled`: it is about one of the brand's labels.

    An inviting word such as "today" or "urgent" alone does not make a thank-you or a newsletter urgent.
    """
    present = (set(found) - set(RISKS)) | set(risk)
    if present & CRITICAL - {"stranded", "vulnerable", "fraud"}:
        return "critical"
    if "machine_mail" in found:
        return "low"
    if sentiment != "positive":
        if present & CRITICAL:
            return "critical"
        if present & HIGH:
            return "high"
    if sender.staff:
        return "low"
    if sentiment == "positive":
        return "normal" if {"asks", "problem"} <= present else "low"
    wants_something = labelled or score <= NEGATIVE_SCORE or not present.isdisjoint({"asks", "problem"})
    return "normal" if sentiment == "negative" or wants_something else "low"
