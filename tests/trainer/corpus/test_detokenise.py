"""The corpus's spelling becomes running text, and no character of the text is lost."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trainer.corpus.detokenise import detokenise, repair_characters


@pytest.mark.parametrize(
    ("written", "running"),
    [
        ("Cells grew , but slowly .", "Cells grew, but slowly."),
        ("Growth ( by VEGF ) was seen ; it ended !", "Growth (by VEGF) was seen; it ended!"),
        ("the [ 18F ] tracer { x }", "the [18F] tracer {x}"),
        ("a 50 % rise", "a 50% rise"),
        ("( p < 0.05 )", "(p < 0.05)"),
        ("p<0.05 and n=3", "p<0.05 and n=3"),
        ("at 3<4 of 5>2", "at 3 < 4 of 5 > 2"),
        ("the patient 's tumour", "the patient's tumour"),
        ("the patient ' s tumour", "the patient's tumour"),
        ("the patients ' tumours", "the patients' tumours"),
        ("p53-mediated and VEGF - A", "p53-mediated and VEGF - A"),
        ("cell @-@ cycle arrest", "cell-cycle arrest"),
        ('the " Warburg " effect', 'the "Warburg" effect'),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        (r"TNF-\u03b1 and NF-\u03baB", "TNF-α and NF-κB"),
        ("10 \ufffdM , 5 \ufffdmol \ufffd", "10 µM, 5 µmol \ufffd"),
        ("  many   blanks\there  ", "many blanks here"),
        ("", ""),
    ],
)
def test_running_text_is_written_as_people_write_it(written: str, running: str) -> None:
    assert detokenise(written) == running


@pytest.mark.parametrize(
    ("written", "repaired"),
    [
        (r"\u03b1\u00b5", "αµ"),
        (r"\u03B1", "α"),
        (r"\u03b", r"\u03b"),
        (r"\ud83d\ude00", r"\ud83d\ude00"),
        (r"\udfff", r"\udfff"),
        (r"\uD7FF", "\ud7ff"),
        ("5 \ufffdL", "5 µL"),
        ("\ufffd lone", "\ufffd lone"),
        ("( p < 0.05 )", "( p < 0.05 )"),
    ],
)
def test_escapes_are_decoded_and_lost_micro_signs_restored(written: str, repaired: str) -> None:
    assert repair_characters(written) == repaired


SPELLINGS = re.compile(r"&(amp|lt|gt|quot|apos|bar|bra|ket|#91|#93|#124);| @-@ ")
SENTENCES = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=6)
    | st.sampled_from([*",.;:!?%()[]{}<>=-'\"`&@", "'s", "s", "``", "''", "5", "µM", "\ufffdM"])
).map(" ".join)


@given(SENTENCES)
@example("a & lt; b")
@example("( ( x ) )")
@example("0 = .5")
def test_no_character_is_lost_but_blanks_and_what_stands_for_another(sentence: str) -> None:
    if SPELLINGS.search(f" {' '.join(repair_characters(sentence).split())} "):
        return
    before = Counter("".join(repair_characters(sentence).split()))
    after = Counter("".join(detokenise(sentence).split()))
    assert after == before


@given(SENTENCES)
def test_running_text_has_no_blanks_at_its_ends_nor_two_in_a_row(sentence: str) -> None:
    text = detokenise(sentence)
    assert text == text.strip()
    assert not re.search(r"\s{2,}", text)
