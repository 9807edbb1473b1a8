# SPDX-License-Identifier: BSD-3-Clause
"""The list of cells."""
import dataclasses
import typing

CELLS = []


@dataclasses.dataclass
class Cell:
    name: str
    what: str              # the first line of the function's doc
    row: str               # of the matrix: the peer
    stage: type            # where it plays
    function: typing.Callable
    quick: bool
    alone: bool            # measures what the lines carry: nothing else runs beside it
    long: bool             # waits for minutes and uses no CPU: runs beside all others


def cell(stage, row, quick=False, alone=False, long=False):
    """Registers a cell: a function of the stage that raises when something does not hold. What it returns is printed."""
    def register(function):
        CELLS.append(Cell(function.__name__, function.__doc__.splitlines()[0], row, stage, function, quick, alone, long))
        return function
    return register
