"""Writes schedules.csv: when a cron expression fires next, by a package that knows nothing of this project. Run it with
Python 3.11 and `pip install cronsim==2.8 tzdata`. Each line is a zone, an expression, a start and the next three firings, all in UTC.

cronsim treats a clock change as Debian's cron does for five fields only, so zones with clock changes get five fields. After the half-hour
change of Lord Howe it misses firings (06:00 and 06:20 of `*/20 6-14 * * *` on 2026-04-05), so that zone is left out here.
The seed is in the file, the output is the same every time.
"""

import random
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

random.seed(20261123)
STEADY = ["Asia/Shanghai", "UTC"]
SHIFTING = ["America/New_York", "Europe/Berlin", "Australia/Sydney", "America/Santiago"]
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()
BY_HAND = [
    "0 17 * * FRI", "0 0 1 * *", "0 0 L * *", "30 8 29 2 *", "0 9 * * MON-FRI", "0 9 * * FRI-SUN", "0 0 * * 7",
    "0 0 * * 0", "*/15 8-18 * * *", "59 23 31 12 *", "0 0 31 * *", "0 9 * * MON#1", "0 9 * * FRI#5", "0 9 * * 5L",
    "0 0 1,15 * MON", "30 2 * * *", "30 1 * * *", "0 2 * * SUN", "15 2,3 * * *", "0 */6 * * *", "5,35 * * * *",
    "0 0 1 1,4,7,10 *", "0 0 LW * *",
]


def some(low, high, words=None):
    """A field: everything, a value, a list, a range, or a range with a step."""
    name = lambda v: words[v - low] if words and random.random() < 0.5 else str(v)
    kind = random.choice("**vvlrs")
    first, second = sorted(random.sample(range(low, high + 1), 2))
    if kind == "*":
        return "*"
    if kind == "v":
        return name(first)
    if kind == "l":
        return ",".join(name(v) for v in sorted(random.sample(range(low, high + 1), 3)))
    if kind == "r":
        return f"{name(first)}-{name(second)}"
    return f"*/{random.randint(2, (high - low) // 2)}"


def expression(with_seconds):
    while True:
        day, weekday = some(1, 31), some(0, 6, DAYS)
        if "*" in (day, weekday) or not (day + weekday).count("*"):
            fields = [some(0, 59), some(0, 23), day, some(1, 12, MONTHS), weekday]
            return " ".join(([some(0, 59)] if with_seconds else []) + fields)


def line(zone, text):
    start = datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=random.randrange(3 * 365 * 86400))
    found = CronSim(text, start.astimezone(ZoneInfo(zone)))
    try:
        fires = [next(found).astimezone(timezone.utc) for _ in range(3)]
    except (CronSimError, StopIteration):
        return None
    return ";".join([zone, text] + [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in [start, *fires]])


wanted = [(zone, text) for text in BY_HAND for zone in STEADY + SHIFTING for _ in range(2)]
wanted += [(random.choice(STEADY), expression(random.random() < 0.5)) for _ in range(500)]
wanted += [(random.choice(SHIFTING), expression(False)) for _ in range(300)]
lines = []
for zone, text in wanted:
    try:
        lines.append(line(zone, text))
    except CronSimError:
        pass
lines = [text for text in lines if text]
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write("zone;expression;start;first;second;third\n" + "\n".join(lines) + "\n")
print(f"{len(lines)} lines", file=sys.stderr)
