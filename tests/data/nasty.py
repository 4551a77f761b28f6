"""Texts and bundles made to break us; every one is built here, none is kept as a file."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.data.tiny_bundle import Faults, make_tiny_bundle, tiny_key

GERMAN = (
    "Die Behandlung der Patienten mit dem neuen Wirkstoff führte zu einer deutlichen Abnahme der "
    "Tumorgröße. Nach sechs Monaten war bei der Hälfte der Kranken kein Fortschreiten zu sehen, "
    "und die Nebenwirkungen waren nicht schwer."
)
FRENCH = (
    "Le traitement des malades par ce nouveau produit a conduit à une nette diminution de la "
    "taille des tumeurs. Les effets indésirables ont été rares et sans gravité dans les deux bras."
)
SPANISH = (
    "El tratamiento de los pacientes con el nuevo fármaco redujo el tamaño de los tumores. Los "
    "efectos adversos fueron leves y no se observó ninguna muerte por la terapia en el estudio."
)
CHINESE = (
    "我们研究了该药物对肿瘤细胞凋亡的影响。"
    "结果表明，治疗组患者的肿瘤明显缩小，且没有严重的不良反应。"
)
ARABIC = "درسنا تأثير الدواء على موت الخلايا السرطانية. أظهرت النتائج أن حجم الورم انخفض بوضوح."
RUSSIAN = "Мы изучили действие препарата на клетки опухоли. У больных опухоль заметно уменьшилась."
GREEK = "Μελετήσαμε την επίδραση του φαρμάκου στα κύτταρα του όγκου και στην επιβίωση των ασθενών."
RECIPE = (
    "Beat the eggs with sugar until pale, then fold in sifted flour and a pinch of salt. Pour the "
    "batter into a buttered tin, scatter sliced plums over it, and bake for forty minutes. Leave "
    "it to cool before dusting it with icing sugar; serve with whipped cream."
)
NEWS = (
    "Ministers met yesterday to discuss railway fares before a strike that could stop commuter "
    "trains for three days. Union leaders said talks would go on, while business groups warned "
    "that shops might lose their best weekend before Christmas. Buses will run as usual."
)
SOURCE_CODE = (
    "def merge(left, right):\n    out = []\n    while left and right:\n"
    "        side = left if left[0] <= right[0] else right\n        out.append(side.pop(0))\n"
    "    return out + left + right\n\nif __name__ == '__main__':\n"
    "    import sys\n    print(merge(sorted(sys.argv[1]), sorted(sys.argv[2])))\n"
)
ENGLISH_ABSTRACT = (
    "BACKGROUND: In human cancer, growth of the tumor is induced by VEGF. METHODS: We inhibited "
    "this factor in mice with a protein (e.g. an antibody), and cells were counted after 24 h. "
    "RESULTS: Treatment reduced angiogenesis (P < 0.05) in these mice. The p53 response was not "
    "increased. CONCLUSIONS: The study showed reduced tumor growth after treatment."
)


def base64_text() -> str:
    """40 lines of base64, as from a mail attachment."""
    return base64.encodebytes(random.Random(0).randbytes(2280)).decode()


OUTSIDE_TEXTS: Mapping[str, str] = {
    "base64": base64_text(),
    "source code": SOURCE_CODE,
    "recipe": RECIPE,
    "news": NEWS,
}
FOREIGN_TEXTS: Mapping[str, str] = {
    "German": GERMAN,
    "French": FRENCH,
    "Spanish": SPANISH,
    "Chinese": CHINESE,
    "Arabic": ARABIC,
    "Russian": RUSSIAN,
    "Greek": GREEK,
}
EMPTY_TEXTS: Mapping[str, str] = {
    "nothing": "",
    "blanks": " \t\r\n\u00a0\u3000 ",
    "zero-width only": "\u200b\ufeff\u200d" * 50,
    "NUL only": "\x00" * 100,
    "surrogates only": "\ud800\udfff",
    "noncharacters only": "\ufffe\uffff\U0010fffe",
    "replacement characters only": "\ufffd" * 20,
}
SHORT_TEXTS: Mapping[str, str] = {
    "one letter": "a",
    "one mark": "!",
    "digits": "1234567890 42",
    "one emoji": "\U0001f9ec",
    "one word": "angiogenesis",
    "one endless word": "cancer" * 10_000,
}


def ten_megabytes() -> str:
    """Ten megabytes of sentences that the tiny model reads."""
    return "The growth of these cancer cells was induced by VEGF. " * 190_000


def one_word_100_000_times() -> str:
    """700,000 characters without a full stop."""
    return "cancer " * 100_000


def combining_marks(count: int = 10_000) -> str:
    """A word whose last letter carries thousands of accents."""
    return "The tumor growe" + "\u0301\u0323" * (count // 2) + " in mice."


Builder = Callable[[Path], tuple[Path, Ed25519PublicKey]]


def _faulty(**faults: object) -> Builder:
    def build(folder: Path) -> tuple[Path, Ed25519PublicKey]:
        return make_tiny_bundle(folder, **_as_faults(faults))

    return build


def _as_faults(faults: dict[str, object]) -> Faults:
    return faults  # type: ignore[return-value]


def _tampered(change: Callable[[Path], object]) -> Builder:
    def build(folder: Path) -> tuple[Path, Ed25519PublicKey]:
        made = make_tiny_bundle(folder)
        change(folder)
        return made

    return build


def _with_flipped_bit(name: str) -> Builder:
    return _tampered(lambda folder: flip_bit(folder / name))


def _without(name: str) -> Builder:
    return _tampered(lambda folder: (folder / name).unlink())


def flip_bit(path: Path, at: int = -1) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _link_model(folder: Path) -> None:
    model = folder / "model.onnx"
    elsewhere = folder.parent / f"{folder.name}-elsewhere.onnx"
    model.rename(elsewhere)
    model.symlink_to(elsewhere)


def _pipe_for_model(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    os.mkfifo(folder / "model.onnx")


def _grow(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)  # sparse: costs no disk


def _sign_with_another_bundle(folder: Path) -> None:
    other, _ = make_tiny_bundle(folder.parent / f"{folder.name}-other", bundle_id="tiny-other")
    (folder / "manifest.sig").write_bytes((other / "manifest.sig").read_bytes())


BUNDLE_FILES = ("manifest.json", "manifest.sig", "model.onnx", "tokenizer.json", "MODEL_CARD.md")

TAMPERED_BUNDLES: Mapping[str, Builder] = {
    **{f"one bit of {name} flipped": _with_flipped_bit(name) for name in BUNDLE_FILES},
    **{f"no {name}": _without(name) for name in BUNDLE_FILES},
    "an extra file": _tampered(lambda folder: (folder / "hook.py").touch()),
    "a hidden extra file": _tampered(lambda folder: (folder / ".hidden").touch()),
    "an extra folder": _tampered(lambda folder: (folder / "weights").mkdir()),
    "a model behind a link": _tampered(_link_model),
    "a pipe for a model": _tampered(_pipe_for_model),
    "an empty signature": _tampered(lambda folder: (folder / "manifest.sig").write_bytes(b"")),
    "a long signature": _tampered(lambda folder: _grow(folder / "manifest.sig", 65)),
    "a signature of another bundle": _tampered(_sign_with_another_bundle),
    "a model of 3 GB": _tampered(lambda folder: _grow(folder / "model.onnx", 3 * 10**9)),
    "a manifest of 3 GB": _tampered(lambda folder: _grow(folder / "manifest.json", 3 * 10**9)),
    "a model cut in half": _tampered(lambda folder: _grow(folder / "model.onnx", 3000)),
    "a signature by a stranger": _faulty(key=tiny_key(99)),
}
"""Bundles changed after they were signed, or signed by nobody we know."""

UNSOUND_BUNDLES: Mapping[str, Builder] = {
    "external data": _faulty(external_location="weights.bin"),
    "external data with ../": _faulty(external_location="../../etc/passwd"),
    "a custom operator": _faulty(operator_domain="evil.example"),
    "a network that is empty": _faulty(network=b""),
    "a network that is no ONNX": _faulty(network=b"\x7fELF" * 50),
    "a tokenizer that is no JSON": _faulty(tokenizer=b"{'"),
    "a tokenizer nested without end": _faulty(tokenizer=b"[" * 100_000),
    "a tokenizer without a model": _faulty(tokenizer=b"[]"),
    "a model card that is no text": _faulty(model_card=b"\xff\xfe\x00"),
    "NaN weights": _faulty(nan_weights=True),
    "a newer format": _faulty(manifest_changes={"format_version": 2}),
    "an older format": _faulty(manifest_changes={"format_version": 0}),
    "a format that is no number": _faulty(manifest_changes={"format_version": "1"}),
    "no format": _faulty(manifest_changes={"format_version": None}),
    "no labels": _faulty(manifest_changes={"labels": []}),
    "files outside the folder": _faulty(
        manifest_changes={"files": [{"name": "../model.onnx", "sha256": "", "size": 0}]}
    ),
    "no files": _faulty(manifest_changes={"files": []}),
    "a size below zero": _faulty(
        manifest_changes={
            "files": [
                {"name": name, "sha256": "", "size": -1}
                for name in ("model.onnx", "tokenizer.json", "MODEL_CARD.md")
            ]
        }
    ),
    "an id that is a path": _faulty(manifest_changes={"bundle_id": "../tiny"}),
    "a window of a million tokens": _faulty(manifest_changes={"max_tokens": 1_000_000}),
    "a window without room": _faulty(manifest_changes={"max_tokens": 2, "window_stride": 1}),
    "a threshold that is no number": _faulty(manifest_changes={"evidence_threshold": float("nan")}),
    "labels that are a number": _faulty(manifest_changes={"labels": 7}),
}
"""Bundles that a trusted key has signed although they break the contract: refused on opening."""

MISFIT_BUNDLES: Mapping[str, Builder] = {
    "outputs for 9 labels": _faulty(output_labels=9),
    "outputs for 11 labels": _faulty(output_labels=11),
    "undeclared outputs for 9 labels": _faulty(output_labels=9, hides_columns=True),
    "another input name": _faulty(input_name="ids"),
    "NaN outputs": _faulty(nan_outputs=True),
    "pieces that the network lacks": _faulty(vocabulary_too_large=True),
    "an unknown standard operator": _faulty(operator_domain="com.microsoft"),
    "a tokenizer without [CLS]": _faulty(special_tokens=False),
    "a tokenizer that is none": _faulty(tokenizer=b'{"model": {}}'),
}
"""Bundles whose faults show only when the network is opened: refused by the classifier."""
