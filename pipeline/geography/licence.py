"""The line that the licence of each product asks to be shown with anything made from it."""

from __future__ import annotations

from pipeline.geography.layout import POSTCODE_PRODUCTS, Product

OGL = "licensed under the Open Government Licence v.3.0"


def attribution(product: Product, vintage: str) -> str:
    """Of one product and vintage (YYYY-MM)."""
    year = vintage[:4]
    if product in (Product.IMD2019, Product.IOD2025):
        return f"Source: Ministry of Housing, Communities and Local Government, {product.value}, {OGL}."
    if product is Product.GIAS:
        return f"Source: Department for Education, Get Information about Schools, {OGL}."
    lines = f"Source: Office for National Statistics {OGL}. Contains OS data © Crown copyright and database right {year}."
    if product in POSTCODE_PRODUCTS:
        lines += f" Contains Royal Mail data © Royal Mail copyright and database right {year}."
    return lines
