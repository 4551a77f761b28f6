"""What networks are built on: a base encoder for transformers, a vocabulary for the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from tokenizers import Tokenizer

from kdh_desktop.core.training_config import NetworkConfig, NetworkKind
from trainer.corpus import LabelledText
from trainer.learning.batching import Encoder
from trainer.networks.base_encoder import check_base_encoder
from trainer.networks.vocabulary import prepare_vocabulary

VOCABULARY_PIECES = 20_000


@dataclass(frozen=True, slots=True)
class NetworkBase:
    """A folder that networks are built on.

    Attributes:
        folder: Holds ``tokenizer.json`` and, as far as there are any, pretrained weights.
        encoder: Encodes texts with that tokenizer.
    """

    folder: Path
    encoder: Encoder

    @classmethod
    def of(
        cls,
        network: NetworkConfig,
        *,
        base_encoder: Path,
        vocabulary: Path,
        labelled: Sequence[LabelledText],
        unlabelled: Sequence[LabelledText],
        max_tokens: int,
        seed: int,
        check: Callable[[], None] = lambda: None,
    ) -> Self:
        """The base of a kind of network; a vocabulary is made where there is none yet.

        Args:
            network: What shall be built.
            base_encoder: Folder of the base encoder; read for transformers only.
            vocabulary: Folder for the vocabulary; used for other networks only.
            labelled: Texts whose words make the vocabulary.
            unlabelled: Texts on which, with `labelled`, word embeddings are pretrained.
            max_tokens: Word pieces in one window, special tokens included.
            seed: Of the pretraining.
            check: Called every other second while a vocabulary is made; may raise to stop it.

        Raises:
            TrainingError: The base encoder cannot be used.
        """
        folder = base_encoder
        if network.kind is NetworkKind.TRANSFORMER:
            check_base_encoder(base_encoder, max_tokens=max_tokens)
        else:
            folder = vocabulary / f"embeddings-{network.embedding_size}"
            prepare_vocabulary(
                [text.text for text in labelled],
                folder,
                pieces=VOCABULARY_PIECES,
                embedding_size=network.embedding_size,
                pretrain_on=[text.text for text in (*labelled, *unlabelled)],
                seed=seed,
                check=check,
            )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(folder, Encoder(tokenizer))

    @property
    def digest(self) -> str:
        """SHA-256 over the tokenizer and the pretrained weights."""
        digest = sha256((self.folder / "tokenizer.json").read_bytes())
        for weights in sorted(self.folder.glob("*.safetensors")):
            digest.update(weights.read_bytes())
        return digest.hexdigest()
