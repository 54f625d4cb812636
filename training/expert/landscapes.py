"""Settings under the sky. Each function paints an empty scene and tells how light and ground are there."""

from .canvas import Canvas, Colour
from .stage import Stage

BLUE: Colour = (0.36, 0.66, 0.96)
PALE: Colour = (0.82, 0.93, 1.0)
GRASS: Colour = (0.45, 0.74, 0.33)
ASPHALT: Colour = (0.36, 0.37, 0.4)


def _sky(c: Canvas, top: Colour = BLUE, low: Colour = PALE, horizon: float = 0.7) -> None:
    haze = c.near(low, 0.03)
    c.gradient(c.near(top), haze, 0, horizon)
    c.gradient(haze, haze, horizon, 1)


def _clouds(c: Canvas, most: int = 3, colour: Colour = (1, 1, 1)) -> None:
    for _ in range(int(c.rng.integers(0, most + 1))):
        x, y, size = c.between(0, 1), c.between(0.06, 0.28), c.between(0.04, 0.075)
        for step in range(5):
            puff = size * (0.6, 0.85, 1.0, 0.8, 0.55)[step]
            c.ellipse(x + (step - 2) * size * 0.95, y - puff * 0.35, puff, puff * 0.8, colour)


def _ground(c: Canvas, colour: Colour, y: float, spread: float = 0.05) -> None:
    far = c.near(colour, spread)
    c.gradient(far, [v * 0.78 for v in far], y, 1)


def _sun(c: Canvas, colour: Colour = (1, 0.95, 0.7)) -> None:
    x, y = c.between(0.1, 0.9), c.between(0.08, 0.22)
    c.glow(x, y, 0.35, colour, 0.5)
    c.ellipse(x, y, 0.05, 0.05, colour)


def _stars(c: Canvas, count: int, y1: float) -> None:
    c.dots(count, 0, y1, (1, 1, 1), (0.0012, 0.0032))
    c.dots(count // 8, 0, y1, (1, 0.95, 0.8), (0.003, 0.005))


def _trees(
    c: Canvas, label: str, count: int, base: float, height: tuple[float, float], *, tint: Colour = (1,) * 3
) -> None:
    for _ in range(count):
        c.thing(label, c.beside(0.32), base + c.between(0, 0.05), c.between(*height), tint=tint)


def school_yard(c: Canvas) -> Stage:
    y = c.between(0.66, 0.72)
    _sky(c, horizon=y)
    _clouds(c)
    _ground(c, (0.78, 0.68, 0.55), y)
    c.thing("school", c.between(0.35, 0.65), y + 0.03, c.between(0.5, 0.62), shadow=0.2)
    for x in (c.between(0, 0.1), c.between(0.9, 1)):
        c.thing("deciduous tree", x, y + 0.05, c.between(0.32, 0.42))
    c.line((0, 0.88), (1, 0.84), (0.95, 0.93, 0.88), 0.01)
    c.thing(c.one_of("basketball", "soccer ball", "backpack", "bicycle"), c.beside(0.16), 0.95, 0.13)
    return Stage(ground=(0.84, 0.95))


def park(c: Canvas) -> Stage:
    y = c.between(0.6, 0.7)
    _sky(c, horizon=y + 0.05)
    _clouds(c)
    c.ridge(y, 0.08, c.near((0.5, 0.76, 0.45)))
    _ground(c, GRASS, y + 0.04)
    c.polygon(
        [(0.42, y + 0.04), (0.5, y + 0.04), (c.between(0.7, 0.9), 1), (c.between(0.2, 0.4), 1)],
        (0.88, 0.8, 0.64),
    )
    _trees(c, "deciduous tree", int(c.rng.integers(2, 5)), y + 0.08, (0.34, 0.55))
    if c.chance(0.5):
        c.thing(c.one_of("fountain", "tulip", "blossom"), c.beside(0.25), y + 0.16, 0.16)
    return Stage(ground=(0.84, 0.95))


def garden(c: Canvas) -> Stage:
    y = c.between(0.58, 0.66)
    _sky(c, horizon=y)
    _clouds(c, 2)
    c.box(0, y - 0.16, 1, y + 0.02, c.near((0.36, 0.6, 0.3)))
    c.dots(60, y - 0.16, y, c.near((0.45, 0.7, 0.36)), (0.01, 0.03))
    _ground(c, (0.5, 0.78, 0.36), y)
    for _ in range(int(c.rng.integers(8, 13))):
        c.thing(
            c.one_of("tulip", "rose", "sunflower", "blossom", "hyacinth", "hibiscus"),
            c.beside(0.4),
            c.between(y + 0.08, 0.98),
            c.between(0.12, 0.2),
            shadow=0.15,
        )
    return Stage(ground=(0.86, 0.95))


def playground(c: Canvas) -> Stage:
    y = c.between(0.62, 0.7)
    _sky(c, horizon=y)
    _clouds(c)
    c.ridge(y - 0.02, 0.06, c.near((0.5, 0.76, 0.45)))
    _ground(c, (0.93, 0.8, 0.56), y)
    c.thing("playground slide", c.beside(0.22), y + 0.14, c.between(0.36, 0.46))
    x = c.one_of_numbers(0.14, 0.86)
    c.line((x - 0.12, y + 0.1), (x - 0.08, 0.34), (0.85, 0.3, 0.25), 0.014)
    c.line((x + 0.12, y + 0.1), (x + 0.08, 0.34), (0.85, 0.3, 0.25), 0.014)
    c.line((x - 0.08, 0.34), (x + 0.08, 0.34), (0.85, 0.3, 0.25), 0.014)
    for rope in (-0.03, 0.03):
        c.line((x + rope, 0.34), (x + rope, y + 0.02), (0.4, 0.35, 0.3), 0.004)
    c.box(x - 0.04, y + 0.02, x + 0.04, y + 0.035, (0.25, 0.4, 0.75))
    return Stage(ground=(0.86, 0.95))


def stadium(c: Canvas) -> Stage:
    _sky(c, horizon=0.3)
    c.box(0, 0.2, 1, 0.62, (0.5, 0.52, 0.58))
    for row in range(6):
        at = 0.23 + row * 0.055
        c.line((0, at + 0.03), (1, at + 0.03), (0.4, 0.42, 0.48), 0.01)
        for x in range(26):
            colour = [c.between(0.25, 1) for _ in range(3)]
            c.ellipse((x + c.between(0.2, 0.8)) / 26, at + 0.01, 0.014, 0.017, colour)
    c.box(0, 0.56, 1, 0.64, c.near((0.2, 0.35, 0.75), 0.15))
    field = c.near((0.3, 0.66, 0.28))
    for stripe in range(6):
        y0, y1 = 0.63 + stripe * 0.062, 0.63 + (stripe + 1) * 0.062
        c.box(0, y0, 1, y1, field if stripe % 2 else [v * 0.88 for v in field])
    c.line((0, 0.72), (1, 0.72), (0.97, 0.97, 0.97), 0.01)
    c.thing("goal net", c.beside(0.14), 0.74, 0.2)
    return Stage(ground=(0.84, 0.95))


def forest(c: Canvas) -> Stage:
    y = c.between(0.64, 0.72)
    _sky(c, (0.42, 0.62, 0.5), (0.78, 0.88, 0.66), y)
    for depth, tint in ((0.0, (0.75, 0.9, 0.85)), (0.05, (0.85, 0.95, 0.9)), (0.1, (1, 1, 1))):
        for _ in range(int(c.rng.integers(4, 7))):
            x = c.between(0, 1) if depth < 0.1 else c.beside(0.3)
            c.thing(
                c.one_of("evergreen tree", "evergreen tree", "deciduous tree"),
                x,
                y + depth,
                c.between(0.34, 0.5) + depth * 2,
                tint=tint,
                shadow=0.15,
            )
        if depth == 0:
            _ground(c, (0.36, 0.5, 0.24), y - 0.01)
    c.thing(c.one_of("mushroom", "rock", "wood", "herb"), c.beside(0.3), c.between(0.92, 0.98), 0.13)
    return Stage(ground=(0.86, 0.95), tint=(0.94, 0.98, 0.9))


def jungle(c: Canvas) -> Stage:
    _sky(c, (0.2, 0.45, 0.3), (0.55, 0.75, 0.4), 0.72)
    for _ in range(6):
        c.thing(
            "palm tree",
            c.between(0, 1),
            c.between(0.7, 0.78),
            c.between(0.45, 0.7),
            tint=(0.75, 0.9, 0.75),
            shadow=0,
        )
    _ground(c, (0.25, 0.42, 0.18), 0.73)
    for _ in range(12):
        x, at, size = c.beside(0.35), c.between(0.7, 1), c.between(0.08, 0.16)
        green = c.near((0.2, 0.55, 0.25), 0.1)
        for lean in (-1.2, -0.6, 0, 0.6, 1.2):
            c.polygon(
                [(x - 0.012, at), (x + lean * size, at - size * (1.5 - abs(lean) / 2)), (x + 0.012, at)],
                green,
            )
    for _ in range(4):
        x = c.between(0, 1)
        c.line((x, 0), (x + c.between(-0.05, 0.05), c.between(0.15, 0.4)), (0.2, 0.4, 0.2), 0.008)
    return Stage(ground=(0.86, 0.95), tint=(0.92, 1, 0.9))


def mountains(c: Canvas) -> Stage:
    _sky(c, horizon=0.75)
    _clouds(c)
    for _ in range(4):
        x, top, half = c.between(0, 1), c.between(0.12, 0.32), c.between(0.28, 0.45)
        rock = c.near((0.5, 0.53, 0.62), 0.08)
        c.polygon([(x - half, 0.75), (x, top), (x + half, 0.75)], rock)
        c.polygon([(x, top), (x + half, 0.75), (x + half * 0.1, 0.75)], [v * 0.82 for v in rock])
        cap = 0.26
        c.polygon(
            [
                (x, top),
                (x - half * cap, top + (0.75 - top) * cap),
                (x - half * 0.08, top + 0.1),
                (x + half * 0.08, top + 0.14),
                (x + half * cap, top + (0.75 - top) * cap),
            ],
            (0.97, 0.98, 1),
        )
    c.ridge(0.7, 0.08, c.near((0.4, 0.62, 0.36)))
    _ground(c, (0.5, 0.68, 0.36), 0.78)
    _trees(c, "evergreen tree", 3, 0.78, (0.16, 0.26))
    return Stage(ground=(0.86, 0.95))


def lake(c: Canvas) -> Stage:
    _sky(c, horizon=0.5)
    _clouds(c)
    c.ridge(0.42, 0.12, c.near((0.42, 0.56, 0.62)))
    c.ridge(0.47, 0.06, c.near((0.34, 0.55, 0.36)))
    far = c.near((0.36, 0.62, 0.8))
    c.gradient(far, [v * 0.8 for v in far], 0.5, 1)
    for _ in range(14):
        x, at = c.between(0, 1), c.between(0.53, 0.8)
        c.line((x, at), (x + c.between(0.04, 0.14), at), (0.75, 0.88, 0.96), 0.005)
    c.ridge(0.84, 0.03, c.near((0.5, 0.72, 0.36)))
    for _ in range(5):
        c.thing("herb", c.beside(0.25), c.between(0.86, 0.95), c.between(0.12, 0.2), shadow=0.1)
    return Stage(ground=(0.89, 0.96))


def beach(c: Canvas) -> Stage:
    shore = c.between(0.62, 0.7)
    _sky(c, (0.3, 0.68, 0.98), (0.85, 0.95, 1), 0.46)
    _clouds(c)
    c.gradient(c.near((0.1, 0.5, 0.78)), c.near((0.3, 0.78, 0.86)), 0.46, shore)
    _ground(c, (0.97, 0.87, 0.64), shore, 0.03)
    c.ridge(shore, 0.02, (0.97, 0.98, 1), rough=0.4)
    c.ridge(shore + 0.015, 0.02, c.near((0.96, 0.86, 0.63), 0.02), rough=0.4)
    c.thing("palm tree", c.beside(0.1), c.between(0.78, 0.86), c.between(0.5, 0.66))
    if c.chance(0.6):
        c.thing(
            c.one_of("spiral shell", "umbrella with rain drops", "bucket", "coconut"),
            c.beside(0.25),
            0.95,
            0.11,
        )
    if c.chance(0.4):
        _sun(c)
    return Stage(ground=(0.84, 0.95), tint=(1, 0.99, 0.95))


def underwater(c: Canvas) -> Stage:
    c.gradient(c.near((0.25, 0.72, 0.9)), c.near((0.04, 0.25, 0.5)), 0, 1)
    for x in (c.between(0, 0.3), c.between(0.35, 0.65), c.between(0.7, 1)):
        c.beam(x, x + c.between(-0.1, 0.1), 0.1, (0.85, 1, 1), 0.28)
    c.ridge(0.9, 0.04, c.near((0.62, 0.62, 0.5)))
    blue = (0.75, 0.9, 1)
    for _ in range(5):
        c.thing(
            c.one_of("coral", "coral", "spiral shell", "herb"),
            c.beside(0.4),
            c.between(0.93, 1),
            c.between(0.12, 0.24),
            tint=blue,
            shadow=0.2,
        )
    if c.chance(0.5):
        c.thing(
            c.one_of("tropical fish", "fish"), c.beside(0.2), c.between(0.25, 0.5), 0.09, tint=blue, shadow=0
        )
    c.dots(14, 0.1, 0.85, (0.75, 0.93, 1), (0.004, 0.013))
    return Stage(ground=None, tint=(0.8, 0.95, 1.0))


def _towers(c: Canvas, y: float, *, wall: Colour, lit: Colour, dark: Colour, share: float) -> None:
    x = c.between(-0.1, 0)
    while x < 1:
        width, top = c.between(0.12, 0.22), y - c.between(0.2, 0.52)
        front = c.near(wall, 0.12)
        c.box(x, top, x + width, y, front)
        c.box(x + width * 0.85, top, x + width, y, [v * 0.85 for v in front])
        columns = max(2, int(width / 0.045))
        for row in range(int((y - top - 0.06) / 0.055)):
            for column in range(columns):
                at = x + width * (column + 0.3) / (columns + 0.2)
                low = top + 0.03 + row * 0.055
                c.box(at, low, at + 0.022, low + 0.03, lit if c.chance(share) else dark)
        x += width + c.between(0, 0.02)


def _street(c: Canvas, y: float, road: Colour, curb: Colour, marking: Colour) -> None:
    c.box(0, y, 1, y + 0.07, curb)
    _ground(c, road, y + 0.07, 0.03)
    offset = c.between(-0.2, 0)
    for dash in range(6):
        c.box(offset + dash * 0.24, 0.9, offset + dash * 0.24 + 0.12, 0.915, marking)


def city(c: Canvas) -> Stage:
    y = c.between(0.66, 0.74)
    _sky(c, horizon=y)
    _clouds(c, 2)
    _towers(c, y, wall=(0.72, 0.68, 0.66), lit=(0.7, 0.87, 0.95), dark=(0.45, 0.58, 0.7), share=0.5)
    _street(c, y, ASPHALT, (0.7, 0.69, 0.67), (0.95, 0.94, 0.85))
    if c.chance(0.6):
        c.thing(
            c.one_of("vertical traffic light", "stop sign", "bus stop", "deciduous tree"),
            c.beside(0.1),
            y + 0.06,
            0.3,
        )
    return Stage(ground=(0.86, 0.95))


def city_at_night(c: Canvas) -> Stage:
    y = c.between(0.66, 0.74)
    c.gradient(c.near((0.04, 0.05, 0.18), 0.02), c.near((0.2, 0.15, 0.38), 0.04), 0, y)
    _stars(c, 24, 0.4)
    if c.chance(0.5):
        c.thing("full moon", c.beside(0.3), 0.24, 0.13, shadow=0)
    _towers(c, y, wall=(0.16, 0.16, 0.28), lit=(1, 0.86, 0.45), dark=(0.1, 0.11, 0.2), share=0.5)
    _street(c, y, (0.13, 0.13, 0.19), (0.24, 0.24, 0.32), (0.75, 0.72, 0.5))
    x = c.one_of_numbers(0.1, 0.9)
    c.line((x, y + 0.05), (x, 0.36), (0.1, 0.1, 0.13), 0.014)
    c.ellipse(x, 0.35, 0.03, 0.02, (1, 0.93, 0.7))
    c.glow(x, 0.36, 0.28, (1, 0.85, 0.5), 0.55)
    return Stage(ground=(0.86, 0.95), tint=(0.72, 0.7, 0.86), shadow=0.55)


def village_street(c: Canvas) -> Stage:
    y = c.between(0.64, 0.7)
    _sky(c, horizon=y)
    _clouds(c)
    _ground(c, GRASS, y)
    for x in (c.between(0.02, 0.16), c.between(0.42, 0.58), c.between(0.84, 0.98)):
        c.thing(
            c.one_of("house", "house with garden", "convenience store", "church"),
            x,
            y + 0.03,
            c.between(0.3, 0.42),
        )
    c.box(0, y + 0.06, 1, y + 0.1, (0.78, 0.76, 0.72))
    _ground(c, (0.5, 0.5, 0.52), y + 0.1)
    c.box(0, 0.955, 1, 0.965, (0.92, 0.9, 0.82))
    c.thing(c.one_of("postbox", "deciduous tree", "vertical traffic light"), c.beside(0.08), y + 0.1, 0.26)
    return Stage(ground=(0.85, 0.95))


def farm(c: Canvas) -> Stage:
    y = c.between(0.56, 0.64)
    _sky(c, horizon=y)
    _clouds(c)
    c.ridge(y, 0.06, c.near((0.62, 0.76, 0.36)))
    _ground(c, (0.85, 0.72, 0.36), y + 0.03)
    for row in range(7):
        at = y + 0.06 + row * row * 0.0085
        c.line((0, at), (1, at + c.between(-0.01, 0.01)), (0.68, 0.56, 0.26), 0.005 + row * 0.001)
    x = c.one_of_numbers(0.2, 0.8)
    red = c.near((0.75, 0.2, 0.16))
    c.box(x - 0.15, y - 0.16, x + 0.15, y + 0.07, red)
    c.polygon(
        [(x - 0.18, y - 0.15), (x - 0.1, y - 0.28), (x + 0.1, y - 0.28), (x + 0.18, y - 0.15)],
        (0.4, 0.3, 0.28),
    )
    c.panel(x - 0.06, y - 0.06, x + 0.06, y + 0.07, red, (0.97, 0.95, 0.92))
    for _ in range(4):
        c.thing(
            c.one_of("sheaf of rice", "ear of corn", "sunflower"),
            c.beside(0.3),
            c.between(0.88, 0.99),
            c.between(0.16, 0.24),
        )
    return Stage(ground=(0.85, 0.95), tint=(1, 0.98, 0.93))


def desert(c: Canvas) -> Stage:
    _sky(c, (0.45, 0.7, 0.92), (1, 0.9, 0.72), 0.66)
    if c.chance(0.6):
        _sun(c, (1, 0.93, 0.7))
    c.ridge(0.6, 0.1, c.near((0.88, 0.66, 0.4)))
    c.ridge(0.68, 0.08, c.near((0.93, 0.74, 0.46)))
    c.ridge(0.8, 0.05, c.near((0.9, 0.7, 0.42)))
    _trees(c, "cactus", int(c.rng.integers(1, 4)), 0.78, (0.22, 0.4))
    if c.chance(0.4):
        c.thing("rock", c.beside(0.25), 0.95, 0.1, tint=(1, 0.85, 0.7))
    return Stage(ground=(0.85, 0.95), tint=(1, 0.96, 0.88))


def snow(c: Canvas) -> Stage:
    _sky(c, (0.55, 0.72, 0.9), (0.86, 0.92, 0.98), 0.7)
    c.ridge(0.6, 0.1, c.near((0.82, 0.88, 0.96), 0.02))
    _trees(c, "evergreen tree", int(c.rng.integers(2, 5)), 0.68, (0.26, 0.44), tint=(0.85, 0.95, 1))
    c.ridge(0.72, 0.04, c.near((0.95, 0.97, 1), 0.02))
    if c.chance(0.4):
        c.thing(c.one_of("snowman without snow", "hut", "sled"), c.beside(0.15), 0.84, 0.24)
    c.dots(45, 0, 1, (1, 1, 1), (0.003, 0.008))
    return Stage(ground=(0.85, 0.95), tint=(0.95, 0.98, 1), shadow=0.3)


def space(c: Canvas) -> Stage:
    c.gradient(c.near((0.03, 0.02, 0.1), 0.02), c.near((0.1, 0.05, 0.25), 0.04), 0, 1)
    for _ in range(3):
        c.glow(
            c.between(0, 1),
            c.between(0, 1),
            c.between(0.3, 0.5),
            (c.between(0.2, 0.6), 0.15, c.between(0.4, 0.7)),
            0.4,
        )
    _stars(c, 70, 1)
    c.thing("ringed planet", c.beside(0.25), c.between(0.26, 0.5), c.between(0.18, 0.28), shadow=0)
    if c.chance(0.6):
        c.thing(
            c.one_of("globe showing Americas", "full moon", "star", "crescent moon"),
            c.beside(0.25),
            c.between(0.6, 1),
            0.18,
            shadow=0,
        )
    return Stage(ground=None, tint=(0.92, 0.92, 1))


def moon_surface(c: Canvas) -> Stage:
    c.gradient((0.02, 0.02, 0.06), (0.06, 0.06, 0.13), 0, 0.7)
    _stars(c, 60, 0.6)
    c.thing("globe showing Europe-Africa", c.beside(0.3), c.between(0.3, 0.4), c.between(0.2, 0.28), shadow=0)
    c.ridge(0.68, 0.05, c.near((0.62, 0.62, 0.66), 0.03))
    c.ridge(0.76, 0.03, c.near((0.72, 0.72, 0.75), 0.03))
    for _ in range(7):
        x, y, r = c.between(0, 1), c.between(0.77, 0.99), c.between(0.02, 0.07)
        c.ellipse(x, y, r, r * 0.32, (0.52, 0.52, 0.56))
        c.ellipse(x, y + r * 0.06, r * 0.9, r * 0.25, (0.62, 0.62, 0.66))
    return Stage(ground=(0.85, 0.94), tint=(0.95, 0.95, 1), shadow=0.6)


def castle(c: Canvas) -> Stage:
    y = c.between(0.64, 0.7)
    _sky(c, c.one_of_colours(BLUE, (0.62, 0.55, 0.9)), (0.98, 0.86, 0.88), y)
    _clouds(c)
    c.ridge(y - 0.03, 0.1, c.near((0.45, 0.68, 0.42)))
    c.thing(
        c.one_of("castle", "castle", "Japanese castle"),
        c.between(0.35, 0.65),
        y + 0.02,
        c.between(0.5, 0.6),
        shadow=0.2,
    )
    _ground(c, (0.42, 0.68, 0.34), y)
    c.polygon([(0.46, y), (0.54, y), (0.72, 1), (0.28, 1)], (0.82, 0.74, 0.62))
    _trees(c, "evergreen tree", 2, y + 0.06, (0.2, 0.3))
    return Stage(ground=(0.85, 0.95))


def sky(c: Canvas) -> Stage:
    _sky(c, (0.25, 0.55, 0.93), (0.75, 0.9, 1), 1)
    for _ in range(4):
        x, at, size = c.between(0, 1), c.between(0.1, 1), c.between(0.05, 0.1)
        for dx, puff in ((-1.7, 0.6), (-0.8, 0.9), (0, 1.1), (0.9, 0.85), (1.7, 0.55)):
            c.ellipse(
                x + dx * size,
                at - puff * size * 0.3,
                puff * size,
                puff * size * 0.8,
                c.near((0.97, 0.98, 1), 0.02),
            )
    if c.chance(0.35):
        c.thing("rainbow", c.beside(0.2), c.between(0.5, 0.8), 0.3, shadow=0)
    return Stage(ground=None)


def sunset(c: Canvas) -> Stage:
    c.gradient(c.near((0.36, 0.22, 0.55)), c.near((1, 0.62, 0.35)), 0, 0.62)
    x = c.between(0.2, 0.8)
    c.glow(x, 0.56, 0.5, (1, 0.75, 0.35), 0.7)
    c.ellipse(x, 0.56, 0.1, 0.1, (1, 0.9, 0.55))
    c.gradient(c.near((0.75, 0.42, 0.42)), c.near((0.22, 0.2, 0.42)), 0.6, 1)
    for _ in range(12):
        at = c.between(0.62, 0.82)
        c.line((x + c.between(-0.14, 0.1), at), (x + c.between(-0.05, 0.18), at), (1, 0.8, 0.5), 0.006)
    c.ridge(0.85, 0.03, c.near((0.3, 0.2, 0.26), 0.03))
    return Stage(ground=(0.9, 0.96), tint=(1, 0.82, 0.72), shadow=0.5)


def meadow_at_night(c: Canvas) -> Stage:
    c.gradient(c.near((0.03, 0.05, 0.17), 0.02), c.near((0.13, 0.2, 0.42), 0.03))
    _stars(c, 45, 0.62)
    x, y = c.beside(0.3), c.between(0.16, 0.26)
    c.glow(x, y - 0.07, 0.3, (0.8, 0.85, 1), 0.4)
    c.thing(c.one_of("full moon", "crescent moon"), x, y, c.between(0.14, 0.18), shadow=0)
    c.ridge(0.68, 0.06, c.near((0.08, 0.17, 0.16), 0.02))
    c.ridge(0.76, 0.03, c.near((0.12, 0.25, 0.17), 0.02))
    _trees(c, "deciduous tree", 2, 0.8, (0.3, 0.42), tint=(0.35, 0.45, 0.6))
    return Stage(ground=(0.86, 0.95), tint=(0.62, 0.68, 0.9), shadow=0.5)


def volcano(c: Canvas) -> Stage:
    c.gradient(c.near((0.25, 0.12, 0.16), 0.03), c.near((0.85, 0.4, 0.25), 0.05))
    x = c.between(0.3, 0.7)
    c.glow(x, 0.2, 0.4, (1, 0.5, 0.15), 0.7)
    rock = c.near((0.25, 0.2, 0.22), 0.03)
    c.polygon([(x - 0.5, 0.74), (x - 0.1, 0.24), (x + 0.1, 0.24), (x + 0.5, 0.74)], rock)
    c.polygon(
        [
            (x - 0.1, 0.24),
            (x + 0.1, 0.24),
            (x + 0.03, 0.32),
            (x + 0.08, 0.5),
            (x, 0.42),
            (x - 0.06, 0.56),
            (x - 0.04, 0.34),
        ],
        (1, 0.5, 0.12),
    )
    _ground(c, (0.3, 0.23, 0.23), 0.73, 0.03)
    for _ in range(3):
        at = c.between(0.78, 0.95)
        c.line(
            (c.between(0, 0.4), at), (c.between(0.6, 1), at + c.between(-0.05, 0.05)), (1, 0.45, 0.1), 0.012
        )
    return Stage(ground=(0.86, 0.95), tint=(1, 0.85, 0.78), shadow=0.5)


def market(c: Canvas) -> Stage:
    y = c.between(0.68, 0.74)
    _sky(c, horizon=0.3)
    c.box(0, 0.2, 1, y, c.near((0.85, 0.72, 0.58)))
    _ground(c, (0.72, 0.66, 0.6), y)
    for x0 in (-0.06, 0.54):
        colour = c.one_of_colours((0.85, 0.25, 0.25), (0.2, 0.5, 0.8), (0.25, 0.6, 0.35))
        for stripe in range(8):
            left = x0 + stripe * 0.065
            c.polygon(
                [(left + 0.02, 0.22), (left + 0.085, 0.22), (left + 0.065, 0.38), (left, 0.38)],
                colour if stripe % 2 else (0.97, 0.96, 0.93),
            )
        c.box(x0, y - 0.12, x0 + 0.52, y + 0.06, c.near((0.6, 0.42, 0.28)))
        for crate in range(4):
            c.thing(
                c.one_of("red apple", "banana", "tangerine", "tomato", "broccoli", "carrot", "grapes"),
                x0 + 0.08 + crate * 0.12,
                y - 0.11,
                0.11,
                shadow=0,
            )
    return Stage(ground=(0.88, 0.96))


def amusement_park(c: Canvas) -> Stage:
    y = c.between(0.66, 0.72)
    _sky(c, c.one_of_colours(BLUE, (0.55, 0.45, 0.85)), (1, 0.88, 0.85), y)
    _clouds(c, 2)
    c.thing("ferris wheel", c.beside(0.25), y + 0.02, c.between(0.46, 0.58), shadow=0)
    _ground(c, (0.85, 0.75, 0.65), y)
    c.thing(
        c.one_of("circus tent", "carousel horse", "roller coaster"),
        c.beside(0.25),
        y + 0.05,
        c.between(0.28, 0.36),
    )
    for x in range(9):
        hue = [(0.95, 0.3, 0.35), (0.98, 0.8, 0.25), (0.3, 0.65, 0.95)][x % 3]
        left = x / 9
        c.polygon([(left, 0.03), (left + 0.08, 0.03), (left + 0.04, 0.1)], hue)
    return Stage(ground=(0.86, 0.95))
