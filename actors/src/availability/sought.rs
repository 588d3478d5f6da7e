//! Which resources are free at a time, as far as the database can tell.

use amqp::events::ResourceType;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Integer, Text};

use super::model::Slot;
use super::occupancy::LONGEST_PIECE;
use super::profile::{Columns, Profile, Row, word};
use crate::database::sql_types::{Instant, SqlInstant};
use crate::database::{self, Bind, DatabaseConnection, Parameter, Prepared, each_engine};

/// What the database can look for.
#[derive(Debug)]
pub(super) struct Sought<'a> {
    /// A unit is free throughout, and as long behind it as the resource keeps free behind a reservation.
    pub span: Slot,
    /// It takes at least so many people.
    pub capacity: Option<u32>,
    /// Its kind.
    pub resource_type: Option<ResourceType>,
    /// The building it is in.
    pub building: Option<&'a str>,
    /// Whether its further properties are read; the profiles else have none.
    pub reads_features: bool,
}

impl Sought<'_> {
    /// So many of the profiles that are sought and not deleted, behind so many: the smallest first, by code among equals, and always
    /// in the same order.
    pub fn look(
        &self,
        connection: &mut DatabaseConnection,
        behind: usize,
        count: usize,
    ) -> Result<Vec<Profile>, database::Error> {
        let text = self.text(connection);
        let number = |number: usize| Parameter::<BigInt, _>::new(i64::try_from(number).unwrap_or(i64::MAX));
        let (count, behind) = (number(count), number(behind));
        let at = |at| Parameter::<SqlInstant, _>::new(Instant(at));
        let Slot { starts_at, ends_at } = self.span;
        let (from, to, back) = (at(starts_at), at(ends_at), at(starts_at - LONGEST_PIECE));
        let people = self.capacity.map(|people| i32::try_from(people).unwrap_or(i32::MAX));
        let capacity = people.map(Parameter::<Integer, _>::new);
        let kind = self.resource_type.map(|kind| Parameter::<Text, _>::new(word(&kind)));
        let building = self.building.map(Parameter::<Text, _>::new);
        let rows: Vec<Row> = each_engine!(connection, connection => {
            let mut parameters: Vec<&dyn Bind<_>> = Vec::new();
            // In the order of the conditions.
            if let Some(capacity) = &capacity {
                parameters.push(capacity);
            }
            if let Some(kind) = &kind {
                parameters.push(kind);
            }
            if let Some(building) = &building {
                parameters.push(building);
            }
            parameters.extend([&to as &dyn Bind<_>, &back, &from, &count, &behind]);
            Prepared::<_, Columns>::new(&text, &parameters).load(connection)
        })?;
        rows.into_iter().map(Row::profile).collect()
    }

    fn text(&self, connection: &DatabaseConnection) -> String {
        let capacity = self.capacity.map_or("", |_| "AND p.capacity >= ? ");
        let kind = self.resource_type.as_ref().map_or("", |_| "AND p.type = ? ");
        let building = self.building.map_or("", |_| "AND p.building = ? ");
        let buffer = match connection {
            DatabaseConnection::Postgres(_) => "make_interval(mins => p.buffer_minutes)",
            DatabaseConnection::Sqlite(_) => "p.buffer_minutes * 60000000",
        };
        let features = if self.reads_features { "p.features" } else { "'{}'" };
        format!(
            "SELECT p.resource_id, p.version, p.code, p.name, p.type, p.capacity, p.category_id, p.building, {features},
                p.status, p.rules, p.opening, p.deleted
             FROM availability_profiles p
             WHERE NOT p.deleted {capacity}{kind}{building}AND (
                SELECT count(DISTINCT o.unit) FROM occupancy o WHERE o.resource_id = p.resource_id
                AND o.starts_at < ? + {buffer} AND o.starts_at > ? AND o.ends_at > ?
             ) < p.units
             ORDER BY p.capacity NULLS FIRST, p.code, p.resource_id LIMIT ? OFFSET ?"
        )
    }
}
