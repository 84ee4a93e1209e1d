"""The models that ship, read once for all tests of triage's language part."""

import pytest

from services.triage.classify import Classifier


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load()
