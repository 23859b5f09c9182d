"""The digits that the autograder draws from are those that learners get from scikit-learn."""

import numpy as np
from sklearn.datasets import load_digits

from autograders.exercises.train_step.asking import digits


def test_they_are_those_of_the_library_in_the_order_of_the_notebook():
    raw_images, raw_labels = load_digits(return_X_y=True)
    shuffled = np.random.default_rng(0).permutation(len(raw_labels))
    images, labels = digits()
    np.testing.assert_array_equal(images, (raw_images[shuffled] / 16.0).astype(np.float32))
    np.testing.assert_array_equal(labels, raw_labels[shuffled])
