//! The migrations.

use super::*;

async fn migrations_go_there_and_back(scratch: Scratch) {
    drop(scratch.open());
    migrations::there_and_back(&scratch.location()).expect("each migration is reversible");
    assert_eq!(migrate(&scratch.location()).expect("migrated"), Vec::<String>::new());
    let database = scratch.open();
    let events: i64 = database
        .read(|connection| {
            let count: Count = sql_query("SELECT count(*) AS count FROM events").get_result(connection)?;
            Ok::<_, Error>(count.count)
        })
        .await
        .expect("the tables are there again");
    assert_eq!(events, 0);
}

on_each_engine!(migrations_go_there_and_back);
