"""Closed classes of words that the normal form of a prompt depends on."""

from gateway.gate.words import word_set

ARTICLES = word_set("a an the some this that these those")
BE = word_set("is are was were be been being am")
RELATIVES = word_set("that which who whom")
#: Left out where the other prompt has an article, if the prompt shows whose it is.
POSSESSIVES = {"his": "m", "her": "f", "its": "", "their": ""}
CLAUSE_WORDS = word_set("and or but while whilst as then when before after because if nor , ; : . ! ?")
PREPOSITIONS = word_set(
    """in on at under beneath underneath over above below behind beside nextto by alongside near closeto
    nearby inside within insideof outside outsideof into onto upon ontopof atop infrontof inbackof from
    to toward towards through across along down up around round past between among amid against beyond
    during throughout without with of off about for like outof"""
)
_MODALS = word_set("not no never can could will would may might must should to")
FUNCTION_WORDS = ARTICLES | BE | CLAUSE_WORDS | PREPOSITIONS | _MODALS | POSSESSIVES.keys()

#: "at" and "in" say the same before these, and "on" before the open ones; before others ("box") they do not.
PLACES = word_set(
    """park city town village kitchen classroom schoolroom school library restaurant forest woods woodland
    jungle office gym gymnasium stadium zoo farm playground market mall museum cafe coffeehouse
    coffeeshop station airport garden beach seashore shore seaside desert street road highway freeway
    motorway sidewalk pavement field meadow grassland countryside hospital laboratory lab theater theatre
    bakery backyard yard studio workshop square plaza courtyard campus fair festival concert party
    supermarket store shop"""
)
OPEN_PLACES = word_set(
    """park playground farm market beach seashore shore seaside desert street road highway freeway motorway
    sidewalk pavement field meadow grassland countryside backyard yard square plaza courtyard campus"""
)
TIMES = word_set(
    """night nighttime day daytime morning afternoon evening sunset sundown sunrise dawn daybreak dusk
    twilight noon midday midnight winter wintertime summer summertime autumn fall spring springtime rain
    snow fog mist storm thunderstorm snowstorm blizzard sunshine sunlight moonlight"""
)
#: Where and when things happen, besides: a phrase with one of these may stand first or last.
SETTINGS = (
    PLACES
    | TIMES
    | word_set(
        """room bedroom bathroom livingroom lake river ocean sea pond pool space sky mountains hills
        mountain hill background distance sun wind stage table floor ground grass"""
    )
)
SETTING_PREPOSITIONS = word_set(
    """in on at inside within during throughout under near closeto by beside nextto outside infrontof"""
)
ROADS = word_set(
    """street road path trail pathway highway freeway motorway lane alley sidewalk pavement hallway corridor
    track avenue boulevard driveway"""
)
CLOTHES = word_set(
    """hat cap helmet coat jacket overcoat dress skirt shirt tshirt sweater jumper pullover hoodie suit
    uniform robe gown kimono cape cloak scarf glove gloves glasses sunglasses eyeglasses spectacles shoes
    boots sneakers jeans trousers pants shorts apron costume vest tie mask crown veil swimsuit raincoat
    tuxedo blouse armor headphones bikini turban bonnet beret poncho"""
)
#: These belong to the colour behind them.
SHADES = word_set("light dark deep pale bright dull pastel neon navy sky off hot baby royal")
COLOURS = word_set(
    """red green blue yellow orange purple violet pink brown black white grey golden gold silver beige cyan
    magenta turquoise teal crimson scarlet maroon navy indigo lilac lavender tan bronze ivory olive khaki"""
)
#: Before a noun these say what it does, and never what kind it is (as in "hunting dog" or "flying fish").
DOINGS = word_set(
    """sleeping running walking smiling dancing crying laughing sitting standing barking jumping singing
    galloping grazing howling purring yawning kneeling crawling burning falling melting erupting glowing
    blooming sinking"""
)
#: "a king's portrait" need not be "a portrait of a king".
DEPICTIONS = word_set(
    """painting picture photo photograph portrait statue drawing image sculpture model sketch movie film story
    map toy book poster cartoon doll puppet costume mask figure figurine song video print icon tattoo"""
)
#: One and many look alike.
INVARIANT = word_set("fish sheep deer moose elk bison salmon trout aircraft spacecraft shrimp squid swine")
YOUNG_PEOPLE = word_set("girl girls boy boys child children kid kids lad lads")
FEMININE = word_set(
    """woman girl lady mother mom mum mommy mummy grandmother grandma granny aunt sister daughter wife bride
    queen princess actress waitress ballerina witch she herself businesswoman policewoman schoolgirl
    cowgirl heroine"""
)
MASCULINE = word_set(
    """man boy guy fellow gentleman father dad daddy grandfather grandpa uncle brother son husband groom
    king prince actor waiter wizard he himself businessman policeman fisherman fireman schoolboy cowboy
    monk knight"""
)
_FIRST_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    "twenty",
)
#: Numbers as digits, and one spelling where there are two.
SPELLINGS = {word: str(value) for value, word in enumerate(_FIRST_NUMBERS)} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
    "hundred": "100",
    "thousand": "1000",
    "dozen": "12",
    "single": "1",
    **dict(
        pair.split("=")
        for pair in word_set(
            """gray=grey grays=greys colour=color colours=colors coloured=colored colourful=colorful
            centre=center theatre=theater theatres=theaters harbour=harbor harbours=harbors
            neighbour=neighbor neighbours=neighbors armour=armor tyre=tire tyres=tires plough=plow
            ploughs=plows ploughing=plowing jewellery=jewelry favourite=favorite metre=meter
            metres=meters kilometre=kilometer mould=mold aeroplane=airplane aeroplanes=airplanes
            pyjamas=pajamas axe=ax traveller=traveler travellers=travelers travelling=traveling
            storey=story cosy=cozy sceptical=skeptical doughnut=donut doughnuts=donuts yoghurt=yogurt
            whisky=whiskey moustache=mustache"""
        )
    ),
}
#: Several words that are one.
PHRASES: dict[tuple[str, ...], tuple[str, ...]] = {
    tuple(pattern.split()): tuple(result.split())
    for pattern, _, result in (
        line.partition("=")
        for line in """
        next to=nextto
        close to=closeto
        on top of=ontopof
        in front of=infrontof
        in back of=inbackof
        inside of=insideof
        outside of=outsideof
        out of=outof
        a couple of=2
        a pair of=2
        a lot of=many
        a few=several
        sat=sitting
        stood=standing
        slept=sleeping
        knelt=kneeling
        lots of=many
        dressed in=wearing
        clad in=wearing
        asleep=sleeping
        seated=sitting
        cell phone=cellphone
        mobile phone=cellphone
        smart phone=smartphone
        coffee shop=coffeeshop
        coffee house=coffeehouse
        movie theater=cinema
        high rise=highrise
        snow covered=snowcovered
        living room=livingroom
        t shirt=tshirt
        tv set=tv
        television set=television
        all by himself=alone
        all by herself=alone
        by himself=alone
        by herself=alone
        by itself=alone
        motor bike=motorbike
        tee shirt=tshirt
        is able to=can
        each other=eachother
        one another=eachother
        extra terrestrial=extraterrestrial
        """.strip().splitlines()
        for line in [line.strip()]
    )
}
