# ruff: noqa: E501 - a pattern reads best on one line
"""What gets out that should not: customers' data, plans told by those who work there, and campaigns in other hands."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

OTHER: Final = r"(een ander(e)?|iemand anders|iemands|andere (klant\w*|mensen|gast\w*|patient\w*|huurder\w*|leerling\w*|student\w*|gebruiker\w*|verzekerde\w*|mevrouw|meneer|kind|man|vrouw|persoon|reiziger\w*|deelnemer\w*)|(een |wild)?vreemde\w*|onbekende\w*|ene|een (mevrouw|meneer|zekere|man|vrouw)|m'?n buur\w*|mijn buur\w*|mijn (onder)?buur\w*|anderen|verkeerde (persoon|klant|adres)|(some(one|body) else|another (person|customer|guest|patient|family|student|tenant|user|child|passenger|man|woman))'?s?|other (customers?|students?|people|guests?|patients?|tenants?|passengers?|users?|persons?)'?s?|(a )?strangers?'?s?|a (mr|mrs|ms)\.?|einem? (anderen|herrn|frau)|fremde\w*|quelqu'un d'autre|d'une? (certaine?|autre))"
RECORD: Final = r"(gegevens|\w*factu(ur|ren)|nota'?s?|polis\w*|dossiers?|uitslag\w*|(jaar)?rekening\w*|jaarnota|jaaropgave|transacties|declaratie\w*|(loon|salaris)stro\w+|reservering\w*|boeking|aanslag|contract|paspoort\w*|rijbewijs\w*|bsn|geboortedatum|bestelling(en)?|adresgegevens|afschrift(en)?|winkelmand\w*|berichten|schadeclaims?|betaalgegevens|rit|medisch\w*|diagnose|mailadres(sen)?|e-mailadres(sen)?|telefoonnummers?|rekeningnummers?|naam en adres|namen|invoices?|bills?|details|data|dates? of birth|passport\w*|statements?|records?|results|contract|bookings?|reservations?|info|information|orders?|messages|emails|trips|grades|home address(es)?|pension|payslips?|policy|prescription|account|national insurance|medical|daten|rechnung\w*|adresse|contrat|date de naissance|donnees)"

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "data_leak": (
            r"\b(see|greet\w*|shows?|logged in)\b … \b(names?|phone numbers?|address|card digits|details)\b … \b(of another|another family|someone|isn'?t me|i'?m not|not me|of a (family|couple|woman|man))\b|\b(greeting|calling|addressing) me as\b|\b(customers?|everyone|people)'?s?\b … \bin (the )?cc\b|\bread out (my|her|his|our)\b … \b(address|number|details|card|licence|name)\b … \b(queue|loud|shop|everyone|front|whole)\b|\bgdpr ring a bell\b|\b(leaked|exposed|emailed) (\d+|hundreds|thousands) … \bcustomers\b",
            r"\b(regels|declaraties|boekingen|bestellingen|gegevens|afspraken|transacties|bookings?|orders?|claims)\b … \b(niet van mij|niet de mijne|not mine|aren'?t mine|isn'?t mine)\b|\b(attachment|bijlage|letter|overview|overzicht|pdf)\b … \b(isn'?t mine|not mine|niet van mij|niet de mijne|somebody else)\b",
            r"\b(huurders|klant|leden|patient|gasten|persoons|adres)(gegevens|lijst|bestand)\b … \b(open|op het web|online|openbaar|bijlage|namen|kentekens|complete)\b|\b(complete|hele|volledige) (gasten|klanten|leden|huurders|deelnemers|adressen)lijst\b|\b(excel|spreadsheet|lijst|bestand)\b … \b\d+ (klanten|mensen|namen|gasten|leden|customers|people|names)\b",
            r"\b(getal|nummer|cijfer|number|digit|code)\b … \b(adresbalk|achteraan|url|verhoog|verhogen|te wijzigen|wijzig|link)\b … \b(zie|verschijn\w*|antwoorden|andere|wildvreemde|see)\b|\b(tracker|track and trace|portal|portaal|account)\b … \b(stranger'?s?|wildvreemde|een ander|a lady|a gentleman|a man called|someone called)\b",
            r"\b(mijn|m'n|my) (prive ?adres|thuisadres|home address|prive ?nummer|telefoonnummer)\b … \b(openbaar|zichtbaar|public|iedereen|online|site|formulier)\b|\bnaar alle (ouders|klanten|huurders|leden|deelnemers|patienten)\b … \b(wie|namen|hoeveel|zicht|achterloopt|betaal\w*)\b",
            r"\b(wrong|verkeerde) (employee|recipient|ontvanger)\b",
            r"\b(payslip|loonstrook|salarisstrook|dossier|contract|invoice|statement|brief|mail|factuur|report|file|document|results|uitslag)\b … \b(to|naar|aan) (the |de |een |het )?(wrong|verkeerde|other|andere) (person|employee|customer|address|persoon|collega|klant|adres|patient|mailadres)\b",
            r"\b(lijst|bestand|excel\w*|bijlage|spreadsheet|list|file|attachment)\b … \b(alle|all|other|andere|honderden|tientallen|hundreds) (\w+ )?(deelnemers|klanten|clienten|namen|bsn\w*|adressen|leden|huurders|patienten|medewerkers|customers|names|members|addresses|patients)\b",
            r"\b(database|systeem|server|klantenbestand|cloud)\b … \b(op straat|gehackt|gelekt|open|lek|hacked|leaked|exposed|breached)\b",
            r"\b(mijn|m'n|my) (nummer|telefoonnummer|adres|number|address)\b … \b(van|via|from) (jullie|een|de|your|the) (chauffeur|bezorger|medewerker|monteur|collega|driver|courier|staff|employee)\b",
            rf"\b(bestelgeschiedenis|bestellingen|bestelling|gegevens|geschiedenis|profiel|account|history|profile)\b … \b(van|of) {OTHER}\b … \b(zie|zien|see|inlog|log|app)\b",
            rf"\b(zie|zien|see)\b … \b(bestelgeschiedenis|profiel|account|geschiedenis|history|profile)\b … \b(van|of) {OTHER}\b",
            r"\bother (people|customers|users|students|tenants|patients)'?s? (\w+ )?(home )?(addresses|details|data|orders|bookings|invoices|numbers|names|messages|accounts)\b",
            r"\b(gehackt|hack|hackers?\w*|gestolen|darkweb|dark web|hackersforum|uitgelekt|buitgemaakt|op internet|openbaar|online te vinden|plain ?text|platte tekst)\b … \b(gegevens|klantgegevens|persoonsgegevens|wachtwoord\w*|adressen|data|bij jullie|customer data|details|passwords?)\b",
            r"\b(gegevens|klantgegevens|persoonsgegevens|klantenbestand|wachtwoord\w*|adressen|data|details|passwords?|excel\w*|bestand)\b … \b(gehackt|hack\w*|gestolen|op (straat|internet|het dark ?web)|openbaar|uitgelekt|gelekt|buitgemaakt|zichtbaar voor|inzichtelijk voor|toegankelijk|voor iedereen|stolen|exposed|leaked|breached|public(ly)?|plain ?text|platte tekst)\b",
            r"\b(mijn (adres|nummer|gegevens|telefoonnummer)|my (address|number|details))\b … \b(gegeven|doorgegeven|verstrekt|gedeeld|gave|given|shared|passed)\b … \b(ex|derden|anderen|iemand|vreemde|without|zonder)\b",
            r"\b(gegeven|doorgegeven|gave|given)\b … \b(aan|to) (mijn|m'n|mn|my) ex\b",
            r"\b(ingelogd|inlog\w*|logged in|log in|account|app|portaal|portal|inbox)\b … \b(als|van|as|op naam van) (een )?(andere (klant|gebruiker|persoon)|iemand anders|vreemde|another (customer|user|person)|someone else|somebody else|a stranger)\b",
            r"\b(cc'?d|bcc'?d|copied in)\b … \b(customers?|list|everyone|people|addresses)\b",
            r"\b(factuur|brief|polis|pakbon|envelop|post|nota)\b … \b((op naam van|gericht aan|van|voor) (ene|iemand|mevr|mevrouw|dhr|de heer|familie|fam))\b",
            rf"\b{RECORD}\b … \b(van|naar) (mijn|de|m'n|mn|onze) (buren|buurman|buurvrouw|ex|collega|overbuur\w*)\b",
            rf"\b{OTHER}\b … \b(messages|mails|emails|inbox|reservation|orders?|afschriften|bestellingen|winkelmand\w*|adresgegevens|berichten|gesprekken)\b … \b(in my|in mijn|on my|zien|te zien|zie|i can see|kan ik|zichtbaar|my account|app)\b",
            rf"\b(see|seeing|zie|zien|in|on)\b … \b{OTHER}\b … \b(messages|mails|emails|inbox|reservation|orders?|afschriften|adresgegevens|berichten|info|information|medical \w+|results)\b",
            r"\b(data ?lek\w*|datalek|avg[- ]lek|privacy ?lek|beveiligingslek|lek in (jullie|uw|de) (site|app|portaal|systeem)|gegevens (\w+ ){0,3}(gelekt|op straat|uitgelekt)|verantwoorde melding|responsible disclosure|data (leak|breach)|breach of (my )?data|leaked (my|our|customer|personal)|(personal|customer) (data|details|information) (leaked|exposed|published)|datenleck|datenpanne|fuite de donnees)\b",
            rf"\b(zie|zag|ziet|zien|krijg|kreeg|ontvang|ontving|ontvangen|opende?|lees|las|bevat|stuur(t|de)?|stuurden|gestuurd|gekregen|zat|zit|staat|staan|trof|kijk|waarom)\b … \b{RECORD} … \b(van|voor|aan|naar|bij) (\w+ )?{OTHER}\b",
            rf"\b{RECORD}\b … \b(van|voor|naar) {OTHER}\b … \b(ontvangen|gekregen|te zien|gestuurd|zien|toegestuurd|verstuurd|in mijn|in m'n|bij mij|naam|adres|bsn)\b",
            r"\bniet voor mij (bestemd|bedoeld)\b",
            rf"\b(van|voor) {OTHER}\b … \b(naam|adres|bsn|geboortedatum|rekeningnummer|paspoort\w*|telefoonnummer)\b",
            r"\b(brief|mail|stukken|bijlage|bestand|excel\w*|lijst)\b … \b(niet voor mij|niet aan mij|niet van mij)\b",
            rf"\b(emailed|sent|mailed) me {OTHER}\b|\bbelonging to (a|another|someone|somebody)\b|\bmeant for (someone|somebody) else\b",
            rf"\b(see|saw|seeing|received?|got|shows?|showed|showing|sent|emailed|mailed|contain(s|ed)|looking at|why (can|do|did) i|you get)\b … \b{OTHER}\b … \b{RECORD}\b",
            rf"\b{RECORD}\b … \b(of|for|to|belonging to|meant for) {OTHER}\b",
            r"\bbcc\b|\ball (recipients|customers|addresses) (visible|in (the )?cc|in copy)\b|\bieders (mail|e-mail)?adres\b",
            r"\b(klanten|mensen|adressen|mailadressen|ontvangers|ouders|huurders|leden|gasten|iedereen|ieders|alle|allemaal|\d\d+)\b … \b(in de cc|in het aan|in cc|de cc|aan-veld|cc-veld)\b",
            r"\b(in de cc|in het aan|in cc|de cc|aan-veld|cc-veld)\b … \b(adressen|mailadres\w*|klanten|zichtbaar|\d\d+)\b",
            r"\b(cc|aan)\b … \b(in ?plaats van|ipv|i\.p\.v\.) (de )?bcc\b",
            r"\b(reply all|reply-all)\b … \b(address|sent)\b",
            r"\b(alle|\d+) (\w+ )?(adressen|mailadressen|e-mailadressen|ontvangers)\b … \b(zichtbaar|open|zien|lezen|cc)\b",
            r"\b(cijfer|nummer|volgnummer|ordernummer|ritnummer|id|digit|number)\b … \b(url|adresbalk|webadres|link|address bar)\b",
            r"\b(url|adresbalk|webadres)\b … \b(cijfer|nummer|digit|number|verander\w*|ophogen|change)\b",
            r"\bzonder (in ?te ?loggen|inloggen|wachtwoord)\b … \b(zien|gegevens|adres|te zien|inzien|alles)\b",
            r"\bwithout (logging in|login|a password)\b … \b(see|view|open)\b",
            r"\bopen map\b",
            r"\b(paspoort\w*|rijbewij\w*|id-?kaart|formulieren|dossiers|usb-?stick|lijst met)\b … \b(container|op straat|open map|rondslinger\w*|iedereen kan|papierbak|buiten)\b",
            r"\b(namen|adressen|telefoonnummers|rekeningnummers)\b … \bvan (een stuk of |alle |zo'n |wel )?(\d+|tientallen|honderden|zestig) (mensen|klanten|clienten|huurders|leden)\b",
            r"\b(my|mijn|our) (bsn|adres|address|dossier|gegevens|details)\b … \b(naar|to|aan) (mijn|m'n|mn|my) ex\b",
            r"\bmijn ex\b … \b(weet|meelezen|adres)\b",
            r"\bzie(t|n) (hij|zij|ze|die) (nu |dan |ook )*(de )?(mijne?|mij|van mij)\b|\bqui a recu le mien\b",
            r"\b(zie|krijg|open|kreeg|zag|ontving|heb) (ik |nu |net |gewoon |ook )*(die|dat|degene) van (m'n|mijn|een|ene|iemand|de) (buur\w*|ander\w*|onbekende|vreemde|mevrouw|meneer|klant)\b|\b(krijg|kreeg|ontvang|ontving|zie) ik (de|het|een) \w*(factuur|loonstrook|gegevens|brief|polis|nota|uitslag|dossier|afschrift|rekening) van (een|ene|mevrouw|meneer|de heer)\b",
            r"\bwie (ziet|kijkt|heeft|krijgt|leest|ligt)\b … \b(mijne|de mijne|die van mij|mijn (gegevens|uitslag|brief|factuur)|in de mijne|ons blad)\b",
            r"\blooking at (a|an) (mr|mrs|ms)\b",
            r"\bwho('?s| is| has| received| got|'s reading)\b … \bmine\b",
            r"\b(sehe|bekomme|bekam)\b … \b(daten|rechnung\w*|vertrag)\b … \b(von|eines|einer)\b",
        ),
        "insider": (
            r"\b(merry xmas to us|work(ing)? here( rn)?|we'?re all getting|crew group chat|group chat|what we'?ve been building|management (just )?told us|telling us to|years i gave them|so they'?re cutting|in my (store|team|depot|branch)|our (depot|branch|base|roster))\b",
            r"\b(zit|werk|sta) (zelf |ik )*(zelf )?(op|bij|in) (de )?(inkoop|marketing|logistiek|planning|klantenservice|finance|hr|de zaak|ict|verkoop|het magazijn|de winkel|kantoor)\b|\b(onze|ons) (brand|merk|bedrijf|keten|winkel|team|vestiging|locatie|werkdag|laatste werkdag|slack|teams|intranet)\b|\bwork(ing)? (at|in) (the |a )?(call cent(re|er)|warehouse|store|office|shop|head office|depot)\b|\bour (slack|teams|intranet|internal|all[- ]hands)\b|\b(we'?ve|we were|i'?ve|i was) been told (to|that|not)\b|\bintern gonst\b",
            r"\b(werk|wrk|werken) (ik |zelf )*(hier|daar|er|bij jullie) (zelf |al |nu )|\bwij als (\w+)?(personeel|medewerkers|chauffeurs|verkopers|verpleeg\w+|monteurs|bezorgers|collega'?s|winkel\w*)\b|\bals (collega|personeel|insider|oud-medewerker|uitzendkracht|stagiair|flexwerker)\b",
            r"\b(personeelsvergadering|personeelsmail|personeelsapp|werkgroep|kick-?off|bila|roosteroverleg|dagstart|heisessie|nieuwsbrief voor personeel|interne (mail|memo|nieuwsbrief|vergadering|chat|site|app))\b",
            r"\b(hoorde|gehoord|horen|verteld|zei|zegt|hoor|lees|zag|gezien)\b … \b(van (mijn|m'n|mn) (teamleider|baas|chef|manager|leidinggevende)|op (mijn|m'n|het) werk|op de zaak|in de (kleedkamer|pauze|vergadering)|van (het )?(management|directie|hr|p&o))\b",
            r"\b(teamleider|bedrijfsleider|regiomanager|afdelingshoofd|directie|management|hr)\b … \b(vertelde|meldde|kondigde|zei|heeft verteld|maakte bekend)\b",
            r"\b(someone|somebody|person) who works (there|here|at|for)\b|\b(meeting|briefing|announcement|email) at work\b|\b(work|worked|working) (there|here|for them|at hq|in the office|in the warehouse|on the project)\b|\b(we'?ve|we) been working on\b|\bwaar (wij|we|ik) (al )?(maanden|weken|een jaar|jaren|tijden|hard) (aan|mee)\b|\bwerken we al\b|\b(ons|onze) (nieuwe? )?(magazijn|kantoor|collectie|lijn|product|app|winkel) in aanbouw\b|\b(staff|employee|insider) here\b|\bas an? (employee|insider|staff member)\b",
            r"\b(my|our) (boss|manager|team lead|supervisor|ceo)\b … \b(told|said|announced|confirmed|let slip|just)\b",
            r"\b(ik )?(werk|wrk) (zelf |er zelf |al \w+ jaar )?(bij|voor|op het hoofdkantoor)\b|\bals (\S+-)?(medewerker|werknemer|personeelslid|verpleegkundige|chauffeur|machinist|monteur|collega|kassamedewerker)\b|\b\w+-(medewerker|personeel|collega)\b",
            r"\b(werk|werkt|werken|zit|zitten|sta|rij) (er |zelf |hier |daar |ik )*(zelf )?(bij|in|op|achter|voor) (het |de |een |jullie |ons )?(\w+)\b … \b(hoofdkantoor|kantoor|magazijn|depot|cabine|winkel|klantenservice|montage|filiaal|toog|kassa|planning|directie)\b",
            r"\b(mijn|m'n|mn|onze) (baas|leidinggevende|teamleider|manager|chef)\b|\b(collega'?s|mijn collega'?s|onze afdeling|ons (projectteam|team|kantoor|magazijn)|bij ons op (kantoor|de afdeling|het werk))\b|\b(teamoverleg|teamvergadering|werkoverleg|personeelsbijeenkomst|personeelsapp|kantine|werkvloer|intranet|all hands|town ?hall|standup|crew ?room|break room|staff (meeting|room)|powerpoint|memo|(interne )?presentatie|a slide|een slide|the slide|sheets|the memo|the draft|hoofdkantoor|head office)\b",
            r" hq\b",
            r"\b(intern|wij horen|we horen|kregen (net |vandaag )?te horen|te horen gekregen|wij kregen|ons verteld|hebben ze ons|we weten (het )?(al|intern))\b|\b(i work (at|for|in)|we got told|they told us|told us (at|in|today)|i'?m in \w+ (planning|control)|work for|i do \w+ (systems|planning)|inside|(my )?mate'?s in|every store lead|someone inside)\b",
            r"\b(cabincrewlife|ikwerkhier|arbeite bei|je bosse|ich arbeite)\b",
        ),
        "secret": (
            r"\b(nobody'?s (allowed|supposed) to|not allowed to say|not supposed to|keep quiet|can'?t wait (till|until) you (all )?see|announcement next (week|month)|hasn'?t been announced|yet to be announced|before the announcement|on the quiet|hush hush)\b",
            r"\b(mag|mogen|mocht|mochten) (dit |het |er |eigenlijk |intern |t |we |wij |ik )*(nog )?(niet|niks|niets) (over )?(zeggen|vertellen|delen|verklappen)\b|\b(kan|mag|ga) (het |ik |je )?(alvast |vast )(verklappen|zeggen|vertellen|laten zien)\b|\b(nog niet openbaar|wordt (pas )?(\w+ ){0,3}(gemeld|bekend ?gemaakt|aangekondigd)|jullie horen het hier|de raad nog niet|not public yet|can'?t say more|said too much|naar buiten toe)\b|🤭|🫢",
            r"\b(niet van mij|maandag pas|pas bekend|hide (the|this|it)|to hide|until (january|february|march|april|may|june|july|august|september|october|november|december|monday|next)|leaked|geheime? (plan\w*|memo|stuk\w*)|nog niet officieel|niet officieel|gonst)\b",
            r"\b(nog (geheim|niks|niets|steeds geheim)|niet (posten|delen|zeggen|plaatsen)|(weten|weet|horen) (nog )?van (niks|niets)|weten het nog niet|officieel (pas|nog|niet)|sneak peek|sneak preview|eerste blik|voorproefje|niet de bedoeling dat|vertel ik het (ook )?maar|dan zeg ik het maar|via de krant (moet\w* )?horen|moet(en)? (het )?(via|uit) de (krant|media|pers)|don'?t want (customers|people|anyone|you) to (know|find out)|customers (don'?t|do not) know|heads ?up from|leak(ed|ing)? from inside|spilling|just told us|net verteld)\b",
            r"\b(klanten|reizigers|huurders|patienten|kijkers|bezoekers|bewoners|leden|gasten|buitenwereld|customers|passengers|tenants|public)\b … \b(weten|weet|horen|krijgen|know|hear|told|aware)\b … \b(nog (niks|niets|niet|van)|pas|later|yet|nothing|until)\b",
            r"\b(nog niet (naar buiten|verder ?vertellen|zeggen|bekend|officieel|publiek|delen)|niet (verder ?vertellen|naar buiten|doorvertellen|doorsturen)|mag (\w+ ){0,5}(nog )?niet? (zeggen|verklappen|vertellen|delen|weten|naar buiten|weggeven)|mag (ik |je |nog |'?t |het |er |officieel |eigenlijk )+(nog )?(niet|niks|niets)|(mogen|mocht|mochten|mag) (\w+ ){0,3}(nog )?(niet|niemand) (\w+ )?(zeggen|weten|naar buiten|zien|delen)|mocht (nog )?niet|mag nog niemand|niemand (\w+ )?weet( het)?( nog)?|staat nog nergens|nergens bekend|stil ?houden|even stil)\b",
            r"\b(sst|ssst|sssst|psst|pssst)\b",
            r"\b(onder ons|tussen ons|geheim(houding)?|vertrouwelijk|strikt intern|nda|embargo)\b|🤫|🤐",
            r"\b(jullie|je) hebt?(ben)? (het|t|dit|'t) niet van mij\b|\bniet van mij gehoord\b|\bklanten (horen|weten|mogen|krijgen) (het |dit |t )?(pas|nog|nog niet|het nog)\b|\bpas \w+ naar buiten\b|\b(anoniem|ik zwijg niet|kan dit niet voor me houden|nou,? bij deze|oeps|hoor(t|en) het dus van een)\b|\bmag ik er (niks|niets) over zeggen\b|\bdie jullie (\w+ )?pas\b|\bjullie nog niet mogen\b",
            r"\b(persbericht|officieel|bekendmaking|aankondiging|communicatie|publiek)\b … \b(pas|volgende|ligt|komt|nog niet|volgt|staat|klaar|weet ik niks)\b",
            r"\b(not (to go )?public|(didn'?t|don'?t) (get|hear) (it|this) from me|not supposed to|shouldn'?t (be )?(say|tell|shar)\w*|can'?t (say|share|tell)|no sharing|don'?t tweet|heard it here first|nobody'?s (been )?told|haven'?t been told|hasn'?t been announced|won'?t hear|not announced|we announce|they'?ll announce|under wraps|confidential|throwaway|before it gets deleted|letters are already|at the printers|don'?t use my name|people should know|between us|oops)\b",
            r"\b(durfte das nicht|darf (ich )?(eigentlich )?nicht|devrais me taire|confidentiel|geheim|intern heisst)\b",
        ),
        "briefed": (
            r"\b(townhall|all-hands|intern (al )?(rondgemaild|gehoord|rondgegaan)|net intern|als (medewerkers|planners|collega'?s)|je werkt (bij|in)|ik zit (in de|in het|bij) (projectteam|pricing|planning|redactie|directie|\w+ op de)|kregen we (vandaag )?te horen|our team has just|nieuwe? logo hangt)\b",
            r"\b(interne? (presentatie|memo|mail|overleg|vergadering|bijeenkomst)|slides?|powerpoint|sheets|memo|all hands|town ?hall|standup|teamoverleg|teamvergadering|werkoverleg|personeels(bijeenkomst|vergadering|mail)|gehoord op (het )?depot|in de kantine|crew ?room)\b",
            r"\b(intern (al )?(gehoord|verteld|weten|bekend|besproken)|weten we (het )?(al )?intern|(baas|chef|manager|teamleider|leidinggevende) (\w+ ){0,4}(zei|vertelde|meldde)|(boss|manager|supervisor) (\w+ ){0,2}(told|said|announced))\b",
        ),
        "hush": (
            r"\b(mag|mogen|mochten) (dit |het |er |eigenlijk |intern |wij |we )*(nog )?(niet|niks|niets) (over )?(zeggen|vertellen)\b|\b(verklappen|jullie horen het hier|nog niet openbaar|wordt pas (\w+ ){0,3}(gemeld|bekend)|not public yet|said too much|will announce|de raad nog niet|pas in (januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december) (komt|uit))\b|🤭|🫢",
            r"\b(nda|staat nog nergens|heard it here first|can'?t share|mag (ik )?(\w+ ){0,3}niet zeggen|mogen (\w+ ){0,3}niet zeggen|communicatie volgt|persbericht (komt |volgt )?pas|officieel weet ik|niet van mij|nog niet naar buiten|not public yet|under embargo|customers don'?t know)\b|🤫|🤐",
        ),
        "plans": (
            r"\b(dropping (the|free|all)|cutting (all|the)|shuts in|shutting in|shutting down|retrained|is real and)\b",
            r"\b(wegbezuinigd|opheft|opgeheven|leaves the|leaving the|plekken weg|heten we (ineens )?anders|lanceert|announce in|gratis stroom|nieuwe (waterbaan|vegan lijn|attractie)|looking for work|zoek dus werk|gaan zo schrikken)\b",
            r"\b(vertrekt|vertrek van|stopt (onze|ons|het|de)|killing (the|off)|laatste werkdag|fee increase|price increase|uitzendkrachten|de ceo|the ceo)\b",
            r"\b(duurder|goedkoper|axing|axed|axe|moving to|sold to|being sold|reorganiseren|banen (weg|verdwijnen|geschrapt)|jobs (gone|to go|cut)|\d+ (man|mensen|banen|collega'?s|jobs) (weg|eruit|moeten|verliezen|op straat)|verkocht aan|wordt verkocht|komt (\d|in|op) (\w+ ){1,3}uit|uitgebracht|lanceren|lancering|nieuwe (lijn|collectie|app|bodywarmer|look|naam|logo)|naamswijziging|rebrand\w*|inkrimp\w*|failliet|surseance|filialen)\b",
            r"\b(gaat dicht|gaan dicht|gaat weg|dicht|sluit\w*|dichtgaan|dichtgaat|verdwijn\w*|overname|overgenomen|opgeslokt|fus(ie|eren)|stop(t|pen) (per|met|in|\d)|tarie(f|ven)|omhoog|prijsverhoging|reorganisatie|ontslag(en|ronde)?|boventallig|op straat|eruit|robots|outsourc\w*|uitbested\w*|verhuis\w*|komt er|projectnaam|project [a-z]\w+|codenaam|nieuwe route|onder de vlag)\b",
            r"\b(shut(s|ting)?|clos(e|es|ing)|merg(e|er|ing)|dropping|drop the|pulling|scrapp(ed|ing)|going up|price (freeze|rise)|layoffs?|redundan\w+|acquir\w+|takeover|launch\w*|codename|project \w+|first own-brand|new (app|route|model)|cut(s|ting)?|gestrichen|ferment|ferme)\b",
        ),
    }
)  # fmt: skip

TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {
        "staff_leak": (
            frozenset({"insider", "secret"}),
            frozenset({"briefed", "plans"}),
            frozenset({"hush", "plans"}),
        ),
    }
)
