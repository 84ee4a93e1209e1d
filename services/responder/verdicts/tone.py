"""Whether a text is short with its reader: defensive, arguing, sarcastic, or blaming."""

from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import Wording, each, trimmed

_YOU: Final = r"(?:je|jij|u|jullie)"
_YOUR: Final = r"(?:je|jouw|uw|jullie)"
_READ: Final = (
    r"(?:gelezen|gekeken|opgelet|geluisterd|nagedacht|gebeld|betaald|gedaan|ingevuld|gecontroleerd|bewaard|doorgegeven|gemeld|opgegeven|gereageerd"
    r"|gewacht|gevolgd|gevraagd|besteld|gehouden|geweest|gekozen|aangegeven)"
)

_SHORT: Final = Wording(
    # if you had read it, you would know
    rf"<<(?:als|indien|wanneer) {_YOU}>>.{{0,80}}<<(?:{_READ} had|had {_READ}|hadden {_READ}|{_READ} hadden|zou lezen|zou kijken|zou opletten"
    rf"|zou luisteren|zou nadenken)>>.{{0,80}}<<(?:had|hadden|wist|zou|was|waren|geweten|gezien|kon)>>(?! (?:je|u) (?:ook|nog|evengoed|toch))",
    rf"<<had {_YOU}>>.{{0,80}}<<(?:{_READ}|beter (?:opletten|lezen|nadenken)|even gelezen)>>,? ?(?:dan )?(?:had|hadden|was|wist|zou|waren)>>",
    rf"<<(?:dan )?(?:had|hadden) {_YOU} (?:maar|dan maar|dus maar|beter|eerst|zelf|eerder|gewoon|dat|het|dit|toch|ook)>>.{{0,70}}<<(?:moeten|kunnen"
    rf"|niet moeten)>>",
    rf"<<{_YOU} (?:had|hadden) (?:\w+ ){{0,5}}?(?:zelf|beter|toch|gewoon|eerst|eerder|ook|even|dat|het|dit|de) (?:\w+ ){{0,6}}?(?:moeten|kunnen"
    rf"|horen te)>>(?! (?:verwachten|krijgen|ontvangen|hebben|zien|horen|rekenen op|meemaken|wachten|worden))",
    rf"<<{_YOU} (?:hebt|heeft|heb|bent|ben)>>.{{0,40}}<<zelf>>.{{0,60}}<<(?:gekozen|getekend|ondertekend|ingevuld|akkoord|gedaan|besteld|vergeten"
    rf"|gemist|ingevoerd|opgegeven|verkeerd|verkeerde|aangevinkt|nagelaten|veroorzaakt|aangeklikt|geklikt|weggegooid|gezet|gemaakt|laten|afgesloten"
    rf"|bij|opgezegd|te laat)>>",
    rf"<<{_YOU} (?:kiest|koos|tekende|wilde|wou) (?:er )(?:toch |immers |nu eenmaal |zelf )+|<<{_YOU} (?:koos|tekende|wilde|wou) (?:toch |immers "
    rf"|nu eenmaal |zelf )+",
    rf"<<die {_YOU} zelf (?:heeft|hebt|had|hebben)>>",
    rf"<<(?:{_YOUR} )?eigen (?:schuld|fout|keuze|keus|probleem|slordigheid|nalatigheid|stomme|domme|verantwoordelijkheid)>>",
    r"<<(?:dat|dit|het|de fout|de oorzaak|de schuld) (?:ligt|lag) (?:\w+ ){0,3}?(?<!niet )(?:aan|bij) (?:je|jou|u|jullie)(?: zelf"
    r"|zelf)?>>(?! (?:of|\w+nummer|adres|router|modem|rekening|account))|<<ligt (?:\w+ ){0,5}?(?<!niet )(?:aan|bij) (?:jezelf|uzelf|jouzelf)>>",
    rf"<<(?:is|blijft|was) (?:toch |echt |puur |gewoon |dan )*{_YOUR} (?:eigen )?(?:probleem|schuld|fout|pakkie-an)>>",
    rf"<<(?:door|dankzij|vanwege) {_YOUR} (?:eigen )?(?:toedoen|fout|schuld|slordigheid|onoplettendheid|gedrag|houding|ongeduld|gebrek)>>",
    rf"<<{_YOU} (?:maakt|maak) het (?:jezelf|uzelf|ons|mij) (?:\w+ )?(?:moeilijk|lastig|onmogelijk)|<<(?:maakt|maak) {_YOU} het (?:jezelf|uzelf|ons)",
    rf"<<(?:kennelijk|blijkbaar|klaarblijkelijk) (?:hebt|heeft|heb|bent|ben|wilt|wil|vindt|vind|leest|lees|snapt|snap|begrijpt|begrijp|kunt|kun|had"
    rf"|was|weet|denkt|denk|vond|las) (?:je|u|jij|jullie)|<<{_YOU} (?:hebt|heeft|heb|bent|wilt|leest|snapt|begrijpt|had|was"
    rf"|las) (?:\w+ ){{0,2}}?(?:kennelijk|blijkbaar|klaarblijkelijk)>>",
    r"<<wie (?:niet|zijn|haar|te) .{2,50}(?:,| moet| krijgt| heeft) .{0,30}(?:moet|maar|dan|kan|zelf|pech)>>",
    # English
    r"<<(?:you (?:really |probably |clearly |simply )?(?:(?:should have|should've)>>(?! (?:had|been|received|gotten|got|heard|to))|could have"
    r"|could've|ought to have|might have wanted to|would have (?:known|seen|noticed))|you were the one|you (?:\w+ly )?(?:chose|agreed|ticked"
    r"|picked) (?:to|this|that|the)|you (?:signed|clicked|accepted) (?:up for (?:the|it|this|that|a)|the|it|this|a|yourself)|you (?:yourself"
    r"|failed to|forgot to"
    r"|neglected to)"
    r"|you (?:clearly|obviously|apparently|evidently|simply) |you didn't (?:bother|even|read)|you never (?:answered|replied|read|told|responded"
    r"|bothered|paid|checked)|you can't (?:expect|blame|just|be bothered))>>",
    r"<<(?:had you|if you had|if you'd|if only you|had you only|had you just)>>.{0,70}<<(?:you|it|this|we|there|the)>>.{0,15}(?:<<(?:would|wouldn't"
    r"|might)>>|'d>>)",
    r"<<(?:maybe|perhaps|next time|in future|in the future|try),? (?:(?:just |please |you should |you could |you might |try to |try )*)(?:read"
    r"|reading|check|checking|ask|asking|listen|look|looking|pay|paying|think|thinking|start by|don't|be more|plan)>>",
    r"<<(?:your own (?:fault|choice|responsibility|problem|doing|mistake|carelessness)|(?:is|was|'s) (?:entirely |all |simply |really "
    r"|frankly )?your (?:fault|problem|mistake|choice|responsibility)|of your own making|that's on you|brought (?:this|it) on yourself)>>",
    # said before, and it shows
    r"<<(?:al|reeds) (?:\w+ )?(?:twee|drie|vier|vijf|tien|meerdere|zoveel|honderd|duizend|tig|meermaals|herhaaldelijk|\d+) ?(?:keer|maal|malen"
    r"|x)?>>.{0,30}<<(?:uitgelegd|gezegd|verteld|geantwoord|aangegeven|gemaild|gevraagd|gewaarschuwd|gemeld|over)>>",
    r"<<(?:twee|drie|vier|vijf|tien|meerdere|\d+) (?:keer|maal) (?:\w+ ){0,2}?(?:over )?(?:gemaild|uitgelegd|gezegd|verteld|gewaarschuwd|gebeld)>>",
    r"<<(?:voor de (?:laatste|zoveelste|derde|tweede|vierde) keer|nog één keer dan|nog een keer dan|ik (?:herhaal|zeg) het nog (?:een|één) keer"
    r"|hoe vaak moet(?:en)? (?:ik|we|wij)|zoals ik al zei|zoals we al zeiden|zoals ik (?:u|je) al (?:\w+ )?(?:zei|schreef|vertelde|uitlegde)|(?:dat"
    r"|dit) heb(?:ben)? (?:ik|we|wij) (?:u|je|jou|jullie)? ?(?:toch |net |al |nu )+(?:\w+ )?(?:gezegd|uitgelegd|verteld|geschreven))>>",
    r"<<(?:lees|leest) (?:\w+ ){0,5}?(?:eens|eerst|nog eens|nog een keer|goed|beter|gewoon|maar|opnieuw)>>",
    r"<<(?:staat|stond) (?!(?:\w+ )?(?:niet|nergens|helaas|nog)>>)(?:\w+ ){0,3}?(?:toch|gewoon|overal|immers|nota bene|overduidelijk|glashelder"
    r"|in koeienletters|zwart op wit"
    r"|met grote letters|heel duidelijk|toch duidelijk|duidelijk (?:vermeld|aangegeven|in de|op de|in je|in uw))>>|<<(?:het daar|dat er"
    r"|dat daar) gewoon (?:staat|stond|bij)>>",
    rf"<<(?:dat|het|dit) (?:kan|kunt|had|kon) {_YOU} (?:\w+ ){{0,2}}?zelf (?:ook )?(?:wel )?(?:weten|opzoeken|googelen|bedenken|nalezen|vinden|lezen"
    rf"|uitzoeken|zien)>>",
    r"<<(?:dat|dit) (?:heb|hebben) (?:ik|we|wij) (?:u|je|jou|jullie) .{0,30}<<(?:al|ook al)>>.{0,20}<<(?:uitgelegd|gezegd|verteld|geschreven|gemaild"
    r"|gemeld)>>",
    r"<<(?:ik|wij|we) (?:doe|doen) ook maar .{0,20}<<(?:werk|best)|<<(?:misschien|wellicht) (?:moet|moest|had|kunt|kun|is het|zou) (?:je|u"
    r"|jij)? ?(?:een idee )?.{0,40}<<(?:lezen|beginnen|opletten|luisteren|nadenken|kijken|rustig|eerst)>>",
    rf"<<{_YOU} (?:zou|zou(?:dt)?|kunt|kan|had) (?:ook )?(?:gewoon|zelf|best) (?:ook )?(?:even |eens |zelf )*(?:kunnen )?(?:googelen|lezen|opzoeken"
    rf"|nadenken|kijken|zoeken|luisteren|opletten)|<<{_YOU} (?:zit|zitten) er (?:\w+ )?naast|<<{_YOU} (?:snapt|begrijpt) (?:het|er) (?:\w+ )?niet>>",
    r"<<(?:ik|wij|we) (?:snap|snappen|begrijp|begrijpen|zie|zien) (?:\w+ )?niet (?:wat|waarom|waar|hoe) (?:u|je|jij)>>.{0,50}<<(?:moeilijk|over valt"
    r"|klaagt|druk|boos|probleem|zeurt|ophef|wilt|verwacht)|<<dan (?:ga|gaat|neem|neemt|koop|koopt|kies|kiest|zoek|zoekt) (?:je|u) (?:toch|maar|dan"
    r"|lekker)>>",
    r"<<(?:klagen|zeuren|mopperen|schelden|kritiek) (?:is|kan|kunnen) (?:\w+ )?(?:makkelijk|iedereen|altijd)>>|<<beste stuurlui",
    rf"<<(?:{_YOU} (?:bent|ben|zijn)|you're|you are) (?:echt |heus )?(?:niet|not) (?:onze|de|our|the) (?:enige|only) (?:klant|reiziger|gast|customer"
    rf"|passenger)>>",
    rf"<<(?:dat|dit|het) (?:moet|moeten|had|zou) {_YOU} (?:toch )?(?:zelf )?(?:ook )?(?:toch )?(?:zelf )?(?:kunnen )?(?:bedenken|weten"
    rf"|kunnen bedenken|snappen)",
    rf"<<jammer dat {_YOU}>>.{{0,50}}<<(?:waardeert|inziet|snapt|begrijpt|wilt|zo denkt|zo reageert)>>|<<(?:lezen|luisteren|nadenken"
    rf"|geduld) is (?:blijkbaar|kennelijk|toch|ook)>>",
    rf"<<(?:niet verantwoordelijk voor|vanwege|door) {_YOUR} (?:slordigheid|fouten|vergissing|ongeduld|onhandigheid|gedrag)>>|<<(?:heel "
    rf"|erg )?knap (?:hoe|dat) {_YOU}>>|<<wat een (?:gedoe|drama|ophef|heisa|toestand)(?: weer)? om (?:niks|niets|zo'n)",
    rf"<<(?:wel )?(?:wat|iets) beters te doen>>|<<(?:niet|geen) (?:met {_YOU} )?(?:\w+ )?(?:in discussie|discussiëren)>>|<<{_YOUR} (?:verhaal"
    rf"|redenering|logica) (?:rammelt|klopt|slaat|is)>>.{{0,25}}",
    rf"<<{_YOU} weet (?:heel |zelf |ook |best |donders )*goed>>|<<heb(?:t)? {_YOU} (?:dan |het |dat )*(?:helemaal |compleet "
    rf"|volledig )?verkeerd begrepen>>|<<(?:is|dat is) (?:dan )?(?:jammer|pech) voor {_YOU}>>|<<kun {_YOU} (?:ook )?(?:normaal|rustig|even normaal)",
    r"<<(?:you clearly|clearly you|you obviously) |<<(?:we're|i'm|we are|i am) not (?:psychic|mind readers?|miracle workers?|magicians|robots)>>"
    r"|<<sorry you feel that way,? but>>|<<it's your (?:mistake|fault|problem)>>|<<oh,? please>>|<<(?:and )?you know (?:it|that)(?: very well"
    r"| perfectly well)>>|<<(?:don't|do not|stop) blam(?:e|ing) (?:us|me)|<<try being (?:polite|nice|patient)|<<that's (?:simply "
    r"|just )?not what happened",
    # a little patience, a little thought
    rf"<<(?:een )?beetje (?:geduld|begrip|respect|fatsoen|opletten|nadenken|zelfredzaamheid|logisch)>>|<<(?:wij|we|ik) (?:kunnen|kan) (?:ook )?niet"
    rf" (?:toveren|heksen|gedachten lezen|in de toekomst|ruiken)>>|<<(?:lezen|opletten|nadenken|luisteren|kijken|wachten|vragen) (?:\w+ ){{0,4}}?kan"
    rf" (?:natuurlijk |trouwens |ook |best |gewoon )+(?:\w+ )?(?:geen kwaad|ook|altijd)?|<<geen kwaad kunnen|<<gezond verstand>>"
    rf"|<<zo (?:ingewikkeld|moeilijk|lastig|gek) (?:is|was) (?:\w+ ){{0,4}}?(?:toch|niet)>>|<<{_YOU} (?:hebt|heeft) ons (?:\w+ ){{0,4}}?(?:zelf|nog)>>"
    rf"|<<{_YOU} (?:hebt|heeft) (?:ons|mij|me) .{{0,30}}<<(?:uitgescholden|uitgemaakt|afgesnauwd)>>|<<toon die {_YOU}>>|<<(?:fijn|lekker|mooi|leuk"
    rf"|gezellig|prettig) hoor>>(?!!? ?(?:dat|om te))|<<letterlijk in (?:de|uw|je|jouw|het)>>|<<(?:aan|door|met|van) {_YOUR} eigen (?:onkunde|ongeduld"
    rf"|gedrag|haast|domheid|slordig\w*|onhandigheid|onwetendheid|vergeetachtigheid|houding|koppigheid|laksheid)>>|<<in plaats van (?:hier |zo |te )*"
    rf"(?:schreeuwen|klagen|schelden|boos|zeuren|mopperen)>>|<<{_YOU} (?:gebruikt|doet|leest|bedient) (?:\w+ ){{0,3}}?(?:gewoon )?(?:niet goed|verkeerd"
    rf"|fout)>>",
    r"<<(?:can't do your \w+ for you|(?:maybe|perhaps|try) (?:\w+ ){1,5}(?:first|properly|instead|next time)|you do (?:realise|realize|know|understand)"
    r"|(?:not sure|no idea|wonder) what (?:else )?you (?:expect|expected|were expecting|want|wanted)|bothered to|common sense|do your (?:research"
    r"|homework)"
    r"|figure it out|(?:a|some|a little|a bit of|a little bit of) patience (?:would|goes|please|is|wouldn't|never)|hard to please|other people are"
    r" waiting|you're not the only|is (?:entirely |completely |purely )?(?:your own|a you) (?:\w+)|let's be honest|if you (?:paid attention|listened"
    r"|looked|read))>>",
    # enough of you
    rf"<<weet een kind>>|<<(?:ga|gaan) (?:ik|wij|we) (?:\w+ ){{0,4}}?niet (?:meer |verder )?op (?:in|reageren)>>|<<(?:ik|wij|we) (?:ga"
    rf"|gaan) (?:\w+ ){{0,4}}?niet"
    rf" (?:meer |verder )?op (?:in|reageren)>>|<<(?:belangrijkere|betere|nuttigere) dingen te doen>>|<<als {_YOU} zo (?:blijft|doorgaat|doet|bezig)>>"
    rf"|<<(?:stoppen|stop|beëindig|beëindigen|sluit|sluiten) (?:wij|we|ik) (?:het|dit) gesprek>>|<<{_YOU} (?:leest|luistert|kijkt) (?:\w+ )?niet>>"
    rf"|<<niet (?:onze|mijn) fout>>|<<(?:afspraak is afspraak|regels zijn regels)>>|<<verbaast (?:me|mij|ons)(?: \w+)? dat {_YOU}>>|<<bij de feiten>>"
    rf"|<<(?:dat|dit) is (?:\w+ )?{_YOUR} (?:keuze|keus|mening)>>|<<(?:luister|let) (?:nou |nu |eens |even |toch )+(?:goed|op)>>",
    r"<<(?:we did everything right|take it out on|(?:not|isn't) (?:our|my) job|you're entitled to|what's your point|that's your (?:choice|opinion)|i won't"
    r" (?:discuss|argue|respond)|end this conversation|you're not listening|you aren't listening|you don't listen|a child (?:could|can|knows)"
    r"|i'm surprised you (?:don't|didn't)|stick to the facts|better things to do)>>",
    # what you should have, what you want from us
    rf"<<dan (?:moet|moest|had|zou) {_YOU} .{{0,50}}<<maar (?:niet|geen|eerst|eens|beter)>>|<<als {_YOU}>>.{{0,80}}<<(?:had|hadden)(?: \w+)?, ?(?:dan )?"
    rf"(?:had|hadden|was|waren|wist|zou|kon)>>|<<wat (?:wil|wilt|verwacht|willen) {_YOU} (?:nu|nou|eigenlijk|dan|precies|nog meer)>>"
    rf"|<<{_YOU} (?:blijkbaar|kennelijk|duidelijk) niet>>|<<{_YOU} (?:bent|ben) ook nooit>>|<<(?:wij|we) zijn geen (?:liefdadigheid\w*|filantrop\w*"
    rf"|crèche|oppas|psycholo\w*|hulpverleners|slaven|bedienden|encyclopedie|zoekmachine|google)>>|<<op {_YOUR} wenken>>|<<(?:fout|oorzaak|schuld) "
    rf"(?:zit|ligt) (?:\w+ ){{0,3}}?bij (?:u|jou|jullie|uzelf|jezelf)>>|<<(?:zulke|dit soort|dergelijke|zo'n) (?:berichten?|reacties?|taal|opmerkingen"
    rf"|tweets?|toon|teksten)>>|<<(?:alles|het) (?:gewoon |prima |wel )?goed gedaan>>|<<(?:de )?wereld vergaat|<<einde van de wereld|<<rustig maar>>"
    rf"|<<stel je niet aan|<<zo erg is (?:het|dat) (?:toch |nou |ook |nu )*niet|<<het is maar een>>|<<bevalt het (?:je|u) niet|<<als het (?:je|u) niet"
    rf" bevalt|<<staat (?:het )?(?:je|u) vrij om (?:\w+ )?(?:weg|te vertrekken|over te stappen|elders)|<<express voor|<<sorry hoor>>"
    rf"|<<(?:dat|daar) had {_YOU} (?:zelf )?(?:rekening mee|aan) (?:moeten|kunnen)>>|<<(?:niet|geen) (?:alles )?voorkauwen>>|<<spelregels>>"
    rf"|<<{_YOU} (?:moet|zou) (?:echt |toch )?(?:eens )?(?:beter|leren)>>",
    r"<<(?:i fail to see|(?:you're|you are) (?:free|welcome) to (?:go|leave|take your|look|try|shop|move|cancel)|if you don't like it|for once"
    r"|if you (?:had )?"
    r"(?:actually|simply|only|bothered)|yeah,? right|(?:sure|right),? because|do this on purpose|relax|chill out|get a grip|grow up|end of the world"
    r"|first world problem|we're not a charity|not a charity|what (?:more|exactly|else) do you want|as if we|try harder|scroll up|use your eyes"
    r"|it's there for a reason|that's how it works|you've been told|is not that hard|can't be that hard|(?:you|you'd) (?:really )?need to learn"
    r"|you (?:don't|do not) (?:seem to )?understand|you're (?:simply |just |clearly )?(?:wrong|mistaken|confused)|i don't know what you want"
    r"|won't help (?:you|your case)|doesn't help your)>>",
    # not our problem
    r"<<(?:daar|hier) (?:kunnen|kan) (?:wij|we|ik) (?:ook |echt |verder |toch |nu eenmaal |helaas |dan )*(?:niks|niets|weinig) (?:aan|tegen) (?:doen"
    r"|veranderen)>>|<<kunnen (?:wij|we) (?:ook |er |daar )*(?:niks|niets) aan doen>>|<<kan ik (?:ook |er |daar )*(?:niks|niets) aan doen>>",
    r"<<(?:niet (?:ons|mijn) (?:probleem|schuld|pakkie-an)|niet onze (?:schuld|zaak)|(?:wij|we|ik) (?:zijn|ben) (?:\w+ )?(?:helderziend\w*"
    r"|geen (?:helderzienden?|tovenaars?|waarzeggers?|gedachtenlezers?|robots?)|ook maar (?:een )?mens\w*)|glazen bol)>>",
    r"<<(?:dan|daar|dat|daarmee) (?:moet|moeten|zult|zul) (?:je|u|jullie) (?:het )?(?:maar|gewoon|toch echt|nu eenmaal)>>",
    r"<<dan (?:zoekt?|gaat?|ga|had|doe|doet) (?:je|u|jij|jullie)? ?(?:het |dat )?(?:maar|lekker)>>",
    rf"<<{_YOU} (?:wacht|moet|zult|kunt) (?:dus |dan |nu )*gewoon>>",
    r"<<(?:jammer dan|pech gehad|(?:dat is )?pech voor|zo zijn de regels|regels zijn(?: nu eenmaal)? regels|wen er maar aan|niemand dwingt"
    r"|net als iedereen|net als (?:ieder ander|alle anderen)|het leven is|boeien|neem het of laat het|graag of niet|zoek het (?:maar |dan |lekker "
    r"|zelf )+uit|bekijk het maar|ga dan (?:lekker|maar|vooral)|(?:doe|doet) er (?:je|uw|jouw) voordeel mee|zo werkt het nu eenmaal"
    r"|zo gaat dat (?:nu eenmaal|nou eenmaal))>>",
    # that is not so
    r"<<(?:dat|dit|het) (?:is|klopt|slaat) (?:\w+ ){0,3}?(?:onzin|onwaar|simpelweg niet|nergens op|klinkklare|flauwekul|overdreven|belachelijk"
    r"|gelogen|kletskoek|nonsens|niet waar|niet fair|niet eerlijk)>>|<<(?:dat|dit) (?:zeg|zei|zeggen|zeiden|beweer|beloofd?e?n?|heb|hebben) (?:ik|we"
    r"|wij) (?:\w+ )?(?:helemaal niet|nooit|niet gezegd|niet beweerd|nergens)>>",
    r"<<(?:onzin|flauwekul|overdrijf|overdrijft|overdrijven|aanstellen|aanstelt|gezeur|zeuren|zeurt|gezeik|geklaag|klagen|klaagt|klaagzang|gemopper"
    r"|mopperen|moppert|gejammer|jammeren|beschuldiging(?:en)?|insinu\w*|dreigementen|gedreig|drama)>>(?!(?:commissie|\w*\b recht))",
    r"<<(?:wij|we|ik) (?:betwisten|betwist|betwijfel\w*|herkennen ons (?:\w+ )?niet|zien (?:het|dat) (?:heel |toch )?anders"
    r"|werp(?:en)? .{0,20}verre|hebben (?:hier )?(?:niets|niks) (?:fout|verkeerd) gedaan|doen (?:hier )?(?:niets|niks) (?:fout|verkeerd)"
    r"|geloof\w* .{0,12}(?:niets|niks) van)>>",
    rf"<<(?:wat|zoals) {_YOU} (?:beweert|suggereert|claimt)>>|<<{_YOU} (?:beweert|suggereert|insinueert|verdraait|overdrijft)>>|<<(?:zogenaamde?"
    rf"|bewering(?:en)?)>>|<<blijf bij de feiten|<<met alle respect|<<laten we wel wezen|<<(?:de )?feiten (?:liggen|zijn) (?:toch )?anders",
    r"<<(?:en nu|dus nu|en dan) (?:hebben|heb|is|zijn|moet|moeten|krijgen|ligt) (?:wij|ik|het|we)>>.{0,50}(?:\?|<<gedaan>>)",
    rf"<<(?:dat|wat|het) (?:verwacht|wil|wilt|dacht|denk|denkt|had) {_YOU} (?:dan|nou|eigenlijk|dan dat)>>|<<wat (?:had|verwacht|verwachtte"
    rf"|dacht) {_YOU}>>.{{0,20}}<<(?:dan|nou|verwacht|anders)>>",
    r"<<(?:duizenden|honderden|miljoenen|alle andere|andere|de meeste|genoeg|\d+) (?:andere )?(?:klanten|mensen|reizigers|gebruikers|gasten|huurders"
    r"|leden)>>.{0,60}<<(?:wel|zonder (?:moeite|problemen|klagen)|prima|gewoon|nooit|klaagt|klagen|snappen|begrijpen|tevreden)>>|<<(?:iedereen"
    r"|ieder ander) (?:\w+ ){0,3}(?:wel|snapt|begrijpt|prima)>>|<<(?:u bent|je bent|jij bent) (?:ook )?(?:de enige|de eerste)>>",
    # English
    r"<<as (?:i|we|i've|we've|i have|we have) (?:already|previously|clearly|now|repeatedly) .{0,20}(?:said|told|explained|stated|mentioned|times)"
    r"|<<as (?:already|clearly) (?:explained|stated|mentioned|told|said)>>|<<(?:i|we)(?:'ve| have)? (?:already|repeatedly) (?:told|explained|said"
    r"|answered)>>|<<(?:told|explained|said|emailed|answered) .{0,30}<<(?:three|two|four|several|many|countless) times",
    r"<<(?:how many times|for the (?:last|third|second|umpteenth) time|once again,? as|i repeat|we've been over this|read (?:it|that|them"
    r"|the [\w ]{1,25}|my [\w ]{1,25}) (?:again|first|properly|carefully))>>",
    r"<<(?:(?:not|hardly|scarcely) our (?:problem|fault)|you get what you pay for|(?:not sure|don't know|what) (?:what )?else (?:you"
    r"|did you) expect\w*|(?:like|want|care) to do (?:our|my) job|isn't our (?:problem|fault)|wasn't our (?:problem|fault)|nothing (?:we"
    r"|i) can do about (?:it|that)|can't help (?:it )?(?:if|that) you|tough luck|too bad|deal with it|get over it|that's life|take it or leave it"
    r"|suit yourself|rules are rules|feel free to leave|nobody (?:is forcing|forces) you|no one is forcing|like everyone else|like everybody else"
    r"|mind reader\w*|magic wand|crystal ball|we're only human)>>",
    r"<<(?:calm down|no need to (?:shout|swear|be rude|overreact|exaggerate|be so)|mind your|watch your (?:tone|language)|your tone|your attitude"
    r"|your language|dramatic|overreact\w*|exaggerat\w+|stop (?:complaining|whining|moaning|shouting)|(?:all this|your|the|more) (?:complaining"
    r"|whining|moaning|ranting)|nonsense|ridiculous|that's (?:simply |just |plain )?(?:not true|untrue|false|rubbish)|accusation\w*|accus(?:e|ing)"
    r"|that is (?:simply |just |plain )?(?:not true|untrue|false|rubbish))>>",
    r"<<(?:it (?:clearly|quite clearly|literally) (?:says|states)|is (?:clearly|plainly|quite clearly|perfectly clearly|literally) (?:stated|written"
    r"|shown|explained|in the)|in black and white|in plain english|thousands of|everyone else (?:manages|seems|has|did|can)|other (?:customers"
    r"|people|passengers) (?:don't|manage|seem|have no)|the only (?:one|customer|person) who)>>",
    r"<<(?:have you ever (?:tried|considered|thought|run)|ask yourself|did you (?:even|actually|bother)|do you (?:really|honestly|actually"
    r"|even) (?:think|expect|believe)|what (?:did|do) you expect|what exactly did you|and (?:now|yet|somehow) (?:it's|it is|we're|we are|you) (?:our"
    r"|to blame|the bad|blam\w+|complain\w*))>>",
    # sarcasm
    rf"<<(?:fijn voor {_YOU}|bravo|knap hoor|leuk geprobeerd|wat origineel|heel origineel|applaus|hulde|knap gevonden|slim hoor|goh"
    rf"|tjonge|sjonge\w*|nou nou|huilie|dikke (?:pech|tranen))>>",
    r"(?<!\w)(?<!\w\s)(?:gefeliciteerd|goed gedaan|lekker bezig|wat een verrassing|chapeau|wauw|wow)>>[,!.:]? ?(?:hoor|dan|,)?.{0,60}<<(?:je|u|jij"
    r"|jouw|uw) .{0,40}<<(?:niet|vergeten|zelf|eindelijk|ontdekt|gevonden|gelukt|laatste)>>",
    rf"<<(?:fijn|leuk|prettig|mooi|heerlijk|gezellig|charmant|aardig|wat (?:fijn|leuk|aardig|vriendelijk|gezellig|charmant|beleefd|lief)) (?:dat|om"
    rf"|hoe) {_YOU}.{{0,50}}<<(?:zo (?:beleefd|vriendelijk|netjes|geduldig|aardig|positief|rustig|subtiel|lekker|gezellig)|toon|schelden|scheldt"
    rf"|humeur|anoniem|hoofdletters)>>",
    r"<<(?:die|op die|zo'n|deze|een andere|uw|je|jouw) (?:toon|toontje|woordkeuze|taalgebruik|houding)>>|<<(?:grote woorden|grote mond|schreeuwen"
    r"|geschreeuw|gescheld|scheldkanonnade|onbeschoft\w*|brutaal|fatsoen|kinderachtig\w*|respectloos|normaal doen|volwassen (?:gedragen|mensen))>>"
    r"|<<(?:schelden|hoofdletters|caps|uitroeptekens) (?:helpt|helpen|lost|maakt|maken|is|zijn|heeft)>>",
    r"<<(?:doe|doet|blijf) (?:eens |even |nou |maar |gewoon )+(?:rustig|normaal|kalm|netjes|beleefd|gewoon)>>|<<(?:rustig aan(?! doen)"
    r"|kalm aan(?! doen)|kalmeer|niet zo (?:ongeduldig|boos|dramatisch|moeilijk|overdreven))>>|<<(?:adem|haal) (?:eens |even )+(?:in|diep|rustig"
    r"|adem)",
    r"<<(?:daar gaan we weer|weer zo een|weer zo'n|alweer iemand|nog zo een|lange tenen|slecht geslapen|verkeerde been|niet (?:zo|heel"
    r"|al te) (?:moeilijk|ingewikkeld)|zo moeilijk is|hoe moeilijk kan|een kind kan|simpeler kunnen we|kan niet iedereen|niet iedereen (?:is|kan"
    r"|heeft)|dank(?:t)? voor (?:niets|niks)|altijd wat|altijd iets te|nooit (?:goed|tevreden)|valt me mee dat|verrassend(?:,| dat))>>",
    r"(?<!\w)(?<!\w\s)(?:tja|tsja|nou ja|pff+|ach ja|oh ja|zucht|och)>>[,!.… ]+.{0,80}<<(?:je|u|jij|jouw|uw|jullie)>>.{0,40}<<(?:had|moet|moest|wist"
    r"|zou|kunt|kun|wilt|wil|zelf|eigen|pech|iedereen)>>",
    # English
    r"<<(?:nice try|thanks for nothing|good for you|how (?:original|charming)|surprise,? surprise|shock horror|slow clap|not rocket science"
    r"|rocket science|isn't that (?:hard|difficult)|it's not that (?:hard|difficult)|with all due respect|boo hoo|cry me a|here we go again"
    r"|somebody got out|wrong side of the bed|big words|bless your|believe it or not|what a surprise|funny,? (?:because|that|how|since)"
    r"|funnily enough|strange,? (?:because|that|how) you|interesting (?:that|how|choice) you|fun fact|spoiler|news ?flash|breaking news)>>",
    r"(?<!\w)(?<!\w\s)(?:congratulations|well done|bravo|great job|good luck with (?:that|it))>>[,!.]? .{0,60}<<(?:you|your)>> .{0,40}<<(?:not|never"
    r"|forgot|managed|finally|yourself|first)>>",
)


def tone(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`tone_negative`: the first words of each sentence that are short with the reader."""
    read = reading.of(draft)
    parts = _SHORT.there(read)
    if not parts:
        return
    for sentence in read.sentences:
        found = each(parts, read.own_lower[sentence.start : sentence.end])
        if found:
            yield Found("tone_negative", _MESSAGE, *trimmed(draft.text, sentence.start + found[0].start(), sentence.start + found[0].end()))


_MESSAGE: Final = "This can be read as defensive, sarcastic or as blaming the customer. Say what you understand and what you can do."
