"""Settings under a roof. Each function paints an empty scene and tells how light and ground are there."""

from .canvas import Canvas, Colour
from .stage import Stage

WOOD: Colour = (0.72, 0.52, 0.35)
DAYLIGHT: Colour = (0.66, 0.85, 0.97)


def steps(start: float, end: float, step: float) -> list[float]:
    """Evenly spaced places."""
    return [start + step * i for i in range(int((end - start) / step) + 1)]


def _room(c: Canvas, wall: Colour, floor: Colour, *, spread: float = 0.05) -> float:
    """Wall, skirting board and floor; the height at which they meet."""
    y = c.between(0.68, 0.78)
    top = c.near(wall, spread)
    c.gradient(top, [v * 0.92 for v in top], 0, y)
    near = c.near(floor, spread)
    c.gradient([v * 0.86 for v in near], near, y, 1)
    c.box(0, y - 0.02, 1, y + 0.004, [v * 0.8 for v in top])
    return y


def _window(c: Canvas, x: float, y: float, width: float, height: float) -> None:
    c.panel(x, y, x + width, y + height, c.near(DAYLIGHT), (0.97, 0.97, 0.95))
    c.box(x + width / 2 - 0.005, y, x + width / 2 + 0.005, y + height, (0.97, 0.97, 0.95))
    c.glow(x + width / 2, y + height / 2, width * 1.2, (1, 1, 0.95), 0.25)


def _shelves(c: Canvas, x0: float, x1: float, y0: float, *, rows: int, pitch: float) -> None:
    """Rows of books, each of its own width and colour."""
    wood = c.near((0.5, 0.33, 0.2))
    c.box(x0, y0 - 0.02, x1, y0 + rows * pitch, [v * 0.75 for v in wood])
    for row in range(rows):
        floor, x = y0 + (row + 1) * pitch - 0.015, x0 + 0.015
        while x < x1 - 0.03:
            width = c.between(0.018, 0.035)
            colour = [c.between(0.2, 0.85), c.between(0.2, 0.65), c.between(0.2, 0.65)]
            c.box(x, floor - c.between(0.6, 0.85) * pitch, x + width - 0.003, floor, colour)
            x += width
        c.box(x0, floor, x1, floor + 0.015, wood)


def classroom(c: Canvas) -> Stage:
    y = _room(c, c.one_of_colours((0.95, 0.9, 0.8), (0.85, 0.92, 0.95), (0.93, 0.93, 0.85)), WOOD)
    x0, x1, low = c.between(0.05, 0.16), c.between(0.84, 0.95), c.between(0.46, 0.56)
    c.panel(x0, 0.1, x1, low, c.near((0.12, 0.38, 0.28), 0.03), c.near((0.6, 0.4, 0.22)))
    for _ in range(4):
        left, at = c.between(x0 + 0.04, x1 - 0.35), c.between(0.15, low - 0.06)
        c.line(
            (left, at), (left + c.between(0.08, 0.3), at + c.between(-0.01, 0.01)), (0.85, 0.9, 0.86), 0.008
        )
    c.box(x0, low, x1, low + 0.015, (0.7, 0.5, 0.3))
    c.thing(
        c.one_of("globe showing Europe-Africa", "books", "potted plant", "backpack"),
        c.beside(0.1),
        y + 0.05,
        0.17,
    )
    for x in (0.12, 0.88):
        c.thing("chair", x + c.between(-0.05, 0.05), c.between(0.93, 1.0), c.between(0.24, 0.32))
    return Stage(ground=(0.86, 0.95))


def library(c: Canvas) -> Stage:
    y = _room(c, (0.85, 0.75, 0.6), (0.6, 0.42, 0.3))
    _shelves(c, 0.0, c.between(0.42, 0.5), 0.06, rows=4, pitch=(y - 0.06) / 4)
    _shelves(c, c.between(0.52, 0.58), 1.0, 0.06, rows=4, pitch=(y - 0.06) / 4)
    c.glow(0.5, 0, 0.6, (1, 0.9, 0.65), 0.4)
    c.thing(c.one_of("books", "globe with meridians", "ladder"), c.beside(0.15), 0.96, 0.2)
    return Stage(ground=(0.86, 0.95), tint=(1, 0.96, 0.9))


def office(c: Canvas) -> Stage:
    y = _room(c, (0.88, 0.9, 0.93), (0.55, 0.58, 0.63))
    for x in (0.06, 0.38, 0.7):
        _window(c, x, 0.08, 0.25, c.between(0.3, 0.36))
    top = y - 0.08
    c.box(0, top, 0.36, top + 0.03, c.near((0.75, 0.6, 0.42)))
    c.box(0.64, top, 1, top + 0.03, c.near((0.75, 0.6, 0.42)))
    c.box(0.02, top + 0.03, 0.06, y + 0.08, (0.5, 0.5, 0.53))
    c.box(0.94, top + 0.03, 0.98, y + 0.08, (0.5, 0.5, 0.53))
    c.thing("laptop", c.between(0.1, 0.24), top, 0.15)
    c.thing(
        c.one_of("potted plant", "telephone receiver", "books", "laptop"), c.between(0.76, 0.9), top, 0.15
    )
    return Stage(ground=(0.87, 0.95))


def laboratory(c: Canvas) -> Stage:
    y = _room(c, (0.82, 0.92, 0.94), (0.75, 0.8, 0.83), spread=0.03)
    for row in (0.2, 0.38):
        c.box(0.04, row, 0.96, row + 0.02, (0.6, 0.68, 0.72))
        for x in (0.12, 0.3, 0.7, 0.88):
            c.thing(c.one_of("test tube", "petri dish", "dna", "magnet", "test tube"), x, row, 0.12, shadow=0)
    c.box(0, y - 0.1, 1, y - 0.06, (0.93, 0.95, 0.96))
    c.box(0, y - 0.06, 1, y + 0.06, c.near((0.45, 0.62, 0.7)))
    c.thing("microscope", c.beside(0.22), y - 0.1, 0.22)
    c.thing(c.one_of("test tube", "telescope", "petri dish"), c.beside(0.22), y - 0.1, 0.16)
    return Stage(ground=(0.9, 0.96), tint=(0.97, 1, 1))


def kitchen(c: Canvas) -> Stage:
    y = _room(c, (0.98, 0.93, 0.82), (0.82, 0.72, 0.6))
    for x in steps(0, 1, 0.08):
        c.line((x, 0.3), (x, y - 0.12), (0.88, 0.84, 0.75), 0.004)
    for at in (0.38, 0.46, 0.54):
        c.line((0, at), (1, at), (0.88, 0.84, 0.75), 0.004)
    cabinet = c.near((0.4, 0.62, 0.62), 0.12)
    for x in (0.02, 0.27, 0.52, 0.77):
        c.panel(x, 0.02, x + 0.22, 0.24, cabinet, [v * 0.8 for v in cabinet])
    c.box(0, y - 0.12, 1, y - 0.085, c.near((0.55, 0.4, 0.28)))
    c.box(0, y - 0.085, 1, y + 0.1, cabinet)
    c.thing(c.one_of("pot of food", "shallow pan of food", "teapot"), c.beside(0.25), y - 0.12, 0.15)
    c.thing(
        c.one_of("bread", "red apple", "jar", "cheese wedge", "bell pepper"), c.beside(0.25), y - 0.12, 0.11
    )
    return Stage(ground=(0.9, 0.96), tint=(1, 0.98, 0.95))


def living_room(c: Canvas) -> Stage:
    y = _room(c, c.one_of_colours((0.95, 0.85, 0.75), (0.75, 0.85, 0.8), (0.9, 0.82, 0.9)), (0.68, 0.5, 0.36))
    _window(c, c.between(0.05, 0.12), 0.1, 0.28, 0.34)
    c.panel(0.6, 0.12, 0.9, 0.36, c.near((0.5, 0.7, 0.6), 0.2), (0.5, 0.35, 0.2))
    sofa = c.near(c.one_of_colours((0.8, 0.35, 0.35), (0.3, 0.5, 0.7), (0.4, 0.6, 0.4)))
    c.shade(0.5, y + 0.09, 0.5, 0.05, 0.4)
    c.box(0.1, y - 0.2, 0.9, y + 0.06, sofa)
    c.box(0.1, y - 0.06, 0.9, y + 0.08, [min(1, v * 1.12) for v in sofa])
    for x in (0.06, 0.86):
        c.box(x, y - 0.12, x + 0.08, y + 0.08, [v * 0.9 for v in sofa])
    c.ellipse(0.5, 0.97, 0.5, 0.09, c.near((0.85, 0.75, 0.6), 0.15))
    c.thing(c.one_of("potted plant", "teddy bear", "television"), c.beside(0.06), 0.94, 0.22)
    return Stage(ground=(0.9, 0.96), tint=(1, 0.98, 0.95))


def hospital(c: Canvas) -> Stage:
    y = _room(c, (0.86, 0.95, 0.95), (0.72, 0.83, 0.84), spread=0.03)
    c.box(0, 0.45, 1, 0.48, (0.45, 0.72, 0.75))
    _window(c, c.between(0.05, 0.15), 0.08, 0.28, 0.28)
    c.box(0.72, 0.12, 0.86, 0.26, (0.98, 0.98, 0.98))
    c.box(0.772, 0.14, 0.808, 0.24, (0.9, 0.2, 0.25))
    c.box(0.74, 0.172, 0.84, 0.208, (0.9, 0.2, 0.25))
    x = c.one_of_numbers(-0.1, 0.6)
    c.box(x, y - 0.08, x + 0.5, y + 0.02, (0.98, 0.98, 1))
    c.box(x, y + 0.02, x + 0.5, y + 0.05, (0.6, 0.7, 0.75))
    c.ellipse(x + (0.42 if x < 0 else 0.08), y - 0.08, 0.08, 0.035, (0.85, 0.92, 0.98))
    return Stage(ground=(0.9, 0.96), tint=(0.98, 1, 1))


def restaurant(c: Canvas) -> Stage:
    y = _room(c, (0.72, 0.38, 0.3), (0.45, 0.3, 0.22))
    for x in (0.2, 0.5, 0.8):
        c.line((x, 0), (x, 0.14), (0.2, 0.15, 0.12), 0.008)
        c.ellipse(x, 0.16, 0.05, 0.03, (1, 0.85, 0.5))
        c.glow(x, 0.17, 0.2, (1, 0.8, 0.45), 0.6)
    for x in (c.between(0.02, 0.12), c.between(0.88, 0.98)):
        c.ellipse(x, y + 0.05, 0.18, 0.04, (0.97, 0.95, 0.92))
        c.box(x - 0.02, y + 0.06, x + 0.02, y + 0.2, (0.3, 0.2, 0.15))
        c.thing(c.one_of("spaghetti", "pizza", "wine glass", "hot beverage", "sushi"), x, y + 0.06, 0.12)
    return Stage(ground=(0.9, 0.96), tint=(1, 0.92, 0.84))


def stage(c: Canvas) -> Stage:
    """A concert stage: curtains, beams of light, the dark hall in front."""
    hue = c.one_of_colours((0.55, 0.1, 0.5), (0.12, 0.15, 0.55), (0.55, 0.08, 0.15))
    c.gradient([v * 0.25 for v in hue], [v * 0.9 for v in hue], 0, 0.78)
    for x in steps(0, 1, 0.09):
        c.line((x, 0), (x + c.between(-0.01, 0.01), 0.78), [v * 0.35 for v in hue], 0.02)
    wood = c.near((0.42, 0.27, 0.2))
    c.gradient([v * 0.6 for v in wood], wood, 0.76, 1)
    for x in (c.between(0.02, 0.2), c.between(0.4, 0.6), c.between(0.8, 0.98)):
        c.beam(x, c.between(0.3, 0.7), 0.16, c.near((1, 0.85, 0.6), 0.25), 0.5)
    for x in (0.07, 0.93):
        c.box(x - 0.09, 0.5, x + 0.09, 0.84, (0.09, 0.09, 0.11))
        c.ellipse(x, 0.6, 0.055, 0.055, (0.25, 0.25, 0.28))
        c.ellipse(x, 0.74, 0.065, 0.065, (0.25, 0.25, 0.28))
    c.thing(
        c.one_of("drum", "guitar", "microphone", "musical keyboard"),
        c.beside(0.25),
        0.84,
        0.2,
        tint=(0.9,) * 3,
    )
    return Stage(ground=(0.88, 0.95), tint=(1, 0.93, 0.95))


def gym(c: Canvas) -> Stage:
    y = _room(c, (0.9, 0.87, 0.78), (0.85, 0.62, 0.36))
    for x in steps(0.04, 1, 0.24):
        _window(c, x, 0.05, 0.18, 0.16)
    c.line((0, 0.9), (1, 0.86), (0.9, 0.3, 0.2), 0.014)
    c.line((0.15, 1), (0.3, y), (0.98, 0.98, 0.98), 0.012)
    x = c.beside(0.14)
    c.box(x - 0.09, 0.3, x + 0.09, 0.43, (0.97, 0.97, 0.97))
    c.ellipse(x, 0.43, 0.05, 0.014, (0.9, 0.4, 0.15))
    c.thing(c.one_of("basketball", "volleyball", "soccer ball"), c.beside(0.25), c.between(0.9, 0.97), 0.11)
    return Stage(ground=(0.86, 0.95))


def museum(c: Canvas) -> Stage:
    _room(c, (0.93, 0.92, 0.9), (0.62, 0.5, 0.42), spread=0.03)
    for x in (0.05, 0.38, 0.71):
        height = c.between(0.2, 0.3)
        c.panel(x, 0.16, x + 0.24, 0.16 + height, [c.between(0.2, 0.9) for _ in range(3)], (0.78, 0.6, 0.25))
        c.ellipse(
            x + c.between(0.07, 0.17), 0.16 + height / 2, 0.05, 0.05, [c.between(0.2, 0.95) for _ in range(3)]
        )
        c.glow(x + 0.12, 0.12, 0.16, (1, 0.95, 0.8), 0.35)
    x = c.one_of_numbers(0.1, 0.9)
    c.box(x - 0.08, 0.72, x + 0.08, 0.9, (0.98, 0.98, 0.97))
    c.thing(c.one_of("moai", "amphora", "sauropod", "crown"), x, 0.73, 0.2)
    return Stage(ground=(0.88, 0.95))


def factory(c: Canvas) -> Stage:
    y = _room(c, (0.55, 0.58, 0.62), (0.42, 0.42, 0.44))
    for x in steps(0.04, 1, 0.32):
        _window(c, x, 0.06, 0.24, 0.14)
    for at in (0.28, 0.34):
        c.line((0, at), (1, at), c.near((0.75, 0.45, 0.3)), 0.025)
    for x in (c.between(0.05, 0.15), c.between(0.85, 0.95)):
        c.box(x - 0.13, 0.46, x + 0.13, y + 0.08, c.near((0.85, 0.65, 0.2), 0.08))
        c.ellipse(x, 0.58, 0.06, 0.06, (0.25, 0.27, 0.3))
        c.ellipse(x, 0.58, 0.035, 0.035, (0.6, 0.63, 0.66))
    c.box(0, y + 0.08, 1, y + 0.11, (0.95, 0.8, 0.15))
    c.thing(c.one_of("toolbox", "wrench", "bucket", "nut and bolt"), c.beside(0.2), 0.97, 0.14)
    return Stage(ground=(0.9, 0.96), tint=(0.97, 0.97, 1))
