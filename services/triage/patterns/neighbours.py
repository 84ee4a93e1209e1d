# ruff: noqa: E501 - a pattern reads best on one line
"""The same troubles in the words of German and French customers: what cannot wait, and what can hurt."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

_KIND: Final = (
    r"(kind(er|ern|es)?|sohn|tochter|baby|enkel\w*|mutter|vater|oma|opa|schwiegermutter|schwiegervater|frau|mann|freundin|freund)"
)
_PROCHE: Final = (
    r"(enfants?|fils|fille|bebe|petit-fils|petite-fille|mere|pere|grand-mere|grand-pere|femme|mari|compagne|compagnon|passagers?)"
)

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "legal_threat": (
            r"\b(meine?n?|unsere?n?|eine?n?|zum|vom) (rechts)?anw(a|ae)lt(in)?\b … \b(einschalten|eingeschaltet|ubergeb\w*|ubergebe|beauftrag\w*|einschalte|wenden|hinzuziehen|gehen|schreib\w*|meldet|horen)\b|\b(ubergebe|gebe|schalte|beauftrage|nehme) … \b(rechts)?anwalt\w*\b",
            r"\b(vor gericht|verklage\w*|klage (ein|erheben|einreichen)|mahnbescheid|gerichtlich\w* (mahnverfahren|schritte|durchsetz\w*|vorgehen)|rechtliche\w* schritte|rechtsweg|strafanzeige|anzeige (erstatten|gegen (sie|euch))|in verzug|letzte frist|letztmalig\w* frist)\b",
            r"\b(schlichtungsstelle|verbraucherzentrale|bundesnetzagentur|bafin|ombuds(mann|stelle)|eisenbahn-?bundesamt|luftfahrt-?bundesamt)\b … \b(einschalt\w*|eingeschaltet|melden|gemeldet|wenden|beschwer\w*|informier\w*|anruf\w*)\b|\b(melde|beschwere|wende) … \b(schlichtungsstelle|verbraucherzentrale|bundesnetzagentur|bafin|ombuds(mann|stelle)|eisenbahn-?bundesamt|luftfahrt-?bundesamt|datenschutzbehorde|datenschutzbeauftragten des landes)\b",
            r"\b(met(s|tons)|mettre|mise) en demeure\b|\b(saisi\w*|saisir) (le |la |l'|un |une )?(tribunal|justice|juge|mediateur|conciliateur|prud'hommes|cnil|dgccrf|arcep|acpr|ombudsman)\b|\b(mon|notre|un|par|avec) avocate?\b … \b(contact\w*|prendra|saisi\w*|ecri\w*|charge\w*|suite|relais|recevrez|conseil\w*)\b|\bavocat\w*\b … \b(saisi|mandate|contacte)\b",
            r"\b(porter(ai|ons|a)?|depose(r|rai|rons)?) plainte\b|\b(poursuites? (judiciaires?|en justice)|voie judiciaire|action en justice|assign\w+ (en justice|devant)|devant (le|les) (juge|tribuna\w+))\b|\bsignal\w* (a |aupres de )?(la |l')?(dgccrf|cnil|arcep|ufc|que choisir|60 millions)\b",
        ),
        "press": (
            r"\b(ich|wir) (recherchier\w*|schreib\w*|berichte\w*|arbeite\w*|bereite\w*|dreh\w*) … \b(fur (den|die|das|ein\w*)|im auftrag) … \b(zeitung|magazin|sender|redaktion|\w*anzeiger|\w*kurier|\w*blatt|\w*bote|rundfunk|podcast|reportage|beitrag|artikel|presseanfrage\w*)\b|\b(ich bin|bin|als) (freie[rn]? )?(journalist|journalistin|redakteur|redakteurin|reporter|reporterin) (bei|fur|und|von|aus|der|des)\b|\bpresse(anfrage|sprecher|stelle)\w*\b",
            r"\b(zeitung|presse|fernsehen|fernsehteam|redaktion)\b … \b(informiert|kontaktiert|eingeschaltet|gewandt|berichtet|kommt|interessiert)\b|\b(gehe|wende mich|melde (das|mich)) … \b(presse|zeitung|fernsehen|medien)\b",
            r"\b(journaliste|redacteur|redactrice|reporter|pigiste) (a|au|aux|pour|chez|de|du|independante?)\b|\b(je|nous) (prepar\w+|ecri\w+|enquet\w+|travaill\w+|realis\w+) (\w+ ){0,3}(sujet|article|reportage|enquete|papier|emission)\b|\b(demande|service|contact|attachee?) (de )?presse\b",
            r"\b(contacte|alerte|prevenu|parle a|raconte (\w+ ){0,2}a|ecrit a) (\w+ )?(la presse|les medias|un journaliste|le journal|la television|la tele|une chaine)\b|\b(la presse|les medias|un journaliste|la tele(vision)?) (est|sont|sera|seront|va|vont|arrive\w*) … \b(courant|informee?s?|venir|parler|prevenue?s?|dessus)\b",
        ),
        "safety": (
            rf"\b{_KIND}\b … \b(gesturzt|gefallen|rausgefallen|verletzt|geblutet|blutet|verbrannt|verbruht|vergiftet|erstickt|in die notaufnahme|(liegt|liegen|kam|ins|musste) (\w+ ){0, 3}krankenhaus|krankenwagen|notarzt|ohnmachtig)\b|\b(brennt|gebrannt|in flammen|qualmt|raucht|explodiert|funken|stromschlag|kurzschluss|gasgeruch|kohlenmonoxid|lebensgefahr\w*|brandgefahr|unfallgefahr|verletzungsgefahr|erstickungsgefahr)\b",
            r"\b(glas(scherben?|splitter)|metall(splitter|stuck\w*|teil\w*)|schimmel|rasierklinge|nagel|schraube) (in|im) … \b(essen|babybrei|brei|brot|salat|glas|packung|joghurt|milch|mahlzeit)\b|\b(fahrer|busfahrer|zugfuhrer)\w* … \b(eingeschlafen|betrunken|schlaft|handy)\b",
            rf"\b{_PROCHE}\b … \b(tombee?s?|chute|blessee?s?|saigne\w*|brulee?s?|etouffee?s?|intoxiquee?s?|aux urgences|(est|finie?|transportee?|emmenee?|conduite?|hospitalisee?|admise?) (\w+ ){0, 2}(a l'hopital)|hospitalisee?|inconsciente?)\b|\b(prend feu|pris feu|en feu|incendie|explose\w*|etincelles|electrocut\w*|odeur de gaz|fuite de gaz|monoxyde|danger de mort|dangereux pour)\b",
            r"\b(bout|morceau|eclat|debris)s? de (verre|metal|plastique) dans\b|\bmoisi\w* (dans|sur) … \b(pot|plat|pain|repas|salade|bebe|yaourt)\b|\b(chauffeur|conducteur|conductrice)\w* … \b(endormie?|ivre|telephone|portable)\b",
        ),
        "self_harm": (
            r"\b(will|mag|kann) (\w+ ){0,2}(einfach )?nicht (mehr|weiter) (leben|weiterleben|da ?sein)\b|\b(mein|dem) leben (ein ende|nehmen)|\bleben (keinen sinn|nicht mehr lebenswert|beenden)\b|\b(mich|mir) (das leben nehmen|umzubringen|umbringe\w*|was antun|etwas antun)\b|\b(schluss machen mit (allem|dem leben)|selbstmord\w*|suizid\w*|lebensmude|besser (dran )?ohne mich)\b",
            r"\b(en finir (avec la vie|avec tout|pour de bon)|(pense|songe|envie) (\w+ ){0,4}(a |d')en finir|(plus|pas) envie de vivre|envie de mourir|veux mourir|me (suicider|tuer|foutre en l'air)|mettre fin a mes jours|mieux sans moi|idees? (noires|suicidaires))\b",
        ),
        "data_leak": (
            r"\b(name\w*|adresse\w*|rechnung\w*|daten|vertrag\w*|bestellung\w*|kontoauszug\w*|befund\w*|akte\w*)\b … \b(fremde[nrs]?|einer? (vollig |ganz |wild)?fremden|eines anderen|einer anderen|anderer (kunden|personen|leute)|von jemand anderem|nicht (meine|von mir))\b|\b(fremde\w*|anderer kunden|eines anderen kunden|einer anderen (person|kundin)) (\w+ ){0,2}(daten|rechnung\w*|name\w*|adresse\w*|unterlagen|bestellung\w*|konto\w*)\b|\b(datenleck|datenpanne|datenschutzverletzung|datenschutzverstoß|datenschutzverstoss)\b",
            r"\b(noms?|adresses?|factures?|donnees|contrat|releves?|dossiers?|commandes?|coordonnees)\b … \b(d'(une autre personne|un autre client|une autre cliente|autres clients|un inconnu|une inconnue|un tiers|quelqu'un d'autre)|de quelqu'un d'autre|qui ne (sont|est) pas (les miens|les miennes|le mien|la mienne|a moi))\b|\b(fuite|violation) de (mes |nos |vos )?donnees\b",
        ),
        "discrimination": (
            r"\b(diskriminier\w*|rassis\w*|auslanderfeindlich\w*|fremdenfeindlich\w*|behindertenfeindlich\w*|sexistisch\w*|homophob\w*|antisemit\w*)\b|\bwegen (meiner?|seiner?|ihrer?|unserer?|des|der) (kopftuch\w*|hautfarbe|herkunft|religion|behinderung|rollstuhls?|namens?|akzents?)\b",
            r"\b(discrimin(ee?s?|atoires?|ants?)|(de la|la|une|de|pour) discrimination|racis(me|tes?)|xenophob\w*|islamophob\w*|antisemit\w*|homophob\w*|sexistes?)\b|\ba cause de (ma|mon|sa|son|notre|leur) (voile|couleur|peau|origine\w*|religion|handicap|fauteuil|nom|accent)\b",
        ),
        "fraud": (
            r"\b(betrogen|betruger\w*|abgezockt) … \b(geld|konto|euro|uberw\w*|abgebucht|karte)\b|\b(jemand|unbekannte|betruger)\b … \b(auf meinen namen|mit meinen daten|von meinem konto|meine karte|in meinem namen)\b|\b(konto|karte|account) … \b(leergeraumt|geplundert|gehackt|gestohlen|missbraucht)\b",
            r"\b(quelqu'un|on|des escrocs?|un escroc)\b … \b(a mon nom|avec (ma carte|mes donnees)|sur mon compte|de mon compte|mon identite)\b|\b(carte|compte) … \b(piratee?|videe?|volee?|debitee? frauduleusement)\b|\b(victime|je me suis fait) … \b(arnaque\w*|escroqu\w*|fraude|pirate\w*)\b",
        ),
        "phishing": (
            r"\b(sms|mail|e-mail|nachricht|anruf)\b … \b(von (euch|ihnen)|in (eurem|ihrem) namen|gefalscht|betrugsversuch\w*|serios)\b|\b(phishing|fake-?(shop|seite|profil|account|mail)|gefalschte\w* (seite|mail|sms|nachricht|profil|konto))\b",
            r"\b(sms|mail|courriel|message|appel)\b … \b(en votre nom|de votre part|frauduleux|arnaque|hameconnage|phishing|authentique|faux)\b|\b(faux|fausse) (site|compte|profil|mail|sms|page|conseiller)\b|\bhameconnage\b",
        ),
        "stranded": (
            r"\b(sitze\w*|stehe\w*|hange\w*|sind|bin|kommen|komme) … \b(fest|gestrandet|nicht (weg|weiter|nach hause)|im stich gelassen|ausgesetzt)\b|\b(letzte\w*|letzter) (zug|bus|fahre|flug|bahn) … \b(ausgefallen|weg|verpasst|gestrichen|fallt aus)\b",
            r"\b(coincee?s?|bloquee?s?|echouee?s?|abandonnee?s?) (\w+ ){0,3}(a|en|au|sur|dans) (\w+ ){0,2}(gare|aeroport|quai|port|route|autoroute|station|train|terminal)\b|\bdernier (train|bus|ferry|vol|bateau|metro) … \b(supprime|annule|parti|rate)\b",
        ),
        "attempts": (
            r"\b(dritte[nrs]?|vierte[nrs]?|funfte[nrs]?|sechste[nrs]?|zehnte[nrs]?|x-?te[nrs]?) (mal|mail|anruf|nachricht|versuch|brief|anlauf|termin)\b|\b(drei|vier|funf|sechs|sieben|zehn|zig)\s?mal (angerufen|geschrieben|gemailt|nachgefragt|reklamiert|versucht)\b|\b(mehrfach|mehrmals|wiederholt) (angerufen|geschrieben|gemailt|nachgefragt|reklamiert|gemeldet)\b",
            r"\b(troisieme|quatrieme|cinquieme|sixieme|dixieme|enieme) (fois|mail|courriel|courrier|appel|message|relance|lettre|colis|tentative|demande)\b|\b(trois|quatre|cinq|six|dix) (appels|mails|relances|courriers|courriels|messages|demandes|fois) (sans|deja|restes?|pour)\b|\bmalgre (mes|nos|plusieurs|trois|quatre|cinq|de nombreu\w+) (appels|relances|mails|demandes|courriers|messages)\b",
        ),
        "total_loss": (
            r"\b(kein|ohne|gar kein) (internet|netz|strom|wasser|warmwasser|warmes wasser|telefon|empfang|gas|heizung|wlan|fernsehen)\b|\b(internet|netz|strom|wlan|telefon|fernsehen) (ist |ist komplett |komplett |wieder )?(weg|tot|ausgefallen|fallt (dauernd |standig |wieder )?aus|geht nicht)\b",
            r"\b(plus|pas|sans) (d'|de |aucun |aucune )(internet|reseau|connexion|electricite|courant|eau|eau chaude|gaz|chauffage|telephone|wifi)\b|\b(internet|reseau|connexion|site|application|appli|courant|tout) (est |a )?(coupee?|en panne|tombee?|hs|mort|plante\w*|inaccessible)\b|\bcoupure (totale|generale|de courant|d'internet|d'eau)\b",
        ),
        "machine_mail": (
            r"\bautomatisch (erzeugt\w*|generiert\w*|erstellt\w*|versandt\w*)\b|\b(nicht|bitte nicht) auf diese (e-?mail|nachricht) (zu )?antworten\b|\bantworten sie (bitte )?nicht auf diese\b|\b(abwesenheitsnotiz|bin (bis|ab|vom|zurzeit|derzeit) … nicht im (buro|haus))\b|\bnewsletter (abbestellen|abmelden)\b",
            r"\b(message|courriel|mail|reponse) (genere\w* )?automatique\b|\b(ne pas|merci de ne pas) repondre a ce (courriel|mail|message)\b|\bactuellement absente?\b|\bse desabonner\b|\bsi vous ne souhaitez plus recevoir\b",
        ),
    }
)
TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType({})
