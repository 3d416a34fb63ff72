from .counterexamples import CounterexampleSpread as CounterexampleSpread
from .counterexamples import counterexample as counterexample
from .counterexamples import counterexample_spread as counterexample_spread
from .planted import planted_embedding as planted_embedding
from .theorem import LinearOptimum as LinearOptimum
from .theorem import best_linear_accuracy as best_linear_accuracy
from .theorem import hidden_threshold as hidden_threshold
from .theorem import without_period as without_period
