//! The statements of a booking, without Bookly.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use tempfile::TempDir;
use uuid::Uuid;

use crate::Outcome;
use crate::campus::Campus;
use crate::slots::Slot;
use crate::sqlite::Value::{Id, Null, Number, Text as Words};
use crate::sqlite::{self, Statement};

const PROFILE: &str = "SELECT `availability_profiles`.`resource_id`, `availability_profiles`.`version`, \
    `availability_profiles`.`code`, `availability_profiles`.`name`, `availability_profiles`.`type`, \
    `availability_profiles`.`capacity`, `availability_profiles`.`category_id`, `availability_profiles`.`building`, \
    `availability_profiles`.`features`, `availability_profiles`.`status`, `availability_profiles`.`rules`, \
    `availability_profiles`.`opening`, `availability_profiles`.`deleted` FROM `availability_profiles` \
    WHERE (`availability_profiles`.`resource_id` = ?)";
const HOLDS: &str = "SELECT `occupancy`.`resource_id`, `occupancy`.`unit`, `occupancy`.`starts_at`, `occupancy`.`ends_at`, \
    `occupancy`.`holder_id` FROM `occupancy` WHERE ((((`occupancy`.`resource_id` = ?) AND (`occupancy`.`starts_at` < ?)) \
    AND (`occupancy`.`starts_at` > ?)) AND (`occupancy`.`ends_at` > ?)) ORDER BY `occupancy`.`starts_at`, `occupancy`.`unit`";
const OCCUPY: &str = "INSERT INTO `occupancy` (`resource_id`, `unit`, `starts_at`, `ends_at`, `holder_id`) \
    VALUES (?, ?, ?, ?, ?)";
const RESERVE: &str = "INSERT INTO `reservations` (`id`, `resource_id`, `user_id`, `starts_at`, `ends_at`, `purpose`, \
    `status`, `series_id`, `program_id`, `participants`, `created_by`, `cancelled_late`, `cancel_reason`, `version`, \
    `created_at`, `updated_at`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const APPEND: &str = "INSERT INTO `events` (`event_id`, `event_type`, `service`, `aggregate_type`, `aggregate_id`, `version`, \
    `recorded_at`, `data`, `metadata`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ENQUEUE: &str = "INSERT INTO outbox (position, aggregate_id, due_at) VALUES (last_insert_rowid(), ?, ?)";
/// Who books everything.
const USER: [u8; 16] = [7; 16];
/// How far back what overlaps a moment may begin.
const A_DAY_US: i64 = 86_400_000_000;

/// One thread and one connection.
pub struct Bare {
    connection: SqliteConnection,
    campus: Campus,
    event: Event,
    booked: u128,
    _directory: TempDir,
}

#[derive(QueryableByName)]
struct Event {
    #[diesel(sql_type = Text)]
    data: String,
    #[diesel(sql_type = Text)]
    metadata: String,
}

impl Bare {
    /// On a file with resources and at least one booking.
    ///
    /// # Errors
    /// When it has none.
    pub fn on(directory: TempDir, campus: Campus) -> Outcome<Self> {
        let mut connection = sqlite::open(directory.path())?;
        let query = "SELECT data, metadata FROM events WHERE event_type = 'reservation.created' LIMIT 1";
        let event: Event = sql_query(query).get_result(&mut connection)?;
        Ok(Self { connection, campus, event, booked: 0, _directory: directory })
    }

    /// Bookings a second.
    ///
    /// # Errors
    /// When one fails.
    pub fn rate(&mut self, span: Duration) -> Outcome<f64> {
        let (began, before) = (Instant::now(), self.booked);
        while began.elapsed() < span {
            let Some((resource, slot)) = self.campus.next_place() else { break };
            let resource = Uuid::parse_str(resource)?;
            self.booked += 1;
            // Growing like those of Bookly.
            let id = Uuid::from_u128(self.booked);
            self.connection.batch_execute("BEGIN IMMEDIATE")?;
            for statement in self.event.statements(resource.as_bytes(), slot, id.as_bytes()) {
                statement.execute(&mut self.connection)?;
            }
            self.connection.batch_execute("COMMIT")?;
        }
        Ok((self.booked - before) as f64 / began.elapsed().as_secs_f64())
    }
}

impl Event {
    fn statements<'a>(&'a self, resource: &'a [u8], slot: Slot, id: &'a [u8]) -> [Statement<'a>; 6] {
        let (from, to) = (slot.from.timestamp_micros(), slot.to.timestamp_micros());
        let statement = |text, values| Statement { text, values };
        let reservation = vec![
            Id(id),
            Id(resource),
            Id(&USER),
            Number(from),
            Number(to),
            Words("Measuring reservations"),
            Words("CONFIRMED"),
            Null,
            Null,
            Words("[]"),
            Id(&USER),
            Number(0),
            Null,
            Number(1),
            Number(from),
            Number(from),
        ];
        let event = vec![
            Id(id),
            Words("reservation.created"),
            Words("availability-service"),
            Words("Reservation"),
            Id(id),
            Number(1),
            Number(from),
            Words(&self.data),
            Words(&self.metadata),
        ];
        [
            statement(PROFILE, vec![Id(resource)]),
            statement(HOLDS, vec![Id(resource), Number(to), Number(from - A_DAY_US), Number(from)]),
            statement(OCCUPY, vec![Id(resource), Number(0), Number(from), Number(to), Id(id)]),
            statement(RESERVE, reservation),
            statement(APPEND, event),
            statement(ENQUEUE, vec![Id(id), Number(from)]),
        ]
    }
}
