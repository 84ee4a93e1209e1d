"""Two clocks compared: this machine's and another's, by asking the other what time it is.

The moments before the question and after the answer come in, with what the other clock said in between; a finding goes out. What the way there and back
took is not held against anybody.
"""

from datetime import datetime, timedelta

from libs.common.checks import Finding, Kind

APART_WARNING = timedelta(seconds=1)
APART_ERROR = timedelta(seconds=3)
"""A sending lease is good for 3 s: clocks that differ by more stop all sending, or let a stale lease pass."""
REMEDY = "Let both machines keep time by NTP (chrony, systemd-timesyncd), and look at them again with 'timedatectl'."


def judge(
    kind: Kind, whose: str, asked: datetime, answered: datetime, told: datetime, *, exact: timedelta = timedelta(), about: str = ""
) -> Finding:
    """How far the clock `whose` is from ours at the least. `exact` is how coarse its answer is: a whole second in HTTP."""
    if told + exact < asked:
        apart = told + exact - asked
    elif told > answered:
        apart = told - answered
    else:
        apart = timedelta()
    seconds = round(apart.total_seconds(), 1)
    values = {"apart_s": seconds, "warning_s": APART_WARNING.total_seconds(), "error_s": APART_ERROR.total_seconds()}
    if abs(apart) <= APART_WARNING:
        return kind.ok(f"The clock of {whose} and this machine's agree.", about=about, values=values)
    found = f"The clock of {whose} is {abs(seconds):g} s {'ahead of' if seconds > 0 else 'behind'} this machine's."
    return (kind.error if abs(apart) > APART_ERROR else kind.warning)(found, REMEDY, about=about, values=values)
