"""How likely a decoded text is: the letters that an encoding is used for, by how common they are.

Bytes of a one-byte encoding decode in all others, so only the outcome tells them apart: Cyrillic
read as Greek is made of rare letters, German read as Thai of letters that no word mixes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

_WESTERN = "äöüßéèêëàâçîïôûùœñíóáúãõæøåÄÖÜÉÀÅØ°µ±–—‘’“”•…×·®©™²³«»§£€¿¡"
_CENTRAL = "ąćęłńóśźżŁŚŻáčďéěíňřšťúůýžČŘŠŽőűăâîșțöüäÖÜÄß°µ±–—‘’“”„•…×·®©«»"
_TURKISH = "ışğçöüİâîŞÇÖÜ°µ±–—‘’“”•…×·®©"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфієїґў№–—«»"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ–—«»°±"
_KANA = "のにはをたがでてとしれさいるなかあっこもうすまりくよりンスルトリアイラクシレタプドロマ"
_JAPANESE = (
    "、。「」（）ー・一二三本的法性者症例腫瘍癌細胞療"
    "治患結果研究検討方対目有後手術化発遺伝子心電図査"
)
_CHINESE = (
    "的一是不了在和有人为这中与对及其本我们研究结果方法目的细胞肿瘤"
    "癌治疗患者组表达分析作用基因，。、；："
    "（）“”心电图检查"
)
_TRADITIONAL = (
    "的一是不了在和有人為這中與對及其本我們研究結果方法細胞腫瘤癌"
    "治療患者組表達分析作用基因，。、；：（）心電圖檢查"
)
_KOREAN = "이다의는에을를가한하은고로서도과와인지기자사대시아어나그있것수연구결환세포종양암치료법"

_FREQUENT: dict[str, str] = {
    "cp1252": _WESTERN,
    "gb18030": _CHINESE,
    "cp932": _KANA + _JAPANESE,
    "cp1250": _CENTRAL,
    "cp1251": _CYRILLIC,
    "euc_jp": _KANA + _JAPANESE,
    "big5": _TRADITIONAL,
    "cp949": _KOREAN,
    "mac_roman": _WESTERN,
    "cp1253": _GREEK,
    "koi8_r": _CYRILLIC,
    "cp1254": _TURKISH,
    "cp850": _WESTERN,
}
LEGACY_ENCODINGS = tuple(_FREQUENT)
"""Encodings that files still come in, most common first. Latin-1 is a part of cp1252."""

_WIDE = re.compile("[\u3000-\u9fff\uac00-\ud7ff\uff00-\uff5f]")
_KANA_LETTERS = re.compile("[\u3041-\u30fe]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_LOWER = re.compile("[a-z]")


def plausibility(text: str, encoding: str) -> float:
    """How likely a text is that was decoded so: about 1 for the right way, in -1..1.

    Args:
        text: A sample with letters that are not ASCII.
        encoding: One of `LEGACY_ENCODINGS`.
    """
    counts = Counter(character for character in text if not character.isascii())
    if not counts:
        return 0.0
    frequent = set(_FREQUENT[encoding])
    weigh = _weigh_wide if encoding in _COMMON_LEADS else _weigh_narrow
    total = sum(
        count * (1.0 if character in frequent else weigh(character, encoding))
        for character, count in counts.items()
    )
    return total / counts.total() - _case_fault(text, encoding)


def _weigh_narrow(character: str, encoding: str) -> float:
    if not character.isprintable():
        return -1.0
    script = _SCRIPTS.get(encoding)
    if script is not None:
        return 0.4 if script(character) else -0.3
    return 0.1 if character.isalpha() else -0.1


def _weigh_wide(character: str, encoding: str) -> float:
    """By the lead byte: the standards put common characters into their first level."""
    if not _WIDE.match(character):
        return -0.5
    if encoding == "cp949":
        return 0.7 if _HANGUL.match(character) else 0.0
    if _KANA_LETTERS.match(character):
        return 0.7 if encoding in {"cp932", "euc_jp"} else -0.5
    try:
        lead = character.encode(_STRICTER.get(encoding, encoding))[0]
    except UnicodeEncodeError:
        return -0.2
    first, last = _COMMON_LEADS[encoding]
    return 0.6 if first <= lead <= last else 0.1


def _case_fault(text: str, encoding: str) -> float:
    """Share of capitals within words, which shows Cyrillic of the other encoding."""
    if encoding not in _SCRIPTS:
        return 0.0
    pairs = [
        (before, after)
        for before, after in pairwise(text)
        if before.islower() and after.isalpha() and not after.isascii()
    ]
    return sum(after.isupper() for _, after in pairs) / len(pairs) if pairs else 0.0


def _is_cyrillic(character: str) -> bool:
    return "\u0400" <= character <= "\u04ff"


def _is_greek(character: str) -> bool:
    return "\u0370" <= character <= "\u03ff"


_SCRIPTS: dict[str, Callable[[str], bool]] = {
    "cp1251": _is_cyrillic,
    "koi8_r": _is_cyrillic,
    "cp1253": _is_greek,
}
_COMMON_LEADS: dict[str, tuple[int, int]] = {
    "gb18030": (0xB0, 0xD7),
    "cp932": (0x88, 0x97),
    "euc_jp": (0xB0, 0xCF),
    "big5": (0xA4, 0xC6),
    "cp949": (0, 0),
}
_STRICTER = {"gb18030": "gb2312", "cp932": "shift_jis"}
