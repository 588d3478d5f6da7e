//! The values that describe a resource.

use chrono::NaiveTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time_of_day;

/// What kind of thing can be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceType {
    /// A room for teaching.
    Classroom,
    /// A room with equipment for experiments or practice.
    Laboratory,
    /// A hall for an audience.
    Auditorium,
    /// Projectors, cameras, sound: things that are carried away.
    MultimediaEquipment,
    /// A court, pitch or gymnasium.
    SportsFacility,
    /// A room for a small group.
    MeetingRoom,
}

/// Whether a resource can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceStatus {
    /// It can be reserved and used.
    Available,
    /// Somebody has checked in and uses it now; later times can be reserved.
    Reserved,
    /// It is closed for maintenance: no new reservations.
    Maintenance,
    /// It is closed: no new reservations.
    Unavailable,
}

impl ResourceStatus {
    /// Whether a resource in this status accepts no new reservations.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Maintenance | Self::Unavailable)
    }
}

/// Where a resource is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The building's name or code.
    pub building: String,
    /// The floor, as people name it: `2`, `ground`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// The room's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<chrono::Weekday> for Weekday {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// Opening hours that repeat every week, in the campus time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeeklySchedule {
    /// The days on which it is open.
    pub weekdays: Vec<Weekday>,
    /// When it opens on those days: `HH:MM`, local time.
    #[serde(with = "time_of_day")]
    #[schemars(with = "String", regex(pattern = time_of_day::PATTERN))]
    pub opens_at: NaiveTime,
    /// When it closes on those days: `HH:MM`, local time, later than `opensAt`.
    #[serde(with = "time_of_day")]
    #[schemars(with = "String", regex(pattern = time_of_day::PATTERN))]
    pub closes_at: NaiveTime,
}

impl Default for WeeklySchedule {
    /// Monday to Saturday, 06:00 to 22:00.
    fn default() -> Self {
        use Weekday::{Friday, Monday, Saturday, Thursday, Tuesday, Wednesday};
        Self {
            weekdays: vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday],
            opens_at: NaiveTime::from_hms_opt(6, 0, 0).expect("a time of day"),
            closes_at: NaiveTime::from_hms_opt(22, 0, 0).expect("a time of day"),
        }
    }
}

/// The rules that a request for a resource must keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityRules {
    /// Whether a person must approve each reservation.
    pub requires_approval: bool,
    /// How many days ahead a reservation may start.
    pub max_advance_booking_days: u32,
    /// The shortest reservation, in minutes.
    #[schemars(range(min = 1))]
    pub min_booking_duration_minutes: u32,
    /// The longest reservation, in minutes.
    #[schemars(range(min = 1))]
    pub max_booking_duration_minutes: u32,
    /// Whether the resource may be reserved as a recurring series.
    pub allow_recurring: bool,
    /// Finer rules; when absent, each has its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_rules: Option<CustomRules>,
}

impl Default for AvailabilityRules {
    /// 30 to 480 minutes, at most 30 days ahead, series allowed, no approval, default finer rules.
    fn default() -> Self {
        Self {
            requires_approval: false,
            max_advance_booking_days: 30,
            min_booking_duration_minutes: 30,
            max_booking_duration_minutes: 480,
            allow_recurring: true,
            custom_rules: Some(CustomRules::default()),
        }
    }
}

/// Finer rules of a resource. A field that is left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomRules {
    /// Whether reservations must lie within the opening hours.
    pub business_hours_only: bool,
    /// Whether reservations are possible from Monday to Friday only.
    pub weekdays_only: bool,
    /// How many reservations may hold the resource at the same time.
    #[schemars(range(min = 1))]
    pub max_concurrent_bookings: u32,
    /// Whether the holder is asked to confirm the reservation before it starts.
    pub requires_confirmation: bool,
    /// Until how many hours before the start a cancellation is not late.
    pub cancellation_deadline_hours: u32,
    /// Minutes kept free behind each reservation.
    pub buffer_minutes: u32,
}

impl Default for CustomRules {
    /// Within opening hours, one reservation at a time, no buffer, free cancellation until 24 hours before.
    fn default() -> Self {
        Self {
            business_hours_only: true,
            weekdays_only: false,
            max_concurrent_bookings: 1,
            requires_confirmation: false,
            cancellation_deadline_hours: 24,
            buffer_minutes: 0,
        }
    }
}
