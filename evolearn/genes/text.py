"""Gene of text: how the counted words of free text become columns."""

from dataclasses import replace
from types import MappingProxyType

from sklearn.base import BaseEstimator
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline

from evolearn.pipeline.component import Component, capped
from evolearn.pipeline.domains import Choice, Integer
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem

COMPONENTS = "svd__n_components"
# A text has no more components than a part of the rows.
ROWS_PER_COMPONENT = 10


class TextGene(Gene):
    """One step for each text of the table."""

    name = "text"
    labels = MappingProxyType({"text_svd": "SVD of words", "text_words": "weighted words"})
    components = (
        # Latent semantic analysis (Deerwester et al., 1990): words that occur together become
        # one number.
        Component(
            "text_svd",
            Pipeline(
                [
                    ("tfidf", TfidfTransformer(sublinear_tf=True)),
                    ("svd", TruncatedSVD(n_components=32)),
                ]
            ),
            {COMPONENTS: Integer(4, 128, log=True, start=32)},
        ),
        # The weighted words, for models that accept hundreds of columns.
        Component(
            "text_words", TfidfTransformer(sublinear_tf=True), {"use_idf": Choice(True, False)}
        ),
        Component("no_text", None, complexity=0.0),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options; single words for estimators that accept hundreds of columns."""
        if traits & {Trait.LINEAR, Trait.WORDS}:
            return ("text_words", "text_svd", "no_text")
        return ("text_svd", "no_text")

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for tables without text, or with nothing else."""
        table = problem.table
        if not table.texts:
            return "there is no text"
        if option.name == "no_text" and not table.n_numeric and not table.cardinalities:
            return "there is nothing but text"
        return None

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return an option with no more components than a tenth of the rows."""
        domain = option.parameters.get(COMPONENTS)
        if not isinstance(domain, Integer):
            return option
        of_rows = max(problem.n_fit_rows // ROWS_PER_COMPONENT, int(domain.low) + 1)
        widths = (block.width for block in problem.table.texts)
        return capped(option, COMPONENTS, min(of_rows, *widths))

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Give each text a step of its own."""
        n_columns = dict(allele.values).get(COMPONENTS, 0)
        plan.texts = [
            replace(text, step=self._step(plan, step), n_columns=n_columns)
            for text in plan.texts
        ]

    def _step(self, plan: PipelinePlan, step: Step) -> BaseEstimator | str:
        if step is None:
            return "drop"
        # Weighted words have one scale already, and scaling would blow up rare ones.
        return step if isinstance(step, TfidfTransformer) else plan.scaled(step, "words")
