"""The intent of a message: TF-IDF over letters and words, logistic regression.

Stands in for CountVectorsFeaturizer + LogisticRegressionClassifier of Rasa: the same idea, but frequent letters weigh less and the
regularisation is set (docs/bot.md has the numbers). Reads no network and no clock; the same data gives the same model.
"""

from __future__ import annotations

from typing import Any

import skops.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from nlu.text import fold

_FILE = "intents.skops"
_TRUSTED = ["scipy.sparse._csr.csr_matrix"]  # beyond plain scikit-learn types, which skops allows; no pickle
_RANKING = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ShopIntents(GraphComponent, IntentClassifier):
    """Sets `intent` and `intent_ranking` (at most ten); an empty message is `None` with confidence 0."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"c": 10.0, "letters": [2, 5], "words": [1, 2], "word_weight": 0.5, "max_iter": 300}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: Pipeline | None = None) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> ShopIntents:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ShopIntents:
        with model_storage.read_from(resource) as folder:
            model = skops.io.load(folder / _FILE, trusted=_TRUSTED)
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        rows = [(fold(e.get(TEXT)), e.get(INTENT)) for e in training_data.intent_examples if e.get(TEXT)]
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=tuple(self._config["letters"]), sublinear_tf=True)
        words = TfidfVectorizer(token_pattern=r"\S+", ngram_range=tuple(self._config["words"]), sublinear_tf=True)
        decide = LogisticRegression(C=self._config["c"], max_iter=self._config["max_iter"], class_weight="balanced", random_state=0)
        features = FeatureUnion(
            [("letters", letters), ("words", words)], transformer_weights={"letters": 1.0, "words": self._config["word_weight"]}
        )
        self._model = make_pipeline(features, decide)
        self._model.fit([text for text, _ in rows], [intent for _, intent in rows])
        with self._storage.write_to(self._resource) as folder:
            skops.io.dump(self._model, folder / _FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = fold(message.get(TEXT) or "")
            if self._model is None or not text:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
                continue
            scores = self._model.predict_proba([text])[0]
            ranking = [
                {"name": str(name), "confidence": float(score)}
                for name, score in sorted(zip(self._model.classes_, scores, strict=True), key=lambda pair: -pair[1])
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking[:_RANKING], add_to_output=True)
        return messages
