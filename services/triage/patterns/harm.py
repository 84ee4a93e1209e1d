# ruff: noqa: E501 - a pattern reads best on one line
"""Danger to life and limb: of people who want to die, of things that burn or cut, of those who depend on a service, of threats."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

SMALL: Final = r"(kids?|peuters?|kleuters?|baby'?s?|babies|(achter|klein)?(zoon(tje)?|dochter(tje)?)|toddler|newborn|child(ren)?|my son|my daughter|schoolkind\w*|infants?|enfants?|mon fils|ma fille|pasgeboren\w*)"
CHILD: Final = rf"(kind(eren|je|jes)?|{SMALL})"
FRAIL: Final = r"((schoon|groot)?(moeder|vader|ouders)|oma|opa|bejaard\w*|hoogbejaard\w*|oud(e|ere)? (man|vrouw|dame|heer|mevrouw|buurvrouw|buurman)|ouderen|mother|father|mum|mom|dad|gran\w*|nan|elderly|demen\w*|alzheimer\w*|zwanger\w*|pregnant|hart(patient|klachten)|diabet\w*|wheelchair|rolstoel|disabled|meine mutter|ma mere)"
HERE: Final = r"(hier|in huis|in de|in het|op de|bij|nog steeds|al|nu|weer)"

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "self_harm": (
            r"\b(zelfmoord\w*|zelfdoding|suicid\w*|zelfbeschadig\w*|automutil\w*|euthanasie plegen)\b",
            r"\b(een )?eind(e)? (aan|maken aan) (mijn|m'n|mn|het|dit) leven\b|\b(maak|maken|maak ik) er (vannacht |vanavond |morgen |dan |zelf |ook )*(maar )?een eind(e)? aan\b|\ber (vannacht |vanavond |zelf |maar )*een eind(e)? aan (te )?(maak|maken)\b",
            r"\buit het leven (stappen|gestapt|te stappen)\b|\b(wil|kan|hoef|wilde) (gewoon |echt |zo )?niet meer (verder )?leven\b|\bleven (heeft )?(voor mij )?geen (zin|nut) meer\b|\b(niet|nooit) meer wakker (hoef|wil|word|worden|te worden|willen)\b",
            r"\b(ik wil(de)?|ik wou|zou willen|wens|was ik maar|liever) (gewoon |eigenlijk |echt |dat ik )?dood( was| zijn| ga)?( ?[.,!]|$| (en|maar|want)\b)",
            r"\b(wil|wou|wilde|hoef|hoefde|beter|makkelijker|fijner|liever|dat|als|was) (\w+ ){0,3}(ik|je|me) er (maar |gewoon |morgen |straks |beter |echt )*niet meer (ben|was|zou zijn|hoef te zijn)\b|\ber (maar |gewoon |morgen |beter |ook |echt )*niet meer (te zijn|kan zijn|wil zijn|willen zijn|hoef te zijn)\b|\b(wil|wilde|hoef|hoeft) er (\w+ )?niet meer (te )?zijn\b|\bik (ben|was) er (dan |straks |morgen |maandag |vanaf \w+ )?niet meer\b|\b(was|ben) ik er (maar |dan |morgen |straks |gewoon )*niet (meer|geweest)\b",
            r"\b(hoeft|hoef)( het)?( allemaal| echt)? (voor|van) mij( allemaal| echt| ook| eigenlijk)*( niet meer)\b|\bvoor mij hoeft het (allemaal )?niet meer\b",
            r"\b(zie|zag) het (\w+ )?niet meer zitten\b|\b(zie|heb) geen (uitweg|reden) meer\b|\bgeen reden (meer )?om (er|hier|nog|over|verder|op te staan|te leven)\b",
            r"\b(hou|houd|kan) het (allemaal |echt )?niet meer (uit|aan|vol)\b … \b(leven|eind|slaap|vannacht|alleen)\b",
            r"\b(stap|stappen) (ik )?er ?(vannacht |vanavond |morgen |zelf |dan |voorgoed )+uit\b|\b(stap|stappen) er ?uit\W+(voorgoed|vaarwel|meen)\b",
            r"\bafscheids(brief|brieven|bericht\w*|mail|woorden)\b|\b(heb ik|ik heb|hebben?) (dan |straks |vanaf \w+( \w+)? )?niets meer nodig\b",
            r"\b(alles|spullen|kat|hond|katten|huisdieren)\b … \bweggegeven\b",
            r"\boverdosis\b",
            r"\b(pillen|slaappillen|tabletten|medicijnen|paracetamol|touw|mes|tabletten)\b … \b(gespaard|klaargelegd|klaar gelegd|klaarliggen|ingenomen|geslikt|ligt klaar|liggen klaar|liggen)\b",
            r"\b(voor|onder) (een|de|jullie) (trein|metro) (spring\w*|stap\w*|loop|lopen|gaan)\b",
            r"\b(op|vanaf|van) (een|de|het|t) (brug|spoor|perron|flat|dak|viaduct|balkon|rails)\b … \b(spring\w*|niet naar huis|niet meer|stappen)\b",
            r"\b(perron|brug|spoor|trein|flat|dak|viaduct)\b … \b(aan|te|wil|ga|om|eraf) (te )?(spring\w*|stappen)\b",
            r"\bbang (voor mezelf|dat ik mezelf|dat ik mij)\b|\bmezelf (iets )?(aan ?(wil )?(ga )?doe|aandoen|van kant|verhang\w*|ophang\w*|snij\w*|pijn doe\w*|kapot)\b|\b(me|mij|mezelf) (van kant|te verhangen|van het leven)\b",
            r"\b(beter|makkelijker|fijner) (af |uit )?zonder (mij|me)\b|\bniemand (zal|zou|gaat|die) (mij|me) missen\b|\buit (mijn|m'n) lijden\b|\bkan (ik )?(echt |zo )?niet meer verder\b|\bsuicidaal\b",
            r"\b113\b … \b(gebeld|bellen|chat)\b",
            r"\b(kill(ing)? myself)\b",
            r"\b(kms|end(ing)? my life|end it all|(want|wanna|ready|rather) (to )?(die|be dead)|wish i (was|were) dead|better off (dead|without me)|no (reason|point) (to|in) (live|living|be(ing)? (here|alive)|get(ting)? up|go(ing)? on)|self.?harm\w*|hurt(ing)? myself|harm myself|hang myself|cut(ting)? myself|overdose\w*|goodbye (letter|note|messages?)|suicide note)\b",
            r"\b(don'?t|do not|didn'?t) (want|wanna|wish) (to )?(live|be here|be alive|wake up|exist|go on)\b|\b(won'?t|not going to|not gonna|not) be (here|around|alive) (any ?more|tomorrow|after|next|by|when|to (see|open))\b|\bwon'?t be (here|anyone here)\b|\bwo?nt be needing anything\b",
            r"\b(don'?t|do not|can'?t|cannot) see (a|any|the) (reason|point|way) … \b(here|tomorrow|on|living|out)\b",
            r"\bi can'?t (do this|go on|cope) any ?more\b … \b(river|bridge|pills?|done|sleep|end|tired)\b",
            r"\bnot stepping back\b|\b(took|taken|take) all (my|the) (pills|tablets|medication)\b",
            r"\b(step|jump|walk|stepping|jumping|walking) (back|off|in front of|into)\b … \b(platform|train|bridge|river|roof|traffic|back)\b",
            r"\b(pills?|tablets)\b … \b(saved up|ready|taken|took|lined up|counted|in front of me)\b",
            r"\b(easier|better|nicer) (to go|if i (went|go|were|was)|for everyone if i)\b … \b(after|with|not|gone|dead|away)\b",
            r"\b(selbstmord\w*|suizid\w*|nicht mehr (leben|aufwachen|da sein)|mich umbringen|will sterben|wozu (\w+ ){0,4}(aufwachen|leben)|tabletten (hier )?(liegen|bereit))\b|\b(me suicider|suicide|en finir|mettre fin a (mes jours|ma vie)|plus envie de vivre|envie de mourir|veux mourir)\b",
        ),
        "threat": (
            r"\bweet (ik|je|jullie|hem|haar|m|em|waar) (\w+ )?(te (wonen|vinden))\b",
            r"\bik weet (precies |heel goed |wel )?(waar|welke?|hoe laat|met welke|op welk|waar die|je te vinden|jullie te vinden|m te vinden)\b … \b(woont|wonen|werkt|werken|rijdt|staat|zit|slaapt|parkeert|kantoor|naar huis|dienst|auto|busje|school|vinden|langskomt)\b",
            r"\b(steek|steken|zet|zetten|gaat|gaan)\b … \b(in de fik|in de hens|in brand|de lucht in|in vlammen)\b",
            r"\b(brand|fik) (ik )?(jullie|die|dat|het|de) … \b(plat|af)\b",
            r"\b(jerrycan|benzine|molotov\w*|honkbalknuppel|knuppel|koevoet|jachtgeweer|geweer|pistool|bijl|machete|vuurwapen|kalashnikov)\b … \b(langs|balie|klaar|mee|geduld|wacht|zien|kom|op|praten)?\b",
            r"\b(wacht(en)?|opwacht(en)?|opwachten) (je|jullie|hem|haar|m|em|ze|hun)( \w+)? op\b|\b(hem|haar|m|em|ze|je|jullie) (een keer |eens |morgen |buiten )?(op te wachten|opwacht\w*)\b|\bsta ik (hem|haar|m|em|je) op te wachten\b|\b(wacht maar|let maar op|kijk maar uit|pas maar op|tik ?tak|je bent gewaarschuwd|jullie zijn gewaarschuwd)\b",
            r"\b(breek|sla|trap|schop|ram|snij|steek|schiet|maak|timmer|hak|ros) (ik |je |jullie |hem |haar |zijn |die |m |em |'m |al )+(\w+ )?(benen|poten|tanden|bek|kop|hersens|kaak|neus|strot|in elkaar|kapot|dood|neer|overhoop|af|eruit|ruiten|in)\b|\bafscheid van je (knieen|benen|leven|kinderen)\b|\b(loopt|loop) (ie |je |hij |zij |jullie )?nooit meer\b",
            r"\b(spijt van krijgen|loopt slecht (voor \w+ )?af|gaat er aan|gaan eraan|ga(at)? (je|hij|zij|die) (dat |dit )?(wel )?voelen|de honden loslaat|honden los\w*|er horizontaal af|ligt in de (vaart|gracht|sloot)|krijgt (ie |hij |zij )?bezoek|een bezoekje|zet de beveiliging (maar )?klaar|moet(en)? (maar )?(uitkijken|oppassen)|mag (wel )?oppassen|messen zijn scherp|maak (je|jullie|hem|haar|ze) (af|dood|kapot))\b",
            r"\b(watch (your|his|her|their) back|check (her|his|your) brakes|you'?ll (be sorry|regret)|pay (you|them|him|her) a visit|say goodbye to (your|his|her)|think about that when)\b",
            r"\bi know (exactly )?(where|which|what (car|time)|who)\b … \b(lives?|works?|parks?|stays?|sleeps?|goes|kids|school|finishes|car|hotel|depot|home)\b",
            r"\b(burn|blow|smash|torch|bomb|shoot) (that|the|your|this|it|you|up|down|them|their|his|her)\b|\bi'?ll (burn|kill|hurt|stab|shoot|beat|break|smash|find|get) (you|him|her|them|that|your|his|the|their|every)\b|\b(break|smash|bust) (his|her|your|their) (legs?|face|teeth|knees|jaw|head|windows?)\b",
            r"\b(dogs? set on|set the dogs|get a bat|with a (bat|knife|gun|hammer)|going under the (train|bus|tram)|is going under|(will|going to) (get|be) (hurt|stabbed|beaten)|see what happens|watch what happens)\b",
            r"\b(waiting|wait) (for (him|her|them|you) )?(outside|behind|by|at|in|with)\b … \b(bat|gate|car ?park|knife|gun|dark|corner|exit)\b",
            r"\b(ich weiss,? wo|wir wissen,? wo|brennt morgen|schlag\w* (\w+ ){0,3}(ein|tot)|je sais ou|on l'attend\w*|redescend par la fenetre|vous allez le payer|tu vas le payer)\b",
        ),
        "safety": (
            r"\b(gaslucht|gaslek\w*|gas lekt|(ruik(t|en)?|ruiken we|rook ik|stinkt) (\w+ ){0,3}(naar )?gas(lucht)?|koolmonoxide\w*|co[- ](melder|alarm)\w*|kolendamp|smell(s|ing)? (of )?gas|gas (leak|smell)\w*|carbon monoxide|ammoniak(lek)?|asbest)\b",
            r"\b(vlam ge(vat|vlogen)|in (brand|de fik|de hens|vlammen) (gevlogen|gestaan|gegaan|stond|staat|vloog|ging|geraakt)|(vloog|stond|staat|ging|gaat|vliegt|raakte|stonden|staan) (\w+ ){0,3}in (brand|de fik|de hens|vlammen)|ontploft\w*|ontploffing|geexplodeerd|explodeer\w*|explosie|steekvlam|smeul\w*|brandlucht|schroeilucht|branderige (lucht|geur)|brand(gat|plek|gaten|plekken|wond\w*|gevaar\w*)|(begon|begint|ging|staat) (\w+ ){0,4}te (roken|smeulen|sissen|vonken)|doorgebrand|gesmolten)\b",
            r"\b(rook|vonken|vlammen|damp) (\w+ ){0,3}(uit|onder|in|bij|van|vanonder)\b … \b(oplader|lader|accu\w*|batterij|toestel|meterkast|stoppenkast|modem|apparaat|kast|stekker\w*|stopcontact|motor|trein|bus|fiets|router|machine|dashboard|auto|huurauto|lift|tram|oven|ketel|kachel|kabel|laadpaal|magnetron|droger)\b",
            r"\b(vonk(en|t)|rookt|smelt|gloeit|sist|bolt op|opgebold|lekt zuur)\b … \b(accu|batterij|oplader|stekker|stopcontact|lader|stoppenkast)\b",
            r"\b(accu|batterij|oplader|powerbank|stekker|stopcontact|lader)\b … \b(vonk\w*|rook\w*|rookt|smelt|gloeit|gloeiend|sist|bolt|bol|opgezwollen|ontploft|heet|brandt)\b",
            r"\b(kortsluiting|geelektrocuteerd|elektrocut\w*|onder stroom|blote (draad|draden|kabels?)|(stroom)?(schok|tik|opdonder) (gekregen|van|als)|(kreeg|krijg|krijgt|kregen) (\w+ )?(een )?(schok|stroomstoot|opdonder|elektrische)|levensgevaarlijk|levensgevaar|(echt |heel )gevaarlijk|een gevaar voor)\b",
            r"\b(stroom)?(kabel|draad|draden|kabels)\b … \b(bloot|los|open)\b",
            r"\b(voedselvergiftiging|allergische (reactie|shock)|anafyla\w+|listeria|salmonella|e\.? ?coli|legionella|botulisme|vergiftigd|giftig)\b|\b(stuk(je|jes|ken)?|scherf|scherven|splinters?) (van )?(glas|plastic|metaal|ijzer|hout|steen|rubber|schroef)\b|\bglas in (het|de|mijn|onze|m'n|je)\b",
            r"\b(pinda|noten|gluten|melk)vrij\b … \b(ambulance|ziekenhuis|spoed\w*|opgezwollen|keel)\b",
            r"\b(bijna|haast) (verdronken|gestikt|gestorven|dood|omver ?gereden|aangereden|overreden)\b|\b(uit de (handel|verkoop|schappen|winkels?)|uit de winkel)\b|\bterugroep\w*\b|\b(stop selling|take it off (the )?(shelves|sale)|off the shelves|recall)\b",
            r"\b(stik(t|te|ten|ken)|stikte|gestikt|verstik\w*|verslikt|verslikte)\b … \b(bijna|haast|erin|in|knoop|dop|stukje)?\b",
            r"\bmet (\d\d) (door|langs|over) (het|de|een|ons|onze|mijn)\b|\breed (\w+ ){0,4}met \d\d\b",
            r"\b(chauffeur|bestuurder|machinist|bezorger|koerier|taxi\w*|bus\w*)\b … \b(appen|appt|appte|te bellen|gedronken|drank|dronken|in slaap|slaapt|door rood|rood licht|veel te hard|scheurt\w*|spookrijd\w*|onder invloed)\b",
            r"\b(driver|pilot|bus|van)\b … \b(falling asleep|asleep|texting|drunk|on (his|her) phone|through (a )?red|speeding|smells of)\b",
            r"\b(remmen (doen|deden|werk\w*|weiger\w*|piepen)|rem(men)? weiger\w*|bom ?melding|verdacht pakket|brakes? (fail\w*|don'?t|not)|bald tyres)\b",
            r"\bremmen?\b … \b(niet|weiger\w*|versleten)\b",
            r"\bdeur(en)?\b … \bopen\b … \b(rijden|tijdens|rijdt|onderweg|verkeerde)\b",
            r"\bdoors?\b … \b(opened|open) (on the wrong side|while)\b",
            r"\b(caught fire|catch(es|ing)? fire|on fire|burst into flames|explod(ed|ing|es)|(started|began|is) (smoking|sparking|smouldering)|smoke (coming|from|pouring|under)|sparks (coming|from|out|flying)|sparking|overheat(s|ed|ing)? and|melted|electrocuted|electric shock|got a shock|bare wires?|exposed wires?|wires hanging|live wires?|burn(ed|t) (a hole|my|his|her|our)|scorch\w*)\b",
            r"\b(food poisoning|allergic reaction|anaphyla\w+|adrenaline pens?|choking|choked on|(piece|shard|bit)s? of (glass|metal|plastic)|glass in (my|the|our)|bomb (threat|scare|alert))\b",
            r"\bin de lift (vast|opgesloten)\b|\b(stuck|trapped) in (the|your|a) (lift|elevator)\b|\b(noodknop|alarmknop|alarmhanger|persoonsalarm\w*|personenalarm\w*|alarm ?bel|noodoproep|falls pendant|panic button|alarm pendant|emergency (button|pendant))\b",
            r"\b(vast|opgesloten)\b … \bin (de|jullie|een) lift\b",
            rf"\b(unaccompanied minor|alleenreizend kind|kind kwijt)\b",
            rf"\b{FRAIL}\b … \b(vermist|onvindbaar|alleen (gelaten|achtergelaten|staan|op)|weten niet waar (hij|zij|ze)|niet aangekomen|afgezet|where (is|are)|missing|nowhere|can'?t find|cannot find|nobody can find|left (her|him) alone|isn'?t answering|not answering)\b",
            r"\b(gasgeruch|explodiert|in brand geraten|brannte|lebensgefahr\w*|funken (ge)?schl\w+|rauch(t|te)? aus|fuite de gaz|odeur de gaz|a pris feu|pris feu|a explose|etincelles|intoxication|aus dem verkauf|retirez)\b",
        ),
        "emergency": (
            r"\b(ambulances?|spoedeisende|spoedpost|eerste hulp|hechting(en)?|gehecht|hersenschudding|bewusteloos|flauw ?gevallen|in het ziekenhuis|naar het ziekenhuis|aan het infuus|brandweer|hartstilstand|reanim\w*|112 gebeld)\b",
            r"\b(a&e|in the er|stitches|concussion|hospitali[sz]ed|(to|in) (the )?hospital|paramedics?|unconscious|passed out|fainted|fire brigade|firefighters?|krankenhaus|notaufnahme|feuerwehr|urgences|pompiers)\b",
        ),
        "food": (
            r"\b(allergi\w*|allergy|pindavrij|notenvrij|glutenvrij|nut free|pinda'?s?|noten|hazelno\w+|peanuts?|cashews?|babyhap\w*|potje|appelmoes|zuivel|rauwe|vlees|snack|maaltijd|gegeten|opgegeten|eaten|eating)\b",
        ),
        "injury": (
            r"\b(gebroken (pols|arm|been|heup|enkel|neus|vinger|rib\w*|tand)|(pols|arm|been|heup|enkel|neus|vinger) (\w+ )?gebroken|bloed(en|t|ende|de)|bloedneus|gewond\w*|letsel|verbrand|opgezwollen|hoofdpijn|bekneld|geplet|ingeademd|gestruikeld|struikelen|onderuit|uitgegleden)\b",
            r"\b(injur(ed|y|ies)|bleeding|tripped|slipped|broken (wrist|arm|leg|hip|ankle|nose)|broke (my|his|her) (wrist|arm|leg|hip|ankle|nose)|burn(s|t)? on)\b",
            r"\b(verletzt|verbrannt|blesse\w*|brulure|ecrase\w*)\b",
        ),
        "hazard": (
            r"\b(scherp(e|ste)?( punt| rand| bout| stuk)?|spijkers?|naald(en)?|losse? (tak|tegels?|plank|leuning|stoeptegel|balustrade)|tegels? los|liggen los|hangt los|omgevallen|ingestort|instort\w*|afgebroken|bezweken|zakte|gezakt|doorgezakt|glad(de)?( vloer)?|ijsbaan|spekglad|open (put|raam|hek|luik|trappengat)|gat in (de|het)|hek (van|staat)|glijbaan|speeltuin|speeltoestel|zwembad|kinderstoel|trapleuning|balustrade|nooduitgang|vluchtweg|brandtrap|branddeur|afzetten|gaskachel|geiser|rookmelder|brandalarm|aardlek|naalden?|losliggende?|boven de (deur|achterdeur|speeltuin)|trapje)\b",
            r"\b(broken (handrail|glass|step|bolt)|sharp edge|loose (tile|cable|wire|bolt|step)|trip hazard|fire (door|exit|alarm|escape)|emergency exit|overwing exit|snapped|collapsed|gave way|playground|smoke alarm|safety report|unsafe|dangerous)\b",
        ),
        "child": (r"\bkind(eren|je|jes)?\b", rf"\b{SMALL}\b"),
        "now": (
            r" nu\b",
            r"\b(nu meteen|direct|onmiddellijk|met spoed|dringend|vandaag nog|haal|sluit|stop|stuur iemand|wie komt|wat nu|wat nou|nog iemand|voor er (meer|iets|erger)|straks|bijna|right now|immediately|urgent|asap|please call|at once|sofort|vite)\b",
        ),
        "stranded": (
            r"\b(gestrand|(sta(an)?|zit(ten)?) (\w+ ){0,3}vast (op|in|aan|bij)|kan niet (meer )?(thuis|naar huis)|kom(en|t)? niet (meer )?thuis|niet meer thuis|nacht op (het vliegveld|station|schiphol)|geen hotel|in niemandsland|nergens heen)\b",
            r"\b(sta|staan|zit|zitten|staat)\b … \b(midden in de nacht|op (het|een) (vliegveld|luchthaven|perron)|langs de (snelweg|weg)|in het donker|in de kou|vluchtstrook)\b",
            r"\b(stranded|no way (to get )?home)\b",
            r"\bstuck (at|in|on)\b … \b(airport|station|motorway|highway|platform|train|plane|tarmac|bus|lift|elevator)\b",
            r"\bsleeping (at|in|on)\b … \b(airport|floor)\b",
            r"\b(last|final) (train|bus|ferry)\b … \b(gone|left|cancelled)\b",
            r"\b(gestrandet|bloques? a l'aeroport)\b",
            r"\blaatste (trein|bus|boot|veer)\b … \b(weg|gemist|vervallen|uitgevallen)\b",
        ),
        "vulnerable": (
            r"\b(zuurstof\w*|beademing\w*|dialyse|insuline|thuiszorg|alarmknop|alarmhanger|persoonsalarm\w*|couveuse|hartpatient|epipen|sondevoeding|oxygen|dialysis|insulin|ventilator|falls pendant|medical (device|equipment)|heart patient)\b",
            rf"\b(zonder|geen) (verwarming|warm water|stroom|water|gas|licht|eten|medicijnen)\b … \b{FRAIL}\b",
            rf"\b{FRAIL}\b … \b(zonder|geen) (verwarming|warm water|stroom|water|gas|hulp|eten|telefoon|licht)\b",
            rf"\b(zonder|geen) (verwarming|warm water|stroom|water|gas|licht|eten)\b … \b{CHILD}\b",
            rf"\b{CHILD}\b … \b(zonder|geen) (verwarming|warm water|stroom|water|gas|hulp|eten|licht)\b",
            rf"\b(no|without) (heating|power|water|electricity|gas|hot water|heat|phone|credit)\b … \b({FRAIL}|{CHILD})\b",
            rf"\b({FRAIL}|{CHILD})\b … \b(no|without) (heating|power|water|electricity|gas|hot water|help|food|heat)\b",
            r"\b(somebody|someone) else'?s medication\b|\bverkeerde medicijnen\b",
            r"\b(medicijn(en)?|medication|medicatie)\b … \b(niet|zonder|geen|op|nodig|kwijt|without|out of|lost|need|verkeerde|wrong|somebody else'?s|koffer|bag)\b",
            r"\b(uit bed gevallen|drukken al|niemand komt)\b",
            r"\b(alleen thuis|home alone|on (her|his) own|helemaal alleen)\b … \b(valt|gevallen|fell|ziek|diabet\w*|demen\w*|\d\d)\b",
        ),
    }
)  # fmt: skip

TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {
        "safety": (
            frozenset({"threat"}),
            frozenset({"emergency", "hazard"}),
            frozenset({"emergency", "food"}),
            frozenset({"injury", "hazard"}),
            frozenset({"emergency", "child"}),
            frozenset({"hazard", "child", "now"}),
        ),
    }
)
