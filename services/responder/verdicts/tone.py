"""Whether a text is short with its reader: defensive, arguing, sarcastic, or blaming."""

from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import pattern, trimmed

_YOU: Final = r"(?:je|jij|u|jullie)"
_YOUR: Final = r"(?:je|jouw|uw|jullie)"

_SHORT: Final = pattern(
    # again, and it shows
    r"<<zoals (?:ik|we|wij|ik u|ik je|we je|we u|al|reeds|eerder|hierboven|gezegd|meermaals|nogmaals|\w+ collega'?s?) .{0,40}<<(?:al|reeds|eerder|meermaals|meerdere keren|gezegd|vermeld|uitgelegd|aangegeven|schreef|schreven|zei|zeiden|verteld|gemeld)>>",
    r"<<(?:zoals )?(?:al|reeds) (?:\w+ )?(?:drie|vier|vijf|twee|tien|meerdere|zoveel|honderd|meermaals|duizend) ?(?:keer|maal|malen)? .{0,30}(?:uitgelegd|gezegd|verteld|geantwoord|aangegeven|gemaild|gevraagd)",
    r"<<(?:nogmaals|voor de (?:laatste|zoveelste|derde|tweede) keer|nog één keer dan|nog een keer dan|ik herhaal|we herhalen|ik zeg het nog een keer|hoe vaak moet(?:en)? (?:ik|we|wij))>>(?!,? (?:sorry|excuses|onze excuses|bedankt|dank|mijn excuses|hartelijk|welkom|gefeliciteerd|veel))",
    # you should have
    rf"<<(?:had|hadden) {_YOU} (?:maar|dan|ook|beter|eerst|zelf|eerder|gewoon|even|toch|de|het|dat|niet)\b.{{0,80}}<<(?:moeten|kunnen|lezen|gelezen|kijken|bestellen|opletten|nadenken|doen|zeggen|bellen|melden|niet|gedaan|gecontroleerd|nagedacht|opgelet|gebeld|gekeken|betaald)>>",
    rf"<<{_YOU} (?:had|hadden|hebt|heeft|heb) (?:\w+ ){{0,4}}?(?:zelf|beter|toch|gewoon|immers|blijkbaar|kennelijk|duidelijk|eerst|eerder|nu eenmaal|dan ook|simpelweg) .{{0,80}}<<(?:moeten|kunnen|gekozen|getekend|ingevuld|akkoord|gedaan|gelezen|besteld|vergeten|gemist|ingevoerd|opgegeven|verkeerd|laten|aangevinkt|gegaan|nagelaten|veroorzaakt|aangeklikt)>>",
    rf"<<(?:als|indien) {_YOU} (?:\w+ ){{0,6}}?(?:goed|beter|even|gewoon|eerst|eens|netjes|op tijd|echt)? ?(?:had|hadden) (?:gelezen|gekeken|opgelet|geluisterd|nagedacht|gebeld|betaald|gedaan)>>|<<als {_YOU} .{{0,50}}(?:gelezen|gekeken|opgelet|geluisterd|nagedacht) (?:had|hadden)>>",
    r"<<(?:lees|leest|kijk|luister|let)>>.{0,30}<<(?:eens|eerst|voortaan|volgende keer|gewoon|beter|dan)>>.{0,30}<<(?:goed|beter|de|het|even|wat|op|eerst|na|voordat)>>.{0,40}",
    rf"<<(?:volgende keer|voortaan|in het vervolg) (?:\w+ ){{0,4}}?(?:beter|eerst|zelf|eerder|op tijd|opletten|lezen|nadenken|iets)>>.{{0,30}}",
    rf"<<(?:eigen|{_YOUR} eigen) (?:schuld|fout|verantwoordelijkheid|keuze|risico|probleem|slordigheid|nalatigheid)>>",
    rf"<<(?:dat|dit|het) (?:ligt|lag|is) (?:toch |echt |puur |helemaal |volledig |gewoon |aan |aan u|geheel )*(?:aan (?:je|jou|u|jullie) ?(?:zelf)?|{_YOUR} (?:probleem|schuld|fout|zaak))>>",
    rf"<<(?:door|aan) {_YOUR} (?:eigen )?(?:toedoen|fout|schuld|slordigheid|onoplettendheid|gedrag|houding)>>",
    r"<<(?:wie|wat) (?:niet |zijn )?.{0,40}(?:moet (?:maar|ook|dan)|wil)>>.{0,30}<<(?:voelen|niet zeuren|niet klagen|zelf)>>",
    # not our problem
    r"<<(?:daar|hier|dat) (?:kunnen|kan) (?:wij|we|ik) (?:ook |echt |verder |toch |nu eenmaal |helaas |dan )*(?:niks|niets|weinig|niet veel|ook niets) (?:aan|tegen|mee)>>",
    r"<<(?:niet (?:ons|mijn) (?:probleem|zaak|schuld|pakkie)|niet onze (?:schuld|fout|zaak)|wij zijn (?:ook )?(?:maar|geen) (?:mensen|helderzienden|tovenaars|waarzeggers|helderziend|gedachtenlezers)|kan (?:er )?(?:ik|wij) .{0,15}niks aan doen)>>",
    r"<<(?:daar|dat) (?:moet|zult|zul|zal) (?:je|u|jullie) (?:het )?(?:maar|gewoon|echt|dan|toch)>>.{0,40}|<<(?:dan|dat) (?:moet|moeten|had|zoek|zoekt|ga|gaat|doe) (?:je|u|jullie)? ?(?:het |dat |toch )?(?:maar|lekker|zelf)>>.{0,40}",
    r"<<(?:jammer dan|pech gehad|pech|tja|helaas pindakaas|so be it|boeien|zo zijn de regels|regels zijn regels|het is niet anders|daar is niets mis mee|zo werkt (?:het|dat) (?:nu eenmaal|niet|nou eenmaal)|wen er maar aan|niemand dwingt (?:je|u))>>",
    r"<<nou (?:ja|en)>>|<<nou,? nou>>|<<(?:ach|och|pff+|zucht|tjonge|jeetje mina|sjonge\w*|tsja)>>",
    # arguing
    rf"<<(?:dat|dit|het) (?:is|klopt|slaat|kan) (?:\w+ ){{0,2}}?(?:onzin|niet waar|onwaar|gewoon niet|simpelweg niet|echt niet|nergens op|klinkklare|lariekoek|flauwekul|overdreven|onterecht|absurd|belachelijk|quatsch|gelogen|kletskoek|nonsens)>>",
    r"<<(?:onzin|flauwekul|overdrijf|overdrijft|overdrijven|overdreven|aanstellen|aansteller\w*|zeur\w*|gezeur|gezeik|geklaag|klagen|klaagzang|drama|dramatisch|mopper\w*|gemopper|jammeren|huilen|beschuldig\w*|insinu\w*|dreig\w*|gedreig)>>",
    rf"<<(?:wij|we|ik) (?:bepalen|betwisten|betwijfel\w*|geloven? (?:daar|er|dat) (?:niets|niks|niet)|herkennen ons niet|zien (?:het|dat) (?:heel )?anders|zijn het (?:niet|volstrekt|hier) .{{0,15}}eens|doen (?:niets|niks) (?:fout|verkeerd)|hebben (?:niets|niks) (?:fout|verkeerd)|werpen .{{0,20}}verre)>>",
    rf"<<(?:dat|wat) {_YOU} (?:zegt|schrijft|beweert|stelt|suggereert|claimt)>>.{{0,40}}<<(?:klopt|niet|onzin|onjuist|waar)>>|<<(?:beweert|beweer|bewering|beweringen|zogenaamd\w*|zogenaamde)>>",
    r"<<(?:feiten|feit) (?:zijn|is)>>.{0,30}|<<blijf bij de feiten|<<met alle respect|<<laten we (?:wel|eerlijk) wezen",
    r"<<wij (?:hebben|doen) (?:ons|het) (?:werk|goed|prima|gewoon|wel)>>",
    # sarcasm
    r"<<(?:gefeliciteerd|bravo|knap hoor|goed gedaan|lekker bezig|fijn voor (?:je|u)|leuk geprobeerd|goh|heel origineel|wat origineel|applaus|chapeau|wauw|wow|hulde|knap gevonden|slim hoor|goed bezig|succes (?:ermee|verder|daarmee|dan)|sterkte ermee|veel plezier (?:ermee|met))>>(?! met (?:je|de|uw|jullie|het|jouw))",
    r"<<(?:fijn|leuk|prettig|mooi|heerlijk|wat (?:fijn|leuk|aardig|vriendelijk|gezellig|charmant|beleefd)) (?:dat|om|hoe|zo'n|zo) (?:je|u|jullie)?.{0,40}<<(?:zo (?:beleefd|vriendelijk|netjes|geduldig|aardig|positief|rustig|subtiel)|toon|schelden|scheldt|humeur|begint)>>",
    r"<<(?:toon|woordkeuze|taalgebruik|grote woorden|hoofdletters|caps|schreeuw\w*|schelden|scheldt|gescheld|uitroeptekens|houding|fatsoen|manieren|beleefd|onbeschoft|brutaal|respectloos|kinderachtig|volwassen)>>",
    r"<<(?:doe|doet|blijf|houd) (?:eens |even |nou |maar |het |gewoon )*(?:rustig|normaal|kalm|netjes|beleefd|gewoon)>>|<<(?:rustig aan|rustig maar|kalm aan|kalmeer|beetje geduld|even geduld graag|niet zo (?:snel|ongeduldig|boos|dramatisch|overdrijven|moeilijk)|adem (?:eens )?(?:in|rustig))>>",
    r"<<(?:wat had|wat verwacht|wat wil|wat dacht|wat denk) (?:je|u)(?: dan| eigenlijk| nou| zelf)?>>|<<waarom (?:heb|had|hebt|heeft) (?:je|u) (?:dan |niet |dat )+",
    r"<<(?:staat|stond) (?:toch |gewoon |overal |immers |heel |echt |zeer |nota bene |ook |toch echt )*(?:duidelijk|overduidelijk|gewoon|in koeienletters|glashelder|met grote letters|nota bene|zwart op wit|groot)>>",
    rf"<<(?:dat|het) (?:kan|had) {_YOU} (?:\w+ )?(?:zelf )?(?:ook )?(?:weten|opzoeken|googelen|bedenken|nalezen|vinden|lezen)>>|<<(?:kleine lettertjes|de handleiding lezen|handleiding gelezen)>>",
    rf"<<(?:kennelijk|blijkbaar|klaarblijkelijk) .{{0,25}}<<{_YOU}>>|<<{_YOU} .{{0,20}}<<(?:kennelijk|blijkbaar|klaarblijkelijk)>>",
    r"<<(?:wij zijn geen|we zijn geen|dit is geen|ik ben geen|ik ben ook maar|wij doen ook maar|ik doe ook maar) .{0,40}",
    r"<<(?:mensen|klanten) (?:zoals (?:jij|u|jullie)|die (?:niet|alleen|nooit|altijd))>>|<<(?:iedereen|alle anderen|andere klanten|niemand anders) .{0,30}(?:wel|snapt|begrijpt|klaagt|geen problemen|nooit|kan het)>>",
    r"<<(?:nergens voor nodig|doe er (?:uw|je) voordeel mee|neem het of laat het|graag of niet|zoek het (?:maar |dan |lekker )?uit|bekijk het (?:maar|even)|prima, (?:dan niet|ga dan)|dan niet|ga dan (?:lekker|maar))>>",
    r"<<(?:zo moeilijk|niet zo moeilijk|kan toch niet zo|hoe moeilijk|simpel zat|een kind kan)>>|<<(?:dank|bedankt) voor (?:niets|niks|je geduld niet)>>|<<(?:nooit|niet) tevreden>>|<<(?:altijd|overal) (?:iets|wat) (?:te|aan te) ",
    # English
    r"<<as (?:i|we|i've|we've|already|previously|stated|mentioned|clearly|per|my colleague) (?:\w+ ){0,3}?(?:already|previously|said|told|explained|stated|mentioned|clearly|times|before|twice|email|last)>>",
    r"<<(?:how many times|for the last time|once again,? (?:we|i|you|as)|i repeat|we've been over this|read (?:it|that|them|the \w+) (?:again|first|properly|carefully)|i already told you|we already told you|already (?:explained|told|answered|said) .{0,20}(?:times|twice))>>",
    r"<<(?:you should have|you should've|you could have|you ought to have|you were the one|you chose|you agreed|you signed|you failed|you forgot|you neglected|you clearly|you obviously|you apparently|you didn't (?:bother|read|check|even)|you never|had you|if you had (?:read|bothered|checked|listened|paid|looked|only|just|followed)|if you'd (?:read|bothered|checked|listened|paid|looked|only|just|followed)|next time,? (?:read|check|please (?:read|check)|maybe|try|perhaps|you))>>",
    r"<<(?:your own (?:fault|choice|responsibility|problem|doing|mistake)|your fault|your problem|your mistake|on you|of your own making)>>",
    r"<<(?:not our (?:problem|fault|issue)|isn't our (?:problem|fault)|nothing (?:we|i) can do|tough luck|too bad|bad luck then|deal with it|get over it|that's life|take it or leave it|suit yourself|whatever|rules are rules)>>",
    r"<<(?:calm down|relax|no need to (?:shout|swear|be rude|get|overreact|exaggerate|be so)|mind your|your tone|tone of|your attitude|your language|drama|dramatic|overreact\w*|exaggerat\w+|complain\w* (?:about|all|again|every)|whin\w+|moan\w+|rant\w*|nonsense|rubbish|ridiculous|that's (?:simply |just |plain )?(?:not true|untrue|false|wrong)|accus\w+)>>",
    r"<<(?:congratulations|well done|bravo|nice try|good luck with (?:that|it)|good for you|how (?:original|lovely|charming|nice) (?:of|that|to)|thanks for nothing|what did you expect|what do you expect|surprise,? surprise|shock horror|obviously|clearly,? you|apparently you|it's not (?:rocket science|that hard|that difficult)|not rocket science|with all due respect|mind reader\w*|everyone else|other customers (?:don't|manage|have no)|believe it or not|miracles?|magic wand)>>",
    r"<<(?:it (?:clearly |quite clearly )?(?:says|states)|is (?:clearly|plainly|quite clearly|perfectly clearly) (?:stated|written|shown|explained)|clearly (?:stated|says|states|written)|in (?:black and white|plain english)|the small print|fine print|we're only human|we are only human|we do our job)>>",
)


def tone(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`tone_negative`: the first words of each sentence that are short with the reader."""
    read = reading.of(draft)
    for sentence in read.sentences:
        found = _SHORT.search(read.own_lower[sentence.start : sentence.end])
        if found:
            yield Found("tone_negative", _MESSAGE, *trimmed(draft.text, sentence.start + found.start(), sentence.start + found.end()))


_MESSAGE: Final = "This can be read as defensive, sarcastic or as blaming the customer. Say what you understand and what you can do."
