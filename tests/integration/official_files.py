"""Official files in small: the published layouts, with rows of our own making."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.councils import Councils
from pipeline.geography.postcodes import EVERYWHERE


def _words(text: str) -> list[str]:
    return text.split()


ONSPD_2026 = _words(
    """pcd7 pcd8 pcds dointr doterm cty25cd ced25cd lad25cd wd25cd parncp25cd usrtypind east1m north1m gridind hlth19cd
nhser24cd ctry25cd rgn25cd ssr95cd pcon24cd eer20cd educ23cd ttwa15cd pco19cd itl25cd wdstl05cd oa01cd wdcas03cd
npark16cd lsoa01cd msoa01cd ruc01ind oac01ind oa11cd lsoa11cd msoa11cd wz11cd sicbl24cd bua24cd ruc11ind oac11ind lat
long lep21cd1 lep21cd2 pfa23cd imd20ind cal24cd icb23cd oa21cd lsoa21cd msoa21cd ruc21ind"""
)
NSPL_2025 = _words(
    """pcd7 pcd8 pcds dointr doterm usrtypind east1m north1m gridind oa21cd cty25cd ced25cd lad25cd wd25cd nhser24cd ctry25cd
rgn25cd pcon24cd ttwa15cd itl25cd npark16cd lsoa21cd msoa21cd wz11cd sicbl24cd bua24cd ruc21ind oac11ind lat long
lep21cd1 lep21cd2 pfa23cd imd20ind icb23cd"""
)
ONSPD_2021 = _words(
    """pcd pcd2 pcds dointr doterm oscty ced oslaua osward parish usertype oseast1m osnrth1m osgrdind oshlthau nhser ctry rgn
streg pcon eer teclec ttwa pct itl statsward oa01 casward park lsoa01 msoa01 ur01ind oac01 oa11 lsoa11 msoa11 wz11
sicbl bua11 buasd11 ru11ind oac11 lat long lep1 lep2 pfa imd calncv icb oa21 lsoa21 msoa21"""
)
NSPL_2021 = _words(
    """pcd pcd2 pcds dointr doterm usertype oseast1m osnrth1m osgrdind oa11 cty ced laua ward hlthau nhser ctry rgn pcon eer
teclec ttwa pct nuts park lsoa11 msoa11 wz11 ccg bua11 buasd11 ru11ind oac11 lat long lep1 lep2 pfa imd calncv stp"""
)
PCD_2022 = _words("""pcd7 pcd8 pcds dointr doterm usertype oa11cd lsoa11cd msoa11cd ladcd lsoa11nm msoa11nm ladnm ladnmw""")
LAYOUTS = {
    "ONSPD 2026": ONSPD_2026,
    "NSPL 2025": NSPL_2025,
    "ONSPD 2021": ONSPD_2021,
    "NSPL 2021": NSPL_2021,
    "PCD 2022": PCD_2022,
}
PRODUCTS = {"ONSPD 2026": "ONSPD", "NSPL 2025": "NSPL", "ONSPD 2021": "ONSPD", "NSPL 2021": "NSPL", "PCD 2022": "ONS postcode lookup"}
COUNCILS = sorted(Councils.of_2025().names)
ABROAD = {"BT": "N09000003", "CF": "W06000015", "EH": "S12000036", "GY": "L99999999", "JE": "L99999999", "IM": "M99999999"}
VINTAGE = "2026-01"

Row = dict[str, str]


def rows() -> list[Row]:
    """One postcode in each area and dependency, sorted; BA is terminated, B has no grid reference. By our own names."""
    made = []
    for number, area in enumerate(sorted(EVERYWHERE | {"GY", "JE", "IM"}, key=lambda area: f"{area}1".ljust(4))):
        lad = ABROAD.get(area, COUNCILS[number])
        here = lad.startswith("E")
        row = {
            "postcode": f"{area}1 1AA",
            "dointr": "198001",
            "doterm": "202601" if area == "BA" else "",
            "lad": lad,
            "lsoa11": f"E01{number:06}" if here else f"{lad[0]}99999999",
            "msoa11": f"E02{number:06}" if here else f"{lad[0]}99999999",
            "lsoa21": f"E01{number + 500:06}" if here else f"{lad[0]}99999999",
            "msoa21": f"E02{number + 500:06}" if here else f"{lad[0]}99999999",
            "imd": str(number * 200 + 1),  # a rank; of another index outside England
            "grid": "1",
        }
        if area == "B":
            row |= dict.fromkeys(("lad", "lsoa11", "msoa11", "lsoa21", "msoa21"), "") | {"grid": "9", "imd": "0", "doterm": "200001"}
        made.append(row)
    return made


def postcode_table(header: Sequence[str], made: Sequence[Row] | None = None) -> str:
    """A CSV with this header, quoted as ONS does, of these rows."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    out.write(",".join(header) + "\n")
    for row in rows() if made is None else made:
        outward, inward = row["postcode"].split(" ")
        values = {
            "pcd": f"{outward:<4}{inward}",
            "pcd7": f"{outward:<4}{inward}",
            "pcd2": f"{outward:<4} {inward}",
            "pcd8": f"{outward:<4} {inward}",
            "pcds": row["postcode"],
        }
        for name in header:
            stem = name.removesuffix("cd")
            if name.startswith(("lad", "oslaua", "laua")) and not name.endswith(("nm", "nmw")):
                values[name] = row["lad"]
            elif stem in row and stem.startswith(("lsoa", "msoa")):
                values[name] = row[stem]
            elif name in ("imd", "imd20ind"):
                values[name] = row["imd"]
            elif name in ("osgrdind", "gridind"):
                values[name] = row["grid"]
            elif name in ("dointr", "doterm"):
                values[name] = row[name]
        writer.writerow([values.get(name, "E99999999" if name.endswith("cd") else "1") for name in header])
    return out.getvalue()


def write_zip(path: Path, members: Mapping[str, str | bytes]) -> Path:
    """A zip of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def deprivation_table(year: str, count: int, spoil: Mapping[int, tuple[int, int]] | None = None) -> str:
    """File 7 with `count` LSOAs, ranked in the order of their codes; `spoil`: row -> (rank, decile) instead of the right ones."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        [
            f"LSOA code ({year})",
            f"LSOA name ({year})",
            "Index of Multiple Deprivation (IMD) Score",
            "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
            "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)",
            "Income Rank (where 1 is most deprived)",
        ]
    )
    for row in range(count):
        rank, decile = (spoil or {}).get(row, (row + 1, -(-(row + 1) * 10 // count)))
        writer.writerow([f"E01{row:06}", f"Somewhere {row}, and more", "12.3", rank, decile, row + 1])
    return out.getvalue()


GIAS_HEADER = """URN;LA (code);LA (name);EstablishmentNumber;EstablishmentName;TypeOfEstablishment (code);TypeOfEstablishment (name);
EstablishmentTypeGroup (code);EstablishmentTypeGroup (name);EstablishmentStatus (code);EstablishmentStatus (name);OpenDate;CloseDate;
PhaseOfEducation (code);PhaseOfEducation (name);StatutoryLowAge;StatutoryHighAge;NumberOfPupils;Boarders (name);Street;Locality;Address3;
Town;County (name);Postcode;GOR (code);GOR (name);DistrictAdministrative (code);DistrictAdministrative (name)""".replace("\n", "").split(
    ";"
)


def gias_table(schools: Sequence[Mapping[str, str]]) -> bytes:
    """`edubasealldata` with these establishments, in Windows-1252; what is not given is that of an open primary school."""
    usual = {
        "TypeOfEstablishment (name)": "Community school",
        "EstablishmentTypeGroup (name)": "Local authority maintained schools",
        "EstablishmentStatus (name)": "Open",
        "PhaseOfEducation (name)": "Primary",
        "StatutoryLowAge": "4",
        "StatutoryHighAge": "11",
        "OpenDate": "01-09-2024",
    }
    out = io.StringIO()
    writer = csv.DictWriter(out, GIAS_HEADER, lineterminator="\r\n", restval="")
    writer.writeheader()
    for number, school in enumerate(schools):
        writer.writerow({"URN": str(100000 + number)} | usual | dict(school))
    return out.getvalue().encode("windows-1252")
