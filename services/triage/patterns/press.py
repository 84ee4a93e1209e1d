# ruff: noqa: E501 - a pattern reads best on one line
"""Journalists at work, and people who have told the press. Being in the paper, reading it or delivering it is no sign."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "press": (
            r"\bchecking facts for\b|\b(news channel|tv|camera|film) (people|crew|team)\b|\b(news|media) (people|channels?|crews?) (are|is) (here|coming|outside)\b|\bwith a camera to film\b|\bcoming (round|over|tomorrow) … \bto (film|photograph|interview)\b|\bjourno ?request\b|\bjournalist request\b|\bfor an article in\b|\bget your story straight\b",
            r"\b(staat|ligt|is|zit) (\w+ )?(inmiddels|al|nu) (\w+ )?bij (de|een|het) (krant|pers|media|omroep|redactie|journalist)\b|\b(consumentenprogramma|tv-programma|programma|krant|omroep|redactie)\b … \b(opgepikt|opgenomen|in behandeling|draaien|draait|zendt|schrijven over|gaat over)\b",
            r"\b(de|het|een|local|the) \w*(bode|gazet|courant|dagblad|ledger|herald|gazette|tribune|courier|chronicle|observer|mercury)\b … \b(gebeld|gemaild|gesproken|getipt|geinteresseerd|interested|this morning|running|opgepikt|hier)\b",
            r"\b(told|sold|gave|sent) (my|our|this|the) (story|photos|video|footage) to (the|a)\b|\b(filmpje|foto'?s|verhaal|dossier|beelden)\b … \b(bij|naar|aan) (de|het|een) (krant|omroep|pers|media|journalist|redactie)\b|\b(werkt|werkzaam) bij de krant\b … \b(schrijven|stuk|artikel)\b",
            r"\b\w+(bode|courant|gazet|dagblad|journaal) hier\b|\b(on-record|on the record) comment\b|\bi cover (\w+ ){1,3}for (the|a)\b|\bworking on a (story|piece|feature|report)\b|\b(doing|recording|making) an episode\b|\b(tweeluik|drieluik|serie artikelen)\b … \b(over|wie)\b",
            r"\b(ben|zijn|is) (ik |wij |we |nog |momenteel )*bezig (met|aan) (een|ons|mijn) (\w+ )?(verhaal|artikel|stuk|item|uitzending|reportage|podcast|aflevering|onderzoek)\b|\b(neem|nemen) (ik|we|wij) (dat|dit|het) (\w+ )?mee in (het|ons|een|mijn) (bericht|stuk|artikel|item|verhaal)\b|\bhet bericht van \d\d?\b",
            r"\b(morgen|vanavond|zaterdag|zondag|binnenkort|straks) in (het|de|deze) \w* ?(dagblad|krant|courant|telegraaf|volkskrant|journaal|uitzending|nieuws|post|bode|gelderlander|stentor|limburger|parool)\b",
            r"\b(told|gave|sent|given|spoken to|talking to|emailed|contacted|called|rang) (the |a |my |our )?(local )?\w* ?(herald|gazette|times|post|tribune|echo|chronicle|mercury|telegraph|guardian|mirror|express|paper|newspaper|journalist|reporter)\b … \b(everything|story|photos|about|running|paper|them|interview\w*)\b",
            r"\b(student|school|college|university) (newspaper|paper|magazine|radio)\b",
            r"\b(statement|comment|response|figures?|spokes\w+)\b … \b(bulletin|programme|edition|broadcast|print|publication|article|viewers|readers|listeners|deadline)\b",
            r"\bvoor ons programma\b",
            r"\b(namens|voor) (het |de )?(vakblad|dagblad|weekblad|magazine|tijdschrift|omroep|programma|blad|redactie|podcast|nieuwssite|krant)\b … \b(reactie|verzoek|vragen|antwoord|interview|wederhoor|rapport|cijfers|spreken|meelopen)\b",
            r"\b(bel|belt|gebeld|mail|gemaild|tip|getipt|naar|aan|schakel|schrijf|programma|consumentenprogramma) kassa(\W+[a-z]|[.,!]|$)",
            r"\b(bel|belt|bellen|gebeld|mail|mailen|gemaild|stuur|stuurde|gestuurd|schrijf|stap|contact|contacted|emailed|called|telling|getipt|benader\w*|ingelicht|verteld|told)\b … \b(radar|hart van nederland|opgelicht|eenvandaag|nieuwsuur|pointer|meldpunt|de telegraaf|telegraaf|volkskrant|trouw de krant|nrc|rtl|nos|nu\.nl|het ad|het parool|tubantia|bnr|jinek|talkshow|het journaal|vtm|vrt|knack|de standaard|het laatste nieuws|watchdog|bbc|itv|channel (4|5)|sky news|the guardian|the sun|daily mail|the times|cnn|fox news|abc news|which\?|money box)\b",
            r"\b(radar|hart van nederland|opgelicht|eenvandaag|nieuwsuur|pointer|meldpunt|de telegraaf|telegraaf|volkskrant|trouw de krant|nrc|rtl|nos|nu\.nl|het ad|het parool|tubantia|bnr|jinek|talkshow|het journaal|vtm|vrt|knack|de standaard|het laatste nieuws|watchdog|bbc|itv|channel (4|5)|sky news|the guardian|the sun|daily mail|the times|cnn|fox news|abc news|which\?|money box)\b … \b(komt|belt|belde|staat|wil|willen|heeft|is|zal|gaat|zendt|filmen|interview\w*|gemaild|gebeld|getipt|ingelicht|geinteresseerd|will|are|is|wants?|keen|interested|coming|hearing)\b",
            r"\b(uitzending|aflevering|reportage|documentaire|artikel|item|stukje|stuk) (over|voor) … \b(reageren|reactie|bellen|spreken|interview\w*|vragen|woord|commentaar|langskomen|filmen|wie kan)\b",
            r"\b(gaat|wil|komt) er (een )?(stuk|artikel|verhaal|item|reportage|uitzending) (over|van)\b|\bvoor de (camera|microfoon)\b",
            r"\b(gaat|komt|staat|breng\w*|zet|stuur)\b … \b(naar|in|aan) (de|een) (krant|pers|media|landelijke \w+|journalist)\b",
            r"\b(on[- ]camera|on air) interview\b",
            r"\b(quote|comment|statement|reaction|interview)\b … \b(feature|article|piece|story|paper|magazine|programme|documentary|podcast|broadcast|on[- ]camera|news)\b",
            r"\b(feature|article|story|news|documentary|investigat\w+)\b … \b(quote|comment|statement|spokes\w+|interview|deadline|publish\w*|response)\b",
            r"\b(contact\w*|call\w*|email\w*|tell\w*|told|going to|tip\w*) (the |my |our |a )?local (news|paper|radio|tv|press|reporter)\b|\bput (it|this|you) on (\w+ ){0,6}(tv|the news)\b",
            r"\b(lokalzeitung|zeitung|redakteur\w*|presse)\b … \b(stellungnahme|artikel|interview|bericht|anfrage|einschalten|informier\w*)\b",
            r"\b(journal|presse|reporter|television)\b … \b(temoign\w*|contacter|article|reportage|enquete)\b",
            r"\b(pers(foto'?s|uitnodiging|map|kit|bericht(en)? ontvangen|bijeenkomst)|press (kit|pass|photos|invitation|accreditation|pack)|collega'?s van de pers|persaccreditatie)\b",
            r"\b(persvra(ag|gen)|persverzoek|wederhoor|perslijst|perskaart\w*|embargostuk\w*|media ?query|media enquiry|press (enquiry|inquiry|query|request|question))\b",
            r"\b(request for comment|deadline for comment|comment for (an|our|my|the) (article|story|piece)|right of reply|off the record)\b",
            r"\b(ik ben|ben|hier|als) (een |freelance |onderzoeks)*(journaliste?|verslaggever|verslaggeefster|redacteur|redactrice|reporter|correspondente?)\b",
            r"\b(journaliste?|verslaggever|verslaggeefster|reporter|redactie) hier\b|\b(van|namens) (de |het |radio |omroep |rtv )?\w*(gazet|bode|krant|courant|blad|post|journaal|nieuws|tv|omroep|fm) hier\b|\b(radio|omroep|rtv|tv) \w+( hier\b|:)|\b(van|namens) (de |het )?(radio|omroep|rtv|podcast|tv-programma|radioprogramma) \w+ hier\b|journaal (belt|belde|komt|wil|heeft|was)\b|\b(journalist|reporter|producer|columnist)s? here\b",
            r"\b(i'?m|i am|we are|we're) (a |an |the )?(freelance |investigative |local )*(journalist|reporter|producer (on|at|for)|correspondent|columnist)\b",
            r"\b(naar|bij|aan) (de pers|de media|radar|hart van nederland|opgelicht|meldpunt|rtl|nos|het ad|de telegraaf)\b|\b(naar|aan) (de|een) (krant|omroep|journalist)\b",
            r"\b(de|lokale|plaatselijke|regionale) (pers|krant|media|omroep|zender) (komt|staat|is|belt|belde|wil|gaat|weet|zit|pakt|luistert|krijgt)\b",
            r"\b(pers|krant|media|omroep|tv-programma|consumentenprogramma|journalist|redactie|verslaggever)\b … \b(ingelicht|benaderd|ingeschakeld|getipt|gebeld|geinteresseerd|gesproken|gemaild|op de hoogte|geinterviewd)\b",
            r"\b(ingelicht|benaderd|ingeschakeld|getipt|gebeld|geinterviewd|gesproken|verhaal aan|verhaal gedaan)\b … \b((de|het|een|onze|mijn|aan|met) (krant|omroep|tv|pers|media|lokale \w+)|journalist|consumentenredactie|verslaggever|redactie)\b",
            r"\b(cameraploeg|draaiploeg|cameraman|tv-ploeg|camera crew|film crew|tv crew|news crew)\b",
            r"\b(omroep|zender|regiozender|krant|tv|programma|radio|journaal|verslaggever|journalist)\b … \b(komen|komt|kwam|wil|willen|gaan|gaat|staat|staan) (\w+ ){0,4}(filmen|langs|opnemen|opnames|opnamen|interviewen)\b",
            r"\b(verhaal|stuk|artikel|foto'?s|het|dit|jullie) (staat|komt|staan|komen) (morgen|zaterdag|zondag|maandag|dinsdag|woensdag|donderdag|vrijdag|binnenkort|straks|volgende week)? … \b(in|op) (de|het) (\w*krant|\w*courant|\w+bode|\w+post|\w+blad|\w*dagblad|\w*journaal|radio|tv|nieuws|media)\b",
            r"\b(going|go|went|gone|talk(ing)?|talked|spoke(n)?|speak(ing)?|contact(ed|ing)?|tipped off|tell(ing)?|told) (to )?(the |a |our )?(local |national )?(press|papers?|media|newspapers?|journalist|reporter|bbc|news)\b",
            r"\b(the |our )?(local |national |regional )?(press|media|newspapers?|papers?|tv|radio) (is|are|has|have) (\w+ ){0,3}(on (it|this)|interested|story|informed|coming|running|printing|filming)\b",
            r"\b(consumer (desk|programme|show|page)|local paper|evening news)\b … \b(interview\w*|coming|photograph\w*|film\w*|running|printing|air\w*|called|rang)\b",
            r"\b(is|are) (printing|running) (it|my story|our story|the story)\b|\b(they're|they are|and) running it\b",
            r"\b(presseanfrage|pressestelle|redaktionsschluss|verbrauchermagazin|ich bin journalist\w*|je suis journaliste|bouclage|droit de reponse|service de presse)\b",
            r"\b(anfrage|beitrag|redaktion)\b … \b(stimmt es|wir bitten um|bericht|redaktion)\b",
            r"\b(reportage|article|emission|journaliste)\b … \b(interview|reportage|repondre|camera)\b",
        ),
        "press_contact": (
            r"\b(woordvoer(der|ster|ders|ing)|persvoorlicht(er|ing|sters?)|persdienst|persafdeling|perscontact|persteam|persbureau|persnummer|pers@\w+|afdeling (communicatie|voorlichting)|(van|contact|met|uw|dienst|jullie|beste) voorlicht(ing|er|ster)|pr-?(afdeling|team|bureau))\b",
            r"\b(spokes(person|man|woman|people)|press (office|officer|team|desk|contact)|media (team|office|relations|contact)|(communications|comms|pr) (department|team|office))\b",
            r"\b(pressesprecher\w*|porte-parole|attachee? de presse)\b",
        ),
        "journalist": (
            r"\b(stagiair\w*|researcher|research|programmamaker|presentator|presentatrice|producer|cameraman|fotograaf|columnist|hoofdredactie|eindredactie) (bij|van|voor)\b",
            r"\bik (ben|werk) (van|voor|bij) (het ad|de telegraaf|de volkskrant|trouw|nrc|rtl|nos|omroep \w+|rtv \w+|nu\.nl|het parool|de krant|een krant|een podcast|een tijdschrift|een nieuwssite|een dagblad|de lokale omroep|het journaal)\b|\bik schrijf (voor|een artikel|een stuk)\b",
            r"\b(journaliste?n?|verslaggevers?|verslaggeefster|redactrice|redactie@\w+)\b|(journalist|redacteur|redactie)\b",
            r"\b(reporters?|correspondent|news ?desk|newsroom|(consumer|transport|travel|city|business|aviation|money) desk|i edit|editor (at|of)|i write for|writing for|i work for the|redaktion|redacteur|redactrice|i produce|i'?m producing|producer)\b",
        ),
        "outlet": (
            r"(krant|courant|dagblad|omroep|journaal|nieuws|rtv)\b",
            r"((week|vak|nieuws|stads|ochtend|avond|zondags|reis|wijk|maand|achtuur|wad|ooster|regio|dorps)blad|programma|katern|bijlage|rubriek|zender|nieuwssite|podcast|tijdschrift)\b|\b(het \w+blad|(de|van) \w+ ?(bode|post|gazet|koerier)|omrop|(op|voor|van|de) tv|tv-\w+)\b|\b(televisie\w*|radio|magazine)\b",
            r"\b(\w+ (gazette|herald|tribune|echo|mercury|observer|chronicle|tidings|beacon|bulletin|journal|telegraph|argus)|the \w+ (courier|times|post|review|wire)|(trade|consumer|travel|student) (magazine|weekly|paper)|newspaper|local paper|radio|podcast|television|on tv|tv (show|crew|programme|station)|broadcast\w*|documentary|magazine|news|weekly)\b",
            r"\b(zeitung|kurier|magazin|rundfunk|l'echo|emission)\b",
        ),
        "reporting": (
            r"\b(quot(e|en|es)|quoten|citeren|een reactie|reageren|aan het woord|wie kan (ik|namens)|iemand spreken|kan ik iemand (spreken|bellen|quoten)|kunt u aangeven|klachten zijn binnen\w*|stukje (over|voor))\b",
            r"\b(schrijf|schrijven|maak|maken|werk|werken|bereiden?|nemen|neem) (ik |wij |we |je |momenteel |nu |al )*(aan|voor|over|een)? … \b(artikel|stuk|verhaal|item|reportage|bericht|uitzending|aflevering|podcast|achtergrondverhaal|achtergrondartikel|overzichtsartikel|documentaire|special|productie|rubriek|bijdrage)\b",
            r"\b(artikel|stuk|item|reportage|achtergrondverhaal|nieuwsbericht|uitzending) over\b|\bvoor (een|ons|onze|mijn) (artikel|stuk|item|reportage|uitzending|bericht|productie|achtergrondverhaal|\w*katern|\w*programma)\b",
            r"\b(publiceren|publiceer|publicatie|in de uitzending|zend(t|en)( wij| we)? uit|zendt (\w+ )?uit|uitgezonden|zendt (zon|maan|dins|woens|donder|vrij|zater)dag|(gaan|ga|gaat) (wij |we |ik )?(om \S+( uur)? )?(live|online)|interview(en|t)?|geinterviewd|filmen|fotograferen|fotograaf|portretteren|voor de camera|opnames?|verschijning|kopij|citaten|ter inzage)\b",
            r"\bdeadline\b|\bklopt (het|dat|dit|die|deze)\b|\b(kunt u|kunnen jullie|kan iemand) (dat |dit |ons |mij )?bevestigen\b|\bbevestigen jullie\b|\b(tips|meldingen) binnen\b|\bbesteden wij\b",
            r"\b(graag|zoek|zoeken|ontvangen?)( ik| wij| we)?( vandaag| snel| nog)*( een| jullie| uw)? reactie\b|\breactie (van|graag)\b",
            r"\b(reactie|antwoord|antwoorden|commentaar)\b … \b(voor|voor de|vandaag|vanavond|morgen|uiterlijk|om) (\d|maandag|dinsdag|woensdag|donderdag|vrijdag|vandaag|uur|de)\b",
            r"\b(writing|working on|running|producing|preparing|putting together|doing|making|i write)\b … \b(piece|article|story|feature|segment|report|series|item|documentary|programme|show)\b",
            r"\b(filing (at|by|in)|i file|go to (press|print)|going live|we air|airs|on air|before we publish|is it true that|can (you|someone|anyone) confirm|could (you|someone|your \w+ ?\w*) confirm|please confirm|for comment|a comment|comment (pls|please|on)|copy closes|like a response|would like to respond|live interview|like to record|on the record|to photograph|come on (tomorrow'?s|our|the) show|film at)\b",
        ),
    }
)  # fmt: skip

TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {
        "press": (
            frozenset({"outlet", "reporting"}),
            frozenset({"press_contact", "reporting"}),
            frozenset({"press_contact", "outlet"}),
            frozenset({"press_contact", "journalist"}),
            frozenset({"journalist", "reporting"}),
            frozenset({"journalist", "outlet"}),
        ),
    }
)
