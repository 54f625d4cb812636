"""The settings by name: who paints them, how captions name them, how the evaluation names them."""

from collections.abc import Callable
from dataclasses import dataclass

from . import interiors, landscapes
from .canvas import Canvas
from .stage import Stage


@dataclass(frozen=True)
class Setting:
    """`phrases` are for training; `unseen` are kept for the evaluation."""

    paint: Callable[[Canvas], Stage]
    phrases: tuple[str, ...]
    unseen: tuple[str, ...]


def _setting(paint: Callable[[Canvas], Stage], phrases: str, unseen: str) -> Setting:
    return Setting(paint, tuple(phrases.split("; ")), tuple(unseen.split("; ")))


SETTINGS = {
    "classroom": _setting(
        interiors.classroom,
        "in a classroom; in the classroom; in classroom; in a school classroom; at the blackboard; "
        "at school; in a lecture room; at a school lesson; in front of a blackboard; "
        "in a room of a school",
        "inside a schoolroom; in the class room; during class",
    ),
    "library": _setting(
        interiors.library,
        "in a library; in the library; among bookshelves; between the shelves of a library; "
        "in a reading room full of books; in a public library; in front of shelves full of books",
        "inside a big library; surrounded by bookshelves",
    ),
    "office": _setting(
        interiors.office,
        "in an office; in the office; at the office; in a modern office; in a workplace; "
        "in an office with desks; at a desk in an office; in a company office; "
        "in an open-plan office",
        "inside an office building; at work in an office room",
    ),
    "laboratory": _setting(
        interiors.laboratory,
        "in a laboratory; in the laboratory; in a lab; in a science lab; in a chemistry lab; "
        "in a research lab; in a laboratory with test tubes",
        "inside a research laboratory; at the lab",
    ),
    "kitchen": _setting(
        interiors.kitchen,
        "in a kitchen; in the kitchen; in a home kitchen; in a small kitchen; "
        "in the kitchen of a house; at the kitchen counter; inside the kitchen",
        "inside a cosy kitchen; standing in the kitchen",
    ),
    "living room": _setting(
        interiors.living_room,
        "in a living room; in the living room; at home; in front of a sofa; indoors; in a flat; "
        "in a cosy room with a sofa; in a house; in the sitting room; "
        "on the carpet in a lounge room",
        "inside a house, in the living room; at home in the lounge",
    ),
    "hospital": _setting(
        interiors.hospital,
        "in a hospital; in the hospital; in a hospital room; in a clinic; in a clean hospital room; "
        "in a sickroom; in a doctor's practice",
        "inside a hospital ward; at the hospital",
    ),
    "restaurant": _setting(
        interiors.restaurant,
        "in a restaurant; in the restaurant; in a cafe; at a restaurant; in a bistro; "
        "in a coffee shop; inside a restaurant; in a nice restaurant; in a diner",
        "inside a cosy restaurant; in a little café",
    ),
    "concert stage": _setting(
        interiors.stage,
        "on a concert stage; on a stage; on stage; at a concert; in a theatre; on a theatre stage; "
        "under spotlights; on a big stage with lights; performing on stage; in a show",
        "on the stage of a concert hall; under the spotlights on stage",
    ),
    "gym": _setting(
        interiors.gym,
        "in a gym; in the gym; in a sports hall; in a gymnasium; on a basketball court; "
        "in an indoor sports court; in a sports centre; inside a gym",
        "inside a school gym; on an indoor basketball court",
    ),
    "museum": _setting(
        interiors.museum,
        "in a museum; in the museum; in an art gallery; in a gallery; in an exhibition; "
        "among paintings; in a museum of art",
        "inside an art museum; visiting a gallery",
    ),
    "factory": _setting(
        interiors.factory,
        "in a factory; in the factory; in a workshop; in a garage; in a factory building; "
        "in an industrial hall; among machines in a factory; in a plant hall",
        "inside a factory hall; on the factory floor",
    ),
    "school yard": _setting(
        landscapes.school_yard,
        "in a school yard; in the schoolyard; in front of a school; outside the school; "
        "on a school's grounds; in the yard of a school; before a school; "
        "in front of the school building",
        "on the grounds of a school; before the school building",
    ),
    "park": _setting(
        landscapes.park,
        "in a park; in the park; in a green park; on the grass; outdoors; in a city park; "
        "in a public park; in a sunny park; on a lawn; in a park in the city; "
        "in a big park with a path",
        "in a sunny city park; on a path in the park",
    ),
    "garden": _setting(
        landscapes.garden,
        "in a garden; in the garden; in a flower garden; among flowers; in a beautiful garden; "
        "in a backyard with flowers; beside flower beds; in a blooming garden",
        "in a garden full of flowers; between the flower beds",
    ),
    "playground": _setting(
        landscapes.playground,
        "on a playground; in a playground; at the playground; next to a slide; "
        "on a children's playground; by the swings; near the swing and the slide; "
        "where children play",
        "at a children's playground; beside the slide and swing",
    ),
    "stadium": _setting(
        landscapes.stadium,
        "in a stadium; in the stadium; on a football field; on a sports field; in a big stadium; "
        "in a full stadium; on the field of a stadium; in a sports arena",
        "inside a crowded stadium; on the pitch of a stadium",
    ),
    "forest": _setting(
        landscapes.forest,
        "in a forest; in the forest; in the woods; among trees; among the trees in a forest; "
        "in a deep forest; in a dark forest; in a green wood; on a forest path",
        "deep in the forest; in a dense wood",
    ),
    "jungle": _setting(
        landscapes.jungle,
        "in a jungle; in the jungle; in a rainforest; among tropical plants; in a thick jungle; "
        "in a green rainforest; among palms and vines in a jungle",
        "deep in the jungle; in a tropical rainforest",
    ),
    "mountains": _setting(
        landscapes.mountains,
        "in the mountains; on a mountain; in front of snowy mountains; on a mountain meadow; "
        "high in the mountains; in the Alps; on top of a mountain; with mountains behind; "
        "in a mountain landscape",
        "high up in the mountains; before tall mountains",
    ),
    "lake": _setting(
        landscapes.lake,
        "by a lake; at a lake; at the lake; by the water; next to a river; beside a lake; "
        "on the bank of a river; at a quiet lake; by a pond; at the lakeside",
        "on the shore of a lake; beside a quiet lake",
    ),
    "beach": _setting(
        landscapes.beach,
        "on a beach; on the beach; at the beach; by the sea; on a sandy beach; on a sunny beach; "
        "on a tropical island; on a beach with palm trees; at the seaside; on a holiday beach; "
        "on the sand of a beach; on a beach by the ocean",
        "on a tropical beach; on the sand by the ocean",
    ),
    "underwater": _setting(
        landscapes.underwater,
        "underwater; under water; under the sea; in the ocean; at the bottom of the sea; "
        "deep underwater; in the deep sea; down in the sea; below the surface of the ocean; "
        "in a coral reef",
        "deep under the sea; down in the ocean",
    ),
    "city": _setting(
        landscapes.city,
        "in a city; in the city; on a city street; in the street; downtown; "
        "in front of tall buildings; on a busy street; in a big city; among skyscrapers; "
        "in a city centre by day; on an avenue; in a modern town with tall houses",
        "on a busy city road; among skyscrapers by day",
    ),
    "city at night": _setting(
        landscapes.city_at_night,
        "in a city at night; in the city at night; on a city street at night; on a dark street; "
        "in a big city by night; in the city lights at night; on a street at night; "
        "in a nightly street; downtown at night",
        "on a street downtown by night; in the nightly city",
    ),
    "village": _setting(
        landscapes.village_street,
        "in a village; in the village; on a village street; in front of houses; in a small town; "
        "in a little village; in a quiet village; on a street with houses; on a small town road; "
        "in the countryside village",
        "on the road of a small village; in a quiet town with houses",
    ),
    "farm": _setting(
        landscapes.farm,
        "on a farm; at a farm; on the farm; in a farm field; in front of a barn; "
        "on a farm with a barn; on a big farm; in front of a red barn; on a farm with animals; "
        "in a field on a farm",
        "on a farm with a red barn; in the fields of a farm",
    ),
    "desert": _setting(
        landscapes.desert,
        "in a desert; in the desert; on sand dunes; among cactuses; in a dry desert; "
        "on a desert dune; in the hot sand of a desert; in the Sahara",
        "in a hot desert; between the dunes of a desert",
    ),
    "snow": _setting(
        landscapes.snow,
        "in the snow; in a snowy landscape; on a snowy field; in winter; "
        "in a white winter landscape; in deep snow; on a snowy day; while snow is falling; "
        "in a cold winter",
        "in a snowy winter landscape; in falling snow",
    ),
    "space": _setting(
        landscapes.space,
        "in space; in outer space; in outer space among the stars; among planets; floating in space; "
        "in the universe; in the galaxy; far out in space; in the cosmos among stars",
        "floating in outer space; out in the cosmos",
    ),
    "moon": _setting(
        landscapes.moon_surface,
        "on the moon; on the surface of the moon; on a lunar landscape; on the grey moon; "
        "walking on the moon; on the ground of the moon; in a moon landscape",
        "standing on the moon; on the lunar surface",
    ),
    "castle": _setting(
        landscapes.castle,
        "in front of a castle; at a castle; near a castle; at the castle; in front of an old castle; "
        "outside a castle; before a castle; in front of a fairy tale castle; at a fortress",
        "before an old castle; outside a fairy tale castle",
    ),
    "sky": _setting(
        landscapes.sky,
        "in the sky; in the clouds; among the clouds; in a blue sky; high in the sky; up in the air; "
        "high above the ground; in the air among clouds; in a cloudy sky",
        "high up in the sky; above the clouds",
    ),
    "sunset": _setting(
        landscapes.sunset,
        "at sunset; at sunset by the sea; in the evening sun; at dusk; in front of the setting sun; "
        "during sunset; in the light of the setting sun; when the sun sets; in the evening",
        "in front of a sunset; while the sun goes down",
    ),
    "night": _setting(
        landscapes.meadow_at_night,
        "at night; in the night; under the stars; at night under the moon; in the moonlight; "
        "under a night sky; on a dark meadow; under a starry sky; on a field at night; "
        "in the dark under the moon",
        "on a meadow at night; under a starry night sky",
    ),
    "volcano": _setting(
        landscapes.volcano,
        "in front of a volcano; at a volcano; near a volcano; near flowing lava; before a volcano; "
        "in front of an erupting volcano; beside hot lava; on a volcanic island; among lava",
        "before an erupting volcano; on a field of lava",
    ),
    "market": _setting(
        landscapes.market,
        "at a market; in a market; in the market; in front of market stalls; at a street market; "
        "at a market place; among market stalls; at a weekly market; in a marketplace with fruit",
        "at a farmers' market; between the stalls of a market",
    ),
    "amusement park": _setting(
        landscapes.amusement_park,
        "in an amusement park; at an amusement park; at a fair; at a carnival; "
        "next to a ferris wheel; at a funfair; in a fun park; at a fair with rides; among rides; "
        "in a park with a ferris wheel; in a park with roller coasters; at the carnival; "
        "at a country fair with a carousel",
        "at the fairground; in a theme park",
    ),
}
