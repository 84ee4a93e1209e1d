"""Whether a text tells what belongs inside: names of systems and projects, tools, staffing, plans that nobody has announced."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import Saying, Wording, trimmed

_TOOL: Final = Saying(
    Wording(
        r"<<(?:zendesk|salesforce|jira|servicenow|freshdesk|freshservice|hubspot|coosto|obi4wan|topdesk|confluence|hootsuite|sprinklr|genesys|trello"
        r"|sharepoint|asana|crm|crm-systeem|ticketsysteem|ticketingsysteem|ticketsystem|helpdesksysteem"
        r"|klantsysteem|zoho|spotler|trengo|gorgias|kustomer|avaya|khoros|splunk|datadog|pagerduty|grafana|kibana|servicedesk-tool)>>",
        r"<<(?:in|via|uit|op|naar|onze) (?:sap|oracle|slack|dynamics|intercom)>>|<<(?:in|on|via|from|our|to|naar|with|met|of) (?:sap|oracle|slack"
        r"|dynamics|intercom)>>",
        r"(?<!\w)(?<!-)(?:ticket|tickets|melding) (?:\w+ ){0,3}?(?:aangemaakt|ingeschoten|ingelegd|geopend|uitgezet|doorgezet|geëscaleerd"
        r"|openstaa[nt]|hangt|in (?:de|onze|het) (?:queue|wachtrij|backlog|systeem))>>(?<=ticket.*)",
        r"<<(?:interne|internal|intern) (?:systeem|systemen|ticket\w*|notitie\w*|memo|code|procedure\w*|werkinstructie\w*|mail|richtlijn\w*|tool\w*"
        r"|prioriteit\w*|deadline\w*|document\w*|afspraak|afspraken|planning|system\w*|tool\w*|note\w*|memo\w*|dashboard|ticket\w*|policy|deadline"
        r"|roadmap|priorit\w+|database)>>",
        r"<<(?:ticket|tickets)>>.{0,40}<<(?:backlog|queue|sprint|2e ?lijn|second line|2nd line|tier (?:2|two)|escalat\w+|geëscaleerd)>>"
        r"|<<(?:tweedelijns?\w*|2e ?lijns?|second[- ]line|tier (?:2|two)) (?:support|team|ticket|afdeling)?|<<(?:backlog|sprint|roadmap|werkvoorraad"
        r"|releaseplanning|release planning|product owner|scrum\w*|devops)>>",
        r"<<(?:ons|onze) (?:\w+ )?(?:klantensysteem|planningssysteem|ordersysteem|facturatiesysteem|boekingssysteem|back ?-?office-?\w*|klantsysteem"
        r"|ticketsysteem|voorraadsysteem|magazijnsysteem|backend|dashboard|database)>>",
        r"<<our (?:\w+ )?(?:backlog|queue|ticketing system|back-?end|roadmap|crm|database|legacy system)>>",
    ),
)
_STAFF: Final = Saying(
    Wording(
        r"<<(?:onderbezet|onderbezetting|onderbemand|onderbemanning|personeelstekort\w*|personeelsgebrek|ziekteverzuim|vacaturestop|ziekmeldingen"
        r"|capaciteitsgebrek|capaciteitstekort|reorganisatie|ontslagronde|bezuiniging\w*)>>",
        r"<<de helft van (?:de|het|onze|ons) (?:bezetting|team|collega's|mensen|medewerkers|personeel)>>|<<half (?:of )?(?:the|our) (?:team|staff"
        r"|colleagues)>>",
        r"<<(?:krappe|lage|minimale|dunne|beperkte|halve|slechte) bezetting>>|<<bezetting>>.{0,30}<<(?:krap|laag|minimaal|dun|beperkt|niet rond"
        r"|te laag|mager)>>",
        r"<<(?:te weinig|tekort aan|gebrek aan|niet genoeg|onvoldoende|weinig|te kort aan|minder|geen) (?:\w+ )?(?:mensen|personeel|collega'?s"
        r"|medewerkers|handen|monteurs|chauffeurs|mankracht|machinisten|bezorgers|capaciteit|fte'?s?|agents|man)>>",
        r"<<(?:collega'?s?|mensen|medewerkers?|personeel|helft|team|chauffeurs|monteurs|machinisten)>>.{0,40}<<(?:ziek|zitten ziek thuis|ziekgemeld"
        r"|ziek gemeld|overspannen|opgestapt|uitgevallen|vertrokken|ontslagen|weggelopen|met een burn-?out|thuis met|ontslag|weg zijn|ziek thuis)>>",
        r"<<(?:veel|twee|drie|vier|vijf|meerdere|aantal|paar|helft|halve|zoveel|nogal wat|\d+) (?:\w+ ){0,3}?zieken?>>|<<ziek in het team"
        r"|<<zieke collega\w*",
        r"<<met (?:z'n|zijn|maar|slechts|ons) ?(?:tweeën|drieën|vieren|vijven|tweetjes|twee|drie|allen)?>>.{0,10}<<(?:tweeën|drieën|vieren|vijven"
        r"|twee man|drie man|twee mensen|drie mensen)>>",
        r"<<(?:nieuwe collega'?s|uitzendkrachten|stagiair\w*|vakantiekrachten|nieuwelingen|trainees)>>.{0,40}<<(?:inwerken|ingewerkt|nog niet"
        r"|aan het leren|opleiden|onervaren)>>|<<openstaande vacatures|<<(?:rooster|roosters) .{0,20}(?:rond|krap|gat|vol)>>",
        r"<<(?:er )?(?:werken|zijn|zitten|staan) (?:er )?(?:\w+ ){0,2}?(?:maar|slechts|nog maar) (?:\w+ )?(?:twee|drie|vier|een|één"
        r"|\d) (?:\w+ )?(?:mensen|collega'?s|man|medewerkers?|monteurs?|chauffeurs?)>>|<<(?:only|just) (?:one|two|three|four|\d) (?:\w+ )?(?:people"
        r"|colleagues|of us|agents|engineers|drivers)>>|<<handen te ?kort>>|<<(?:we|wij) hebben .{0,25}<<(?:maar|slechts) (?:één|een|twee|drie"
        r"|vier) (?:mensen|man|collega'?s|medewerkers)>>|<<door ziekte>>.{0,30}<<(?:minder|weinig)>>",
        r"<<(?:understaffed|under-staffed|short-staffed|short staffed|shorthanded|short-handed|short of (?:staff|people|hands|drivers|engineers"
        r"|colleagues)|staff shortage\w*|staffing (?:issue\w*|problem\w*|shortage\w*|level\w*|gap\w*)|skeleton (?:crew|staff|team)|redundanc\w+"
        r"|lay-?offs|laid off|headcount|hiring freeze|down to (?:two|three|half|one) )>>",
        r"<<(?:colleagues?|staff|people|team|agents?|drivers?|engineers?|advisors?|half (?:the|our|of)|several|many)>>.{0,40}<<(?:off sick|out sick"
        r"|are sick|is sick|on sick leave|called in sick|ill|quit|resigned|left us|were let go|burnt out|burned out|sick today|sick this week)>>",
        r"<<(?:not|don't have|haven't got|lack|too few|a lack of|shortage of|few|fewer|only (?:two|three|one|four)|just (?:two|three"
        r"|one)) (?:have )?(?:enough |of us |of )?(?:\w+ )?(?:staff|people|colleagues|agents|drivers|engineers|hands|of us)(?: on| in| left| working"
        r"| today)?>>",
    ),
    unless_sentence=Wording(
        r"<<(?:ben je|bent u|je bent|u bent|je partner|uw partner|je kind|beterschap|you're|are you|your|get well) .{0,20}(?:ziek|ill|sick)>>"
    ),
)
_PLANS: Final = Saying(
    Wording(
        r"<<(?:nog )?niet (?:\w+ ){0,2}?(?:aangekondigd|bekendgemaakt|bekend gemaakt|naar buiten|gecommuniceerd|publiek|openbaar|gelanceerd|officieel)>>",
        r"<<(?:onder ons (?:gezegd|gezegd en gezwegen)?|tussen ons|even tussen ons|off the record|mag (?:ik|je|dit|het) (?:eigenlijk |nog "
        r"|officieel |dit )*(?:niet|nog niet) .{0,20}(?:zeggen|vertellen|delen|weten|verklappen)|niet verder vertellen|hou(?:d|dt)? (?:het"
        r"|dit) .{0,20}(?:stil|voor je|onder ons|geheim)|houd dit voor|vertrouwelijk|geheim(?:pje)?|verklap\w*|stiekem|embargo"
        r"|wij horen (?:hier|intern)|intern (?:is|hoor|horen|weten|wordt|hebben|gaat|speelt|bekend|al|loopt|staat))>>",
        r"<<(?:in|komend|komende|dit|volgend|volgende|vanaf|eind|begin|dit|later dit|binnenkort|over \w+) .{0,30}(?:lanceren|introduceren|brengen"
        r"|rollen|komen|stoppen|sluiten|openen|gaan) (?:we|wij)>>.{0,60}<<(?:nieuw\w*|app|abonnement\w*|versie|dienst|product\w*|winkel\w*|filiaal"
        r"|filialen|over naar|platform|systeem|assortiment|uit|mee|tarieven|vestiging\w*|lijn)>>",
        r"<<(?:we|wij) (?:gaan|zijn van plan|willen|lanceren|introduceren|brengen|stoppen|sluiten|verhogen|nemen)>>.{0,80}<<(?:lanceren|introduceren"
        r"|uitbrengen|uitrollen|stoppen met|sluiten|overnemen|fuseren|verhogen|nieuwe (?:app|versie|dienst|abonnement\w*|website|site|winkel\w*"
        r"|filiaal)|op de markt|omhoog)>>",
        r"<<(?:er komt (?:een|de) (?:nieuw\w*|eigen)|komt er (?:een|de) (?:nieuw\w*|eigen)|er komen (?:nieuw\w*)|komen er (?:nieuw\w*)"
        r"|is in ontwikkeling|wordt (?:nu |momenteel |achter de schermen |volop )?(?:getest|ontwikkeld|gebouwd)|wordt (?:\w+ ){0,3}(?:gelanceerd"
        r"|geïntroduceerd|uitgerold|overgenomen)|achter de schermen|in de pijplijn|in de planning|op de planning|staat gepland voor q[1-4]"
        r"|q[1-4])>>.{0,60}<<(?:nieuw\w*|app|versie|functie|abonnement\w*|dienst|prijsverhoging|tariefverhoging|overname|fusie|update|website|model"
        r"|winkel|"
        r"portaal|filiaal|q[1-4]|gewerkt|abonnement\w*|module|tarief\w*|\w+)>>",
        r"<<(?:de baas|directie|ons management|het management|hoofdkantoor|the management|head office|our ceo) (?:wil|gaat|overweegt|heeft besloten"
        r"|wants|plans|decided|is planning)>>|<<intern (?:is|wordt) (?:\w+ )?(?:besloten|gezegd|gefluisterd)|<<van mijn (?:teamleider|baas|manager"
        r"|leidinggevende)>>.{0,25}<<niet>>",
        r"<<(?:wordt|worden) (?:\w+ ){0,3}?(?:uitbesteed|outsourced)>>|<<geheime? (?:samenwerking|project|plan\w*)>>|<<secretly>>|<<(?:wordt"
        r"|moet) nog (?:aangekondigd|bekendgemaakt)>>",
        r"<<(?:overname|fusie|prijsverhoging|tariefverhoging)>>.{0,50}<<(?:aan|komt|eraan|gepland|onderweg|volgend\w*|per|rond|gesprek\w*)>>"
        r"|<<(?:worden|wordt) (?:\w+ ){0,4}overgenomen door>>",
        r"<<(?:between (?:you and me|us|ourselves)|off the record|don't tell anyone|keep (?:it|this) (?:to yourself|quiet|between)|confidential\w*"
        r"|(?:not|hasn't|haven't|isn't|yet to be) (?:\w+ ){0,3}?(?:announced|public|released|official|launched)|not (?:supposed|allowed"
        r"|meant) to (?:say|tell|share|mention)|shouldn't (?:really )?(?:be )?(?:say|tell|share|mention|saying|telling|sharing)|embargo|unreleased"
        r"|unannounced"
        r"|sneak preview|hush-hush|word internally|internally,? (?:we|there|it|the)|behind the scenes|in the pipeline|on (?:our|the) roadmap)>>",
        r"<<(?:we|we're|we'll) (?:are |will |'ll |be |plan to |planning to |about to |going to |secretly |also |currently )*(?:launch|launching"
        r"|introduce|introducing|roll out|rolling out|release|releasing|discontinue|discontinuing|close|closing|scrap|scrapping|merge|merging|raise"
        r"|raising|switch|switching|replace|replacing)>>.{0,80}<<(?:new|app|plan|plans|version|service|stores?|branch\w*|prices?|next|spring|summer"
        r"|autumn|quarter|q[1-4]|system|platform)>>",
        r"<<(?:being taken over|taken over by|merger|acquisition|takeover) .{0,40}(?:next|soon|talks|planned|by|in|with)>>|<<(?:in|by|from|before"
        r"|end of|start of) q[1-4]>>|<<q[1-4] (?:20\d\d|volgend|of next)>>",
    ),
)


@lru_cache(maxsize=64)
def _named(names: tuple[str, ...]) -> Pattern:
    """The book's internal names, in any case, also in compounds with a hyphen."""
    ordered = sorted({name.lower().replace("’", "'") for name in names if name.strip()}, key=len, reverse=True)
    return Pattern(r"(?<!\w)(?:" + "|".join(map(regex.escape, ordered)) + r")(?:'s)?(?!\w)" if ordered else r"(?!)")


def inside(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`internal_info`: each of the book's internal names, and the first words of each other thing that belongs inside."""
    read = reading.of(draft)
    spans: list[tuple[int, int]] = []
    if book.voice.internal_names and any(name.lower() in read.lower for name in book.voice.internal_names):
        for match in _named(book.voice.internal_names).finditer(read.lower):
            spans.append(match.span())
            yield Found(
                "internal_info",
                f"“{draft.text[match.start() : match.end()]}” is a name that only we know. Say what it does for the customer.",
                *match.span(),
                "voice.internal_names",
            )
    for saying, message in ((_TOOL, _TOOL_SAID), (_STAFF, _STAFF_SAID), (_PLANS, _PLAN_SAID)):
        for start, end in saying.found(read):
            if not any(first < end and start < last for first, last in spans):
                yield Found("internal_info", message, *trimmed(draft.text, start, end))


_TOOL_SAID: Final = "This tells which tools or systems we work with. Say what happens for the customer."
_STAFF_SAID: Final = "This tells how we are staffed. Say when the customer hears from us."
_PLAN_SAID: Final = "This tells of plans that have not been announced, or of what is only known inside. Leave it out."
