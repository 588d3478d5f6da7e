//! What is read through the cache is what the database says, after each answered write and each handled event.

use super::*;
use crate::availability::cached;
use crate::availability::days::days_of;
use crate::cache::CacheClient;

/// A campus with a cache in front of it.
pub struct Cached {
    pub scene: Scene,
    pub cache: CacheClient,
    pub zone: chrono_tz::Tz,
}

impl Cached {
    pub fn on(scratch: &Scratch) -> Self {
        let (scene, cache) = (Scene::on(scratch), CacheClient::in_process());
        scene.database.invalidates(cache.clone());
        let zone = scene.context(Role::GeneralAdmin, USER).time_zone;
        Self { scene, cache, zone }
    }

    /// A span, as the HTTP edge reads it.
    pub async fn during(&self, resource_id: Uuid, span: Slot) -> Result<ResourceAvailability, String> {
        let refused = |error: Error| error.to_string();
        let ask = async |days| self.scene.ask::<GetDays>(days).await.map_err(refused);
        match cached::read_days(&self.cache, resource_id, span, self.zone, ask).await? {
            Some(answer) => Ok(answer),
            None => self.scene.ask(whole(resource_id, span)).await.map_err(refused),
        }
    }

    pub async fn rules(&self, resource_id: Uuid) -> Result<RulesInForce, String> {
        let fetch = async || self.scene.ask(GetRules(resource_id)).await.map_err(|error| error.to_string());
        self.cache.read(cached::rules(resource_id), fetch).await
    }

    async fn active(&self) -> Vec<Reservation> {
        let query = ListActive { user_id: USER };
        let fetch = async || self.scene.ask(query).await.map_err(|error| error.to_string());
        let read = self.cache.read(cached::active(USER), fetch).await.expect("read");
        read.at(self.scene.clock.now()).expect("fewer than 200")
    }

    /// What is read of a resource through the cache is what a query without it answers.
    pub async fn agrees_on(&self, resource_id: Uuid, spans: &[Slot], after: &str) {
        for span in spans {
            let fresh = self.scene.ask(whole(resource_id, *span)).await.map_err(|error| error.to_string());
            assert_eq!(self.during(resource_id, *span).await, fresh, "{span:?} after {after}");
        }
        let fresh = self.scene.ask(GetRules(resource_id)).await.map_err(|error| error.to_string());
        assert_eq!(self.rules(resource_id).await, fresh, "rules after {after}");
    }

    /// So is everything.
    async fn agrees(&self, resources: &[Uuid], spans: &[Slot], after: &str) {
        for resource_id in resources {
            self.agrees_on(*resource_id, spans, after).await;
        }
        let fresh = self.scene.ask(ListActive { user_id: USER }).await.expect("listed");
        assert_eq!(self.active().await, fresh.at(self.scene.clock.now()).expect("fresh"), "active after {after}");
    }

    /// How often each kind of value was found in the cache.
    fn hits(&self, family: &str) -> u64 {
        let families = self.cache.statistics().families;
        families.iter().find(|figures| figures.family == family).map_or(0, |figures| figures.hits)
    }

    fn has_rules(&self, resource_id: Uuid) -> impl Future<Output = bool> {
        let (cache, key) = (self.cache.clone(), cached::rules(resource_id));
        async move { cache.get(&key).await.is_some() }
    }
}

fn whole(resource_id: Uuid, span: Slot) -> GetAvailability {
    GetAvailability { resource_id, from: span.starts_at, to: span.ends_at }
}

fn any_rules(random: &mut fastrand::Rng) -> AvailabilityRules {
    let custom = CustomRules {
        business_hours_only: random.bool(),
        weekdays_only: random.bool(),
        max_concurrent_bookings: random.u32(1..3),
        buffer_minutes: [0, 15, 900][random.usize(..3)],
        ..CustomRules::default()
    };
    AvailabilityRules { custom_rules: Some(custom), ..AvailabilityRules::default() }
}

fn any_slot(random: &mut fastrand::Rng) -> Slot {
    slot(0, 1 + random.i64(0..8)).moved(TimeDelta::minutes(15 * random.i64(0..300)))
}

/// One random command; what it did, in words. Refusals are as good as anything.
async fn step(cached: &Cached, rooms: &[Uuid], made: &mut Vec<Uuid>, random: &mut fastrand::Rng) -> String {
    let (scene, id) = (&cached.scene, rooms[random.usize(..rooms.len())]);
    let which = (!made.is_empty()).then(|| made[random.usize(..made.len())]);
    match (random.u8(..20), which) {
        (0..=9, _) | (_, None) => match scene.request(Role::Teacher, id, any_slot(random)).await {
            Ok(reservation) => {
                made.push(reservation.id);
                "a request".to_owned()
            }
            Err(refusal) => refusal.to_string(),
        },
        (10..=11, Some(which)) => {
            let purpose = random.bool().then(|| format!("Lecture {}", random.u8(..)));
            let mut edit = moved(which, any_slot(random));
            if purpose.is_some() {
                edit.changes = ReservationChanges { purpose, ..ReservationChanges::default() };
            } else if random.bool() {
                edit.changes.start_time = None;
            }
            format!("an edit: {:?}", scene.run(Role::Teacher, edit).await.is_ok())
        }
        (12..=13, Some(which)) => {
            format!("a cancellation: {:?}", scene.run(Role::Teacher, cancel(which)).await.is_ok())
        }
        (14..=15, _) => {
            use ResourceStatus::{Available, Maintenance, Reserved, Unavailable};
            let status =
                [Available, Available, Available, Available, Reserved, Maintenance, Unavailable][random.usize(..7)];
            let change = ChangeStatus { id, expected_version: None, status, reason: None };
            let _ = scene.run(Role::GeneralAdmin, change).await;
            format!("{status:?}, not handled")
        }
        (16, _) => {
            let set = SetRules { id, expected_version: None, rules: any_rules(random) };
            let _ = scene.run(Role::GeneralAdmin, set).await;
            "new rules, not handled".to_owned()
        }
        (17, _) => {
            scene.clock.advance(TimeDelta::minutes(random.i64(1..90)));
            "a while".to_owned()
        }
        _ => {
            scene.deliver().await;
            "events".to_owned()
        }
    }
}

async fn cached_reads_are_fresh_after_every_write(scratch: Scratch) {
    let cached = Cached::on(&scratch);
    let mut random = fastrand::Rng::with_seed(7);
    let mut rooms = Vec::new();
    for code in ["A", "B"] {
        rooms.push(cached.scene.resource(code, CustomRules::default()).await);
    }
    let spans = [slot(0, 80), slot(-30, 3).moved(TimeDelta::minutes(7)), slot(20, 45)];
    let mut made = Vec::new();
    for number in 0..400 {
        let what = step(&cached, &rooms, &mut made, &mut random).await;
        cached.agrees(&rooms, &spans, &format!("step {number}, {what}")).await;
    }
    cached.scene.deliver().await;
    cached.agrees(&rooms, &spans, "the last events").await;
    let delete = DeleteResource { id: rooms[0], expected_version: None, reason: None };
    cached.scene.run(Role::GeneralAdmin, delete).await.expect("deleted");
    cached.agrees(&rooms, &spans, "a deletion that is not handled").await;
    cached.scene.deliver().await;
    cached.agrees(&rooms, &spans, "a deletion").await;
    assert!(made.len() > 30, "{} reservations were made", made.len());
    for family in ["availability", "availability:rules", "reservations:active"] {
        assert!(cached.hits(family) > 200, "{family} was found {} times", cached.hits(family));
    }
    cached.scene.is_consistent().await;
}

/// RF-05 as a whole: the reaction drops the rules when the resource closes, and keeps them otherwise.
async fn rules_are_dropped_by_closures_and_kept_by_openings(scratch: Scratch) {
    use ResourceStatus::{Available, Maintenance, Reserved, Unavailable};
    let cached = Cached::on(&scratch);
    let (scene, room) = (&cached.scene, cached.scene.room().await);
    for (status, drops) in [
        (Maintenance, true),
        (Available, false),
        (Unavailable, true),
        (Available, false),
        (Reserved, false),
        (Maintenance, true),
        (Unavailable, true),
    ] {
        cached.rules(room).await.expect("rules");
        let change = ChangeStatus { id: room, expected_version: None, status, reason: None };
        scene.run(Role::GeneralAdmin, change).await.expect("changed");
        assert!(cached.has_rules(room).await, "availability has not heard of it");
        scene.deliver().await;
        assert_eq!(!cached.has_rules(room).await, drops, "{status:?}");
    }
    cached.rules(room).await.expect("rules");
    let delete = DeleteResource { id: room, expected_version: None, reason: None };
    scene.run(Role::GeneralAdmin, delete).await.expect("deleted");
    scene.deliver().await;
    assert!(!cached.has_rules(room).await);
    assert!(cached.rules(room).await.is_err(), "it is gone, and that is not kept");
    assert!(!cached.has_rules(room).await);
}

/// A miss of many days is one question, and only for the days that are missing.
async fn missing_days_are_asked_for_at_once(scratch: Scratch) {
    let cached = Cached::on(&scratch);
    let room = cached.scene.room().await;
    let asked = std::cell::RefCell::new(Vec::new());
    let read = async |span| {
        let ask = async |days: GetDays| {
            asked.borrow_mut().push(days.days.len());
            cached.scene.ask(days).await
        };
        cached::read_days(&cached.cache, room, span, cached.zone, ask).await.expect("read")
    };
    assert!(read(slot(24, 48)).await.is_some());
    assert!(read(slot(0, 24 * 6)).await.is_some());
    assert!(read(slot(3, 24 * 6 - 3)).await.is_some());
    cached.scene.reserve(room, slot(50, 52)).await;
    assert!(read(slot(0, 24 * 6)).await.is_some());
    let touched = days_of(slot(0, 24 * 6), cached.zone).len();
    assert_eq!(*asked.borrow(), [2, touched - 2, 4], "two; the others; those around the reservation");
    assert!(read(slot(0, 24 * 62)).await.is_none(), "too many days for the cache");
}

on_each_engine!(
    cached_reads_are_fresh_after_every_write,
    rules_are_dropped_by_closures_and_kept_by_openings,
    missing_days_are_asked_for_at_once,
);
