# ruff: noqa: E501 - a pattern reads best on one line
"""Discrimination: people who were treated as less because of who they are, and messages that treat others so."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

NEIGHBOURS: Final = r"(buitenlanders?|vreemdelingen|allochto\w+|asielzoekers?|vluchtelingen|gelukszoekers?|migrant\w*|immigra\w*|foreigners?|marokka\w+|turk(en|s|se)?|polen|poolse?|roemen\w*|bulga\w+|oost-?europe\w*|surina\w+|antillia\w+|somali\w*|syri\w+|afrika\w+|african\w*|mexican\w*|indians?|chine(zen|se|es)|joden)"
OTHERS: Final = r"(jews?|moslims?|muslims?|islam\w*|zwarten?|negers?|nikker\w*|gekleurden?|((donker|zwart|bruin|gekleurd)e|black|brown) (huid|man|mannen|vrouw|vrouwen|jongens?|meisjes?|mensen|klanten|collega'?s|reizigers|passagiers?|kinderen|people|men|man|women|woman|guys?|kids|passengers?|customers?)|blacks|all (black|brown)|both (black|brown)|\d (zwart|bruin|donker)\w*|gyps(y|ies)|zigeuners?|roma|homo'?s?|flikkers|zwartjes|arabier\w*|bulgaar\w*|oekrain\w*|lesb\w+|gays?|trans(gender\w*| (man|vrouw|woman)|sexue\w+)?|non-?binair\w*|queer|auslander\w*|kanaken|etrangers?|arabes?)"

SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "discrimination": (
            r"\b(saw|seeing|noticed|looked at) (my|her|his|our) (headscarf|hijab|turban|wheelchair|guide dog|skin|face|name|cane|stick)\b|\b(refus\w+|declin\w+|reject\w+) (my|our|her|his|a|to take my) (guide|assistance|service) dog\b|\bp\*+kis?\b|\bactually from this country\b|\bfrom this country for once\b|\bbecause of the name\b|\bbeing called (mohamm?ed|muhammad|ahmed|fatima|ali)\b|\bi know exactly what that was\b",
            r"\b(two|2) (men|women|guys|girls|lads) can'?t\b|\bwe are a couple\b|\b(deaf|blind|disabled|autistic|wheelchair)\b … \b(has to phone|have to phone|must call|an obstruction|in the way|told (her|him|me|us)|fire hazard|laughed|can'?t come in|drove off|refused|screen reader)\b|\b(screen reader|accessib\w+)\b … \b(button button|did anybody test|unusable|excludes|shut out|useless)\b",
            r"\b(followed|watched|trailed) (me|us|him|her) (around|round|through) the (store|shop|aisles)\b|\bthe white (lad|guy|man|woman|girl|bloke|one|couple|people)\b … \b(waved|walked|through|straight|not|fine|no)\b",
            r"\b(nederlands|dutch|wit|blank|white|english) genoeg\b|\b(die|that) (doek|theedoek|hoofddoek\w*|rag|scarf) (ook|off|af)\b|\bhoofddoekje\b … \b(ook|pasfoto|af|moet)\b|\bpeople like (him|her|them|us|you)\b|\b(learn|leer) (dutch|nederlands|english|engels) (or|of)\b|\bsaid\b … \byou know why\b|\bsommige gasten\b",
            r"\b(ben|was|waren) (ik |wij |we )?(ook )?de enige(n)? (met|klanten|van)\b … \b(kleur|donker\w*|huid|hoofddoek|rolstoel|accent)\b|\b(donkere huid|een kleur|kleurtje)\b … \b(enige|gecontroleerd|gevolgd|achter ons|controle)\b|\balleen ik (uit|van|werd|moest)\b … \b(kleur|donker|gecontroleerd|hoofddoek|tas|betaald)\b|\b(asked|checked|searched|stopped|controlled) only (me|us|him|her)\b|\bonly (me|us|my husband|my wife)\b … \b(bag|passport|id|ticket)\b",
            r"\b(hoofddoek\w*|moslims?|buitenlanders|negers|zwarten|homo'?s|flikker\w*|regenboog\w*)\b … \b(weg|aanneemt|aannemen|geen zandbak|van mijn (bank|scherm)|wegblijven|blijf met|gedoe|achter de kassa weg)\b|\b(haal|weg met|blijf met) (die|je|jullie)? ?(gore |vieze )?(hoofddoek\w*|flikker\w*|regenboog\w*|homo\w*)\b|\b(gore|vuile|vieze) (flikker\w*|homo\w*|regenboog\w*)\b|\b(those|these) monkeys\b|\bactually from here\b",
            r"\b(mijn|my) (man|husband|vriend|partner)\b … \b(moet|must|has to|had to) (\w+ )?(tekenen|sign|toestemming|meetekenen)\b|\bis het 19\d\d\b|\bis it 19\d\d\b|\b(guess|raad) (eens )?(whose|wiens|who'?s|wie z'n) (surname|achternaam|name)\b|\b(twee|two) (mama'?s|papa'?s|moeders|vaders|mums|dads|moms)\b|\bte oud\b … \b(laten gaan|afgewezen|sollicitatie|jongs)\b|\buitsluiting van (mensen|mindervaliden|gehandicapten)\b|\b(wel zelf|zelf wel) (mocht|mag|kan|kon) (tekenen|betalen|beslissen)\b",
            r"\b(onder mijn naam|met mijn naam|op mijn naam|under my name)\b … \b(onder die van|collega|met die van|jansen|de vries|smith)\b|\b(rolstoel|wheelchair)\b … \b(niet in|mocht|in de weg|vernederd|not allowed|stay out)\b … \b(want|weg|beleid|vernederd|policy|in)\b|\b(asked|vroeg|vroegen) (my|mijn|aan mijn) (husband|wife|man|vrouw|vriend|friend)\b … \b(not me|mij niet|en niet|black|zwart|down\w*|passport|id)\b",
            r"\ballemaal (die )?(polen|turken|marokkanen|buitenlanders|roemenen|bulgaren|negers|moslims|syriers|oekrainers|arabieren)\b|\b(alleen (nog )?maar|teveel|te veel|overal|vol met|niks dan|niets dan) (\w+ )?(zwarte?n?|bruine|donkere|buitenlanders?|moslims|hoofddoek\w*|gekleurde|homo'?s|regenboog\w*|polen|turken|marokkanen)\b",
            r"\b(die|zulke|al die|jullie|alle) (polen|turken|marokkanen|buitenlanders|roemenen|bulgaren|syriers)\b … \b(kunnen|spreken|snappen|stelen|verstaan|niet eens)\b",
            r"\b(get|keep|kick|throw) (those|these|the|all)? ?(foreigners|immigrants|muslims|gays|blacks|indians) (off|out|away)\b|\bsomeone who (actually )?speaks english\b|\biemand die (gewoon |wel )?(normaal )?nederlands (kan|spreekt|praat)\b",
            r"\b(foreigners|foreign accents?|indian call cent\w+|immigrants)\b … \b(speaks? english|understand|can'?t understand|real (english|dutch|american))\b",
            r"\b(only|alleen) … \b(straight|hetero|white|witte|blanke) (couples?|people|stellen|mensen|klanten)\b",
            r"\b(mijn|my|een|onze) (turkse|marokkaanse|surinaamse|antilliaanse|zwarte|donkere|poolse|syrische|black|muslim|asian|turkish|moroccan|indian) (\w+ ){0,2}(vriend\w*|collega|man|vrouw|buur\w*|friend|colleague|husband|wife|partner)\b … \b(wel|niet|moest|moet|id|gevraagd|geweigerd|keer|asked|refused|searched|stopped|nul|not)\b",
            r"\b(vanwege|om|wegens|because of) (mijn|haar|zijn|de|een|her|his|my|hun) (\w+ )?(boerkini|burkini|baard|keppel\w*|tulband|kruisje|hoofddoek\w*|huid|burka|niqab|turban|beard|dreadlocks|afro|leeftijd|age|geslacht|gender|regenboog\w*|zwangerschap|pregnancy)\b",
            r"\b(verstandelijke|lichamelijke|visuele) beperking\b … \b(weggelachen|uitgelachen|weggestuurd|geweigerd|genegeerd|afgesnauwd|niet welkom|niet binnen)\b",
            r"\b(weggelachen|uitgelachen|weggestuurd)\b … \bbeperking\b",
            r"\b(die|kut|kanker|vieze|stomme|rot|vuile) ?(zwartjes?|turken|marokkanen|buitenlanders|polen|roemenen|moslims|joden|chinezen|homo'?s|flikkers|wijven|negers|arabieren|bulgaren|oekrainers|syriers)\b|\bzwartjes?\b|\bkut ?(turk|mar\w+|polen|jood|joden|buitenlander)\w*\b",
            r"\b(speak|praat|spreek|talk) (\w+ )?(english|dutch|nederlands|engels)\b … \b(or (leave|go)|of (anders|opzouten|ga weg|wegwezen)|anders)\b",
            r"\b(those|these|you|bloody|damn|fucking) (muslims|jews|blacks|mexicans|indians|poles|romanians|foreigners|immigrants|gays|pakis|arabs|africans|chinese)\b",
            r"\b(muslims|jews|blacks|foreigners|immigrants|gays|mexicans)\b … \b(go home|out of|don'?t belong|not welcome|should be|steal|dirty)\b",
            r"\b(vrouwen|women|girls|wijven)\b … \b(horen niet|kunnen (toch )?niet|can'?t drive|achter het (stuur|aanrecht)|in de keuken|belong in|shouldn'?t)\b",
            r"\b(homo'?s?|gays?|lesbo'?s?|trans\w*|regenboog\w*)\b … \b(uit (jullie|de) reclame|walgelijk|ziek|bah|niet normaal|propaganda|door de strot|gedoe|disgusting|sick)\b",
            r"\b(lacht?e?n?|uitlach\w*|uitgelachen|spot\w*|nagedaan|nadoen|laughed|mocked|imitated)\b … \b(handicap|beperking|down|autis\w*|stotter\w*|accent|rolstoel|hoofddoek|disab\w*|stammer|stutter|wheelchair)\b",
            r"\b(met|with) down\b … \b(uit|weg|niet|uitgelachen|laughed)\b",
            r"\b(hoofddoek|rolstoel|hijab|headscarf|wheelchair|huidskleur|achternaam|accent|afkomst|kleurtje|getint\w*|keppel\w*)\b … \b(wel|niet welkom|weggestuurd|rest niet|anderen niet|niet naar binnen|never|nooit|hoef je|geweigerd|mag (je|ik) niet|raar aan\w*|moet ik wel|not allowed|refused|turned away)\b",
            r"\b(genegeerd|overgeslagen|anders behandeld|als tweederangs\w*|niet serieus genomen|ignored|treated differently|second[- ]class)\b … \b(blonde?|witte?|blanke?|man|vrouw|white|vriend\w*|collega|donker|kleur|buitenland\w*|accent)\b",
            r"\b(toeval zeker|zal wel toeval)\b … \b(zwart|donker|marokk\w*|turk\w*|hoofddoek|buitenlands\w*|achternaam|vrouw|homo|moslim)\b",
            r"\b(omdat|want|because) (ik|wij|we|hij|zij|ze|mijn \w+|i|i'm|we're|she|he)( is| am| ben| zijn| are)? (\w+ ){0,3}(moslim|muslim|zwart|black|donker|homo|gay|trans\w*|vrouw ben|een vrouw|woman|buitenlander|foreign\w*|turks?|marokkaans?|pools?|jood\w*|jew\w*|hoofddoek|gehandicapt|disabled|doof|deaf|blind|oud ben|too old)\b",
            r"\b(mijn vrouw|als vrouw|my wife|as a woman)\b … \b(geen|niet|no|not|denied)\b … \b(maar ik wel|mijn man|hij wel|my husband|a man|mannen wel)\b",
            r"\bmijn man\b … \b(wel|direct|meteen)\b … \b(ik niet|ik moet)\b",
            r"\b(gediscrimin\w+|discrimin\w+|racis(me|t|ten|tisch\w*|m|ts?)|raciaal|sexis\w+|seksis\w+|homofo\w+|homopho\w+|xenofo\w+|xenopho\w+|antisemit\w+|islamofo\w+|islamophob\w+|transfo(ob|bie)\w*|transphob\w+|validis\w+|ableis\w+|vrouwonvriendelijk\w*|misogyn\w*|vreemdelingenhaat|uitgesloten vanwege|diskriminier\w*|rassis\w+|raciste?s?)\b",
            r"\b(vanwege|om|omdat|wegens|door|because of|due to) (mijn|mijne|m'n|zijn|haar|my|his|her|our|onze|hun|their|de|een|the|a) (\w+ )?(huidskleur|huid|afkomst|geloof|hoofddoek\w*|geaardheid|handicap|achternaam|accent|skin( colou?r)?|race|religion|headscarf|hijab|scarf|disability|ethnicity|sexuality|wheelchair|nationaliteit|nationality|surname|guide ?dog|blindengeleidehond|hulphond)\b",
            r"\b(etnisch profiler\w+|racial(ly)? profil\w+|(blinden)?geleidehond|hulphond|guide dog|assistance dog)\b … \b(geweiger\w*|weiger\w*|niet (naar )?binnen|buiten|mag niet|refus\w*|not allowed|turned away|wait|wachten|weg|drove off|don'?t like)\b",
            r"\b(geweigerd|refused)\b … \b(rolstoel|hoofddoek|blindengeleidehond|hulphond|geleidehond|wheelchair|headscarf|guide dog|hijab)\b",
            r"\b(leer|leren|praat|spreek|lernen?|learn|speak) (to )?(eerst|maar|eens|normaal|fatsoenlijk|gewoon|goed|ordentelijk|proper|properly|decent|first|erst) (\w+ ){0,4}(nederlands|dutch|english|engels|deutsch|vlaams)\b|\berst mal deutsch\b",
            r"\b(jullie|uw|dat|jouw|your|their|that|met jullie|van dat) (soort|slag|kind|type)( (mensen|kinderen|lui|volk|klanten|gasten|people|of people|kids))\b|\b(jullie|uw) (soort|slag)\b|\b(mensen|types|people|folk|lui|klanten|gasten|vrouwen) (zoals|als|like) (jij|jullie|u|you|mij|ons|wij|me|us|hem|haar|them)\b|\bzo'?n (zwarte|bruine|buitenlander|turk|marokkaan|hoofddoek)\b",
            r"\byour kind\b … \b(here|not welcome|out|aren'?t)\b",
            r"\b(u begrijpt dat (toch )?wel|(je|u) weet (zelf|toch) (ook )?wel( waarom)?|aan u zie ik|je ziet (toch )?zelf)\b",
            r"\b(eigen volk( eerst)?|terug naar (je|jullie|hun|uw|t|het|z'?n) (eigen )?land|(ga|gaan|stuur|sturen|rot|donder|zet) (\w+ ){0,4}(terug naar|het land uit)|stuur (die|ze|dat|hun) (\w+ )?terug|flikker (\w+ ){1,4}(op|eruit)|rot op naar|opzouten met|weg met (dat|die) (volk|tuig)|dat (tuig|volk|gajes)|apen( hier)?$|die apen|vol apen|stuur die apen|geen (buitenlanders?|hoofddoek\w*|zwarten?|moslims?|marokkanen|vrouwen)|minder (\w+ )?(marokkanen|buitenlanders|hoofddoek\w*|moslims)|neem (\w+ ){0,3}(echte )?nederlanders)\b",
            r"\b(go back (to )?(where|your)|back where (you|they) came|send (them|the lot|these|those) (\w+ ){0,3}back|send them home|give us our country|country back|(nothing|anything|nobody) but foreigners|hir(e|ing) (\w+ )?(foreigners|americans|immigrants|locals|these people)|some immigrant|fire the foreigners|these (foreigners|people from)|too many (gypsies|foreigners|immigrants|muslims)|too many \w+ on your|dirty (lot|foreigners|immigrants)|no accents)\b",
            r"\b(let(ting)? women (run|do|drive)|women (can'?t|cannot|should(n'?t)?) |vrouw(en)? (kunnen|kan|horen|hoort|achter het stuur|aan het stuur)\b|haal je man|d'r man|haar man (maar )?(ff )?(halen|bellen)|lovely lady|moppie|meisje,? haal|voor vrouwen te|treating women)\b",
            r"\b(keep that for home|twee mannen|two (husbands|wives|men holding|women holding)|hand in hand|held hands|holding hands|hielden elkaars hand|mijn vriend en ik|geflikflooi\w*|(vieze|vuile|kut|kanker|smerige|die|stelletje) ?(homo|flikker|pot|nicht|jood|joden|mof|turk|marokka\w+|neger|zwarte|trut van een buitenlander)\w*|kankerhomo|kutmarok\w+|kankerjo\w+|kankerneg\w+|geitenneuk\w*|theedoek|paki|sandn\w+|faggots?|n[i1]gg\w+|spick?s?|chinks?|tranny|kopvod\w*|zwartjoekel\w*|rifaap\w*|spleetoo\w+|zandneger\w*)\b",
        ),
        "people": (
            r"\b(witte|blanke|blonde|white) (\w+ )?(mensen|klanten|reizigers|mannen|vrouwen|man|vrouw|gasten|collega|vriend|vriendin|meisjes|people|customers?|passengers?|friend|couple|guys?|girls?|woman|man)\b",
            r"\b(ik heet|mijn naam is|my name is|heet|groet,?) (\w+ )?(yilmaz|mohamm?ed|mohamed|ahmed|fatima|achmed|youssef|hassan|ali|el \w+|ben \w+|abdel\w*|rachid|aisha|khadija|mustafa|ibrahim|omar|hussein|kowalski|nguyen|okafor|singh)\b",
            rf"\b{NEIGHBOURS}\b",
            rf"\b{OTHERS}\b|\bjood(se)?\b",
            r"\b(hoofddoek\w*|hijab|headscarf|sluier|keppel\w*|tulband|turban|foulard|kopftuch|rolstoel|wheelchair|(blinden)?geleidehond|hulphond|guide dog|assistance dog|slechtziend\w*|slechthorend\w*|blinde?|doof|dove|deaf|blind|autis\w+|down ?syndroom|beperking|handicap|disab\w+|gehandicapt\w*|allemaal (zwart|bruin|donker)|(ik ben|alleen ik,?|i'?m|als) (een )?(zwart|donker|bruin|black|brown)(e)?|non-?binair|achternaam|surname|mijn accent|my accent)\b",
            r"\bals je \w+ heet\b|\bheet \w+ en\b",
        ),
        "unequal": (
            r"\bals enig(e|en|ste)\b|\b(uitsluitend|alleen|only|just) (ik|wij|ons|mij|mijn|de|the|me|us|my|him|her|twee|two|three|vier|four|onze)\b|\bthe only (one|ones|black|brown|person|people)\b|\b(alle|de|drie|vier|twee|the) (drie|vier|twee|andere|anderen|rest|three|four|other|others)?( ?\(?(witte?|blanke|blonde|white)\)?)\b|\bwitte (mensen|klanten|reizigers|vrouwen|mannen|collega)\b|\bwhite (friend|couple|people|passengers?|customers?|guy|woman|man)\b|\bblonde (girls?|vrouw\w*|meisjes|meid\w*)\b",
            r"\b(mocht(en)? (\w+ ){0,4}niet (naar )?binnen|niet binnen|geweigerd|weigerde\w*|niet welkom|weggestuurd|wegge\w+|niet toegelaten|buitengezet|geen toegang|(tas(sen)?|zakken|rugzak) (\w+ ){0,3}(leeg\w*|openen|openmaken|open maken|laten zien|doorzocht)|(gevolgd|achtervolgd) door|door de beveilig\w+ gevolgd|identiteits(bewijs|kaart)|apart genomen|eruit gepikt|eruit gehaald|gefouilleerd|liep\w* (zo |gewoon )?door|mochten (zo |gewoon )?(door|lopen)|doorlopen|apart ?genomen|van de (lijst|stagelijst)|niet in de)\b",
            r"\b(refused|denied|turned away|not allowed|wouldn'?t let|searched|pulled (aside|over|out)|bag (check|search)|proof of funds|followed (me|us|around)|walked (right |straight )?past|singled out|waved through|laughed at|not a word to them|moved seats|under maintenance)\b",
            r"\b((zelfde|same) (baan|inkomen|huis|dag|woning|loon|job|income|room|booking|flight|night|day|seat))\b|\b(is al (weg|vergeven|verhuurd)|already (taken|gone|let))\b|\b(ra ra|raad (eens )?wie|guess who|zegt genoeg|telt dubbel|counts double)\b",
            r"\b(uitgelachen|lacht(en)? (me|mij|ons) uit|(werd|wordt) (er )?gelachen|nagedaan|nagebootst|accent nadoen|doodnaam|deadnam\w+|old name|oude naam|misgender\w*)\b",
        ),
        "quoted": (r"\b(zei|zegt|zeiden|riep|vroeg|noemde|noemt|antwoordde|said|says|called|told|asked|sagte|letterlijk|literally)\b … [\"'„“”«]",),
        "hate": (
            r"\b(tuig|apen|ratten|gespuis|schorem|uitschot|ongedierte|kakkerlakken|parasieten|volk|stelen|jatten|dieven|wegwezen|oprotten|opzouten|opdonderen|ga dood|walgelijk|ziek|bah|vies|vieze|get out|dirty|filthy|vermin|scum|die lui)\b",
            r"\b(zo'n)\b",
            r"\b(geen wonder|no wonder|kein wunder|logisch dat|horen niet|hoort niet)\b|🤮",
        ),
    }
)  # fmt: skip

TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {
        "discrimination": (
            frozenset({"people", "unequal"}),
            frozenset({"people", "hate"}),
        ),
    }
)
