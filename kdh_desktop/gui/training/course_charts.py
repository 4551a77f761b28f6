"""How a stage learns: its loss and its score on texts kept back, epoch by epoch."""

from __future__ import annotations

from kdh_desktop.core.training_progress import StageProgress
from kdh_desktop.gui.training.chart import Axis, Chart, Marker, Series, Stroke, Tone
from kdh_desktop.gui.training.run_words import percent, tr


def loss_chart(stage: StageProgress | None, title: str) -> Chart:
    """The mean loss of each epoch, with the least one marked."""
    epochs = () if stage is None else stage.epochs
    series: tuple[Series, ...] = ()
    if epochs:
        xs = tuple(float(epoch.epoch) for epoch in epochs)
        ys = tuple(epoch.loss for epoch in epochs)
        words = tuple(
            tr("Epoch {epoch}: loss {loss}").format(epoch=epoch.epoch, loss=f"{epoch.loss:.4f}")
            for epoch in epochs
        )
        least = min(range(len(ys)), key=ys.__getitem__)
        series = (
            Series(tr("Loss"), xs, ys, words, marker=Marker.CIRCLE),
            _best(tr("Lowest"), xs[least], ys[least]),
        )
    return Chart(
        key="loss",
        title=tr("Loss: {stage}").format(stage=title) if title else tr("Loss"),
        finding=_loss_finding([epoch.loss for epoch in epochs]),
        across=_epochs(stage),
        up=Axis(tr("Loss"), low=0.0 if epochs else None),
        series=series,
        titles=(tr("Epoch"), tr("Loss")),
        rows=tuple((epoch.epoch, f"{epoch.loss:.6g}") for epoch in epochs),
    )


def score_chart(stage: StageProgress | None, title: str) -> Chart:
    """The validation F1 of each epoch, with the best one marked."""
    scored = [] if stage is None else [x for x in stage.epochs if x.score is not None]
    xs = tuple(float(epoch.epoch) for epoch in scored)
    ys = tuple(100 * (epoch.score or 0.0) for epoch in scored)
    series: tuple[Series, ...] = ()
    best = None if stage is None else stage.best_epoch
    if best is not None:
        words = tuple(
            tr("Epoch {epoch}: F1 {score}").format(
                epoch=epoch.epoch, score=percent(epoch.score or 0.0)
            )
            for epoch in scored
        )
        series = (
            Series(
                tr("F1 on texts kept back"),
                xs,
                ys,
                words,
                tone=Tone.SECOND,
                stroke=Stroke.DASHED,
                marker=Marker.SQUARE,
            ),
            _best(tr("Best"), float(best.epoch), 100 * (best.score or 0.0)),
        )
    return Chart(
        key="validation",
        title=tr("Validation F1: {stage}").format(stage=title) if title else tr("Validation F1"),
        finding=_score_finding(stage),
        across=_epochs(stage),
        up=Axis(tr("F1, in percent")),
        series=series,
        titles=(tr("Epoch"), tr("F1, in percent")),
        rows=tuple((epoch.epoch, percent(epoch.score or 0.0)) for epoch in scored),
    )


def _best(name: str, x: float, y: float) -> Series:
    return Series(name, (x,), (y,), tone=Tone.THIRD, stroke=Stroke.NONE, marker=Marker.STAR)


def _epochs(stage: StageProgress | None) -> Axis:
    planned = max((epoch.epochs for epoch in stage.epochs), default=1) if stage else 1
    return Axis(tr("Epoch"), low=1.0, high=float(planned), is_whole=True)


def _loss_finding(losses: list[float]) -> str:
    if not losses:
        return tr("No epoch has ended yet.")
    if len(losses) == 1:
        return tr("Loss was {loss} after the first epoch.").format(loss=f"{losses[0]:.2f}")
    words = (
        tr("Loss fell from {first} to {last} in {count} epochs.")
        if losses[-1] < losses[0]
        else tr("Loss did not fall: from {first} to {last} in {count} epochs.")
    )
    return words.format(first=f"{losses[0]:.2f}", last=f"{losses[-1]:.2f}", count=len(losses))


def _score_finding(stage: StageProgress | None) -> str:
    best = None if stage is None else stage.best_epoch
    if best is None:
        if stage is not None and stage.epochs:
            return tr("This stage keeps no texts back to be judged on.")
        return tr("No epoch has ended yet.")
    return tr("Best F1 {score}, in epoch {epoch} of {epochs}.").format(
        score=percent(best.score or 0.0), epoch=best.epoch, epochs=best.epochs
    )
