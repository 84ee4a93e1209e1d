"""The collector rests while batches are handled, and only then."""

import gc

import pytest

from libs.common import collector


def test_it_rests_until_the_last_of_the_blocks_that_overlap_has_ended() -> None:
    assert gc.isenabled()
    first, second = collector.rests(), collector.rests()
    with first:
        with second:
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_a_block_that_failed() -> None:
    with pytest.raises(ValueError, match="a batch"), collector.rests():
        raise ValueError("a batch")
    assert gc.isenabled()
