"""Index of Multiple Deprivation: file 7 of IMD 2019 (LSOAs of 2011) and of IoD 2025 (LSOAs of 2021)."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from pipeline.geography.layout import Product, Recognised
from pipeline.geography.postcodes import LSOAS_2011, decile
from pipeline.geography.source import GeographyError, Source
from pipeline.geography.table import read_table

LSOAS_2021: Final = 33_755
LSOAS: Final = {Product.IMD2019: LSOAS_2011, Product.IOD2025: LSOAS_2021}
FEWEST_DISTINCT: Final = 0.99
COLUMN: Final = {Product.IMD2019: "imd19_decile", Product.IOD2025: "imd25_decile"}
LSOA: Final = {Product.IMD2019: "lsoa11cd", Product.IOD2025: "lsoa21cd"}
VINTAGE: Final = {Product.IMD2019: "2019-09", Product.IOD2025: "2025-10"}


def read_deprivation(source: Source, recognised: Recognised) -> pd.DataFrame:
    """One row per LSOA of England: its code (lsoa11cd or lsoa21cd) and its decile (1 = most deprived).

    Raises GeographyError unless every LSOA is there once, the ranks run from 1 to their number (a few may be tied), and every
    decile follows from its rank.
    """
    product, count = recognised.product, LSOAS[recognised.product]
    table = read_table(source, recognised)
    distinct = int(table["lsoa"].nunique())
    if len(table) != count or distinct != count or not table["lsoa"].str.fullmatch(r"E01\d{6}").all():
        raise GeographyError(
            f"expected each of England's {count} LSOAs once for {product.value}, "
            f"found {len(table)} rows and {distinct} codes in {source.name}"
        )
    ranks = _integers(table["rank"], "ranks", source)
    deciles = _integers(table["decile"], "deciles", source)
    if ranks.min() != 1 or ranks.max() > count or len(np.unique(ranks)) < count * FEWEST_DISTINCT:
        raise GeographyError(
            f"expected ranks 1 to {count} in {source.name}, found {ranks.min()} to {ranks.max()}, {len(np.unique(ranks))} different"
        )
    expected = decile(pd.Series(ranks, dtype="Int64"), count).to_numpy(dtype=np.int64)
    wrong = int((expected != deciles).sum())
    if wrong:
        raise GeographyError(f"expected deciles that follow from the ranks in {source.name}, found {wrong} that do not")
    return pd.DataFrame({LSOA[product]: table["lsoa"], COLUMN[product]: pd.array(deciles, dtype="Int8")})


def _integers(column: pd.Series[str], what: str, source: Source) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    numbers = pd.to_numeric(column.str.replace(",", ""), errors="coerce")
    if bool(numbers.isna().any()) or bool((numbers % 1 != 0).any()):
        raise GeographyError(f"expected whole numbers as {what} in {source.name}, found something else")
    return numbers.to_numpy(dtype=np.int64)
