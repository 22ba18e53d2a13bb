"""Tables of runs: DataFrames where pandas is installed, else dicts of arrays."""
from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Union

import numpy

if TYPE_CHECKING:
    import pandas

    Table = Union[pandas.DataFrame, Dict[str, numpy.ndarray]]
else:
    Table = dict


def column_of(cells: List[str]) -> numpy.ndarray:
    """int64 or float64 if all cells are numbers or empty (NaN), else text, such as "007"."""
    try:
        numbers = numpy.array([int(cell) for cell in cells], dtype=numpy.int64)
        if [str(number) for number in numbers] == cells:
            return numbers
        return numpy.array(cells, dtype=object)
    except (ValueError, OverflowError):
        pass
    try:
        return numpy.array([float(cell) if cell else numpy.nan for cell in cells], dtype=float)
    except ValueError:
        return numpy.array(cells, dtype=object)


def table_of(columns: List[str], rows: List[List[str]], first_is_name: bool) -> Table:
    """`first_is_name`: the first column is text even if the names of all images are numbers."""
    arrays = {
        name: numpy.array([row[i] for row in rows], dtype=object)
        if i == 0 and first_is_name else column_of([row[i] for row in rows])
        for i, name in enumerate(columns)
    }
    try:
        import pandas
    except ImportError:
        return arrays
    return pandas.DataFrame(arrays)
