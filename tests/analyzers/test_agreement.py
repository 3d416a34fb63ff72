import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from wordnum.analyzers import agreement


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(5, 60), st.integers(0, 1000))
def test_kappa_equals_scikit_learn(classes, n, seed):
    rng = np.random.default_rng(seed)
    true = np.append(rng.integers(classes, size=n), [0, 1])
    said = np.append(rng.integers(classes, size=n), [0, 1])
    assert np.isclose(agreement.kappa(true, said, classes), 100 * cohen_kappa_score(true, said))
    expected = confusion_matrix(true, said, labels=range(classes))
    np.testing.assert_array_equal(agreement.confusion_matrix(true, said, classes), expected)


def test_kappa_of_many_runs_is_taken_row_by_row():
    rng = np.random.default_rng(0)
    true, said = rng.integers(3, size=(2, 4, 50))
    rows = [agreement.kappa(t, s, 3) for t, s in zip(true, said, strict=True)]
    np.testing.assert_allclose(agreement.kappa(true, said, 3), rows)


def test_kappa_is_zero_where_both_sides_name_one_class():
    assert agreement.kappa(np.zeros(5, int), np.zeros(5, int), 2) == 0
