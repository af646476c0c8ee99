"""Writes deadlines.csv: when a limit of N working days that begins at a moment is due, by packages that know nothing of
this project. Run it in a folder where `npm install chinese-days@1.5.7` was done, with Python 3.11 and

    pip install chinesecalendar==1.11.0 holidays==0.109

A vector is written only where all three packages agree about every day that it counts. Each line is a local start in
Asia/Shanghai and the dates on whose 24:00 limits of 1, 2, 3, 5, 7, 10, 15 and 30 working days are due; a date outside
of 2024 to 2026 is left empty.
"""

import datetime
import json
import subprocess
import sys

import chinese_calendar
import holidays

COUNTS = [1, 2, 3, 5, 7, 10, 15, 30]
CLOCK = ["00:00", "08:59", "12:00", "17:31", "23:59"]
FIRST, LAST = datetime.date(2024, 1, 1), datetime.date(2026, 12, 31)
DAY = datetime.timedelta(days=1)

days = [FIRST + DAY * i for i in range((LAST - FIRST).days + 1)]
script = (
    "const c = require('chinese-days');"
    "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(d => c.isWorkday(d))))"
)
asked = json.dumps([day.isoformat() for day in days])
answered = json.loads(subprocess.check_output(["node", "-e", script, asked]))
china = holidays.country_holidays("CN", years=range(2023, 2028))

working, disputed = set(), set()
for day, third in zip(days, answered):
    answers = {chinese_calendar.is_workday(day), china.is_working_day(day), third}
    if len(answers) > 1:
        disputed.add(day)
    elif answers.pop():
        working.add(day)
print(f"{len(days)} days, {len(working)} working, {len(disputed)} disputed", file=sys.stderr)


def due(start, count):
    """The date of the working day that is the count-th after the start's date, or nothing."""
    day = start
    while count:
        day += DAY
        if day > LAST or day in disputed:
            return ""
        count -= day in working
    return day.isoformat()


vectors = 0
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write("start," + ",".join(map(str, COUNTS)) + "\n")
    for place, start in enumerate(days):
        dues = [due(start, count) for count in COUNTS]
        if any(dues):
            vectors += sum(map(bool, dues))
            clock = CLOCK[place % len(CLOCK)]
            file.write(f"{start} {clock}," + ",".join(dues) + "\n")
print(f"{vectors} vectors", file=sys.stderr)
