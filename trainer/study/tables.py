"""The tables of a study's report, as HTML."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape

from kdh_desktop.core.search_space import Value
from trainer.judging.significance import p_value_words
from trainer.study.config import NetworkPair, Published
from trainer.study.outcome import (
    CellOutcome,
    Metric,
    Outcome,
    PairTest,
    Summary,
    SystemOutcome,
    sample_name,
)
from trainer.study.published import ROCLING
from trainer.study.system_kinds import ControlSystem, Part, Sample, System

METRIC_NAMES = {
    Metric.MICRO_F1: "micro-F1",
    Metric.MACRO_F1: "macro-F1",
    Metric.WEIGHTED_F1: "weighted F1",
    Metric.SUBSET_ACCURACY: "subset accuracy",
}
"""What metrics are called in running text."""

Cells = Sequence[str]

_OVER_FOLDS = "below it mean ± standard deviation of the folds' own figures"

_WORDS = ' class="words"'
"""A column of words begins at the left."""


def table(
    caption: str, head: Cells, rows: Sequence[Cells], *, leading: int = 1, kind: str = ""
) -> str:
    """A table whose first `leading` columns are words and whose others are figures.

    Args:
        caption: What it shows, plain text.
        head: Heading of each column, plain text.
        rows: Cells as HTML; a row of one cell is a heading of the rows below it.
        leading: Number of columns of words.
        kind: Class of the element.
    """
    heads = "".join(
        f'<th scope="col"{_WORDS if place < leading else ""}>{escape(name)}</th>'
        for place, name in enumerate(head)
    )
    body = "\n".join(_row(row, leading, len(head)) for row in rows)
    classes = f' class="{kind}"' if kind else ""
    return (
        f'<div class="wide"><table{classes}><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(row: Cells, leading: int, width: int) -> str:
    if len(row) == 1 and width > 1:
        return f'<tr class="group"><th scope="rowgroup" colspan="{width}">{row[0]}</th></tr>'
    cells = [
        f'<th scope="row">{cell}</th>' if place == 0 else f'<td class="words">{cell}</td>'
        for place, cell in enumerate(row[:leading])
    ]
    return "<tr>" + "".join([*cells, *(f"<td>{cell}</td>" for cell in row[leading:])]) + "</tr>"


def points(value: float) -> str:
    """A share as points."""
    return f"{100 * value:.1f}"


def signed(value: float) -> str:
    """A difference as points, with its sign."""
    return f"{100 * value:+.1f}".replace("-", "−")


def probability(value: float | None) -> str:
    """A p-value."""
    return "" if value is None else escape(p_value_words(value))


def summary_cell(summary: Summary) -> str:
    """The figure of all texts with its interval, and below mean and spread over folds."""
    return (
        f"{points(summary.figure)} <small>({points(summary.low)} to {points(summary.high)})</small>"
        f"<br><small>folds {points(summary.mean)} ± {points(summary.deviation)}</small>"
    )


def scores_by_sample(outcome: Outcome, network: NetworkPair) -> str:
    """Micro-F1 of the main systems, one column for each sample."""
    samples = outcome.config.samples
    head = ["System", *(f"{sample_name(sample)} texts" for sample in samples)]
    rows = [
        [escape(system.name), *(_micro(outcome, system, network, sample) for sample in samples)]
        for system in outcome.config.of_part(Part.MAIN)
    ]
    return table(
        f"Micro-F1 by size of the sample, {network.name}: over all texts, with the bootstrap "
        f"interval of 95 %; {_OVER_FOLDS}",
        head,
        rows,
    )


def _micro(outcome: Outcome, system: System, network: NetworkPair, sample: Sample) -> str:
    found = outcome.of(system.id, network.id, sample)
    return "not trained" if found is None else summary_cell(found.summaries[Metric.MICRO_F1])


def all_metrics(outcome: Outcome) -> str:
    """All four metrics of the main systems at the largest sample."""
    rows: list[Cells] = []
    for network in outcome.config.networks:
        if len(outcome.config.networks) > 1:
            rows.append([escape(network.name)])
        for system in outcome.config.of_part(Part.MAIN):
            found = outcome.of(system.id, network.id, outcome.largest)
            if found is not None:
                cells = [summary_cell(found.summaries[metric]) for metric in Metric]
                rows.append([escape(system.name), *cells])
    return table(
        f"All metrics, trained on {sample_name(outcome.largest)} texts, in points: over all texts, "
        f"with the bootstrap interval of 95 %; {_OVER_FOLDS}",
        ["System", *(METRIC_NAMES[metric] for metric in Metric)],
        rows,
    )


def beside_published(outcome: Outcome) -> str:
    """The published table beside ours."""
    rows: list[Cells] = []
    for network in outcome.config.networks:
        published = [one for one in ROCLING if one.network == network.id]
        if published:
            rows.append([escape(network.name)])
        for one in published:
            ours = outcome.of(one.system, network.id, outcome.largest)
            if ours is None:
                continue
            pairs = (
                (f"{one.figures[metric]:.2f}", points(ours.summaries[metric].mean))
                for metric in Metric
            )
            rows.append([escape(outcome.name_of(one.system)), *itertools.chain(*pairs)])
    head = ["System"]
    for metric in Metric:
        head += [f"{METRIC_NAMES[metric]}, paper", "ours"]
    return table(
        "Means over five folds as published for 2,724 Chinese healthcare texts with 9 labels, "
        f"beside our means over {outcome.config.folds} folds: another corpus, so only the order of "
        "the systems can be compared",
        head,
        rows,
        kind="paired",
    )


def significance(outcome: Outcome, network: NetworkPair, sample: Sample) -> str:
    """Every pair of main systems: difference, and three p-values after Holm's correction."""
    tests = {
        (one.first, one.second): one
        for one in _tests_of(outcome, "main", Metric.MICRO_F1)
        if one.network == network.id and one.sample == sample
    }
    systems = [
        one for one in outcome.config.of_part(Part.MAIN) if sample in outcome.config.samples_of(one)
    ]
    rows: list[Cells] = []
    for place, system in enumerate(systems[1:], 1):
        cells = [_pair_cell(tests.get((system.id, other.id))) for other in systems[:place]]
        rows.append([escape(system.name), *cells, *[""] * (len(systems) - 1 - place)])
    return table(
        f"Micro-F1 of the row less that of the column, {network.name}, {sample_name(sample)} "
        "texts; p-values of the paired bootstrap (B), McNemar's test over texts (M) and "
        "Wilcoxon's over folds (W), each after Holm's correction",
        ["", *(one.name for one in systems[:-1])],
        rows,
        kind="matrix",
    )


def _pair_cell(test: PairTest | None) -> str:
    """A difference, marked where it is significant, over its p-values."""
    if test is None:
        return ""
    stars = "**" if test.bootstrap_holm < 0.01 else "*" if test.bootstrap_holm < 0.05 else ""
    difference = f"{signed(test.difference)}{stars}"
    if stars:
        difference = f"<strong>{difference}</strong>"
    told = [("B", test.bootstrap_holm), ("M", test.mcnemar_holm), ("W", test.wilcoxon_holm)]
    lines = [f"{name} {probability(value)}" for name, value in told if value is not None]
    return f"{difference}<br><small>{'<br>'.join(lines)}</small>"


def significance_by_metric(outcome: Outcome) -> str:
    """Every pair of main systems by all four metrics, for every network."""
    systems = [one.id for one in outcome.config.of_part(Part.MAIN)][::-1]
    pairs = list(itertools.combinations(systems, 2))
    rows: list[Cells] = []
    for network in outcome.config.networks:
        rows.append([escape(network.name)])
        for first, second in pairs:
            tests = [
                one
                for metric in Metric
                for one in _tests_of(outcome, "main", metric)
                if (one.network, one.sample) == (network.id, outcome.largest)
                and (one.first, one.second) == (first, second)
            ]
            name = f"{escape(outcome.name_of(first))} less {escape(outcome.name_of(second))}"
            rows.append([name, *map(_pair_cell, tests)])
    return table(
        "Differences in points with the p-values of the paired bootstrap (B), McNemar's test over "
        "texts (M) and Wilcoxon's over folds (W), each after Holm's correction for all pairs and "
        "networks under the same metric",
        ["", *(METRIC_NAMES[metric] for metric in Metric)],
        rows,
        kind="matrix",
    )


def ablations(outcome: Outcome, tests: Sequence[PairTest]) -> str:
    """Ablated systems against the reference at one sample."""
    rows: list[Cells] = []
    for one in tests:
        found = outcome.of(one.first, one.network, one.sample)
        macro = next(
            x.difference
            for x in _tests_of(outcome, "ablation", Metric.MACRO_F1)
            if (x.first, x.network, x.sample) == (one.first, one.network, one.sample)
        )
        score = "" if found is None else points(found.summaries[Metric.MICRO_F1].figure)
        between = f"{signed(one.low)} to {signed(one.high)}"
        rows.append(
            [
                escape(outcome.name_of(one.first)),
                score,
                signed(one.difference),
                between,
                probability(one.bootstrap_holm),
                probability(one.mcnemar_holm),
                signed(macro),
            ]
        )
    network = outcome.config.network(tests[0].network).name
    return table(
        f"Each row changes one thing of “{outcome.name_of(tests[0].second)}”, {network}, "
        f"{sample_name(tests[0].sample)} texts; p-values after Holm's correction",
        [
            "Change",
            "micro-F1",
            "difference",
            "interval of 95 %",
            "p, bootstrap",
            "p, McNemar",
            "macro-F1, difference",
        ],
        rows,
    )


def chosen_settings(outcome: Outcome) -> str | None:
    """Hyper-parameters that searches chose, fold by fold; None where nothing was tuned."""
    found = [(one, cell) for one in outcome.systems for cell in one.cells if cell.chosen]
    names = list(dict.fromkeys(name for _, cell in found for name in cell.chosen or {}))
    rows: list[Cells] = []
    for one, cell in found:
        place = f"{sample_name(one.sample)}, fold {cell.fold + 1}"
        if len(outcome.config.seeds) > 1:
            place += f", seed {cell.seed}"
        rows.append(
            [
                escape(_name(outcome, one)),
                place,
                *(_setting((cell.chosen or {}).get(name)) for name in names),
                _inner_best(outcome, one, cell),
                points(cell.figures[Metric.MICRO_F1]),
            ]
        )
    if not rows:
        return None
    return table(
        "What the searches chose, the best micro-F1 on the inner folds, and the micro-F1 of the "
        "network then trained on the fold that was kept back",
        ["System", "Texts", *map(_words, names), "inner folds", "held out"],
        rows,
        leading=2,
        kind="dense",
    )


def _inner_best(outcome: Outcome, one: SystemOutcome, cell: CellOutcome) -> str:
    """The score for which a cell's settings were chosen, from the search that chose them."""
    system = outcome.config.system(one.system)
    name, tuned = "swarm", outcome.of(one.system, one.network, one.sample)
    if isinstance(system, ControlSystem):
        name, tuned = "random", outcome.of(system.tuned, one.network, one.sample)
    scores = [
        search.best_score
        for other in (tuned.cells if tuned is not None else ())
        if (other.fold, other.seed) == (cell.fold, cell.seed)
        for search in other.searches
        if search.name == name
    ]
    return points(scores[0]) if scores else ""


def _words(name: str) -> str:
    return name.replace("_", " ").replace("schedule.", "").replace(".", ", ")


def _setting(value: Value | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else escape(str(value))


def costs(outcome: Outcome) -> str:
    """Mean costs of every system."""
    rows: list[Cells] = []
    for one in outcome.systems:
        own = sum(cell.seconds for cell in one.cells) / len(one.cells)
        network = outcome.config.network(one.network).name
        rows.append(
            [
                escape(outcome.name_of(one.system)),
                escape(network),
                sample_name(one.sample),
                f"{one.cells[0].texts:,}",
                f"{one.parameters / 1e6:.2f}" if one.parameters else "",
                duration(own),
                duration(one.seconds),
            ]
        )
    return table(
        "Costs: texts and wall time of one training, mean over folds and seeds, alone and with "
        "all that the system is made from",
        ["System", "Network", "Sample", "texts", "million parameters", "alone", "in all"],
        rows,
        leading=3,
    )


def cell_times(outcome: Outcome) -> str:
    """Wall time of every cell that was judged."""
    folds = range(outcome.config.folds)
    rows: list[Cells] = []
    for one in outcome.systems:
        for seed in outcome.config.seeds:
            times = {cell.fold: cell.seconds for cell in one.cells if cell.seed == seed}
            rows.append(
                [
                    escape(outcome.name_of(one.system)),
                    escape(outcome.config.network(one.network).name),
                    f"{sample_name(one.sample)}, seed {seed}",
                    *(f"{times[fold]:,.1f}" for fold in folds),
                ]
            )
    return table(
        "Wall time of every cell in seconds, while others ran beside it",
        ["System", "Network", "Sample", *(f"fold {fold + 1}" for fold in folds)],
        rows,
        leading=3,
        kind="dense",
    )


def labels(outcome: Outcome) -> str:
    """F1 of each label and how many texts have it, for every main system."""
    shown = [
        one
        for network in outcome.config.networks
        for system in outcome.config.of_part(Part.MAIN)
        if (one := outcome.of(system.id, network.id, outcome.largest)) is not None
    ]
    order = sorted(range(len(outcome.labels)), key=lambda x: -outcome.labels[x].texts)
    rows: list[Cells] = [
        [
            escape(outcome.labels[label].name),
            f"{outcome.labels[label].texts:,}",
            *(points(one.label_f1[label]) for one in shown),
        ]
        for label in order
    ]
    return table(
        "F1 of each label in points, over all texts",
        ["Label", "texts", *(_name(outcome, one) for one in shown)],
        rows,
        kind="dense",
    )


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def has_published_table(outcome: Outcome) -> bool:
    """Whether there is a published table to set beside ours."""
    return outcome.config.published is Published.ROCLING


def ablation_tests(outcome: Outcome, network: NetworkPair, sample: Sample) -> list[PairTest]:
    """Tests of ablations by micro-F1 at one place."""
    return [
        one
        for one in _tests_of(outcome, "ablation", Metric.MICRO_F1)
        if one.network == network.id and one.sample == sample
    ]


def _tests_of(outcome: Outcome, family: str, metric: Metric) -> list[PairTest]:
    return [x for x in outcome.pairs if x.family == family and x.metric == metric.value]


def _name(outcome: Outcome, one: SystemOutcome) -> str:
    if len(outcome.config.networks) == 1:
        return outcome.name_of(one.system)
    return f"{outcome.config.network(one.network).name}, {outcome.name_of(one.system)}"
