# ruff: noqa: E501 - a message reads best on one line
"""What people write when trains and buses of an invented region stand still. Invented: no station here exists."""

from cli.demo.words import Words

STANDSTILL = Words(
    title="a standstill of trains between Hoogemeer and Veenwoude",
    tag="#Stilgezet",
    places=(
        "Hoogemeer", "Veenwoude", "Lindeveld", "Eesveld", "Plein-West", "Bosrand", "Molenweg", "Turfhaven", "Oosterklief", "Zandlo", "Wijkerbrug", "Heidehof",
    ),
    quarters=(
        "perron staat helemaal vol", "drie treinen achter elkaar", "de bussen ook", "niemand zegt iets", "de borden zijn zwart", "de omroep zwijgt", "alle lijnen",
        "ook richting de grens", "en het regent",
    ),
    reports=(
        "Trein staat stil bij {place}, {since}. {ask} {at}",
        "{at} is er een storing bij {place}? {quarter}. {effect}",
        "{since} rijdt er niks meer vanaf {place} {tag}",
        "{place}: {quarter}. {effect}. {ask}",
        "Alle treinen vanaf {place} van het bord gevallen. {at} {ask}",
        "Beste {at}, wij staan {since} stil voor {place}. {effect}. {ask}",
        "Uitval bij {place}, {quarter} {tag}",
        "staat nog iemand vast in {place}?? {at}",
        "Geen trein, geen bus, {place}. {effect}. {ask}",
        "We zitten in een weiland bij {place}, {since}. {quarter}. {tag}",
        "hoe kom ik nog thuis vanaf {place} {at}? {effect}",
        "Nou {at}, {since} kijk ik in {place} naar een leeg spoor. {ask}",
        "Ook hier in {place} niks, {quarter}. {ask} {tag}",
        "{effect}. Dank {at}. {place}, {since}.",
        "Kan iemand van {name} zeggen wat er bij {place} gebeurd is? {effect}",
        "trein 4 keer 'over 5 minuten' en nu helemaal weg. {place} {at}",
        "{place} melden: geen vervangende bus te zien, {since}. {ask}",
        "de app zegt op tijd, het perron in {place} zegt iets anders {tag} {at}",
        "Stremming? {place}, {quarter}, {effect}",
        "{at} de laatste aansluiting vanaf {place} rijdt voor onze neus weg. {effect}",
    ),
    since=(
        "al een half uur", "sinds 17.20 uur", "al veertig minuten", "sinds de spits", "al een uur", "sinds het onweer", "vanaf vijf uur", "al drie kwartier", "sinds de vorige trein",
    ),
    effects=(
        "ik moet mijn kind van de opvang halen", "we missen onze vlucht", "mijn nachtdienst begint over een half uur", "er is een mevrouw flauwgevallen", "er is geen wc",
        "mijn telefoon is bijna leeg", "de kinderen huilen", "ik heb om zeven uur een tentamen", "we staan met een rolstoel op het verkeerde perron", "de verwarming staat op standje sauna",
        "ik mis de bruiloft van mijn zus", "de hond moet plassen", "er ligt een bos bloemen voor een begrafenis op mijn schoot", "mijn oma staat alleen op me te wachten",
    ),
    asks=(
        "Wanneer rijdt er weer iets?", "Weet u hier al van?", "Hoe lang gaat dit duren?", "Komt er een bus?", "Graag een bericht.", "Wat is er aan de hand?",
        "Kunnen wij ergens heen?", "Wordt eraan gewerkt?", "Moeten wij een taxi nemen?", "",
    ),
    reports_en=(
        "Is anything running from {place}? {effect} {at}", "{at} stuck outside {place} {since}. {ask}", "No train, no bus, no information in {place}. {effect}",
        "standing in a field near {place} {since}, {ask} {at}", "{place} here: boards are blank {since}. {ask} {tag}",
    ),
    since_en=("for forty minutes", "since five", "for an hour", "since rush hour"),
    effects_en=("we will miss our flight", "my phone is nearly dead", "there is no toilet", "the kids are crying", "my shift starts in ten minutes"),
    asks_en=("Any news?", "Is there a bus?", "How long will this take?", "How do we get home?", ""),
    everyday=(
        "{at} geldt mijn dalkaart ook op zaterdag?", "Vraag: mag een bakfiets mee in de trein naar {place}?", "Heerlijk rustig in de trein van half elf, dank {name}", "{at} hoe laat gaat de eerste bus vanaf {place} op zondag?",
        "paraplu laten liggen in lijn 22 {at}, zwart met houten handvat", "De chauffeur van lijn 7 zong mee met de radio. Zuiver ook nog.", "do I need a ticket for my dog {at}?", "{at} mijn reiskaart is verlopen, waar vraag ik een nieuwe aan?",
        "Gilt das Tagesticket auch im Bus nach {place}, {at}?", "{at} de kaartautomaat in {place} neemt geen briefjes meer aan", "Kan ik een groepskaart kopen voor 12 kinderen {at}?", "Keurig op tijd vandaag, dat mag ook wel eens gezegd {at}",
        "{at} er zit kauwgom op stoel 14 van rijtuig 2", "welke halte is het dichtst bij het ziekenhuis {at}", "Handschoen gevonden in de bus naar {place}, bij de chauffeur afgegeven", "{at} ik heb twee keer ingecheckt, kan dat hersteld worden?",
    ),
    jokes=(
        "{name} laat ons genieten van het landschap. Van één koe, om precies te zijn. {tag}", "We hebben in de coupé een kaartclub opgericht {tag}", "conducteur heeft zijn broodtrommel met ons gedeeld. held. {tag}", "Sneller te voet, zei mijn opa. Opa had gelijk. {tag}",
        "de koe bij {place} kent inmiddels mijn naam {tag}", "Een kwartel vliegt ook liever niet {tag}", "we now own this field near {place} {tag}", "iemand in rijtuig 3 heeft een gitaar. Niemand heeft het hart hem tegen te houden {tag}",
    ),
    angry=(
        "Nog steeds niks. Is daar iemand?", "Een uur en geen enkel antwoord van u. Dit is niet normaal.", "zegt u dan gewoon dat u het niet weet", "Prima, dan neem ik de auto voortaan.", "Schandalig dat er geen bus komt.", "al drie keer gevraagd. DRIE keer.",
        "En de kaartjes worden in januari duurder zeker?", "Wat een waardeloze vertoning", "Wij zitten hier nog steeds. In het donker inmiddels.", "nou lekker, weer geen reactie", "Still nothing. Unbelievable.", "Wie betaalt mijn taxi?",
    ),
    thanks=(
        "We rijden! Dank aan de machinist die bleef vertellen wat hij wist", "eindelijk thuis, dank voor de bus {at}", "Er rijdt weer wat in {place}, gelukkig", "moving again, thank you {at}", "Petje af voor de collega's op het perron in {place}",
        "Trein rijdt weer. Dank, en volgende keer graag eerder bericht", "bus kwam, chauffeur was een schat", "weer op weg vanaf {place}, fijn", "Thuis. Bedankt voor de hulp",
    ),
    critical=(
        "Er is een mevrouw ziek geworden in de trein bij {place}, wij staan stil en zij zit al een half uur zonder hulp. {at} HELP", "dochter van 15 staat alleen in het donker in {place}, kan niet meer thuis komen, telefoon 4 procent {at}",
        "Mijn man moet om 19 uur zijn insuline hebben en wij zitten vast in de trein bij {place} zonder medicijnen {at}", "Er komt rook in de trein! Stilgezet bij {place}, deuren gaan niet open {at}",
        "Hoogzwanger en gestrand in {place}, geen bus, geen taxi, geen hulp {at}", "mensen lopen op het spoor bij {place} omdat niemand iets zegt, levensgevaarlijk {at}",
        "wij staan met zes ouderen in een rolstoel gestrand op perron 3 in {place}, het is koud", "stranded at {place} with a newborn, no heating in the train, no way home {at}",
    ),
    influencers=(
        "Drie treinen stil, duizend mensen in het donker, en {at} zegt NIKS. Schandalig. {tag}", "Ik krijg honderden berichten van volgers die vastzitten bij {place}. Waardeloos, {at}. {tag}", "Reisvlog gestrand in {place}. Slechtste vervoerder die ik ken. {tag}",
        "The silence of {at} is the worst part. Terrible. {tag}",
    ),
    press=(
        "Redactie Omroep Noordergolf: klopt het dat reizigers bij {place} over het spoor lopen? Graag een woordvoerder voor 18.00 uur. {at}", "Ik ben verslaggever van het Streekblad. Hoeveel reizigers zitten er vast en wat is de oorzaak? Deadline 19.30 uur.",
        "Hi, reporter with the Moor Gazette. Can your spokesperson comment on the trains near {place}?", "Persvraag: waarom waren er geen vervangende bussen? Graag voor de uitzending van 20.00 uur.",
    ),
    legal=(
        "Ik stel {name} aansprakelijk voor mijn gemiste vlucht. Mijn advocaat neemt contact op. {at}", "Dit meld ik bij de toezichthouder en bij de geschillencommissie. {at}",
    ),
    spam=("Sta je stil? Verdien geld met je telefoon! klikhier.example {tag}", "🔥 volgers kopen {tag} topvolgers.example", "Crypto signals {tag} gratis kanaal muntje.example"),
    first_of_pair=(
        "Goedenavond, ik sta in {place} en er rijdt niets. Kunt u iets laten weten? {reach}", "Wij zitten vast bij {place} en moeten vanavond nog naar de grens. {reach}", "geen trein en geen bus vanaf {place}. {reach}", "Can you tell me how to get away from {place}? {reach}",
    ),
    second_of_pair=(
        "Hallo, ik stuurde u net ook al een bericht over de trein bij {place}. Is er al iets bekend? {said}", "Nog een keer hierlangs: in {place} rijdt nog steeds niets. {said}", "Second try: still no train from {place}. {said}", "Dezelfde vraag als daarnet: wanneer rijdt er weer iets vanaf {place}? {said}",
    ),
    mail_subjects=("Stilstand bij {place}", "Vast in {place}", "Hoe lang duurt dit nog?", "Taxi vanaf {place}: wie betaalt?", "Stuck at {place}"),
    mails=(
        "Geachte heer, mevrouw,\n\nWij staan met onze groep in {place}, {since}. {quarter}. {effect}. {ask}\n\nMet vriendelijke groet",
        "Beste {name},\n\nMijn zoon van 12 reist alleen en staat nu in {place}. Hij weet niet wat hij moet doen en ik ook niet. {ask}\n\nGroet",
        "Hello,\n\nWe are visitors and stuck in {place}. Nobody speaks English here and the boards are blank. What should we do?\n\nKind regards",
        "Goedenavond,\n\nStilstand kan gebeuren, zwijgen niet. {place}, {since}, en geen enkel bericht. {ask}\n\nHoogachtend",
    ),
)  # fmt: skip
