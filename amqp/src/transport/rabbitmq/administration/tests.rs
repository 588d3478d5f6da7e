use std::sync::{Arc, Mutex as Shared};

use futures_util::FutureExt;
use futures_util::future::join_all;
use hyper::Method;
use serde_json::{Value, json};

use super::*;
use crate::service::Service;
use crate::topology::{Difference, EXCHANGE, Live, Problem, Subject, compare};

pub(in crate::transport::rabbitmq) mod broker;
mod repairs;

use broker::{Broker, eventually};

/// A hook that keeps what it was called with, and fails as long as it is told to.
#[derive(Clone, Default)]
struct Hook {
    calls: Arc<Shared<Vec<Vec<Service>>>>,
    fails: Arc<Shared<bool>>,
}

impl Hook {
    fn calls(&self) -> Vec<Vec<Service>> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn fail(&self, fails: bool) {
        *self.fails.lock().unwrap() = fails;
    }

    fn options(&self, url: String) -> Options {
        let hook = self.clone();
        let recover = move |services| {
            hook.calls.lock().unwrap().push(services);
            let result = if *hook.fails.lock().unwrap() { Err("the database is away".to_owned()) } else { Ok(()) };
            async { result }.boxed()
        };
        Options { url, recover: Arc::new(recover) }
    }
}

fn differences(live: &Live) -> Vec<Difference> {
    compare(&Topology::of_catalogue(), live)
}

async fn put_queue(broker: &Broker, name: &str, arguments: Value) {
    let path = format!("/api/queues/{}/{name}", broker.vhost());
    broker.api(Method::PUT, &path, json!({ "durable": true, "arguments": arguments })).await;
}

async fn delete_queue(broker: &Broker, name: &str) {
    broker.api(Method::DELETE, &format!("/api/queues/{}/{name}", broker.vhost()), Value::Null).await;
}

#[tokio::test]
async fn everything_is_made_once_and_stays() {
    let Some(broker) = Broker::for_test("everything_is_made_once_and_stays").await else { return };
    let hook = Hook::default();
    let administration = Administration::new(hook.options(broker.url()));
    assert_eq!(administration.ensure().await, Ok(()));
    assert_eq!(differences(&broker.live().await), []);
    let topology = Topology::of_catalogue();
    assert_eq!(hook.calls(), [topology.services_behind(crate::topology::UNROUTED_QUEUE)]);
    assert_eq!(administration.ensure().await, Ok(()));
    assert_eq!(hook.calls(), [] as [Vec<Service>; 0], "nothing was missing");
    broker.close().await;
}

#[tokio::test]
async fn a_lost_queue_is_made_only_after_its_events_are_put_back() {
    let Some(broker) = Broker::for_test("a_lost_queue_is_made_only_after").await else { return };
    let hook = Hook::default();
    let administration = Administration::new(hook.options(broker.url()));
    administration.ensure().await.unwrap();
    delete_queue(&broker, "bookly.reports").await;
    hook.calls();
    hook.fail(true);
    let trouble = administration.ensure().await.unwrap_err();
    assert!(matches!(&trouble, Trouble::Recovery(text) if text.contains("database is away")), "{trouble}");
    let missing = Difference::missing_queue("bookly.reports");
    assert_eq!(differences(&broker.live().await), [missing]);
    hook.fail(false);
    assert_eq!(administration.ensure().await, Ok(()));
    assert_eq!(hook.calls(), [[Service::Reports], [Service::Reports]]);
    assert_eq!(differences(&broker.live().await), []);
    broker.close().await;
}

#[tokio::test]
async fn a_wrong_queue_and_a_wrong_exchange_are_told_and_stop_nothing_else() {
    let Some(broker) = Broker::for_test("a_wrong_queue_and_a_wrong_exchange").await else { return };
    let exchange = json!({ "type": "topic", "durable": true, "arguments": {} });
    broker.api(Method::PUT, &format!("/api/exchanges/{}/{EXCHANGE}", broker.vhost()), exchange).await;
    // The broker tells the first difference only, so all else is right.
    let arguments = json!({ "x-queue-type": "classic", "x-single-active-consumer": true,
        "x-dead-letter-exchange": "bookly.dead-letters" });
    put_queue(&broker, "bookly.availability", arguments).await;
    let administration = Administration::new(Hook::default().options(broker.url()));
    let trouble = administration.ensure().await.unwrap_err();
    let Trouble::Different(told) = &trouble else { panic!("{trouble}") };
    let subjects: Vec<_> = told.iter().map(|difference| difference.subject.to_string()).collect();
    assert_eq!(subjects, ["exchange \"bookly.events\"", "queue \"bookly.availability\""]);
    assert!(told[0].text.contains("lacks \"alternate-exchange\", which must be \"bookly.unrouted\""), "{trouble}");
    assert!(told[1].text.contains("\"classic\"") && told[1].text.contains("\"quorum\""), "{trouble}");
    assert!(told[1].mend.contains("bookly topology apply --recreate"), "{trouble}");
    // Everything else is there, the wrong queue's bindings included.
    let live = broker.live().await;
    assert!(differences(&live).iter().all(|difference| difference.problem == Problem::Wrong), "{live:?}");
    // And it stays told.
    assert_eq!(administration.ensure().await, Err(trouble));
    broker.close().await;
}

#[tokio::test]
async fn the_reasons_why_a_broker_cannot_be_used_are_told_apart() {
    let Some(broker) = Broker::for_test("the_reasons_why").await else { return };
    let ensure = |address| async move {
        let administration = Administration::new(Hook::default().options(broker::url(&address)));
        administration.ensure().await.unwrap_err()
    };
    let user = format!("stranger-{}", std::process::id());
    broker.api(Method::PUT, &format!("/api/users/{user}"), json!({ "password": "right", "tags": "" })).await;
    let stranger = Address { user: user.clone(), password: "right".to_owned(), ..broker.address.clone() };
    let wrong = ensure(Address { password: "wrong".to_owned(), ..stranger.clone() }).await;
    assert!(matches!(wrong, Trouble::Credentials(_)), "{wrong}");
    let nowhere = ensure(Address { vhost: "nowhere".to_owned(), ..broker.address.clone() }).await;
    assert!(matches!(nowhere, Trouble::Vhost(_)), "{nowhere}");
    let locked_out = ensure(stranger.clone()).await;
    assert!(matches!(locked_out, Trouble::Vhost(_)), "{locked_out}");
    let few = json!({ "configure": "^$", "write": ".*", "read": ".*" });
    broker.api(Method::PUT, &format!("/api/permissions/{}/{user}", broker.vhost()), few).await;
    let forbidden = ensure(stranger).await;
    assert!(matches!(&forbidden, Trouble::Credentials(text) if text.contains("set_permissions")), "{forbidden}");
    broker.api(Method::DELETE, &format!("/api/users/{user}"), Value::Null).await;
    broker.close().await;
}

#[tokio::test]
async fn nobody_there_is_no_matter_of_credentials() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let absent = Administration::new(Hook::default().options(url)).ensure().await.unwrap_err();
    assert!(matches!(absent, Trouble::Unavailable(_)), "{absent}");
    let unreadable = Administration::new(Hook::default().options("localhost".to_owned())).ensure().await.unwrap_err();
    assert!(matches!(&unreadable, Trouble::Unavailable(text) if text.contains("amqp://user")), "{unreadable}");
}

#[tokio::test]
async fn callers_that_wait_share_one_run() {
    let Some(broker) = Broker::for_test("callers_that_wait_share_one_run").await else { return };
    let administration = Administration::new(Hook::default().options(broker.url()));
    let results = join_all((0..10).map(|_| administration.ensure())).await;
    assert!(results.into_iter().all(|result| result.is_ok()));
    // The first one's run had begun before the others called.
    assert_eq!(administration.begun.load(Ordering::SeqCst), 2);
    broker.close().await;
}

#[tokio::test]
async fn a_lost_connection_is_replaced() {
    let Some(broker) = Broker::for_test("a_lost_connection_is_replaced").await else { return };
    let administration = Administration::new(Hook::default().options(broker.url()));
    administration.ensure().await.unwrap();
    let path = format!("/api/vhosts/{}/connections", broker.vhost());
    // The broker shows a connection with its statistics.
    eventually("the connection shows", || async {
        !broker.api(Method::GET, &path, Value::Null).await.as_array().unwrap().is_empty()
    })
    .await;
    for connection in broker.api(Method::GET, &path, Value::Null).await.as_array().unwrap() {
        let name = management::percent_encoded(connection["name"].as_str().unwrap());
        broker.api(Method::DELETE, &format!("/api/connections/{name}"), Value::Null).await;
    }
    delete_queue(&broker, "bookly.reports").await;
    eventually("it is mended over a new connection", || async { administration.ensure().await.is_ok() }).await;
    assert_eq!(differences(&broker.live().await), []);
    broker.close().await;
}
