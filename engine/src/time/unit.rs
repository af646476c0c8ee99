//! The units of time: their words in English and in Chinese, and how many of them a span may have.

/// No span is longer than this many years: it keeps every walk over days short.
pub const SPAN_YEARS_MAX: u32 = 100;

/// What a span counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanUnit {
    /// Seconds of the wall clock.
    Seconds,
    /// Minutes of the wall clock.
    Minutes,
    /// Hours of the wall clock, through nights and holidays.
    Hours,
    /// Days of the wall clock: the same time of day so many days on.
    Days,
    /// Seven days each.
    Weeks,
    /// The same day of the month so many months on, or the month's last day where it has no such day.
    Months,
    /// Twelve months each.
    Years,
    /// Hours within the calendar's working hours.
    WorkingHours,
    /// Working days of the calendar, by its counting rule.
    WorkingDays,
}

/// Everything that is known about one unit, in one place.
pub(super) struct Words {
    pub(super) unit: SpanUnit,
    pub(super) one: &'static str,
    pub(super) many: &'static str,
    /// As written after a number; the measure word 个 may be left out except before 月.
    pub(super) chinese: &'static str,
    pub(super) also_chinese: &'static [&'static str],
    /// What people write and do not mean as this language has it: never accepted, always understood.
    pub(super) meant: &'static [&'static str],
    pub(super) in_a_year: u32,
}

pub(super) const UNITS: [Words; 9] = [
    Words {
        unit: SpanUnit::Seconds,
        one: "second",
        many: "seconds",
        chinese: "秒",
        also_chinese: &["秒钟"],
        meant: &["s", "sec", "secs"],
        in_a_year: 31_536_000,
    },
    Words {
        unit: SpanUnit::Minutes,
        one: "minute",
        many: "minutes",
        chinese: "分钟",
        also_chinese: &[],
        meant: &["m", "min", "mins", "分"],
        in_a_year: 525_600,
    },
    Words {
        unit: SpanUnit::Hours,
        one: "hour",
        many: "hours",
        chinese: "小时",
        also_chinese: &["钟头"],
        meant: &["h", "hr", "hrs", "时"],
        in_a_year: 8_760,
    },
    Words {
        unit: SpanUnit::Days,
        one: "day",
        many: "days",
        chinese: "天",
        also_chinese: &["日"],
        meant: &["d", "calendar day", "calendar days", "natural days", "自然日"],
        in_a_year: 365,
    },
    Words {
        unit: SpanUnit::Weeks,
        one: "week",
        many: "weeks",
        chinese: "周",
        also_chinese: &["星期"],
        meant: &["w", "wk", "wks", "礼拜"],
        in_a_year: 52,
    },
    Words {
        unit: SpanUnit::Months,
        one: "month",
        many: "months",
        chinese: "个月",
        also_chinese: &[],
        meant: &["mo", "mth", "mths", "月", "月份"],
        in_a_year: 12,
    },
    Words {
        unit: SpanUnit::Years,
        one: "year",
        many: "years",
        chinese: "年",
        also_chinese: &[],
        meant: &["y", "yr", "yrs"],
        in_a_year: 1,
    },
    Words {
        unit: SpanUnit::WorkingHours,
        one: "working hour",
        many: "working hours",
        chinese: "个工作小时",
        also_chinese: &[],
        meant: &["business hour", "business hours", "work hours", "office hours", "工时"],
        in_a_year: 2_000,
    },
    Words {
        unit: SpanUnit::WorkingDays,
        one: "working day",
        many: "working days",
        chinese: "个工作日",
        also_chinese: &[],
        meant: &["business day", "business days", "work day", "workday", "workdays", "weekdays", "工作天"],
        in_a_year: 250,
    },
];

impl SpanUnit {
    pub(super) fn words(self) -> &'static Words {
        UNITS.iter().find(|words| words.unit == self).expect("every unit has its row of words")
    }

    /// Whether a calendar must say where the span ends: working days and working hours.
    pub fn is_working_time(self) -> bool {
        matches!(self, Self::WorkingDays | Self::WorkingHours)
    }

    /// The greatest count of this unit: about [`SPAN_YEARS_MAX`] years of it.
    pub fn count_max(self) -> u32 {
        self.words().in_a_year.saturating_mul(SPAN_YEARS_MAX)
    }
}

/// The unit that these words name.
pub(super) fn unit_named(written: &str) -> Option<SpanUnit> {
    let english = written.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    UNITS
        .iter()
        .find(|words| {
            let bare = words.chinese.strip_prefix('个').filter(|_| words.unit != SpanUnit::Months);
            let measured = english.strip_prefix('个').unwrap_or(&english);
            english == words.one
                || english == words.many
                || english == words.chinese
                || bare == Some(measured)
                || words.chinese == measured
                || words.also_chinese.contains(&measured)
        })
        .map(|words| words.unit)
}
