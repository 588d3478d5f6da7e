//! Whatever is changed in whatever order, with readers all the while: who reads after a change was answered sees it.

use std::fmt::Debug;

use amqp::events::{AvailabilityRules, ResourceStatus, ResourceType};
use futures_util::join;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use crate::access::Caller;
use crate::cache::{CacheClient, Key, Outdated, Value};
use crate::clock::Clock;
use crate::database::Engine;
use crate::database::scratch::{self, Scratch};
use crate::resources::model::{NewResource, ResourceChanges};
use crate::resources::*;
use crate::service::{Command, Query, Question, Request};
use crate::supervision::{Address, Running, child, supervisor};

#[derive(Debug, Clone)]
enum Step {
    Create { code: u8 },
    Rename { which: usize, name: u8 },
    Recode { which: usize, code: u8 },
    Status { which: usize, status: ResourceStatus },
    Sort { which: usize, category: usize },
    Rules { which: usize, days: u32 },
    Delete { which: usize },
    CreateCategory { name: u8 },
    RenameCategory { which: usize, name: u8 },
}

/// Steps, each with which of the keys have expired when it begins: a bit a key.
fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    use ResourceStatus::{Available, Maintenance, Reserved, Unavailable};
    let status = prop::sample::select(vec![Available, Reserved, Maintenance, Unavailable]);
    let step = prop_oneof![
        4 => (0..6_u8).prop_map(|code| Step::Create { code }),
        4 => (0..6_usize, 0..4_u8).prop_map(|(which, name)| Step::Rename { which, name }),
        2 => (0..6_usize, 0..6_u8).prop_map(|(which, code)| Step::Recode { which, code }),
        3 => (0..6_usize, status).prop_map(|(which, status)| Step::Status { which, status }),
        2 => (0..6_usize, 0..3_usize).prop_map(|(which, category)| Step::Sort { which, category }),
        2 => (0..6_usize, 1..9_u32).prop_map(|(which, days)| Step::Rules { which, days }),
        1 => (0..6_usize).prop_map(|which| Step::Delete { which }),
        2 => (0..4_u8).prop_map(|name| Step::CreateCategory { name }),
        2 => (0..3_usize, 0..4_u8).prop_map(|(which, name)| Step::RenameCategory { which, name }),
    ];
    prop::collection::vec((step, any::<u64>()), 1..40)
}

struct Scene {
    resources: Address<Resources>,
    cache: CacheClient,
    tree: Running,
    made: Vec<Uuid>,
    categories: Vec<Uuid>,
}

impl Scene {
    fn on(scratch: &Scratch) -> Self {
        let (database, cache) = (scratch.open(), CacheClient::in_process());
        database.invalidates(cache.clone());
        let campus = Campus { database, cache: cache.clone(), clock: Clock::system(), time_zone: chrono_tz::UTC };
        let (resources, spec) = child("resources", move |_: &_| Ok(Resources::new(campus.clone()))).build();
        let tree = supervisor("root").child(spec).start();
        Self { resources, cache, tree, made: Vec::new(), categories: Vec::new() }
    }

    async fn run<C>(&self, command: C) -> Result<C::Answer, Error>
    where
        C: Command<Service = Resources, Refusal = Error>,
    {
        let request = Request { caller: Caller::operator(Uuid::nil()), command };
        let outcome = self.resources.send(request).await.expect("an answer");
        assert!(!matches!(outcome, Err(Error::Storage(_))), "storage failed");
        outcome
    }

    async fn ask<Q>(&self, query: Q) -> Result<Q::Answer, Error>
    where
        Q: Query<Service = Resources, Refusal = Error>,
    {
        let question = Question { caller: Caller::operator(Uuid::nil()), query };
        let answer = self.resources.send(question).await.expect("an answer");
        assert!(!matches!(answer, Err(Error::Storage(_))), "storage failed");
        answer
    }

    async fn read<Q>(&self, key: Key<Q::Answer>, query: Q) -> Option<Q::Answer>
    where
        Q: Query<Service = Resources, Refusal = Error, Answer: Value>,
    {
        self.cache.read(key, || self.ask(query)).await.ok()
    }

    /// A refusal is as good an outcome as any, but for one: that storage failed.
    async fn take(&self, step: Step) -> (Option<Resource>, Option<Category>) {
        let id = |which: usize| self.made.get(which).copied().unwrap_or_default();
        let category = |which: usize| self.categories.get(which).copied();
        let expected_version = None;
        let edit = |which, changes| self.run(EditResource { id: id(which), expected_version, changes });
        let resource = match step {
            Step::Create { code } => self.run(CreateResource(new(code))).await,
            Step::Rename { which, name } => {
                edit(which, ResourceChanges { name: Some(format!("Room {name}")), ..Default::default() }).await
            }
            Step::Recode { which, code } => {
                edit(which, ResourceChanges { code: Some(format!("R{code}")), ..Default::default() }).await
            }
            Step::Status { which, status } => {
                self.run(ChangeStatus { id: id(which), expected_version, status, reason: None }).await
            }
            Step::Sort { which, category: sorted } => {
                let category_id = category(sorted);
                self.run(ChangeCategory { id: id(which), expected_version, category_id, reason: None }).await
            }
            Step::Rules { which, days } => {
                let rules = AvailabilityRules { max_advance_booking_days: days, ..AvailabilityRules::default() };
                self.run(SetRules { id: id(which), expected_version, rules }).await
            }
            Step::Delete { which } => self.run(DeleteResource { id: id(which), expected_version, reason: None }).await,
            Step::CreateCategory { name } => {
                let new = CreateCategory { name: format!("C{name}"), description: None, parent_category_id: None };
                return (None, self.run(new).await.ok());
            }
            Step::RenameCategory { which, name } => {
                let changes = CategoryChanges { name: Some(format!("C{name}")), description: None };
                let id = category(which).unwrap_or_default();
                return (None, self.run(EditCategory { id, expected_version, changes }).await.ok());
            }
        };
        (resource.ok(), None)
    }

    fn lists(&self) -> Vec<ListResources> {
        let page = |filter, after, limit| ListResources { filter, after, limit };
        let filter = ResourceFilter::default;
        vec![
            page(filter(), None, 50),
            page(filter(), None, 2),
            page(filter(), Some("R2".to_owned()), 2),
            page(ResourceFilter { status: Some(ResourceStatus::Available), ..filter() }, None, 50),
            page(ResourceFilter { category_id: self.categories.first().copied(), ..filter() }, None, 50),
            page(ResourceFilter { search: Some("room 1".to_owned()), ..filter() }, None, 50),
        ]
    }

    /// Reads everything through the cache, and does not look at it.
    async fn read_all(&self) {
        for id in &self.made {
            self.read(cached::resource(*id), GetResource(*id)).await;
        }
        for query in self.lists() {
            self.read(cached::list(&query), query).await;
        }
        self.read(cached::categories(), ListCategories).await;
    }

    async fn expire(&self, which: u64) {
        let ones = self.made.iter().map(|id| Outdated::from(cached::resource(*id)));
        let lists = self.lists().into_iter().map(|query| Outdated::from(cached::list(&query)));
        let keys = ones.chain(lists).chain([cached::categories().into()]);
        let expired = keys.enumerate().filter(|(at, _)| which >> (at % 64) & 1 == 1).map(|(_, key)| key);
        self.cache.forget(expired.collect()).await;
    }

    async fn agrees<Q>(&self, key: Key<Q::Answer>, query: Q)
    where
        Q: Query<Service = Resources, Refusal = Error, Answer: Value + PartialEq + Debug> + Clone,
    {
        let name = key.name().to_owned();
        assert_eq!(self.read(key, query.clone()).await, self.ask(query).await.ok(), "{name}");
    }

    async fn is_current(&self) {
        for id in &self.made {
            self.agrees(cached::resource(*id), GetResource(*id)).await;
        }
        for query in self.lists() {
            self.agrees(cached::list(&query), query).await;
        }
        self.agrees(cached::categories(), ListCategories).await;
    }
}

fn new(code: u8) -> NewResource {
    NewResource {
        code: format!("R{code}"),
        name: format!("Room {code}"),
        resource_type: ResourceType::Classroom,
        capacity: Some(30),
        category_id: None,
        program_ids: Vec::new(),
        location: None,
        attributes: Default::default(),
        description: None,
    }
}

async fn walk(scratch: Scratch, steps: Vec<(Step, u64)>) {
    let mut scene = Scene::on(&scratch);
    for (step, expired) in steps {
        scene.expire(expired).await;
        let ((resource, category), (), ()) = join!(scene.take(step), scene.read_all(), scene.read_all());
        scene.is_current().await;
        if let Some(resource) = resource.filter(|resource| !scene.made.contains(&resource.id)) {
            scene.made.push(resource.id);
        }
        if let Some(category) = category.filter(|category| !scene.categories.contains(&category.id)) {
            scene.categories.push(category.id);
        }
    }
    let figures = scene.cache.statistics().families;
    assert!(figures.iter().any(|family| family.hits > 0), "nothing was read from the cache: {figures:?}");
    scene.tree.stop().await;
}

fn check(engine: Engine, cases: u32) {
    let config = Config { cases, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let walked = TestRunner::new(config).run(&steps(), |steps| {
        scratch::run(engine, |scratch| walk(scratch, steps));
        Ok(())
    });
    walked.expect("nobody reads what is outdated");
}

#[test]
fn nobody_reads_what_is_outdated_on_sqlite() {
    check(Engine::Sqlite, 16);
}

#[test]
fn nobody_reads_what_is_outdated_on_postgres() {
    check(Engine::Postgres, 6);
}
