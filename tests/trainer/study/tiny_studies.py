"""Real studies small enough for a test: tiny encoder, invented abstracts."""

from __future__ import annotations

from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import (
    NetworkConfig,
    NetworkKind,
    Schedule,
    SoftLoss,
    TeacherMethod,
)
from trainer.study.config import NetworkPair, Published, StudyConfig, Texts
from trainer.study.system_kinds import (
    ControlSystem,
    DistilledSystem,
    HardSystem,
    JoinedSystem,
    Part,
    Role,
    TunedSystem,
)


def schedule(epochs: int, *, validation_share: float = 0.0, patience: int = 0) -> Schedule:
    return Schedule(
        epochs,
        3e-3,
        batch_size=8,
        layer_decay=1.0,
        validation_share=validation_share,
        patience=patience,
    )


def tiny_kdh_mltc() -> StudyConfig:
    search = TuningConfig(
        2,
        1,
        {
            "distilled.alpha": Real(0, 1),
            "fine_tuned.schedule.peak_rate": Real(1e-3, 1e-2, is_log=True),
            "sentence_loss": Real(0.5, 4),
        },
        folds=2,
        epoch_share=0.5,
        texts=16,
    )
    few = (40,)
    return StudyConfig(
        name="tiny-kdh-mltc",
        title="A tiny study",
        question="Does every system train?",
        source="the method's paper",
        corpus="Invented abstracts",
        reductions=("Everything",),
        texts=Texts(max_tokens=64, transfer_texts=8),
        networks=(NetworkPair("tiny", "Tiny", NetworkConfig(), NetworkConfig(layers=1)),),
        systems=(
            HardSystem("teacher", "Teacher", schedule(8), role=Role.TEACHER),
            HardSystem("student", "Student alone", schedule(4)),
            DistilledSystem("distilled", "Distilled", "teacher", schedule(4), 2.0, 0.7),
            HardSystem("sequential", "Distilled, fine-tuned", schedule(2), start="distilled"),
            TunedSystem("swarm", "Tuned by a swarm", "sequential", search, samples=few),
            ControlSystem("random", "Tuned at random", "swarm", samples=few),
            JoinedSystem("joined", "Out of fold", "teacher", has_linear_member=True, samples=few),
            DistilledSystem(
                "out-of-fold",
                "Soft targets out of fold",
                "joined",
                schedule(4),
                2.0,
                0.7,
                SoftLoss.MSE,
                part=Part.ABLATION,
                samples=few,
            ),
            DistilledSystem(
                "transfer",
                "Transfer alone",
                "joined",
                schedule(2),
                2.0,
                1.0,
                is_transfer=True,
                part=Part.STEP,
                samples=few,
            ),
            DistilledSystem(
                "after-transfer",
                "With a transfer set",
                "teacher",
                schedule(4),
                2.0,
                0.7,
                SoftLoss.SOFTMAX,
                start="transfer",
                part=Part.ABLATION,
                samples=few,
            ),
        ),
        folds=2,
        seeds=(1,),
        samples=(40, None),
        sentence_loss=1.0,
        sentence_weight=0.5,
        inner_folds=2,
        reference="distilled",
        published=Published.KDH_MLTC,
        bootstrap_draws=200,
    )


def tiny_rocling(*kinds: NetworkKind) -> StudyConfig:
    stopped = schedule(6, validation_share=0.2, patience=2)
    small = {"embedding_size": 16, "hidden_size": 8}
    return StudyConfig(
        name="tiny-rocling",
        title="A tiny study of binary teachers",
        question="Does every network train?",
        source="the paper on binary teachers",
        corpus="Invented abstracts",
        reductions=(),
        texts=Texts(max_tokens=64, min_positives=8),
        networks=tuple(
            NetworkPair(
                kind.value,
                kind.value,
                NetworkConfig(kind, **small),
                NetworkConfig(kind, **small),
                batch_size=16,
            )
            for kind in kinds
        ),
        systems=(
            HardSystem(
                "teacher",
                "Binary teacher",
                stopped,
                role=Role.TEACHER,
                method=TeacherMethod.BINARY_RELEVANCE,
            ),
            HardSystem("student", "Student alone", stopped),
            DistilledSystem("distilled", "Distilled", "teacher", stopped, 2.0, 0.5),
        ),
        folds=2,
        seeds=(1,),
        published=Published.ROCLING,
        bootstrap_draws=200,
    )
