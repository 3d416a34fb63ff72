"""SVD under scikit-learn's own checks of estimators."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from wordnum.embeddings.svd import SVD

WORDING = "says the same in our words: expected, got and what to do"
EXPECTED_TO_FAIL = {
    "check_positive_only_tag_during_fit": WORDING,
    "check_complex_data": WORDING,
    "check_estimators_empty_data_messages": WORDING,
    "check_fit2d_1sample": WORDING,
    "check_fit2d_1feature": "one column makes all rows alike, which PMI would turn into rounding",
    "check_dtype_object": "counts are numbers; an array of Python objects is refused",
}


@parametrize_with_checks([SVD(dim=2)], expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
