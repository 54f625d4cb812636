"""What a setting tells about itself to whoever puts a subject into it."""

from dataclasses import dataclass

from .canvas import Colour


@dataclass(frozen=True)
class Stage:
    """`ground`: heights where feet may stand, None where things float. `tint`: the light on the subject."""

    ground: tuple[float, float] | None
    tint: Colour = (1, 1, 1)
    shadow: float = 0.45
