"""The report of a study: one page of HTML that needs nothing else.

It holds names of labels and figures, and no text of the corpus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from kdh_desktop.core.json_values import to_json_value
from trainer.study import figures, tables
from trainer.study.conclusions import cautions, findings
from trainer.study.config import Published
from trainer.study.outcome import Metric, Outcome, sample_name
from trainer.study.published import KDH_MLTC_F1
from trainer.study.system_kinds import Part
from trainer.study.tables import table

_STYLE = Path(__file__).with_name("report.css")

Section = tuple[str, str, Callable[[Outcome], Iterator[str]]]


def render_report(outcome: Outcome) -> str:
    """The whole page."""
    sections = [
        (name, title, body)
        for name, title, write in _SECTIONS
        if (body := "\n".join(write(outcome)))
    ]
    contents = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in sections)
    body = "\n".join(
        f'<section id="{name}">\n<h2>{escape(title)}</h2>\n{text}\n</section>'
        for name, title, text in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(outcome.config.title)}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f'{_header(outcome)}\n<nav aria-label="Contents">{contents}</nav>\n'
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _header(outcome: Outcome) -> str:
    config, about = outcome.config, outcome.about
    when = datetime.fromisoformat(about.utc)
    lines = [
        f"<header>\n<h1>{escape(config.title)}</h1>",
        f'<p class="lede">{escape(config.question)}</p>',
        (
            f'<p class="meta">After {escape(config.source)}. Preset '
            f"<code>{escape(config.name)}</code>; "
            f"{about.texts:,} texts, {len(outcome.labels)} labels, {config.folds} folds, "
            f"{_many(len(config.seeds), 'seed')}; {when.day} {when:%B %Y}.</p>"
        ),
    ]
    if config.reductions:
        items = "".join(f"<li>{escape(one)}</li>" for one in config.reductions)
        lines.append(
            '<div class="notice"><p><strong>A reduced preset.</strong> The whole grid was run, but '
            f"smaller than the full study:</p><ul>{items}</ul></div>"
        )
    return "\n".join([*lines, "</header>"])


def _findings(outcome: Outcome) -> Iterator[str]:
    yield _list(findings(outcome))


def _scores(outcome: Outcome) -> Iterator[str]:
    several = len(outcome.config.samples) > 1
    if several:
        for network in outcome.config.networks:
            yield tables.scores_by_sample(outcome, network)
            yield _figure(
                figures.scores_by_sample(outcome, network),
                "Micro-F1 by the number of texts to learn from. Every system is judged on the same "
                "texts whatever its sample. Bars: bootstrap intervals of 95 % over texts; lines "
                "are set apart sideways so that the bars can be seen.",
            )
    yield tables.all_metrics(outcome)
    yield _figure(
        figures.forest(outcome, Metric.MICRO_F1),
        f"Micro-F1 of systems trained on {sample_name(outcome.largest)} texts, with bootstrap "
        "intervals of 95 %. Intervals of systems judged on the same texts may overlap although "
        "their difference is significant: see the tests of pairs below.",
    )


def _per_label(outcome: Outcome) -> Iterator[str]:
    for network in outcome.config.networks:
        yield _figure(
            figures.label_curves(outcome, network),
            f"F1 of each label, {network.name}, labels sorted by how many texts have them.",
        )
    yield _folded("F1 of each label as a table", tables.labels(outcome))


def _significance(outcome: Outcome) -> Iterator[str]:
    if len(outcome.config.of_part(Part.MAIN)) < 2:
        return
    yield (
        "<p>One star stands for a corrected p-value of the paired bootstrap under 0.05, two for "
        "one under 0.01. The bootstrap and McNemar's test ask whether other texts might have "
        "turned the comparison round; Wilcoxon's asks whether other folds might have.</p>"
    )
    if len(outcome.config.networks) > 1:
        yield tables.significance_by_metric(outcome)
        return
    for sample in outcome.config.samples:
        yield tables.significance(outcome, outcome.config.networks[0], sample)


def _ablations(outcome: Outcome) -> Iterator[str]:
    for network in outcome.config.networks:
        for sample in outcome.config.samples:
            tests = tables.ablation_tests(outcome, network, sample)
            if tests:
                yield tables.ablations(outcome, tests)
                yield _figure(
                    figures.ablations(outcome, tests),
                    f"What each change does to micro-F1, {sample_name(sample)} texts. Bars: "
                    "intervals of 95 % of the difference, both judged on the same texts.",
                )


def _searches(outcome: Outcome) -> Iterator[str]:
    drawn, chosen = figures.searches(outcome), tables.chosen_settings(outcome)
    if chosen is None:
        return
    yield (
        "<p>Each fold has its own search, whose positions are trained and judged on inner folds of "
        "that fold's training texts; the held-out texts are judged once, at the end. Random search "
        "has the same budget. The time of the tuned systems is that of both searches.</p>"
    )
    if drawn is not None:
        yield _figure(
            drawn,
            f"Best micro-F1 on the inner folds so far, {sample_name(outcome.largest)} texts, mean "
            "over folds.",
        )
    yield _folded("What was chosen, fold by fold", chosen)


def _reliability(outcome: Outcome) -> Iterator[str]:
    yield _figure(
        figures.reliability(outcome),
        "Probabilities of each fold, calibrated on the other folds: mean prediction of ten bins of "
        "equal size against the share that is right. The error is the mean distance of the bins "
        "from the diagonal.",
    )


def _costs(outcome: Outcome) -> Iterator[str]:
    yield _figure(
        figures.cost_against_score(outcome),
        "Time to train a system once, with all that it is made from, against its micro-F1. "
        "Large marks: the largest sample; lines lead there from the smaller ones.",
    )
    yield tables.costs(outcome)


def _published(outcome: Outcome) -> Iterator[str]:
    match outcome.config.published:
        case Published.ROCLING:
            yield (
                "<p>The paper's corpus is not public; its figures cannot be repeated, and ours are "
                "neither better nor worse than them. What can be compared is whether the same "
                "systems come out ahead.</p>"
            )
            yield tables.beside_published(outcome)
        case Published.KDH_MLTC:
            yield (
                f"<p>The paper reports F1 {KDH_MLTC_F1:.2f} on its largest sample of the Hallmarks "
                "of Cancer corpus, without saying which average is meant and how the texts were "
                "divided. Its networks are larger (BERT and DistilBERT). Ours are cross-validated "
                "micro-F1 at thresholds from other folds. The two figures must not be ranked "
                "against each other.</p>"
            )


def _methods(outcome: Outcome) -> Iterator[str]:
    config, about = outcome.config, outcome.about
    groups = "; texts of one group stay in one fold" if about.groups else ""
    unit = "groups of texts" if about.groups else "texts"
    yield _list(
        [
            (
                f"The corpus is divided into {config.folds} folds with the same share of every "
                f"label{groups}. Each system is trained on the other folds' texts of a sample and "
                "judged on all texts of the fold that was kept back. Samples are nested, and keep "
                "the share of every label."
            ),
            (
                "Thresholds for a fold come from the same system's scores of the other folds' "
                "texts of the sample: one for all labels, or one for each label where every label "
                "has its own network. Nothing is ever chosen on the fold that is judged."
            ),
            (
                "A student learns from what its teacher says of the teacher's own training texts, "
                "as in the papers; soft targets out of fold are a variant."
            ),
            (
                "A figure is that of all texts together, each judged where its fold was kept back "
                "(mean over seeds); intervals and differences are of it. Means and standard "
                "deviations over folds are of each fold's own figure: macro and weighted F1 are "
                "others there, since a fold holds few texts of a rare label. Intervals come from "
                f"{config.bootstrap_draws:,} bootstrap draws of {unit}. P-values are corrected "
                "together for all pairs at one sample under one metric."
            ),
        ]
    )
    yield _facts(outcome)
    yield _folded("Wall time of every cell", tables.cell_times(outcome))
    told = json.dumps(to_json_value(config), indent=1, ensure_ascii=False)
    yield _folded("The configuration", f"<pre>{escape(told)}</pre>")


def _facts(outcome: Outcome) -> str:
    config, about = outcome.config, outcome.about
    sizes = ", ".join(f"{name}: {many:,}" for name, many in about.samples.items())
    libraries = ", ".join(f"{name} {version}" for name, version in about.libraries.items())
    facts = {
        "Corpus": config.corpus,
        "Digest of texts and labels": about.corpus_sha256,
        "Texts": f"{about.texts:,}" + (f" in {about.groups:,} groups" if about.groups else ""),
        "Samples": sizes,
        "Unlabelled texts": (
            f"{about.transfer_texts:,}, digest {about.transfer_sha256}"
            if about.transfer_sha256
            else "none"
        ),
        "Base encoder": about.encoder_sha256 or "none",
        "Folds, seeds": f"{config.folds}; {', '.join(map(str, config.seeds))}",
        "Device": f"{', '.join(about.devices)}; {about.machine}; {about.jobs} side by side",
        "Libraries": libraries,
        "Time": f"{tables.duration(about.seconds)} for all cells one after the other",
    }
    rows = [[escape(name), escape(value)] for name, value in facts.items()]
    return table("What it was made with", ["", ""], rows, kind="facts")


def _cautions(outcome: Outcome) -> Iterator[str]:
    yield _list(cautions(outcome))


_SECTIONS: tuple[Section, ...] = (
    ("findings", "What came out", _findings),
    ("scores", "Scores", _scores),
    ("tests", "Tests of pairs", _significance),
    ("ablation", "Ablation", _ablations),
    ("labels", "Label by label", _per_label),
    ("search", "Hyper-parameters", _searches),
    ("reliability", "Reliability", _reliability),
    ("cost", "Cost", _costs),
    ("published", "Beside the paper", _published),
    ("cautions", "What may and may not be concluded", _cautions),
    ("methods", "How it was done", _methods),
)


def _figure(drawing: str, caption: str) -> str:
    return f"<figure>\n{drawing}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _folded(summary: str, body: str) -> str:
    return f"<details>\n<summary>{escape(summary)}</summary>\n{body}\n</details>"


def _list(sentences: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in sentences) + "</ul>"


def _many(many: int, what: str) -> str:
    return f"{many} {what}" if many == 1 else f"{many} {what}s"
