//! SQLite's shared commit: each piece of work stands and falls by itself, and is told the truth about it.

use super::*;

/// What a piece of work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Put,
    PutAndFail,
    PutAndPanic,
    /// A trigger rolls the whole transaction back, whatever else is in it.
    RollEverythingBack,
    FillTheDisk,
}

/// Runs the deeds so that all of them wait together; answers which were told `Ok`.
async fn together(database: &Database, deeds: &[Deed]) -> Vec<bool> {
    let gate = Gate::hold(database).await;
    let work: Vec<_> =
        deeds.iter().enumerate().map(|(number, deed)| begin(act(database.clone(), number, *deed))).collect();
    tokio::task::yield_now().await;
    gate.open().await;
    let mut told = Vec::new();
    for answer in work {
        told.push(answer.await.expect("no panic here").is_ok());
    }
    told
}

async fn act(database: Database, number: usize, deed: Deed) -> Result<(), Error> {
    let work = move |transaction: &mut Transaction<'_>| {
        put(transaction, &format!("{number:03}"))?;
        match deed {
            Deed::Put => Ok(()),
            Deed::PutAndFail => Err(Error::NotFound),
            Deed::PutAndPanic => panic!("on purpose"),
            Deed::RollEverythingBack => put(transaction, "roll back"),
            Deed::FillTheDisk => {
                let pragma = "PRAGMA max_page_count = 1; INSERT INTO words VALUES (hex(zeroblob(4000000)))";
                Ok(transaction.connection().batch_execute(pragma)?)
            }
        }
    };
    database.write(work).await
}

async fn prepared(scratch: &Scratch) -> Database {
    let database = with_words(scratch).await;
    let trigger = "CREATE TRIGGER roll_back BEFORE INSERT ON words WHEN NEW.word = 'roll back'
                   BEGIN SELECT RAISE(ROLLBACK, 'everything is rolled back'); END";
    run(&database, trigger).await.expect("a trigger");
    database
}

/// What was told is what is: a word is stored if and only if its work was answered `Ok`.
async fn truthful(database: &Database, told: &[bool]) -> Vec<bool> {
    let stored = words(database).await;
    let kept: Vec<bool> = (0..told.len()).map(|number| stored.contains(&format!("{number:03}"))).collect();
    assert_eq!(kept, told, "stored against told");
    kept
}

fn on_sqlite(test: impl AsyncFnOnce(Database)) {
    scratch::run(Engine::Sqlite, async |scratch| {
        let database = prepared(&scratch).await;
        tokio::task::LocalSet::new().run_until(test(database)).await;
    });
}

#[test]
fn a_failure_undoes_its_own_work_only() {
    on_sqlite(async |database| {
        let mut deeds = [Deed::Put; 40];
        deeds[7] = Deed::PutAndFail;
        deeds[11] = Deed::PutAndPanic;
        let told = together(&database, &deeds).await;
        let kept = truthful(&database, &told).await;
        assert_eq!(kept, deeds.map(|deed| deed == Deed::Put));
    });
}

#[test]
fn a_rollback_of_everything_is_told_to_all_it_undid_and_stops_nobody_else() {
    on_sqlite(async |database| {
        let mut deeds = [Deed::Put; 20];
        deeds[9] = Deed::RollEverythingBack;
        let told = together(&database, &deeds).await;
        let kept = truthful(&database, &told).await;
        assert!(!kept[9]);
        assert!(kept[10..].iter().all(|kept| *kept), "those behind it have a transaction of their own: {kept:?}");
        database.write(|transaction| put(transaction, "after")).await.expect("the thread goes on");
    });
}

#[test]
fn a_full_disk_is_told_to_all_whose_work_is_gone() {
    on_sqlite(async |database| {
        let mut deeds = [Deed::Put; 20];
        deeds[9] = Deed::FillTheDisk;
        let told = together(&database, &deeds).await;
        assert!(!truthful(&database, &told).await[9]);
    });
}

#[test]
fn whatever_happens_what_is_told_is_what_is() {
    on_sqlite(async |database| {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..20 {
            run(&database, "DELETE FROM words").await.expect("deleted");
            let choices = [Deed::Put, Deed::Put, Deed::PutAndFail, Deed::PutAndPanic, Deed::RollEverythingBack];
            let deeds: Vec<Deed> = (0..random.usize(1..90)).map(|_| choices[random.usize(..choices.len())]).collect();
            let told = together(&database, &deeds).await;
            let kept = truthful(&database, &told).await;
            for (deed, kept) in deeds.iter().zip(kept) {
                assert!(*deed == Deed::Put || !kept, "round {round}: {deed:?}");
            }
        }
    });
}
