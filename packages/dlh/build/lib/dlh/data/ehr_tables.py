"""What the patients of the synthetic cohort are drawn from: diagnosis codes, phenotypes and comorbidities.

A weight says how readily a code is drawn; all that applies to a patient is added up.
"""

from dataclasses import dataclass

# How readily anyone in hospital is given each of the 105 codes that are common.
COMMON = {
    "008": 0.5, "038": 0.7, "041": 1.0, "070": 0.4, "112": 0.7, "197": 0.7, "198": 0.7, "244": 2.2, "250": 3.0,
    "263": 0.7, "272": 4.0, "274": 0.9, "275": 1.0, "276": 6.0, "278": 1.2, "280": 1.0, "285": 4.0, "286": 0.7,
    "287": 0.9, "288": 0.8, "290": 0.5, "291": 0.4, "293": 0.9, "294": 0.7, "296": 1.1, "300": 1.6, "303": 0.3,
    "305": 2.2, "311": 2.4, "327": 0.8, "331": 0.5, "345": 1.1, "348": 0.7, "357": 0.5, "362": 0.5, "396": 0.4,
    "401": 6.5, "402": 0.5, "403": 0.9, "410": 0.9, "411": 0.7, "412": 0.8, "413": 0.7, "414": 2.6,
    "416": 0.8, "424": 1.3, "425": 0.6, "426": 0.8, "427": 3.5, "428": 0.25, "433": 0.8, "434": 0.8, "438": 0.8,
    "440": 0.8, "441": 1.6, "443": 1.0, "453": 1.0, "456": 0.3, "458": 1.6, "482": 0.6, "486": 1.3, "491": 0.5,
    "492": 0.4, "493": 1.0, "496": 1.2, "507": 0.8, "511": 1.0, "512": 0.9, "515": 0.4, "518": 1.8,
    "530": 3.2, "535": 1.0, "536": 0.5, "562": 1.4, "567": 0.4, "571": 0.4, "572": 0.3, "573": 0.6,
    "577": 0.8, "578": 1.0, "583": 0.4, "584": 2.0, "585": 1.2, "588": 0.4, "599": 2.6, "600": 1.2, "682": 0.9,
    "707": 1.0, "733": 1.2, "780": 1.8, "785": 1.0, "787": 1.2, "789": 0.8,
    "807": 0.4, "820": 0.5, "852": 0.4, "995": 0.7, "996": 1.2, "998": 1.5,
    "V10": 1.4, "V15": 1.8, "V45": 2.0, "V58": 2.2, "E878": 2.2, "E888": 0.4,
}  # fmt: skip

# Codes that, once given, are mostly given again at later visits.
CHRONIC = {
    "070", "244", "250", "272", "274", "278", "280", "285", "290", "294", "296", "300", "303", "305",
    "311", "327", "331", "345", "357", "362", "396", "401", "402", "403", "412", "413", "414", "416",
    "424", "425", "426", "427", "428", "433", "438", "440", "441", "443", "456", "491", "492", "493",
    "496", "515", "530", "536", "571", "572", "583", "585", "588", "600", "733", "V10", "V15", "V45",
    "V58",
}  # fmt: skip
PERSISTENCE = 14.0

# What follows from an earlier visit's code, and the weight it adds at later visits: complications accrue.
CONSEQUENCES = {
    "250": {"357": 2.5, "362": 2.5, "583": 2.5, "585": 3.0, "443": 2.0, "707": 2.5, "536": 1.5},
    "303": {"571": 5.0, "291": 4.0, "577": 2.0},
    "401": {"402": 1.0, "403": 1.5, "434": 1.5},
    "410": {"412": 14.0, "425": 3.0, "427": 3.0},
    "414": {"410": 2.0, "412": 3.0, "425": 1.5},
    "424": {"416": 3.0, "427": 3.0},
    "428": {"416": 3.0, "511": 2.0, "584": 2.0, "425": 2.0},
    "434": {"438": 12.0, "345": 2.0},
    "491": {"416": 3.0, "518": 3.0},
    "571": {"456": 5.0, "572": 6.0, "578": 3.0, "567": 2.5, "287": 2.5},
    "585": {"588": 4.0, "403": 4.0, "285": 3.0, "275": 2.0, "996": 2.0},
    "820": {"733": 4.0, "707": 2.0, "453": 2.0},
}


@dataclass(frozen=True)
class Phenotype:
    """A kind of patient: which codes are typical, and how near to heart failure it brings one.

    Attributes
    ----------
    name : str
    share : float, the share of patients of this kind
    heart_failure : float, what it adds to the liability for heart failure
    codes : dict, common code to the weight it adds
    favors : tuple of str, first digits of the uncommon codes that are more likely than others
    comorbidities : dict, name of a comorbidity to its probability; unnamed ones have `OTHERWISE`
    """

    name: str
    share: float
    heart_failure: float
    codes: dict[str, float]
    favors: tuple[str, ...]
    comorbidities: dict[str, float]


PHENOTYPES = [
    Phenotype(
        "ischemic heart failure", 0.25, 2.2,
        {"414": 39, "410": 14, "411": 8, "412": 11, "413": 6, "427": 21, "424": 11, "425": 11, "426": 6,
         "272": 18, "401": 12, "402": 5, "416": 5, "396": 5, "V45": 9, "V58": 6, "440": 5, "443": 5, "433": 5,
         "785": 5, "458": 5, "996": 5, "998": 5},
        ("39", "41", "42", "43", "44", "74", "V4"),
        {"diabetes": 0.35, "atrial fibrillation": 0.4, "kidney disease": 0.25},
    ),
    Phenotype(
        "diabetes with chronic kidney disease", 0.20, 0.5,
        {"250": 36, "585": 33, "403": 27, "584": 12, "588": 11, "583": 11, "357": 11, "362": 11, "285": 15,
         "276": 12, "275": 8, "280": 6, "274": 6, "272": 9, "536": 8, "707": 8, "682": 6, "443": 8, "440": 5,
         "996": 6, "278": 5, "458": 5, "599": 5, "V45": 9, "V58": 12},
        ("24", "25", "27", "36", "58", "59", "73", "V4"),
        {"atrial fibrillation": 0.15, "coronary disease": 0.35, "obesity": 0.3},
    ),
    Phenotype(
        "chronic lung disease", 0.17, 0.3,
        {"496": 24, "491": 23, "518": 21, "486": 17, "493": 12, "492": 11, "305": 12, "416": 9, "515": 8,
         "327": 6, "511": 8, "482": 6, "512": 6, "507": 5, "300": 6, "733": 5, "288": 3, "276": 5},
        ("01", "03", "16", "46", "47", "48", "49", "50", "51", "V1"),
        {"atrial fibrillation": 0.25, "obesity": 0.25, "depression": 0.3, "cancer": 0.2},
    ),
    Phenotype(
        "sepsis and critical illness", 0.15, -1.0,
        {"038": 30, "995": 30, "785": 21, "518": 18, "584": 18, "276": 12, "599": 12, "041": 12, "486": 8,
         "482": 8, "507": 8, "112": 9, "008": 9, "263": 9, "286": 6, "287": 8, "288": 8, "348": 6, "567": 8,
         "682": 8, "707": 9, "453": 6, "780": 5, "996": 6, "998": 6},
        ("00", "04", "11", "32", "42", "54", "55", "56", "99", "E8"),
        {"cancer": 0.3, "diabetes": 0.25, "kidney disease": 0.25},
    ),
    Phenotype(
        "liver disease and alcohol", 0.11, -2.2,
        {"571": 36, "572": 21, "303": 20, "291": 14, "456": 17, "070": 15, "578": 14, "286": 12, "287": 14,
         "789": 14, "573": 11, "577": 11, "567": 9, "535": 9, "530": 6, "305": 9, "276": 9, "285": 8, "263":
         5, "348": 5, "296": 5, "280": 5},
        ("15", "26", "29", "30", "53", "57", "78", "98"),
        {"depression": 0.35, "coronary disease": 0.05, "atrial fibrillation": 0.05},
    ),
    Phenotype(
        "falls and frailty in old age", 0.12, -0.3,
        {"820": 14, "807": 14, "E888": 17, "852": 15, "733": 17, "294": 14, "331": 14, "290": 11, "293": 14,
         "780": 12, "787": 9, "599": 11, "600": 9, "434": 9, "438": 9, "401": 12, "427": 6, "345": 6, "244":
         6, "507": 6, "453": 5, "458": 6, "562": 5, "285": 6, "311": 5},
        ("33", "34", "35", "37", "71", "72", "80", "81", "82", "83", "85", "87", "92", "E8"),
        {"atrial fibrillation": 0.3, "coronary disease": 0.25, "depression": 0.25},
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Comorbidity:
    """An illness that a patient may have besides the phenotype: codes that come together.

    Attributes
    ----------
    heart_failure : float, what it adds to the liability for heart failure
    codes : dict, common code to the weight it adds
    """

    heart_failure: float
    codes: dict[str, float]


COMORBIDITIES = {
    "diabetes": Comorbidity(0.4, {"250": 22, "357": 2, "362": 2, "272": 6, "536": 2}),
    "coronary disease": Comorbidity(2.0, {"414": 26, "412": 8, "413": 4, "272": 8, "411": 3}),
    "kidney disease": Comorbidity(1.0, {"585": 20, "403": 14, "588": 3, "285": 6, "584": 6}),
    "atrial fibrillation": Comorbidity(1.5, {"427": 26, "424": 4, "426": 3, "434": 3}),
    "obesity": Comorbidity(0.6, {"278": 18, "327": 12, "416": 3, "272": 5}),
    "depression": Comorbidity(0.0, {"311": 14, "300": 9, "296": 8}),
    "cancer": Comorbidity(-0.5, {"197": 16, "198": 16, "V10": 12, "453": 4, "285": 5, "288": 4}),
    "thyroid disease": Comorbidity(0.1, {"244": 20}),
}
OTHERWISE = 0.12

# What heart failure itself brings, besides its own code.
HEART_FAILURE_CODES = {"428": 90, "427": 20, "416": 12, "424": 12, "425": 12, "511": 12, "584": 12, "402": 8}
