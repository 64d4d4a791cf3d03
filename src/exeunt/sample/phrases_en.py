"""English sentences by topic.

`{slot}` stands for a mention, a name or a number; `*bold*`, `_italic_`, `~struck~`, code in backticks and `:emoji:` are
what they are in Slack.
"""

OPENERS: dict[str, tuple[str, ...]] = {
    "general": (
        "Good morning everybody :wave: the Monday round moves to {hour}, same link as always.",
        "The new *travel rules* are online: {link}. Short version: book early, keep the receipt.",
        "{person} starts with us on {weekday}. Please say hello and show where the good coffee is.",
        "Reminder {here}: fire drill on {weekday}, about {n} minutes, no heroics.",
        "We won the {place} contract! :tada: Thanks to {team} for three very long weeks.",
        "Our booth at the harbour fair in {place} got number {n}. Volunteers, tell {person}.",
        "The holiday calendar for next year is open until {when}.",
        "The server room will be off for maintenance on {weekday} from {hour}. Nothing to do for most of you.",
        "Numbers for the month: {n} stations delivered, {pct}% on time, _two_ returned. Better than last time.",
        "Lost in the canteen: one grey scarf, one 10 mm spanner. Both wait at the reception.",
        "The parking lot behind hall {n} is closed until {weekday} because of the crane.",
        "Please fill in the survey about the offices, it takes less than {n} minutes: {link}",
    ),
    "social": (
        "There is cake in the kitchen, {person} turned thirty-something :cake:",
        "Fog over {place} this morning, you could not see the cranes. Beautiful, and late.",
        "Who is in for lunch at {hour}? The soup place, not the other one.",
        "My neighbour's cat has discovered how to open our fridge. I am impressed and out of cheese.",
        "Finished the book that {person} lent me. The ending is ~silly~ perfect.",
        "Does anybody have a spare bicycle pump? {place} took my front tyre :bike:",
        "Photo of the week: the heron on top of our own radar gauge :sunny:",
        "This belongs into {room}, but look: {link}",
        "Sold: one tent, used twice, in the rain both times.",
        "The coffee machine says `ERR {n}` again. I think it is asking for love.",
        "It snows in {place} :snowflake: and the buses have given up.",
        "Concert on {weekday}, I have two tickets too many. First come, first served.",
        "I tried to explain tides to my daughter. She asks why nobody just pulls the plug.",
        "Running group starts at {hour} at the lighthouse, easy pace, promise.",
        "Found an old photo of the first prototype. It is held together by tape and optimism.",
    ),
    "engineering": (
        "The pull request for {thing} is ready, {link} – {person} could you have a look?",
        "Has anybody seen `timeout after {n} ms` from {thing}? I get it about once an hour.",
        "I would like to drop support for boards older than revision {n}. Objections until {weekday}, please.",
        "Refactoring done, {n} files changed and not one test red. I do not trust it.",
        "*Decision:* we keep the watchdog at {n} s. Reasons are in {doc}.",
        "The build takes {n} minutes now. Half of it is linking, I will look on {weekday}.",
        "Who owns `tide_filter.c`? There is a `TODO` with my initials and I do not remember it.",
        "Power budget for {project}: {n} mA in sleep. Too much, the modem never really sleeps.",
        "I measured it three times: {thing} draws {n} mA more after a warm start.",
        "New branch `fix/{ticket}` fixes the drift, needs {person} for the numbers.",
        "Pairing session at {hour} on the parser, everybody is welcome.",
        "The simulator now has waves. {n} lines of code and I feel seasick :ocean:",
        "As discussed in {room}: {thing} gets its own task, priority below the sampler.",
        "Please do not merge into `main` until {hour}, I am bisecting.",
        "Small thing: `if (a < b && c > d)` in the sampler is never true when the clock jumps back.",
        "The old bootloader accepts images bigger than the flash. See {ticket}, it is as bad as it sounds.",
        "Documentation day on {weekday}? {thing} has none and {person} is on holiday next month.",
    ),
    "field": (
        "We are back from {place}. {station} works, {thing} was full of mussels.",
        "Wind of {n} knots, so no diving today. We try again on {weekday}.",
        "Replaced {thing} on {station}, serial number 20-{n}-77. Photos follow.",
        "The chain of {station} has lost {pct}% of its diameter. That is the second one this year.",
        "Arrived in {place}. The pilot boat leaves at {hour}, we should have data in the evening.",
        "{station} reported *{n} mm* offset against the staff. I took three readings, all the same.",
        "Somebody has painted {station} pink. It transmits well, so I leave it.",
        "Customs in {place} want a paper for {thing}. {person}, do you still have the template?",
        "The solar panel of {station} is used by cormorants. Voltage accordingly.",
        "Calibration finished: {n} points, worst one {pct} µm off. Sheet is in {doc}.",
        "Ship time in {place} is booked for {when}. Two berths, bring warm things.",
        "We need {n} shackles and a new pair of gloves. The gloves first.",
        "Radar against float, first week: they agree within {n} mm except at low water.",
    ),
    "data": (
        "The nightly run finished at {hour}, {n} stations, {pct}% complete.",
        "Gap in {station} between {when} and this morning: modem asleep, data is in the logger.",
        "I have moved the harmonic analysis to the new cluster, {n} times faster, same results.",
        "Duplicate rows again: {n} of them, all from {station}. Something sends twice after a reboot.",
        "`SELECT count(*) FROM readings WHERE quality < 3` gives {n}. Yesterday it was zero.",
        "Who can explain why {place} has thirteen tides a day? The filter is fine, I checked.",
        "The schema change for {project} is in {doc}. {person} please shout if a column is missing.",
        "Disk at {pct}% on the archive host. I delete the old previews on {weekday}.",
        "New chart for the harbour office in {place}: {link}",
        "Quality flags: I propose 0 to 4 and nothing else. `-1` meant three different things.",
        "Backfill for {station} running, about {n} hours to go :crossed_fingers:",
    ),
    "design": (
        "New icons for the alarm screen, what do you think? {link}",
        "The label for {thing} must be readable with wet gloves at arm's length. Current one is not.",
        "Talked with {n} harbour masters in {place}: nobody reads the second line. Nobody.",
        "I moved the *Acknowledge* button to the right. Yes, again. This time I have measurements.",
        "The dark mode of the chart is in the prototype. {person}, your blue stays.",
        "Translation is back for {n} languages. The German one does not fit anywhere, as usual.",
        'Could we say "low water" rather than "minimum level"? People laugh at us.',
        "Manual for {project}, draft {n}: {doc}. Comments until {weekday}.",
        "Contrast check failed for the yellow warning. It was pretty, though.",
    ),
    "support": (
        "{ticket}: harbour office in {place} sees no data since {hour}. I take it.",
        "Customer asks whether {thing} survives a pressure washer. I said *no*, was that right?",
        "Does anybody speak their language? {place} is on the phone and very polite.",
        "{ticket} is solved: the antenna was in a cupboard.",
        "Forwarded from {mail}: the display in {place} shows stars instead of metres.",
        "Third question this month about the daylight-saving switch. Can we put it on page one?",
        "They want the readings in feet. {person}, do we have a switch for that?",
        "{station} shows {n} m above normal. Unless {place} is under water it is {thing}.",
        "I wrote an answer for the knowledge base: {link}. Please correct my engineering.",
        "Call with {place} at {hour}, somebody from {team} would help.",
        "The new invoice address of the port is in {ticket}, finance please have a look.",
        "Happy customer! :raised_hands: They compared us for {n} weeks with the old gauge.",
    ),
    "sales": (
        "Tender from {place}: {n} stations, five years of service, answer until {when}.",
        "The quote is out. {pct}% discount, not one more, we talked about it.",
        "Who can travel to {place} in week {n}? They would like to see {thing} in real life.",
        "Competitor promises a {n}-year battery. I promised to ask what they smoke.",
        "Contract signed with the port of {place} :tada: {person} has the paper.",
        "Updated price list is in {doc}. The old one is wrong, please throw it away.",
        "They like {project} and dislike the colour. I said colour is a matter of paint.",
        "Forecast for the quarter: {n} units, two big maybes.",
    ),
    "release": (
        "*Release {version}* is out for everybody. Notes: {link}",
        "{version} goes to {n} stations tonight, the rest on {weekday}.",
        "Rolled back {version} on {station}: it reboots when the tide is exactly zero.",
        "Test report for {version}: {n} passed, one flaky, none failed.",
        "Freeze for {version} is on {weekday} at {hour}. What is not in then waits.",
        "Changelog draft for {version} is in {doc}, add what I forgot.",
    ),
    "incident": (
        "{here} the ingest is down since {hour}. {person} and I are looking.",
        "Status: {n} stations are late, no data lost, the queue is growing.",
        "*Cause found:* a certificate expired. Yes, that one. {ticket}",
        "All green again since {hour}. Write-up on {weekday}.",
        "Odd logins on the gateway, {n} attempts from one address. Blocked, nothing got in.",
        "The alarm for {station} was real: a ferry touched it. {team} please check the mooring.",
        "Post-mortem is in {doc}. No blame, {n} actions, one of them mine.",
    ),
    "finance": (
        "The bank wants the papers for {place} until {when}.",
        "We are {pct}% over budget on {thing}, mostly freight.",
        "Invoice {ticket} is {n} days late. I will call them, gently.",
        "Please hand in travel receipts until {weekday}, the month closes.",
        "Cash is fine until autumn. Then we need the {place} payment, all of it.",
        "The auditors come on {weekday}. They like coffee and complete folders.",
        "Grant application for {project}: I need two sentences about risk, honest ones.",
    ),
    "people": (
        "Interview with the candidate from {place} at {hour}, {person} and me.",
        "Two offers are out, one accepted :crossed_fingers: for the other.",
        "Parental leave for one of our engineers from {when}. Cover is arranged.",
        "Let us talk about the working-time rules on {weekday}, quietly.",
        "The training budget has {n} days left. Use them.",
        "Feedback round is over, {pct}% answered. The kitchen wins, the chairs lose.",
    ),
}

REPLIES = (
    "Yes, I can do that.", "Looking :eyes:", "Thanks, {person}!", "Agreed.", "Not sure. Ask {person}?", "Done.",
    "On it, give me {n} minutes.", "Same here.", "That explains a lot.", "Nice find :clap:", "+1 from me",
    "Can we talk at {hour}?", "I see it too, on {station}.", "Fixed in `{version}`.",
    "Ha, no. Last time it took {n} days.",
    "Please write that into {ticket}, otherwise we forget it.", "Sounds good to me :+1:", "Why not both?",
    "I would rather wait until {weekday}.", "See {link}, it is the same story.",
    "Sorry, I was at the dentist. Reading now.",
    "Where is that documented?", "It is {n}, not {n}. Typo in the sheet.", "Thank you, that helps a lot :pray:",
    "Could be the cable. It is always the cable.", "Let me check with {team}.", "We had that in {place}.",
    "No objections.", "*Strong* no from me, the seal will not hold.", "ok", "Great, closing {ticket}.",
    "I read it twice and still disagree, but go ahead.", "Who tells the customer?", "Already merged :white_check_mark:",
    "Then let us do that & see.", "Better now?", "Much better!", "Can you send me the raw file?", "Sent.",
    "Late answer, sorry: yes.", "Reviving this thread: did we ever decide?", "The second one, please.", "{emoji}",
)  # fmt: skip

TAILS = (
    "What do you think?", "No hurry.", "Details in {ticket}.", "I will report on {weekday}.", "Help is welcome.",
    "More after lunch.", "Sorry for the noise.", "It can wait until {weekday}.", "Thanks! {emoji}", "{emoji}",
    "Please do not forward.", "Not urgent, but soon.", "I might be wrong.", "Ask me again at {hour}.",
    "Photos in the folder.", "Write to {mail} if in doubt.", "That is all I know.",
    "Last time it was {place}, remember?",
)  # fmt: skip

LIST_ITEMS = (
    "order {n} spare shackles", "call the harbour office in {place}", "update {doc}", "ask {person} about {thing}",
    "measure again at low water", "*check the seal*", "write the release note for {version}", "clean the bench",
    "book the pilot boat for {weekday}", "close {ticket}", "print new labels", "charge the batteries to {pct}%",
    "_maybe_ replace {thing}", "copy the raw data of {station}", "buy gloves",
)  # fmt: skip

LIST_LEADS = ("Plan for {weekday}:", "What is left:", "My list, please add yours:", "Notes from the call with {place}:")

QUOTES = (
    "The sea does not read data sheets.", "Measure first, argue later.", "No level is ever final.",
    "If it is not in the logbook, it did not happen.", "We will ship it when the tide is right.",
    "The gauge is right. The harbour moved.", "Never trust a float on a windy day.",
)  # fmt: skip

THINGS = (
    "the pressure sensor", "the radar gauge", "the mooring chain", "the satellite modem", "the gateway board",
    "the battery pack", "the salinity probe", "the solar charger", "the anemometer", "the calibration rig",
    "the float switch", "the antenna mast", "the logger", "the stilling well", "the level alarm",
)  # fmt: skip

PLACES = (
    "Bergen", "Leixões", "Klaipėda", "Haifa", "Yokohama", "Busan", "Valparaíso", "Lyttelton", "Alexandria", "Kochi",
    "Gdynia", "Sète", "Thessaloniki", "Durban", "Galway", "Callao", "Singapore", "Odesa", "Đà Nẵng", "İzmir",
)  # fmt: skip

PROJECTS = ("Nightjar", "Kestrel", "Sandpiper", "Dunlin")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
