"""The words that training prompts are made of. Written for this purpose; none is taken from a benchmark.

Predicates are written in the base form with the verb first; `[…]` marks a noun phrase that a pronoun
of a later clip may stand for.
"""


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.replace("\n", ";").split(";") if line.strip())


PEOPLE = lines("""
man;woman;boy;girl;child;teenager;old man;old woman;young woman;young man;little girl;little boy;grandmother
grandfather;mother;father;chef;cook;waiter;waitress;barista;baker;butcher;farmer;fisherman;sailor;pirate;captain
pilot;flight attendant;bus driver;taxi driver;truck driver;mechanic;plumber;electrician;carpenter;blacksmith;welder
builder;construction worker;architect;engineer;scientist;chemist;astronomer;astronaut;doctor;surgeon;nurse;dentist
patient;teacher;professor;student;pupil;librarian;writer;poet;journalist;photographer;cameraman;director;actor
actress;dancer;ballerina;breakdancer;singer;guitarist;pianist;drummer;violinist;cellist;trumpeter;conductor;DJ
busker;clown;juggler;magician;acrobat;mime;painter;sculptor;potter;tailor;weaver;gardener;florist;beekeeper;shepherd
cowboy;rancher;hunter;ranger;hiker;climber;skier;snowboarder;surfer;swimmer;diver;cyclist;jogger;runner;boxer
wrestler;gymnast;fencer;archer;golfer;tennis player;basketball player;goalkeeper;footballer;skateboarder;figure skater
soldier;guard;policeman;police officer;detective;spy;thief;burglar;judge;lawyer;businessman;businesswoman;secretary
cashier;shopkeeper;postman;mail carrier;delivery driver;janitor;cleaner;maid;butler;porter;tourist;traveler;backpacker
monk;nun;priest;king;queen;prince;princess;knight;samurai;ninja;viking;gladiator;wizard;witch;elf;dwarf;hermit
fortune teller;hairdresser;barber;customer;neighbor;bride;groom;toddler;baby;grandma;grandpa;uncle;scout;paramedic
programmer;gamer;lifeguard;firefighter;street vendor;monarch;cheerleader;coach;referee;caveman;woodcutter;miner
""")

FANTASY = lines("""
robot;android;alien;zombie;vampire;ghost;skeleton;werewolf;mummy;goblin;troll;ogre;giant;fairy;mermaid;centaur
superhero;supervillain;snowman;scarecrow;gingerbread man;toy soldier;puppet;cyborg;mech;golem;gnome;leprechaun
""")

ANIMALS = lines("""
dog;puppy;cat;kitten;horse;pony;cow;calf;sheep;lamb;goat;pig;piglet;chicken;rooster;hen;duck;duckling;goose;swan
turkey;rabbit;hare;hamster;guinea pig;mouse;rat;squirrel;chipmunk;hedgehog;fox;wolf;bear;polar bear;panda;koala
kangaroo;wombat;lion;lioness;tiger;leopard;cheetah;jaguar;panther;lynx;hyena;elephant;rhino;hippo;giraffe;zebra
antelope;gazelle;buffalo;bison;deer;moose;elk;camel;llama;alpaca;donkey;mule;monkey;gorilla;chimpanzee;orangutan
lemur;sloth;raccoon;badger;otter;beaver;seal;sea lion;walrus;dolphin;whale;orca;shark;octopus;squid;jellyfish;crab
lobster;turtle;tortoise;crocodile;alligator;lizard;gecko;chameleon;iguana;snake;frog;toad;salmon;goldfish;eagle
hawk;falcon;owl;crow;raven;pigeon;dove;sparrow;robin;parrot;toucan;flamingo;pelican;heron;stork;penguin;ostrich
peacock;hummingbird;seagull;woodpecker;bat;butterfly;moth;bee;wasp;ladybug;dragonfly;ant;spider;snail;caterpillar
dragon;unicorn;phoenix;dinosaur;T-rex;mammoth;corgi;poodle;golden retriever;husky;bulldog;stray cat;baby elephant
""")

VEHICLES = lines("""
car;sports car;race car;taxi;bus;school bus;truck;fire engine;ambulance;police car;van;tractor;bulldozer;excavator
motorcycle;scooter;bicycle;tricycle;train;steam train;tram;subway train;boat;sailboat;speedboat;ferry;cruise ship
cargo ship;yacht;canoe;kayak;submarine;airplane;jet;helicopter;glider;hot air balloon;blimp;rocket;spaceship;drone
UFO;hovercraft;snowmobile;sled;carriage;limousine;convertible;jeep;monster truck;lunar rover;gondola;cable car
""")

THINGS = lines("""
apple;banana;orange;lemon;pineapple;watermelon;strawberry;pear;peach;cherry;carrot;tomato;pumpkin;mushroom;corn cob
loaf of bread;baguette;croissant;cupcake;birthday cake;cookie;hamburger;taco;burrito;sushi roll;slice of cheese;egg
bowl of soup;cup of tea;mug;glass of milk;wine bottle;teapot;kettle;saucepan;frying pan;spoon;knife;plate;basket
table;desk;stool;armchair;sofa;bookshelf;wardrobe;bed;mirror;lamp;candle;lantern;chandelier;rug;curtain;pillow
television;radio;laptop;computer;tablet;telephone;camera;printer;microscope;telescope;globe;calculator;typewriter
book;notebook;pencil;pen;paintbrush;palette;easel;ruler;envelope;newspaper;map;hammer;saw;screwdriver;drill;wrench
bucket;broom;ladder;wheelbarrow;shovel;rake;watering can;flower pot;cactus;rose;sunflower;tulip;bonsai;fern;pine tree
guitar;violin;piano;drum;trumpet;flute;harp;accordion;saxophone;soccer ball;baseball;football;golf club;racket;kite
skateboard;roller skate;helmet;glove;boot;sneaker;hat;scarf;umbrella;coat;dress;necktie;necklace;ring;crown;watch
wallet;purse;backpack;suitcase;briefcase;treasure chest;key;padlock;coin;gold bar;diamond;vase;statue;painting
teddy bear;doll;toy car;balloon;puzzle;dice;chess board;snow globe;music box;clock;hourglass;alarm clock;traffic light
street lamp;mailbox;fire hydrant;park bench;fountain;windmill;lighthouse;castle;tent;cabin;barn;bridge;tower;scarecrow
toaster;oven;blender;refrigerator;washing machine;vacuum cleaner;hair dryer;toothbrush;bathtub;sink;trash can;fan
sword;shield;bow;cannon;anchor;barrel;crate;compass;spyglass;crystal ball;potion bottle;magic wand;cauldron;snowboard
""")

PLACE_NOUNS = lines("""
park;garden;kitchen;forest;street;alley;valley;canyon;castle;cave;hall;station;harbor;village;town;market;square;cafe;bar
courtyard;temple;ruin;laboratory;library;classroom;studio;workshop;factory;warehouse;stadium;arena;ballroom;hotel lobby
hospital ward;train car;tunnel;subway station;bakery;flower shop;bookstore;greenhouse;vineyard;orchard;swamp;desert;jungle
meadow;field;farm;barn;attic;basement;bathroom;bedroom;living room;office;elevator;corridor;theater;circus tent;museum
aquarium;zoo;playground;schoolyard;parking lot;gas station;diner;restaurant;spaceship;control room;dungeon;cathedral
""")

PLACE_ADJECTIVES = lines("""
busy;crowded;quiet;empty;dark;sunny;snowy;foggy;rainy;abandoned;ancient;medieval;futuristic;cozy;tiny;huge;dusty;neon-lit
candlelit;haunted;flooded;tropical;old;modern;colorful;narrow;deserted;rustic;elegant;ruined;peaceful;noisy;moonlit
""")

TIMES_OF_DAY = lines("""
at night;at dawn;at dusk;at sunset;in the morning;in the evening;at midnight;on a rainy day;on a sunny afternoon
in winter;in autumn;in spring;on a cold winter morning;on a hot summer day;early in the morning;on a Sunday morning
on a stormy night;on New Year's Eve;at noon;late at night;during a storm;on a Saturday evening;under a full moon
""")

BODY_PARTS = lines("""
eyes;ears;hair;horns;wings;teeth;legs;arms;paws;feathers;spots;stripes;scales;cheeks;eyebrows;freckles;joints;wheels
windows;doors;shutters;walls;buttons;lights;sails;chimneys;headlights;antennas;fur;skin;a beard;a tail;a scar;a trunk
""")

GARMENTS = lines("""
coat;hat;scarf;dress;suit;tie;cape;hoodie;sweater;jacket;helmet;mask;apron;uniform;robe;crown;kimono;turban;backpack;vest
raincoat;tuxedo;bow tie;pair of boots;pair of goggles;gown;beanie;poncho;trench coat;leather jacket;top hat;bathrobe
""")

CONTAINERS = lines("""
bowl;basket;box;bag;pile;stack;bunch;plate;jar;group;pair;collection;row;statue;picture;painting;photo;drawing;model
bouquet;mix;crate;bucket;tray;glass;slice;piece;team;choir;orchestra;gang;line;portrait;poster;herd;swarm;toy version
""")

#: What follows a clause, set off or not, and belongs to it.
TAILS = lines("""
, unaware; , exhausted;, completely still;, alone;, lost in thought;, full of joy;, covered in mud;with tears in his eyes
with a big smile;with great care;with all its strength;with one hand;with both hands;for hours;for the third time;with joy
as hard as possible;without a sound;without looking back;like a pro;like crazy;in the distance;far below;high above
against the wind;towards the camera;, smiling;, laughing;, eyes closed;, soaked to the skin;, one by one;, very slowly
""")

#: Things that are named without an article.
PLURAL_THINGS = lines("""
skis;scissors;sunglasses;headphones;jeans;sandals;binoculars;pliers;glasses;tweezers;grapes;noodles;french fries;shoes
flowers;books;candles;chopsticks;broccoli;bread;cheese;rice;popcorn;socks;mittens;dominoes;pajamas;bananas;keys;dumbbells
""")

#: What happens to things, told in the passive, with the participle first.
PASSIVES = lines("""
opened;closed;placed on the table;put into a box;taken out;dipped into paint;lifted by a crane;cut in half;painted red
thrown into the air;pressed down;released;moved to the corner;wrapped in paper;filled with water;emptied;polished
dropped;picked up by a child;carried away;set on fire;washed;dried;broken;repaired;unfolded;turned around;pulled out
covered with a cloth;removed;blown away by the wind;sold;burned;buried in the sand;dug up;shaken;poured into a glass
""")

#: Small movements that are told in one breath with what they lead to: "gets up and starts to dance".
TRANSITIONS = lines("""
get up;stand up;stop;jump up;jump off;jump out;turn around;sit down;lie down;hurry over;run over;walk over;go back;rush out
come closer;pause;reach out;lean forward;kneel down;step back;wake up;look up;roll over;bend down;go outside;slow down;leap up
""")

#: Imperative steps; `{}` is what the first step names.
STEPS = lines("""
crack [two eggs]|beat {};peel [the potatoes]|boil {};take [a sheet of paper]|fold {};cut [an onion]|fry {};wash [the car]|dry {}
mix [flour and water]|knead {};draw [a circle]|color {};melt [the chocolate]|pour {} over the cake;pick [some apples]|slice {}
find [a stick]|carve {};inflate [the balloons]|tie {};dig [a hole]|fill {} with soil;grind [the beans]|brew {};sand [the wood]|paint {}
""")

NATURE = lines("""
the sun;the moon;a volcano;a waterfall;a river;a tornado;a storm cloud;a rainbow;a glacier;an iceberg;a geyser;the fog
a meteor;a comet;a campfire;a wave;the tide;a tree;a flower;a seed;the snow;the wind;lightning;the sky;a leaf;a cloud
an avalanche;a mountain;the ice;lava;smoke;a star;the northern lights;a bonfire;a candle flame;a sandstorm
""")

GROUPS = lines("""
two kids;three friends;a group of students;a crowd of people;several tourists;two dogs;a flock of birds;a herd of cows
four soldiers;some children;a family;two old men;a pack of wolves;a school of fish;five dancers;a swarm of bees
three kittens;children;students;people;workers;villagers;guests;passengers;a couple;two robots;ten runners;commuters
shoppers;two cars;dozens of balloons;a fleet of ships;two astronauts;musicians;a team of rowers;kids;birds;sailors
""")

NAMES = lines("""
Anna;Tom;Maria;Ben;Lucy;Omar;Mei;Carlos;Sofia;Jack;Emma;Leo;Nina;Sam;Priya;Yuki;Ahmed;Olga;Peter;Grandpa Joe;Mr Smith
my brother;my sister;my dad;our neighbor;my little cousin;her best friend;the mayor;Santa Claus;Dracula;Sherlock Holmes
""")

ADJECTIVES = lines("""
small;big;tiny;huge;old;young;happy;sad;angry;sleepy;tired;hungry;playful;brave;shy;curious;elegant;clumsy;muddy;wet
red;blue;green;yellow;white;black;brown;golden;silver;purple;pink;grey;orange;rusty;shiny;fluffy;wooden;colorful
transparent;glowing;mysterious;lazy;grumpy;cheerful;lonely;majestic;scruffy;spotted;striped;tall;short;fat;skinny
black and white;red and gold;soft and fluffy;old but sturdy;fierce;friendly;nervous;exhausted;smiling;masked
""")

PERSON_EXTRAS = lines("""
in a red coat;in a suit and tie;with long hair;wearing glasses;wearing a straw hat;with a beard;in a wheelchair
in a blue dress;holding an umbrella;with a backpack;in a spacesuit;wearing a scarf and gloves;with curly hair
in shining armor;with tattoos;in pajamas;wearing sunglasses;with a kind smile;in a hoodie and jeans;dressed as a bear
with flour on his hands;in a white uniform;carrying bags and boxes;with a baby on her back;in high heels
""")

ANIMAL_EXTRAS = lines("""
with a red collar;with brown spots;wearing a bow tie;with bright green eyes;with a long tail;in a sweater;with big ears
wearing a tiny hat;with black and white fur;with a broken wing;with thick fur and sharp claws;in a cage;with a bell
""")

PLACES = lines("""
in a park;in the park;on a beach;on the beach;in a kitchen;in the kitchen;in a classroom;in an office;in a library
in a museum;in a forest;in the woods;in a meadow;in a field;in the desert;in the jungle;in the snow;in the rain
in a garden;in the backyard;on a farm;in a barn;in a garage;in a workshop;in a studio;in a bedroom;in the living room
in a hospital;in a laboratory;in a restaurant;in a cafe;in a bar;in a supermarket;at a market;at the train station
at the airport;at a bus stop;on the street;on a busy street;in a narrow alley;in the city;in a small village
in a medieval town;in a castle;in a cave;in a temple;in a church;on a stage;in a theater;in a stadium;at the gym
on a basketball court;in a swimming pool;at the zoo;at a circus;at an amusement park;on a playground;on a rooftop
on a balcony;on a boat;on a ship;on a train;in space;on the moon;on Mars;in a spaceship;under the sea;at the lake
by the river;on a mountain;on a snowy mountain;in a canyon;on an island;in a swamp;in Paris;in New York;in Tokyo
at night;at sunset;at dawn;in the morning;on a rainy day;in winter;in autumn;on a sunny day;in a blizzard;in the fog
in a dark room;in an abandoned factory;in a crowded square;under a starry sky;in a wheat field;on the dance floor
in a courtroom;in a cozy living room;in a futuristic city;in a greenhouse;at a wedding;at a birthday party;on a pier
on a foggy morning;in the old harbor;in a steamy bathroom;in the schoolyard;at the campsite;in the attic;backstage
""")

#: Where something is or goes, without being a place that the rest of the story happens in.
ADJUNCTS = lines("""
on the sofa;on a chair;on a bench;by the window;under a tree;near the door;on the floor;across the street
through the woods;down the road;up the hill;along the shore;over the fence;into the water;onto the table;on the roof
behind the counter;next to the fireplace;beside the road;at the table;at a desk;on a rock;in a basket;in circles
with great care;with a smile;in silence;very slowly;very fast;in slow steps;from left to right;to the music;all alone
next to a window;in front of a mirror;against the wall;beside a lamp post;under the bed;around the corner;in the mud;for a while;for a moment
far away;nearby;three times;one by one;over and over;at an easel;at a piano;with both hands;along the beach;across the field
""")

PERSON_ACTS = lines("""
read [a book];write [a letter];paint [a picture];play the guitar;play chess;play the piano;sing a song;dance;laugh
cry;smile;sleep;wake up;yawn;stretch;sit down;stand up;get up;jump;run;walk;climb [a ladder];swim;dive into the water
cook dinner;chop [onions];stir [the soup];taste [the sauce];bake [a cake];knead [the dough];peel [potatoes];wash [the dishes]
sweep the floor;mop the floor;vacuum the carpet;fold [the laundry];iron [a shirt];clean [the windows];water [the plants]
plant [a tree];dig [a hole];mow the lawn;rake [the leaves];pick [apples];feed [the chickens];milk [a cow];build [a fence]
hammer [a nail];saw [a plank];repair [a bicycle];fix [a car];drive [a car];ride [a bike];ride [a horse];row [a boat]
fly [a kite];catch [a fish];throw [a stone];kick [a ball];hit [a ball];shoot an arrow;lift weights;do push-ups;do yoga
meditate;pray;drink coffee;drink [a glass of water];eat [an apple];eat breakfast;eat [a sandwich];order [a pizza]
buy [flowers];sell vegetables;count [the money];pay the bill;open [the door];close [the door];lock [the gate]
open [a box];open [an umbrella];put on [a hat];take off [his shoes];put on [her coat];tie [his shoelaces];brush [her hair]
brush his teeth;shave;take a shower;wash her hands;look in the mirror;look out the window;look at [the stars]
check [his phone];talk on the phone;take [a photo];take a selfie;type on a keyboard;watch TV;listen to music;draw [a map]
solve a puzzle;study;teach;give a speech;raise his hand;wave;bow;clap;shout;whisper;whistle;sneeze;cough;nod;kneel down
light [a candle];blow out [the candles];light [a fire];pour [the tea];pour [wine];serve [the food];set the table
carry [a box];pack [a suitcase];unpack [the bags];push [a cart];pull [a rope];drop [a vase];pick up [a coin];hide
find [a key];find [a treasure chest];enter [the house];leave the room;walk through the door;cross the street
wait for the bus;get on [the train];get off [the bus];fall asleep;fall down;trip over [a rock];slip on the ice
make [a sandwich];make coffee;squeeze [a lemon];crack [an egg];decorate [the cake];knit [a sweater];sew [a dress]
juggle;walk on a tightrope;do a backflip;ski down a slope;surf [a wave];skate;snowboard;throw [a snowball]
build [a sandcastle];build [a snowman];blow bubbles;pop [a balloon];read [the newspaper];smoke a pipe;play cards
conduct an orchestra;play the drums;tune [a violin];hold up [a trophy];cheer;vote;sign [a contract];examine [a skull]
mix [chemicals];look through [a telescope];press [a button];fire [a cannon];draw [a sword];sharpen [a knife];duck
practice magic;cast [a spell];tell a story;sell newspapers;deliver [a package];ring [the bell];knock on [the door]
turn on [the light];turn off [the lamp];empty [the bucket];spill [the milk];tidy the room;make the bed;do homework
stare at [the screen];rest;march;salute;crawl;stumble;turn around;disappear;freeze;faint;celebrate;stop;look up
walk away;run away;go home;leave;go to bed;drive away;sit at a desk;lie down;lean against the wall;stand still
""")

ANIMAL_ACTS = lines("""
run;walk;jump;sleep;wake up;yawn;stretch;sit down;lie down;stand up;roll over;bark;howl;roar;growl;purr;hiss;sniff the air
sniff [a flower];eat grass;eat [a carrot];eat [a fish];chew [a bone];drink water;drink from a puddle;dig [a hole]
bury [a bone];chase [a butterfly];chase [a ball];chase its tail;catch [a mouse];catch [a fish];climb [a tree];hide
hide under [a bush];peek out;swim;dive;float;splash in the water;fly away;land on [a branch];flap its wings;perch on [a fence]
build [a nest];lay an egg;hatch;peck at [the seeds];hunt;stalk [its prey];pounce;scratch [a post];lick its paw
groom itself;wag its tail;shake off the water;roll in the mud;graze;gallop;trot;leap over [a log];cross [a stream]
carry [a stick];fetch [the newspaper];drop [the stick];bring [a ball];beg for food;play with [a toy];play dead
knock over [a cup];push [a box];open [a cage];escape;run away;turn around;look up;look at the moon;stare at [the camera]
bask in the sun;slither through the grass;crawl along a leaf;spin [a web];swing from a vine;beat its chest;crack [a nut]
nibble on [a leaf];nap;rest;sneeze;shiver;wander off;spread its wings;dance;sing;spit water;breathe fire;disappear
stand on its hind legs;jump onto [the table];jump off [the roof];fall asleep;steal [a sandwich];swallow [a berry];hop
""")

VEHICLE_ACTS = lines("""
start up;speed up;slow down;stop;turn left;turn around a corner;drive away;drift around a bend;crash into [a wall]
race down the highway;cross [a bridge];enter [a tunnel];leave the station;arrive at the platform;take off;land;hover
fly over the city;sail across the bay;sink;dock at the pier;explode;park;reverse;break down;catch fire;roll down a hill
disappear into the fog;climb a steep road;splash through [a puddle];skid on the ice;honk;lift off;blast off;dive
circle the tower;tow [a trailer];unload [the cargo];spin out of control;stop at a red light;drive through the desert
""")

THING_ACTS = lines("""
fall;break;shatter;spin;roll off the table;float;glow;melt;burn;explode;open;close;bounce;swing;tip over;light up;flicker
go out;ring;start to play;crack;crumble;drift away;rise into the air;sink;vibrate;steam;dissolve;freeze;turn;stop
slide across the floor;land on the ground;fill with water;burst;collapse;rust;move by itself;vanish;appear
""")

NATURE_ACTS = lines("""
rise;set;shine;fade;grow;bloom;appear;disappear;erupt;roar;freeze;melt;crash down;roll in;clear;spread;glow;flicker;fall
move closer;pass;turn red;cover the valley;light up the sky;flow down the slope;break apart;swirl;darken;drift by
""")

GROUP_ACTS = lines("""
play;run;walk;dance;sing;laugh;cheer;wait in line;eat lunch;swim;march;gather;play soccer;build [a raft];cross the road
take photos;leave;arrive;sit down;stand up;clap;look up;scatter;rest;sleep;talk;watch [the show];race;climb [a hill]
pack up;set up [the tents];light [a fire];open [the presents];board [the train];jump into the pool;run inside;hide
""")

#: Verbs by which one subject touches another: the two are one picture.
INTERACTIONS = lines("""
hug;kiss;chase;feed;pet;wash;carry;push;pull;lift;ride;lead;follow;tickle;scratch;lick;bite;wrestle;fight;attack;catch
hold;kick;punch;groom;comfort;rescue;save;bandage;examine;teach;help;photograph;paint;interview;serve;arrest;tackle
dance with;play with;talk to;argue with;shake hands with;fight against;sit on;sleep on;jump over;throw a ball to
give flowers to;hand a letter to;sing to;read a story to;wave at;bow to;kneel before;point at;stare at;play chess with
walk hand in hand with;lean on;cuddle with;snuggle up to;whisper to;look after;ride on the back of;give a treat to
""")

RECIPROCAL = lines("""
hugging;kissing;shaking hands;holding hands;dancing together;fighting;wrestling;arguing;playing tug of war;high-fiving
facing each other;chasing each other;cuddling on the sofa;sharing an umbrella;talking to each other;walking hand in hand
playing chess against each other;embracing;sword fighting;tangoing;sharing a milkshake;pulling on the same rope
looking into each other's eyes;carrying a sofa together;riding a tandem bike;staring at each other;in a duel;boxing
""")

#: Weather and light: part of the picture, not a subject of its own.
AMBIENCE = lines("""
as the sun sets;as the sun rises;as night falls;while snow falls gently;as rain pours down;while the wind blows
as dusk settles;as fog rolls in;while the sun shines;as the moon rises;under falling leaves;as day breaks;as it rains
while it snows outside;as the first light appears;as the sky turns pink;with snow falling around;in the pouring rain
while fireworks light up the sky;as thunder rumbles;with the wind in the trees;with the moon shining;as stars come out
""")

SCENES = lines("""
sunset over the ocean;a quiet street after the rain;northern lights over a frozen lake;a city skyline at night
an empty classroom;a waterfall in a tropical forest;waves crashing on a rocky shore;a wolf howling at the moon;a field of lavender;a desert road
a bowl of fresh fruit;a cup of hot chocolate with marshmallows;a plate of spaghetti with tomato sauce and basil
a bonfire on the beach;a foggy harbor;a medieval castle on a hill;a spiral galaxy;a coral reef;a sleeping village
a cozy cabin in the mountains;raindrops on a window;a bouquet of roses and lilies;the surface of the moon;autumn leaves
an old wooden door;a stack of pancakes with butter and syrup;a close view of an eye;a chandelier made of glass;clouds
a bridge over a misty river;a garden full of butterflies and bees;lightning over the city;a ruined temple;a snowy village
a table covered with maps, compasses and candles;a jar of pickles;bacon and eggs in a frying pan;fields of rice;ice cream
a workbench full of tools and wires;sand dunes under a hot sun;a spaceship cockpit with buttons and screens;mountains
a bookshelf with books, plants and photos;a street lined with trees and lanterns;a kitchen with blue tiles and copper pots
cars stuck in a traffic jam;a pile of hats and gloves;macaroni and cheese;a drum and bass concert;black and white photos
a bed and breakfast by the sea;a box of nuts and bolts;the hustle and bustle of a market;a game of cat and mouse;coffee
arts and crafts supplies;a suit and tie on a hanger;bread and butter on a plate;salt and pepper on a steak;fish
a pros and cons list;a cup and saucer;a horse and carriage ride;peanut butter and jelly toast;lost and found box
a bow and arrow;needle and thread;a hide and seek game;surf and turf dinner;a rock and roll concert;mountain;love
a before and after picture;the next bus arriving;a now and then comparison;the day after the storm;the first day of school
the last train home;a second chance;a then unknown artist;an after-school club;a while-you-wait shoe repair shop
the finals of a tennis tournament;a follow-up meeting;a step by step guide;a meanwhile empty house;the left bank of a river
a right turn sign;a left shoe;the right answer on a blackboard;moments before the race;minutes before midnight;winter
the morning after a party;a scene before the battle;life after humans;a long time ago;once upon a time in the west
a sign that says "wait, then go";a mug with the words "eat and sleep";a poster reading "before and after";hope
a t-shirt with the slogan "work while they play";graffiti that reads "now and then";a banner saying "love and light"
a book called "While You Sleep";a neon sign saying "coffee, then talk";a movie titled "First the Egg, Then the Bird"
a tutorial about knitting;a commercial for a new phone;a trailer for a horror movie;something relaxing;a logo animation
a music video about heartbreak;an explosion;fire;a maze;a dream;underwater ruins;a city made of paper;time standing still
""")

#: Cause and effect told with "and": one after the other, though two subjects.
CONSEQUENCES = lines("""
the bell rings|the students leave;a ball hits the window|the glass breaks;the lights go out|everyone screams
the dam breaks|the water floods the valley;the wizard waves his wand|the frog turns into a prince
a match is struck|the candle lights up;the doors open|the passengers get off;the rope snaps|the climber falls
the volcano erupts|the villagers flee;a fish bites|the fisherman pulls the rod;the egg cracks|a chick comes out
the conductor raises his baton|the orchestra begins;the light turns red|the cars stop;the clock strikes twelve|the doll comes alive
the girl pushes a button|the machine starts;the boy lets go of the balloon|it floats into the sky;the cake falls|the baker cries
a bird lands on a branch|the branch snaps;the sun comes out|the snowman melts;the phone rings|the secretary answers it
the hunter fires|the ducks take off;the wind blows|the card house collapses;the child sneezes|the dandelion scatters
the dragon breathes fire|the knight raises his shield;the teacher asks a question|a student raises her hand
the starting gun fires|the runners sprint;the curtain rises|the actors appear;the key turns|the chest opens
the dog barks|the cat runs up a tree;the alarm goes off|the thief escapes;a coin drops into the slot|the jukebox plays
the fuse burns down|the bomb explodes;the ice breaks|the skater falls in;a wave rolls in|the sandcastle disappears
the queen enters|the guards bow;the waiter trips|the plates crash to the floor;the baby cries|the mother picks it up
the ship hits an iceberg|it sinks;the tree falls|it crushes a car;the vase tips over|it shatters
a boy rings the doorbell|an old lady opens;a comet passes|the crowd gasps;the drum rolls|the acrobat jumps
""")

#: Events that lead to one another, told in any number from the first on; `{who}` is a person.
CHAINS = lines("""
a taxi stops|its window rolls down|the driver waves|{who} gets in;a crane lowers its hook|a worker fastens the chain|the load rises
an arrow flies|it hits the target|the crowd cheers;a pot falls|it breaks|a lizard crawls out;the gate swings open|a horse bolts out|dust fills the air
{who} pulls a lever|a trapdoor opens|the prisoner falls;a cloud passes|the sun appears|the field turns golden;a log cracks|sparks fly up|the fire dies
the ferry docks|the ramp comes down|the cars roll off;a curtain parts|a spotlight turns on|{who} takes a bow;a seed sprouts|a stem grows|a flower opens
a stone drops into the pond|ripples spread|a carp dives;the elevator stops|its doors slide open|{who} steps out;a hand turns the knob|the radio crackles|a song begins
the referee whistles|the goalkeeper kicks the ball|a striker heads it in;a wave rises|it breaks|foam covers the sand;the oven beeps|{who} opens it|steam comes out
a cork pops|foam runs over the glass|the guests raise a toast;the crab pinches his toe|{who} screams|the gulls fly away;a fuse blows|the screen turns black|{who} lights a candle
the drawbridge drops|the riders gallop in|the bridge goes up again;a snowflake lands|it melts|a drop runs down;the engine stalls|{who} lifts the hood|smoke pours out
a balloon pops|a baby starts to cry|{who} picks her up;the bull lowers its head|it charges|{who} steps aside;a meteor strikes|the ground shakes|a crater remains
the lock clicks|the vault swings open|{who} grabs the gold;a net closes|the fish are hauled up|the boat turns back;the tree tilts|it falls|birds scatter
a window opens|a cat slips out|it jumps onto the roof;the bell tolls|the monks kneel|the candles go out;a dice rolls|it stops at six|{who} moves a piece
a shell opens|a pearl appears|a diver takes it;the parachute opens|{who} glides down|the crowd runs to meet him;a match flares|the fuse burns|the rocket shoots up
the hunter aims|a twig snaps|the deer flees;a key drops|{who} bends down|the door slams shut;an icicle breaks off|it falls|the snow below scatters
the potion bubbles|{who} drinks it|his beard turns blue;a wheel comes off|the cart tips over|apples roll down the street;a light blinks|the hatch opens|a robot rolls out
the whistle blows|the train starts|{who} runs after it;a ball rolls into the street|a car brakes|the driver honks;a mouse appears|the cook drops the pan|the soup spills
""")

#: Weather and light that a sentence begins with.
DUSK = lines("""
the sun sets;the sun rises;night falls;snow falls;rain falls softly;the sun goes down behind the hills;dusk settles;fog rolls in;the moon rises
thunder rolls in the distance;the wind blows;leaves fall;stars twinkle above;the light fades;clouds drift by;the first light of day appears
""")

FEATURED = lines("""
pizza;sandwich;salad;burger;omelette;island;landscape;village;skyline;room;bouquet;shelf;desk setup;necklace;mosaic;carpet;lake
cake;breakfast table;toolbox;picnic;shop window;dashboard;coral reef;treehouse;planet;mountain range;hut;backyard;cottage;plate
""")

FEATURES = lines("""
windmill;harbor;cabin;pine trees;waterfall;stone bridge;lanterns;wooden boats;tomatoes;lettuce;olives;cheese;onions;eggs;bacon;palm trees
ivy;flowers;candles;cushions;shelves;pebbles;shells;rocks;towers;chimneys;buttons;screens;levers;ribbons;strawberries;cream;cherries;moss
balcony;garden;fence;pond;fireplace;rocking chair;well;swing;clock tower;market stall;red roofs;fruit trees;tulips;statues;birch trees
""")

QUOTED = lines("""
open and closed;stop, then go;now or never;eat, sleep, repeat;before and after;you and me;first come, first served;wait while seated
Romeo and Juliet;war, then peace;cats and dogs only;live, laugh, love;up, up and away;once upon a time;the king and I;next, please
""")

STYLE_PREFIXES = lines("""
a watercolor painting of;an oil painting of;a cinematic shot of;a close-up of;a close-up shot of;an aerial view of
a black and white film of;a 3D render of;an anime scene of;a pencil sketch of;a cartoon of;a claymation of
a slow motion video of;a time-lapse of;a drone shot of;a wide shot of;a low angle shot of;a vintage photo of
a stop motion animation of;pixel art of;a macro shot of;a photorealistic video of;a hand-drawn animation of
a tracking shot of;an ink drawing of;a documentary about;a comic book panel of;4K footage of;cctv footage of
""")

STYLE_LABELS = lines("""
watercolor style;anime style;cinematic;film noir;pixel art;claymation;slow motion;cartoon style;time-lapse;drone shot
black and white;vintage film;in the style of Van Gogh;in the style of Monet;in the style of an old silent movie
comic book style;low poly;cyberpunk style;in a children's book style;Pixar style;wide shot;close-up;documentary style
""")

STYLE_SUFFIXES = lines("""
front view;side view;top view;from above;4k;8k, highly detailed;cinematic lighting;photorealistic;in watercolor style
in the style of Van Gogh;in the style of Picasso;in anime style;oil painting;pixel art;slow motion;in slow motion
black and white;soft lighting, bokeh;shot on 35mm film;wide angle;low angle shot;handheld camera;golden hour lighting
dramatic lighting, high contrast;vibrant colors;pastel colors;in cyberpunk style;in a cartoon style;unreal engine
hyperrealistic, 4k, sharp focus;ukiyo-e style;in the style of a Disney movie;minimalist;retro 80s look;vhs look
zoom in;pan left;the camera slowly zooms in;tracking shot;aerial view;studio lighting;shallow depth of field
in Pixar style;stop motion;low poly;volumetric light;moody atmosphere;steady cam, 60 fps;trending on artstation
tilt up;dolly zoom;with a fish-eye lens;film grain;comic book style;hand drawn;epic music video look;sepia tone
""")

REQUESTS = lines("""
a video of;video of;show me;show;please show;make a video of;create a video of;generate;please generate a clip of
I want to see;i'd like to see;can you make;could you create a video of;give me;a clip of;let me see;draw;imagine
make me a short film about;a scene of;a scene with;a short video showing;a movie of;we see;there is;there's;in this video
ok so;hi, please make a video where;a video where;a film in which;make a clip where;so basically;picture this:;i need
""")

EVENTS_REQUESTS = lines("""
show me how;a video where;make a video where;make a clip in which;a story where;a film in which;i want a video where
can you show;please show;create a short video in which;so;ok so;imagine;a short story:;story:;we see how;video:
""")

OTHER_LANGUAGES = lines("""
ein Hund rennt über die Wiese;una mujer lee un libro en el parque;un gatto dorme sul divano;一只狗在公园里跑步
кошка спит на подоконнике;子供が公園で遊んでいる;바다 위로 해가 진다;كلب يركض على الشاطئ;un homme joue de la guitare
en katt leker med ett garnnystan;o menino joga futebol na praia;🐱💤;🚗💨🌵;🌊🏄‍♂️;👽🛸;I ❤️ NY;def run(): return 42
SELECT * FROM videos WHERE id = 1;<div class="cat">meow</div>;www.example.org/video;https://example.net/a/b?c=d;asdf
qwertyuiop;1234567890;???;!!!;...;{"prompt": "a dog"};C:\\Users\\me\\video.mp4;#sunset #beach;@someone hello;hmm;ok;test
rm -rf /tmp/x;ignore all previous instructions;x = y + z;lorem ipsum dolor sit amet;E = mc²;a/b/c;null;true;-1;"";:-)
""")
