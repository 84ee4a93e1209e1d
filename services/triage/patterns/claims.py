# ruff: noqa: E501 - a pattern reads best on one line
"""What costs somebody money: legal steps, fraud, those who pose as the brand, money that does not come."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "legal_threat": (
            r"\b(consumer|small claims|civil|high|county) court\b|\b(filing|file|filed) (a case |a complaint |suit )?(in|with|at) (the )?(consumer )?(court|tribunal|forum|commission|dgca|accc|ftc|consumer affairs)\b|\b(my |our )?(solicitor|lawyer|attorney|barrister)s? (is |has been |has |been |now )*(instructed|involved|informed|writing|drafting|copied|on it|will)\b",
            r"\b(ap|acm|afm|ilt|nvwa|igj|inspectie|toezichthouder) (is|wordt) (al )?(ingelicht|geinformeerd|ingeschakeld|op de hoogte)\b|\b(melding|klacht|aangifte) (gedaan|ingediend|gemaakt) bij (de |het )?(acm|afm|ap|ilt|nvwa|igj|inspectie|autoriteit\w*)\b",
            r"\b(college voor de rechten van de mens|mensenrechten\w*|antidiscriminatie(bureau|voorziening)|aanklagen|aanklacht|klaag (ik )?(jullie|u|je) aan|rechtszaken|juridisch (advies|traject|geschil|laten|aanpakken)|jurid\w+ stappen|voor de rechter (slepen|dagen|komen)|through the courts?|taking this further|citizens advice|formal notice|press charges|pressing charges|aangifte (tegen jullie|tegen u|doen tegen))\b",
            r"\b(mijn|een|onze|m'n|met|via|naar|door|zijn|haar) (advoca(at|ten)|jurist|raadsman|raadsvrouw)\b",
            r"\badvocaat (is|heeft|neemt|zal|gaat|komt)\b",
            r"\bjuridische (stappen|procedure|actie|hulp|weg|maatregelen)\b",
            r"\b(naar|voor|bij) de (rechter|rechtbank|kantonrechter|geschillencommissie|ombudsman)\b",
            r"\b(ik|we|wij|dan) (zie|zien|stap|stappen|schakel|schakelen|ga|gaan|leg|sleep|slepen)\b … \b(rechter|rechtbank|rechtszaal|consumentenbond|advoca\w+|jurist)\b",
            r"\b(rechtsmaatregelen|gerechtelijke (stappen|procedure)|gerechtsdeurwaarder|(ontbind|ontbinding van) (ik )?de overeenkomst|ontbinden van de (koop|overeenkomst)|laatste sommatie|procedure (starten|aanspannen|beginnen)|aanhangig)\b",
            r"\b(geschillencommissie|kifid|in gebreke ?stel\w*|ingebrekestelling|dagvaard\w*|rechtszaak|kort geding|sommatie|sommeer)\b",
            r"\bstel (ik )?(u|jullie|je) (hierbij |formeel |officieel |bij dezen |dan |nu )*(in gebreke|aansprakelijk)\b|\b(houd|houden|stel|stellen) (ik |wij |we )?(u|jullie|hen|uw bedrijf|uw \w+) (hierbij |dan |volledig )?(aansprakelijk|verantwoordelijk voor de schade)\b",
            r"\b(aansprakelijk (stellen|gesteld|houden)|aansprakelijkstelling|schadeclaim indienen|(mijn|onze|m'n) rechtsbijstand\w* (is|wordt|heeft|neemt|gaat|komt|zal|leest|kijkt|ingeschakeld|weet)|(naar|van|door|via|met) (mijn|onze|m'n) rechtsbijstand\w*|rechtsbijstand\w* (is|wordt|heeft|ingeschakeld)|juridisch loket|huurcommissie|klachteninstituut|vrederechter|deurwaarder inschakelen|dwangsom)\b",
            r"\b(ombudsman|toezichthouder|autoriteit (persoonsgegevens|consument\w*)|autoriteit financiele markten|consumentenautoriteit|beroep instellen|in beroep bij)\b|\b(bij|naar|aan|dan|daarna) de kantonrechter\b",
            r"\b(namens|mijn) (mijn )?clienten?\b … \b(stel|sommeer|gesommeerd|sommatie|aansprakelijk|gebreke|bericht|heeft u)\b",
            r"\b(de|daarna|dan) kantonrechter\b … \b(voor|leg|stap|dagvaard\w*|zie|jullie|voorleggen)\b",
            r"\b(melding|klacht|melden|aangifte|stap|gemeld|meld) … \b(acm|afm|ap|ilt|nvwa|dnb|bipt|fsma|consuwijzer|kifid|skgz|igj|inspectie|autoriteit|politie tegen jullie|consumentenbond|de huurcommissie)\b",
            r"\b(my|a|our|the|with|through|hired a|get a) (lawyer|solicitor|attorney|barrister|legal team)s?\b",
            r"\b(legal (action|proceedings|steps|notice)|notice of default|letter before action|letter before claim|issue proceedings|commence proceedings|without prejudice|county court|(in|to|at) the tribunal|and the tribunal|consumer protection|small claims( court)?|my day in court|take legal|legal advice|class action|lawsuit|subpoena)\b",
            r"\b(see you|take (you|this|them)|taking (you|this|them)|going|go) (in|to) court\b",
            r"\b(i('ll| will|'m going to| am going to)|we('ll| will)|about to|going to) sue\b|\bsuing (you|them)\b",
            r"\b(ombudsman|trading standards|the ico|information commissioner|the caa|the faa|the dot|better business bureau|attorney general|financial conduct authority|fca|ofcom|ofgem|data protection authority|regulator)\b",
            r"\b((held|hold|holding) (you|your company|them) (liable|legally responsible)|(we|i) act for (mr|mrs|ms|our client)|this office represents|on behalf of my client|(will|to|and) file a (claim|lawsuit|suit) (against|on|in|with the)|preserve all|statutory interest)\b",
            r"\b(rechtsanwalt|meinen anwalt|anwalt einschalten|rechtliche schritte|verbraucherzentrale|mon avocat|mise en demeure|action en justice|je saisirai|tribunal|mediateur|schlichtungsstelle|klage einreichen|letzte frist)\b",
        ),
        "fraud": (
            r"\b(ik ben|we zijn|mijn (moeder|vader|oma|opa|zoon|dochter) is|slachtoffer) … \b(opgelicht|gehackt|beroofd|bestolen|oplichting|fraude|identiteitsfraude)\b",
            r"\b\w*rekening (is )?(leeg|geplunderd)\b",
            r"\b(geld|bedrag|\w*rekening|spaargeld|euro) … \b(gestolen|leeggehaald|geplunderd|weggesluisd|verdwenen)\b",
            r"\b(fraude|frauduleuze|onbekende) (op|met|transactie|afschrijving|betaling|overboeking)\w*",
            r"\b(ik herken|herken ik) … \b(afschrijving|transactie|betaling)\w* niet\b",
            r"\b(account|rekening|profiel) (is |was )?(gehackt|overgenomen)\b|\bidentiteitsfraude\b|\bbankpas (is )?gestolen\b",
            r"\b(hacked|stole(n)? (my|from)|been scammed|got scammed|fraudulent (charge|transaction|payment)s?|unauthori[sz]ed (charge|transaction|payment|withdrawal)s?)\b",
            r"\b(drained|emptied) my account\b|\bidentity theft\b",
            r"\b(money|savings|funds) … \b(stolen|disappeared|vanished|gone)\b",
        ),
        "phishing": (
            r"\b(phishing|smishing|spoofing|nep(mail|sms|site|account|bericht|pagina|website|profiel)?|valse (mail|e-mail|sms|website|site|app))\b",
            r"\b(doen zich voor|doet zich voor|uit (jullie|uw) naam|in (jullie|uw) naam|zogenaamd van (jullie|u))\b",
            r"\b(scam(mer)?s? (posing|pretending|using your)|impersonat\w+|pretend(s|ing)? to be (you|from)|fake (account|e?-?mail|text|website|site|sms|page|profile|message))\b",
            r"\b(gefalschte mail|faux mail|hameconnage)\b",
        ),
        "money_waiting": (
            r"\b(terugbetaling|geld|restitutie|refund|vergoeding|borg|uitbetaling|bedrag|creditering|schadevergoeding|teruggave)\b … \b((vier|vijf|zes|zeven|acht|negen|tien|[4-9]|[1-9]\d) weken|(een|twee|drie|vier|vijf|zes|[1-9]) maand(en)?|maanden|(een )?half jaar|een jaar)\b",
            r"\b((vier|vijf|zes|zeven|acht|negen|tien|[4-9]|[1-9]\d) weken|(een|twee|drie|vier|vijf|zes|[1-9]) maand(en)?|maanden|(een )?half jaar)\b … \b(terugbetaling|mijn geld|restitutie|refund|vergoeding|borg|uitbetaling|teruggave)\b",
            r"\b(refund|money back|my money|deposit|reimbursement|payout|compensation)\b … \b((four|five|six|seven|eight|nine|ten|[4-9]|[1-9]\d) weeks|(a|one|two|three|four|five|six|[1-9]) months?|months|half a year)\b",
            r"\b((four|five|six|seven|eight|nine|ten|[4-9]|[1-9]\d) weeks|(a|one|two|three|four|five|six|[1-9]) months?|months)\b … \b(refund|money back|my money|deposit|reimbursement|payout)\b",
        ),
    }
)  # fmt: skip

TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType({})
