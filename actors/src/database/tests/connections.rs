//! PostgreSQL's connections: how many are used, and what stays on them.

use std::collections::HashSet;

use diesel::sql_types::{Bool, Integer};

use super::*;

#[derive(QueryableByName)]
struct Process {
    #[diesel(sql_type = Integer)]
    id: i32,
}

fn process_of(connection: &mut DatabaseConnection) -> Result<i32, Error> {
    Ok(sql_query("SELECT pg_backend_pid() AS id").get_result::<Process>(connection)?.id)
}

fn ask_process(transaction: &mut Transaction<'_>) -> Result<i32, Error> {
    process_of(transaction.connection())
}

#[test]
fn little_work_is_done_by_few_of_them() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = scratch.open();
        let mut processes = HashSet::new();
        for _ in 0..200 {
            processes.insert(database.write(ask_process).await.expect("answered"));
        }
        // The one that has just answered may not be back when the next work comes.
        assert!(processes.len() <= 3, "{processes:?}");
    });
}

#[test]
fn little_is_read_over_few_of_them() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = scratch.open();
        let mut processes = HashSet::new();
        for _ in 0..200 {
            processes.insert(database.read(process_of).await.expect("answered"));
        }
        // One that has answered still ends its snapshot, on a busy machine for some time. In turn all sixteen would be used.
        assert!(processes.len() <= POSTGRES_THREADS / 2, "{processes:?}");
    });
}

/// Does some work once on each connection of a handle.
async fn on_all<T: Send + 'static>(database: &Database, work: fn(&mut Transaction<'_>) -> Result<T, Error>) -> Vec<T> {
    let barrier = Arc::new(std::sync::Barrier::new(POSTGRES_THREADS));
    let works = (0..POSTGRES_THREADS).map(|_| {
        let barrier = Arc::clone(&barrier);
        let work = move |transaction: &mut Transaction<'_>| {
            // Nobody is done before all have begun.
            barrier.wait();
            work(transaction)
        };
        database.write(work)
    });
    let done = futures_util::future::join_all(works).await;
    done.into_iter().map(|done| done.expect("done")).collect()
}

/// The server's processes behind all connections of a handle.
pub(super) async fn all(database: &Database) -> HashSet<i32> {
    on_all(database, ask_process).await.into_iter().collect()
}

#[test]
fn much_work_is_done_by_all_of_them() {
    scratch::run(Engine::Postgres, async |scratch| {
        assert_eq!(all(&scratch.open()).await.len(), POSTGRES_THREADS);
    });
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn setting(connection: &mut DatabaseConnection, name: &str) -> Result<String, Error> {
    let asked = sql_query("SELECT current_setting($1) AS value").bind::<Text, _>(name);
    Ok(asked.get_result::<Setting>(connection)?.value)
}

#[test]
fn each_manner_of_work_has_its_transaction() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = scratch.open();
        let settings = |connection: &mut DatabaseConnection| {
            let names =
                ["synchronous_commit", "transaction_isolation", "transaction_read_only", "plan_cache_mode", "jit"];
            names.into_iter().map(|name| setting(connection, name)).collect::<Result<Vec<_>, Error>>()
        };
        // Twice round: nothing stays behind for the next.
        for _ in 0..2 {
            let durable = database.write(move |transaction| settings(transaction.connection())).await.expect("asked");
            assert_eq!(durable, ["on", "read committed", "off", "auto", "off"]);
            for (plans, mode) in [(Plans::Kept, "auto"), (Plans::Fresh, "force_custom_plan")] {
                let work = move |transaction: &mut Transaction<'_>| settings(transaction.connection());
                let repeatable = database.write_repeatable(plans, work).await.expect("asked");
                assert_eq!(repeatable, ["off", "read committed", "off", mode, "off"]);
            }
            let snapshot = database.read(settings).await.expect("asked");
            assert_eq!(snapshot, ["on", "repeatable read", "on", "auto", "off"]);
        }
    });
}

#[derive(QueryableByName)]
struct IsPrepared {
    #[diesel(sql_type = Bool)]
    it: bool,
}

#[test]
fn a_text_with_a_parameter_too_few_is_refused() {
    scratch::run(Engine::Sqlite, async |scratch| {
        let work = |transaction: &mut Transaction<'_>| {
            let one = Parameter::<BigInt, _>::new(1_i64);
            let connection = transaction.connection();
            Ok(each_engine!(connection, connection => {
                Prepared::<_, BigInt>::new("SELECT ? + ?", &[&one]).get_result::<i64>(connection)
            })?)
        };
        let refused: Result<i64, Error> = scratch.open().write(work).await;
        assert!(matches!(&refused, Err(Error::Query(why)) if why.contains("1 parameters")), "{refused:?}");
    });
}

#[test]
fn a_text_of_our_own_stays_prepared() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = scratch.open();
        let work = |transaction: &mut Transaction<'_>| {
            let DatabaseConnection::Postgres(connection) = transaction.connection() else { unreachable!() };
            let (one, two) = (Parameter::<BigInt, _>::new(1_i64), Parameter::<BigInt, _>::new(2_i64));
            for _ in 0..3 {
                let sum: i64 =
                    Prepared::<_, BigInt>::new("SELECT ? + ? * ?", &[&one, &two, &two]).get_result(connection)?;
                assert_eq!(sum, 5);
            }
            let kept = "SELECT count(*) = 1 AS it FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1 + $2%'";
            Ok::<_, Error>(sql_query(kept).get_result::<IsPrepared>(connection)?.it)
        };
        assert!(database.write(work).await.expect("answered"));
    });
}

/// Looks something up with a statement that stays prepared, and answers how PostgreSQL did it, and on which connection.
fn look_up(transaction: &mut Transaction<'_>) -> Result<(i32, String), Error> {
    const LOOK: &str = "SELECT count(*) FROM grown WHERE number = ?";
    let process = ask_process(transaction)?;
    let DatabaseConnection::Postgres(connection) = transaction.connection() else { unreachable!() };
    let number = Parameter::<BigInt, _>::new(1_i64);
    for _ in 0..10 {
        Prepared::<_, BigInt>::new(LOOK, &[&number]).get_result::<i64>(connection)?;
    }
    let name = "SELECT name AS value FROM pg_prepared_statements WHERE statement LIKE 'SELECT count(*) FROM grown%'";
    let name = sql_query(name).get_result::<Setting>(connection)?.value;
    let plan: Vec<Plan> = sql_query(format!("EXPLAIN EXECUTE {name}(1)")).load(connection)?;
    Ok((process, plan.into_iter().map(|line| line.line).collect::<Vec<_>>().join("\n")))
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[test]
fn a_plan_for_an_empty_table_is_not_kept_while_it_grows() {
    scratch::run(Engine::Postgres, async |scratch| {
        let database = scratch.open();
        let create = "CREATE TABLE grown (number bigint PRIMARY KEY) WITH (autovacuum_enabled = false)";
        run(&database, create).await.expect("a table");
        let Location::Postgres(url) = scratch.location() else { unreachable!() };
        let mut connection = PgConnection::establish(&url).expect("connected");
        connection.batch_execute("VACUUM ANALYZE grown").expect("analysed");
        let (primed, plan) = database.write(look_up).await.expect("planned");
        assert!(plan.contains("Seq Scan"), "{plan}");
        run(&database, "INSERT INTO grown SELECT generate_series(1, 100000)").await.expect("filled");
        settle("it is planned anew", async || {
            // The connection with the plan is one of them, and need not be the next that is used.
            let plans = on_all(&database, look_up).await;
            let (_, plan) = plans.into_iter().find(|(process, _)| *process == primed).expect("it is still open");
            plan.contains("Index").then_some(())
        })
        .await;
    });
}
