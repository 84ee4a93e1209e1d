# ruff: noqa: E501 - a pattern reads best on one line
"""What a message asks of the service: help, a repair, soon; and mail that no person wrote."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
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
            r"\b(vandaag|vanavond|vanmiddag|vannacht|morgen|morgenochtend|overmorgen|over (een|1|twee|2|drie|3) uur|binnen (24|48) uur)\b … \b(nodig|vertrek\w*|vlieg\w*|vlucht|weg|trouw\w*|begrafenis|uitvaart|verhuis\w*|feest|deadline|verjaardag|operatie|op reis|vakantie|examen|sluit|verloopt|afgesloten)\b",
            r"\b(nodig|vertrek\w*|vlieg|vliegen|vlucht|trouw|trouwen|trouwerij|bruiloft|begrafenis|uitvaart|verhuis\w*|deadline|jarig|verjaardag|operatie|examen|afgesloten|verloopt)\b … \b(vandaag|vanavond|vanmiddag|morgen|morgenochtend|overmorgen|over (een|1|twee|2|drie|3) uur)\b",
            r"\b(today|tonight|tomorrow|in (an|one|two|three|1|2|3) hours?|within (24|48) hours|this (afternoon|evening))\b … \b(need|flight|fly|flying|leave|leaving|depart\w*|wedding|funeral|moving|deadline|birthday|surgery|exam|expires?|party)\b",
            r"\b(need|flight|fly|flying|leave|leaving|departs?|wedding|funeral|moving|deadline|birthday|surgery|exam|expires?|party|travel\w*)\b … \b(today|tonight|tomorrow|in (an|one|two|three|1|2|3) hours?)\b",
            r"\b(spoed|met spoed|dringend|urgent|asap|zo snel mogelijk|dringlich)\b",
        ),
        "attempts": (
            r"\b(derde|vierde|vijfde|zesde|zevende|achtste|negende|tiende|zoveelste|honderdste|3e|4e|5e) (keer|maal|mail|poging|monteur|bericht|telefoontje|x)\b",
            r"\b(al|meer dan|nu) (drie|vier|vijf|zes|zeven|acht|negen|tien|twaalf|[3-9]|[1-9]\d) ?(keer|maal|x|mails?|keren)\b",
            r"\b([3-9]|[1-9]\d) ?(x|keer|maal) (gebeld|gemaild|contact|geprobeerd|gevraagd|gemeld|aangegeven|een (mail|bericht))\b",
            r"\b(drie|vier|vijf|zes|zeven|acht|tien) (keer|maal) … \b(gebeld|gemaild|contact|geprobeerd|gevraagd|gemeld|doorverbonden|uitgelegd)\b",
            r"\b(third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|umpteenth|[3-9](rd|th)|[1-9]\dth) (time|attempt|email|message|call|engineer|request)\b",
            r"\b(called|emailed|contacted|rung|phoned|asked|tried|messaged|explained|complained) … \b(three|four|five|six|seven|eight|nine|ten|a dozen|[3-9]|[1-9]\d) times\b",
            r"\b(three|four|five|six|seven|eight|nine|ten|[3-9]|[1-9]\d) (calls|emails|messages|phone calls) (later|and|so far|already)\b",
        ),
        "asks": (
            r"\b(wie|wat|waar|waarom|wanneer)\b",
            r"\b(welke?|hoe|hoeveel|hoelang|kan (ik|iemand|het|je|u))\b",
            r"\b(kun(t|nen)? (u|je|jij|jullie)|mag ik|is het mogelijk|weet iemand|ik wil graag|graag (een|uw|jullie|hulp|contact)|wil (graag )?weten|vraagje|help|hulp)\b",
            r"\b(opzeggen|annuleren|wijzigen|aanpassen|terugsturen|ruilen|omruilen|opvragen|doorgeven|ik zou graag|bel (mij|me)|neem contact)\b",
            r"\b(who|what|where|why|when|which|how|can (you|i|someone|we)|could (you|i|someone)|would like to|i('d| would) like|please (send|help|call|check|fix|cancel|remove|advise)|pls|help|need to know|wondering)\b",
            r"\b(cancel|refund|return|exchange|update my|change my|call me)\b",
            r"\b(wann|warum|wie kann|konnen sie|bitte|hilfe|comment|pourquoi|quand|pouvez-vous|aidez)\b",
        ),
        "problem": (
            r"\b(kapot|defect|stuk|werkt niet|doet het niet|storing|fout(code|melding)?|mislukt|vertraging|vertraagd|geannuleerd|ontbreekt|kwijt|beschadigd|lekt|geweigerd|geblokkeerd|verkeerde?|te laat|vermist|klacht)\b",
            r"\b(in de wacht|aan de lijn gehangen|wacht(en)? (ik |we |wij )?(nu )?(al|nog)|al (een|twee|drie|vier|vijf|zes|\d+) (uur|uren|dagen|weken|maanden))\b",
            r"\b(on hold|(been|still) waiting|waited|for (an|two|three|four|five|\d+) (hours|days|weeks|months)|no (tv|wifi|reply|refund|help|answer))\b|\bgeen (tv|wifi|bereik|hulp)\b",
            r"\b(niet|nog geen|nooit|geen) … \b(ontvangen|binnen|aangekomen|bezorgd|geleverd|gekregen|terugbetaald|reactie|antwoord|bevestiging|gekomen|inloggen|bereikbaar)\b",
            r"\b(broken|doesn'?t work|not working|isn'?t working|won'?t|error|failed|outage|delay(ed)?|cancell?ed|missing|lost|damaged|leak(s|ing)?|refused|blocked|wrong|overcharged|charged twice|late|complaint|crash(es|ed|ing)?)\b",
            r"\b(not|never|hasn'?t|haven'?t|didn'?t|no) … \b(received|arrived|delivered|shipped|refunded|reply|response|answer|confirmation|log ?in)\b",
            r"\b(kaputt|funktioniert nicht|storung|verspatung|fehlt|en panne|ne (marche|fonctionne) pas|retard|manque)\b",
        ),
        "advert": (
            r"\b(gummies|kunstnagels|telegram ?(groep|kanaal|group|channel)|volgers (voor|nodig|kopen)|echte volgers|bestel via (mijn|m'n) bio|enkel crypto|dm @\w+|gegarandeerd \d+ ?%|per dag vanaf je|vanaf je bank|3k per week|stuur \W?(ja|info)\W?)\b",
            r"\b(link ?in (mijn |m'n |the |my )?(bio|profiel|profile)|tap the (profile|link)|klik (hier|op (de|deze) link)|klik dan|click (the )?link|dm (me |\"?\w+\"? )?(voor|for|to)|win(nen)? (nu )?(een |gratis )?(iphone|telefoon|reis|vakantie|waardebon)|gratis (\w+ )?(telefoon|winnen|proefpakket|kanaal|bitcoin|iphone|vakantie|cadeaukaart))\b",
            r"\b(verdien(en)? (nu |thuis |snel |tot )*(geld|€|\d)|geld verdienen|\d+ ?(k|euro|pond|p/d|per dag|p/week|per week|a day|per day|a week) (per |vanaf |from |thuis|op je)|earn (money|\$|£|€|up to|over)|get paid|make \$|snel geld|lening zonder|zonder bkr|bkr[- ]toets|guaranteed (profit|returns?)|gegarandeerd rendement|passief inkomen|passive income)",
            r"\b(replica|replica's|merkhorloges|goedkope (volgers|merk\w+|cialis|viagra)|volgers kopen|followers kopen|buy followers|followers (today|now)|afslankthee|slimming tea|cheap pills|viagra|cialis|hot singles|detox thee|casino|free spins|crypto|krypto|bitcoin|forex|eth\b|seo|backlinks?|link ?building|not a scam|spots left|only \d+ (spots|left)|nog \d+ (stuks|plekken))\b",
            r"\b\d\d ?% (off|korting)\b| >> |➡|👉 ?\w+[.-]",
        ),
        "fame": (
            r"\b(mijn|m'n|my|our|onze) (\d+ ?k |\d+\.?\d* |\d+ duizend )?(volgers|kijkers|lezers|abonnees|luisteraars|community|followers|viewers|subscribers|readers|audience)\b|\b(lieve|beste) (volgers|kijkers|lezers)\b",
            r"\b\d+ ?(k|duizend|thousand)( \w+)? (of you|volgers|mensen|anderen|getuigen|kijkers|people|followers|\w*liefhebbers|subscribers)\b|\bstorytime\b|\bstory time\b|\bnot sponsored\b|\b(video|vlog|stream|live|thread|podcast) (komt|vanavond|incoming|volgt|coming)\b|\bdeel \d+ volgt\b|\bpov\b|\bcollabs?\b",
        ),
        "machine_mail": (
            r"^(automatisch antwoord|automatic reply|out of office|auto(matische)?[- ]?(reply|antwoord|bericht)|afwezig|abwesenheit|reponse automatique|undeliverable|delivery status)",
            r"\b(ik ben (momenteel |nu )?(afwezig|niet aanwezig|op vakantie) (tot|van|en)|i am (currently )?(out of (the )?office|away until|on leave))\b",
            r"\b(unsubscribe|uitschrijven voor|afmelden voor deze nieuwsbrief|nieuwsbrief|newsletter|weekly digest)\b",
            r"\b(link ?building|backlinks|seo[- ](pakket|diensten|services|package)|followers (today|now|for)|gratis (iphone|vakantie|bitcoin)|crypto (signals|winst|profit)|guaranteed profit|earn (money|\$))\b",
        ),
    }
)  # fmt: skip

TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType({})
