import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.judge import Faulted
from tests.system import ROOT


@pytest.fixture(scope="module")
def system(home: Path) -> Iterator[Faulted]:
    made = Faulted(home)
    try:
        made.start()
        # The judge compares what was decided with what is in the log: no clock may say something in between.
        calm, clocks = re.subn(r"\b(reaction|resolution): \d+[mhd]\b", r"\1: 90d", (ROOT / "samples/vaart.yaml").read_text())
        assert clocks == 10
        made.apply(calm)
        yield made
    finally:
        made.stop()
