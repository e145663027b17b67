"""Safeguarding rules on written examples: what must reach the lead, what must not fill the lead's queue, and nothing is quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.safeguarding_rules import SafeguardingRulesError, flags, load_rules, plain, rule_of
from pipeline.scrub.spans import Span

HARM = {
    "suicide": [
        "I want to die",
        "i wanna die every day",
        "sometimes i think about killing myself and nobody knows",
        "im gonna kms if i have to go back there",
        "I dont want to be alive anymore",
        "wish i was never born",
        "everyone would be better off without me",
        "i took loads of tablets last week and didnt tell mum",
        "whats the point theres no point in living",
        "i have been feeling sucidal since year 8",
        "I am thinking of jumping off the bridge by school",
        "tonight is my last night. goodbye everyone",
        "i cant do this anymore please",
        "i wish i could go to sleep and never wake up",
        "if i died no one would notice",
    ],
    "self_harm": [
        "I cut my arms when its bad",
        "been cutting myself since I was 11",
        "i hurt my self wen im sad",
        "I self harm and my mum doesnt know",
        "i make myself sick after tea",
        "i use my blade on my leg",
    ],
    "sexual": [
        "my uncle touches me and says its our secret",
        "he tuches my private parts",
        "I was raped and nobody believed me",
        "a man keeps asking me to send nudes",
        "my mums boyfriend comes into my room at night",
        "he told me not to tell anyone",
        "someone shared naked pictures of me and they are round the whole school",
        "my step dad makes me do things i dont like, he made me touch him",
        "my cousin is sexual with me",
    ],
    "violence": [
        "My dad hits me",
        "my dad hits me when he is drunk and i hide",
        "mum beats us with a belt",
        "daddy hurts my mummy",
        "my step dad strangled my mum and i saw",
        "I get beaten at home",
        "my brother punches me in the head every day and no one stops him",
        "he said he will kill me if i tell",
        "someone is going to stab me after school",
        "they held a knife to me on the bus",
        "my carer locks me in the cupboard",
        "foster mum slaps me",
        "i have bruises from my dad",
        "im being abused",
        "I was hit by my dad with a stick",
    ],
    "danger_at_home": [
        "I am scared of my dad",
        "im scared to go home",
        "i dont feel safe at home",
        "I dont want to go home",
        "im going to run away tonight",
        "mum kicked me out so I sleep in the park",
        "please help me",
        "i ran away from home twice and they brought me back",
        "i sleep outside",
    ],
    "neglect": [
        "we have no food at home",
        "I havent eaten since friday",
        "mum leaves us alone for days",
        "im always hungry",
        "my mum is always drunk and i look after the baby",
        "there is nothing to eat in our house",
    ],
    "exploitation": [
        "they make me sell drugs",
        "they are making me carry packages for them",
        "I owe them money and they know where i live",
        "my parents want me to marry a man in another country",
        "im meeting him, we met online. he is 24",
        "a man on snap is blackmailing me with my pictures",
        "an older guy buys me stuff and picks me up from school",
        "i want to leave the gang but they will hurt my family",
    ],
    "harm_to_others": [
        "im going to stab him tomorrow",
        "I want to kill my teacher and I mean it",
        "im bringing a knife to school",
        "i carry a blade because of the boys on my estate",
        "one day i will shoot everyone in this school",
    ],
}
# Told less directly. The rules were widened after these were written.
TOLD = [
    "i keep thinkin about ending my life",
    "I don't see a reason to keep living",
    "my heads telling me to end it",
    "I tried to hang myself in june",
    "ive planned how im going to do it",
    "i want to go to heaven to be with my nan",
    "nobody wants me here so i should just die",
    "i scratch my arms till they bleed",
    "i burn myself with a lighter",
    "i don't eat because i want to disappear",
    "my grandad puts his hand down my pants",
    "a boy in year 11 forced me to have sex",
    "someone at church did something to my private area",
    "he films me in the shower",
    "the coach kisses me and says it is normal",
    "my dad throws me against the wall",
    "mummy hit me with the iron",
    "dad kicks us and we cry",
    "my stepmum pours hot water on me",
    "my brothers friends beat me up and take my money",
    "he pushed my mum down the stairs",
    "my mum says she will kill me",
    "dad locked us out in the snow",
    "I flinch when dad comes home",
    "i hide under the bed when he comes home",
    "i'm frightened my mum's boyfriend will come back",
    "can you send someone to my house",
    "i stay with friends because home is not safe",
    "no one feeds us",
    "i eat out of bins",
    "i have to steal food for my little brothers",
    "mum is on heroin and sleeps all day",
    "they said if i dont run the packages they will hurt my sister",
    "i have to hide drugs for my cousin",
    "im getting married in summer to someone i never met",
    "he is 30 and he is my boyfriend i am 13",
    "my auntie said they will cut me down there like my sister",
    "i have a gun in my room",
    "i want to hurt people at school really bad",
    "im going to burn the school down",
    "sometimes i stand on the platform and think about stepping off",
    "theres a bottle of pills in my drawer for when i cant take it",
    "my mum found my goodbye letter",
    "i feel like the world would be happier if i wasnt in it",
    "i told my teacher im gonna do something stupid to myself",
    "i dig my nails in until it bleeds",
    "i have not eaten for three days on purpose",
    "he makes me sit on his lap and it feels wrong",
    "my babysitter does rude things with me",
    "my friends dad shows me dirty videos",
    "older boys at the bus stop grabbed my bum",
    "someone has a video of me and says pay or he will send it to everybody",
    "when dad gets drunk we hide in the bathroom",
    "my dad smashed a plate on my mums head",
    "i get the belt if i get bad grades",
    "mummys friend shakes the baby",
    "uncle held my head under the water",
    "my sister gets slapped for crying",
    "stepdad choked me last night",
    "he says if i tell anyone he will hurt my dog",
    "i am writing this because i am not safe tonight",
    "dont tell my dad i wrote this he will go mad and hurt me",
    "please can somebody come and get me",
    "i sleep at the bus station some nights",
    "my foster carers lock the fridge and i go to bed hungry",
    "mum hasnt been home since monday and i am looking after my brothers",
    "there is never food in the cupboard",
    "dad spends all the money on drugs and we dont eat",
    "a man gives me money to take bags on the train",
    "they want me to go to the village to be married",
    "he picked me up in his car from school and gave me vodka",
    "my online boyfriend wants to meet at a hotel",
    "i have to pay back the gang or they will cut my brother",
    "a girl in year 10 has to do things with men for money",
    "i keep a knife in my sock",
    "when i get him alone i will end him",
    "i made a list of people to hurt",
    "my mum hits me so hard i get bruises",
    "i dont want to see dad on weekends he does bad things",
    "nobody believes me that grandad touches me",
]
# Most harm is told in words that no list foresees. The signs were widened once after the first thirty of these; the last twenty-four
# were written when the rules were done, and nothing was changed for them.
UNFORESEEN = [
    "every night i pray that i wont wake up",
    "i googled how many paracetamol you need",
    "i dont think ill make it to christmas",
    "my arms are covered in scars that i did",
    "i pulled out my hair and hit my head on the wall because i hate me",
    "the man next door puts his hand up my skirt",
    "my brothers mate got in my bed while i was asleep",
    "he says its normal for dads to wash me but im 12",
    "a teacher messages me at night and says i am beautiful",
    "dad whipped me with a cable",
    "my mum bit me",
    "me and my sister lock our door because stepdad gets violent",
    "he held a pillow on my face",
    "daddy pulls mummys hair",
    "i flinch when someone moves fast because of what happens at home",
    "i am writing here because i have no one to tell about what my uncle does",
    "my mum's new boyfriend frightens us",
    "we had to leave in the night because of dad",
    "i stay out until 2am because i cant go home",
    "the heating is off and we sleep in coats",
    "we eat one meal a day and its at school",
    "my mum stays in bed for days and i do everything for the baby",
    "there are rats and no one comes",
    "my cousin made me hold a package for his friends",
    "they took my phone and say i belong to them now",
    "my mate is being taken to hotels by older men",
    "mum says in the holidays i will get a husband",
    "im in love with a man i met on roblox he is coming to see me",
    "i have got petrol and im going to burn his house",
    "im going to get my own back on them with a blade",
    "i swallow things so i have to go to hospital",
    "i have a date picked out and nobody can stop it",
    "my therapist went on leave and now the thoughts to hurt myself are back",
    "i starve myself so i fade away",
    "a boy took a photo up my skirt in the corridor",
    "grandpa makes us play a game with no clothes on",
    "my stepdad watches me get changed through the door",
    "mum chucks plates at us when she is cross",
    "dad held my hand on the cooker",
    "he drags my mum about by her hair",
    "the baby had a broken arm and they lied to the doctor",
    "i sit in the wardrobe till the shouting stops",
    "please dont send me back to dads",
    "my mums ex waits outside our house with a hammer",
    "im sofa surfing since mum threw me out",
    "we get our dinner from the food bank and it runs out by wednesday",
    "the baby cries all night and mum doesnt wake up",
    "i inject my dad with his stuff when he cant do it",
    "two men in a car keep waiting for me after school",
    "i carry for my cousin and if i lose it they will break my legs",
    "they are flying me to my grandmas to be cut",
    "my boyfriend is 27 and gets angry if i say no",
    "i know where to get a gun and i know who deserves it",
    "i put something in my teachers drink and next time it will be worse",
]
ORDINARY = [
    "less homework and longer breaks",
    "exams are killing me lol",
    "I would kill for a proper skate park",
    "my phone died and i had to walk",
    "i nearly died laughing",
    "homework makes me want to die laughing",
    "knife crime",
    "people should stop carrying knives",
    "more help for people who are sad",
    "children being bullied",
    "my dad never hits me, he is the best",
    "my dad works too much",
    "climate change will kill us all if nobody does anything",
    "drugs and gangs in the area",
    "we should learn about mental health",
    "my hamster died and i miss him",
    "my nan died last year",
    "i hurt my knee at football",
    "i cut my hair and people laughed",
    "I cut out pictures for art",
    "he hits the ball really hard",
    "we beat them 4 nil",
    "i got beat at fifa",
    "scared of spiders",
    "im scared of the dark",
    "i am scared of exams and getting bad grades",
    "being scared to walk home when its dark",
    "i dont want to live in a flat, i want a garden",
    "i want to live by the sea",
    "I dont want to be here in school on fridays",
    "help me with maths",
    "please help the homeless",
    "running away from bees",
    "i am hungry at break",
    "school dinners are not nice and i am hungry before lunch",
    "my brother is annoying",
    "my brother took my toys",
    "people hurting the planet",
    "stop hurting animals",
    "parents not having money",
    "people smoking weed in the park",
    "they kick the ball at our window",
    "i meet my friends online to play minecraft",
    "i want to be a police officer and catch bad guys",
    "i want to be a killer whale",
    "too much violence in games",
    "racism",
    "my teacher shouts",
    "i got kicked out of class",
    "left out at playtime",
    "i want to go home",
    "i love my home",
    "i feel safe at home and at school",
    "being on my own",
    "when people touch my stuff",
    "keep in touch with my friends",
    "i want my mum to stop smoking",
    "secret santa",
    "my mum tells me to tidy my room",
    "mum makes me eat veg",
    "my sister makes me laugh",
    "shooting stars and space",
    "i want to shoot goals for england",
    "a blade of grass",
    "war in other countries where people die",
    "suicide rates in young men are too high and waiting lists too long",
]


# Hints, and everyday lines in like words. The rules were widened after the first sixty hints were written and had found 11 of them; the
# last forty hints, and the last forty everyday lines, were written after that, and nothing was changed for them.
HINTED = [
    "i keep a bag packed under my bed in case",
    "mum wears sunglasses in winter and says she walked into a door",
    "dont ask to come to mine, my stepdad doesnt like visitors and i pay for it after",
    "my uncle gives me sweets if i keep quiet about our game",
    "i have worn long sleeves all summer so no one sees",
    "i gave my best things away to my friends last week",
    "i wrote a letter to everybody and hid it",
    "there will be one less mouth to feed soon",
    "im not planning on being around for year 9",
    "nobody would notice if i wasnt there",
    "i count my ribs and if there is less i can have an apple",
    "the voices tell me to do it",
    "i skip lunch and tea and no one has seen yet",
    "my dad checks my phone every night and took the lock off the bathroom door",
    "he comes in when mum is on nights",
    "he likes me to sit on his knee with no socks on",
    "my brother has a new phone and trainers and goes off with men in a car",
    "they come and pick my sister up in a taxi and she comes back with bruises",
    "he says he loves me and i have to prove it with pictures",
    "i met him in a game and he knows my address",
    "i make my little sister hide in the wardrobe when the key goes in the door",
    "we have to be quiet when he drinks",
    "the walls have holes where his fist went",
    "i sleep with a chair under the handle",
    "mum has gone since sunday and i said she is in the bath when they knock",
    "my little brother eats paper because his belly hurts",
    "i wash my uniform in the sink with shampoo",
    "we put our coats on in bed and light candles because the meter ran out",
    "i am in charge of mums needles",
    "dad sold the telly and the beds for his stuff",
    "they want me to go on holiday to meet my husband",
    "my aunty said it will only hurt for a day and then i will be clean like the others",
    "my passport is gone and they booked one way",
    "he has something in his bag and says monday will be on the news",
    "i want to see them scared for once, i know where the keys to the gun cabinet are",
    "if he touches my bag again i will put him in hospital",
    "my carer says i lie so no one believes me",
    "staff drag us by our arms and turn the camera off",
    "they hold us down at the unit until we cant breathe",
    "at my placement the older boys come in our rooms and staff laugh",
    "i ring the helpline every night and hang up",
    "i cant feel anything unless i see red",
    "the only time it stops hurting is when i do the thing with the sharpener",
    "mum says she wishes she had got rid of me",
    "i have to do what he says or he will tell everyone what i did",
    "my teacher keeps me behind and locks it and says i am special",
    "coach gives us massages with the door shut",
    "my stepmum makes me eat off the floor like the dog",
    "i go to the park until midnight because its better than in there",
    "my dads mates stay over and one of them got in with me",
    "i am so tired of pretending",
    "tomorrow is the day, thanks for asking",
    "grandad is not nice when nan goes out",
    "i get the slipper when i get it wrong",
    "my boyfriend says if i leave him he will find me",
    "i have to meet them with the money by friday or else",
    "the man at the shop lets me have vapes if i go in the back",
    "my mum cries and has marks on her neck",
    "he threw the cat at the wall and said i was next",
    "i just want to sleep and not have another morning",
]
HINTED_LATER = [
    "i sleep in the bathroom because it has a bolt",
    "dad says what happens in this house stays in this house",
    "mums new man counts the bruises so he knows where to hit next",
    "my stepbrother makes me watch things on his phone then copies them",
    "i save the painkillers from the dentist in a sock",
    "i have picked the bridge",
    "if i fell asleep and that was it i would be ok with that",
    "i smile all day and then i go home and use the blade from my sharpener",
    "i only drink water on weekdays so that i fit",
    "we havent had a hot meal since nan died",
    "my shoes have cardboard in",
    "i do nights with the baby because mum is out of it",
    "the social worker rings and mum makes me say everything is fine",
    "i am not allowed to talk to the neighbours",
    "i am locked in after school until morning",
    "he makes me call him daddy and he isnt",
    "the lodger leaves his door open on purpose when i go past",
    "my guitar teacher texts me hearts",
    "they gave me a phone and now it never stops ringing, i have to go when it does",
    "i took a train to a town i dont know with a parcel up me",
    "my cousin is 14 and she is being sent away for a wedding",
    "gran says girls who bring shame dont come home",
    "my brother keeps a machete under the sink for the other lot",
    "i draw how i would do it, all of them in the hall",
    "he got me drunk then i dont remember",
    "my mum sells her tablets and i hand them over at the door",
    "i had to clean the blood up before the little ones came down",
    "dad burned my books and my hand",
    "i flinch at everything",
    "i have not been home for eleven nights, i go round and round on the night bus",
    "my dad put a tracker on me and waits outside school",
    "he says if i tell they will put me in a home and it will be my fault",
    "mummy sleeps all day and i cant wake her",
    "there is something wrong with mummy she fell and she wont talk",
    "my foster carers make us eat in the garage",
    "staff member shows us videos on nights",
    "i would rather be under a train than do monday",
    "nobody gets that i am already gone",
    "i hear them saying my name through the wall and to jump",
    "my ex has a video and the whole year has seen it",
]
EVERYDAY = [
    "my brother has a new phone and i have his old one",
    "i wear long sleeves because i burn easy",
    "mum is on nights so dad makes tea",
    "we put our coats on to go out and play in the snow",
    "i gave my old toys away to charity",
    "my nan goes out with her friends on tuesday",
    "i get picked up in a taxi to my special school",
    "i met my best friend in a game of minecraft",
    "my uncle gives me sweets when he visits",
    "i go to the park until tea time",
    "my grandad gives the best hugs",
    "coach says i could go pro",
    "i am so tired of homework",
    "we keep quiet in the library",
    "the wall in the classroom has a hole in it",
    "my mum walked into the door and we laughed",
    "i eat lunch with my friends",
    "i want a lock on my bedroom door because my sister takes my stuff",
    "my dad sold the car",
    "our meter is broken but the man is coming",
    "i skip lessons sometimes",
    "i want to see snow for once",
    "my teacher says i am special because i try",
    "thanks for asking us",
    "i have a bag packed for camp",
    "staff at the library are kind",
    "i ring my nan every night",
    "i count sheep",
    "my passport ran out so we went to wales",
    "my aunty said the jab will only hurt for a second",
    "he touches my bag and moves it off the chair",
    "i hide when we play hide and seek",
    "my sister hides my shoes",
    "we have candles on my cake",
    "mum cries at films",
    "my stepmum makes nice food",
    "dogs eat off the floor",
    "i want to see my dad more",
    "my mum is always tired because she works two jobs",
    "the police came to our school to talk about bikes",
    "i was scared on the big slide",
    "my friend moved house and i was sad",
    "im sad because my fish died",
    "i had a fight with my best friend but we made up",
    "people push in the dinner queue",
    "older kids are loud on the bus",
    "i dont like it when people shout",
    "not having enough friends",
    "i have no one to play with at break",
    "my mum shouts when we are late",
    "there are drunk people in the park",
    "there should be more police",
    "i want to feel safe walking home",
    "my brother plays shooting games",
    "i hate my maths teacher",
    "nobody listens to children",
    "more help with mental health in school",
    "im stressed about exams",
    "waiting two years for camhs",
    "i cant sleep before tests",
    "i am a young carer for my mum and i like helping her",
    "my dad is in the army and i miss him",
    "my stepdad is nice to me",
    "foster care is ok, my carers are nice",
    "not having wifi at home",
    "i share a room with two brothers",
    "we cannot afford to go on holiday",
    "food is too expensive",
    "free school meals for everyone",
    "mum skips her tea so we can eat",
    "we went to the food bank",
    "kids get stabbed in london",
    "my sister has autism and gets no help",
    "my social worker never calls back",
    "my cousin came out as gay and people were mean",
    "my grandma is in hospital",
    "my friend got adopted",
    "a boy in my class takes medicine",
]
EVERYDAY_LATER = [
    "i sleep in the top bunk",
    "i dont drink fizzy drinks",
    "i have picked the name for my cat",
    "my guitar teacher is funny",
    "we went on the train to a town i dont know",
    "my cousin is getting a wedding dress",
    "my brother keeps a hamster under the sink",
    "i draw all the time",
    "my mum makes me say please",
    "there is something wrong with our boiler",
    "my foster carers have a garage",
    "we watch videos at the club on friday nights",
    "i would rather be on a train than a bus",
    "i love my phone, it never stops ringing",
    "i am locked out of my ipad",
    "my shoes have lights in",
    "i can hear the neighbours through the wall",
    "the whole year has seen the show",
    "dad burned the toast",
    "we had a hot meal at school",
    "i had to clean up after the dog",
    "i go round and round on the roundabout",
    "i cant wake up early",
    "my mum waits outside school for me",
    "my name was called out",
    "the baby cries at night and i help",
    "scared of heights",
    "i am the man of the house now",
    "less fighting in the corridors",
    "there were police at our school because of a fight",
    "my mates got in trouble for smoking",
    "the boys slap each other for fun",
    "sometimes my parents argue",
    "i get angry when i lose",
    "my friend told me a secret",
    "i cry when i watch sad films",
    "my gran died in hospital",
    "my uncle is a police officer",
    "older people tell us to shut up",
    "i am left out of the group chat",
]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in HARM.items() for text in texts])
def test_what_names_a_harm_reaches_the_lead(rule: str, text: str) -> None:
    found = rule_of(text)
    assert found is not None, f"missed: an example of {rule}"
    assert found == rule or rule_of(text) in HARM


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_less_directly_reaches_the_lead_too(text: str) -> None:
    assert rule_of(text) is not None


def test_what_no_rule_foresaw_is_found_seldom_which_is_why_readers_can_raise_a_flag() -> None:
    """An honest number, not a target: one in four of hints that the rules were never fitted to. Fewer would be a step back."""
    found = [rule_of(text) is not None for text in UNFORESEEN]
    assert len(found) == 54
    assert sum(found[30:]) >= 6
    assert sum(found) >= 25


def test_hints_that_were_not_foreseen_are_mostly_missed_and_the_lead_is_not_buried() -> None:
    """Honest numbers again: a rule finds the hints that it was written for, and few others. What it must not do is drown them."""
    assert sum(rule_of(text) is not None for text in HINTED) >= 56
    assert sum(rule_of(text) is not None for text in HINTED_LATER) >= 3
    assert sum(rule_of(text) is not None for text in EVERYDAY_LATER) <= 2


@pytest.mark.parametrize("text", ["my social worker Zofia never calls back", "my brother Zofia has autism", "Zofia came out as gay"])
def test_what_is_sensitive_about_somebody_named_is_no_harm(text: str) -> None:
    assert rule_of(text, identified=True) is None


@pytest.mark.parametrize("text", [*ORDINARY, *EVERYDAY])
def test_what_children_say_every_day_does_not(text: str) -> None:
    assert rule_of(text) is None


@pytest.mark.parametrize("change", [str.upper, str.title, lambda text: text.replace("i", "í"), lambda text: f"  {text}!!! :(("])
def test_letters_accents_and_marks_hide_nothing(change: object) -> None:
    assert callable(change)
    for texts in HARM.values():
        for text in texts:
            assert rule_of(change(text)) is not None


@pytest.mark.parametrize("text", ["i want to diiiiiie", "my dad hitttts me", "I WANNNNA DIE"])
def test_drawn_out_letters_are_read(text: str) -> None:
    assert rule_of(text) is not None


def test_naming_somebody_beside_something_harmful_reaches_the_lead_and_neither_alone_does() -> None:
    text = "Zofia in my class takes drugs"
    assert rule_of(text, identified=True) == "identified_and_harmful"
    assert rule_of(text) is None
    assert rule_of("Zofia is my best friend", identified=True) is None


def test_a_worse_rule_names_the_flag_first() -> None:
    names = [rule.name for rule in load_rules()]
    assert names[0] == "suicide"
    assert names[-1] == "identified_and_harmful"
    assert rule_of("my dad hits me and i want to die") == "suicide"


def test_flags_are_rows_and_rules_and_identical_texts_are_flagged_each() -> None:
    texts = ["more parks", "i want to die", "Zofia was arrested", "i want to die"]
    found: list[list[Span]] = [[], [], [Span(0, 5, "PERSON", 0.9, "learnt")], []]
    assert flags(texts, found) == [(1, "suicide"), (2, "identified_and_harmful"), (3, "suicide")]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        flags(texts, found[:2])


def test_plain_spelling_keeps_words_apart_and_writes_short_ones_out() -> None:
    assert plain("I’m gonna   DIE!!! u don't care…") == "im going to die you dont care"


@pytest.mark.parametrize(
    "content",
    ["", "words: {}\nrules: {}", "words: {}\nrules: {a: {patterns: [x]}}", "words: {}\nrules: {a: {what: x, patterns: []}}",
     "words: {}\nrules: {a: {what: x, patterns: ['(']}}", "words: {}\nrules: {a: {what: x, patterns: [x], more: 1}}"],
)  # fmt: skip
def test_rules_that_cannot_be_used_stop_the_step(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SafeguardingRulesError):
        load_rules(path)
