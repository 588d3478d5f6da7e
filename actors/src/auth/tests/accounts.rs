//! Adding, finding and changing users.

use super::*;

#[actix_rt::test]
async fn an_added_user_is_found_and_its_address_is_taken() {
    let (installation, user) = Installation::with_ana().await;
    assert_eq!(installation.ask(GetUser(user.id)).await.expect("found"), user);
    assert_eq!((user.version, user.created_at), (1, start()));
    let taken = installation.add(" ANA@example.edu", "Another").await;
    assert!(matches!(&taken, Err(Error::EmailTaken(email)) if email == EMAIL), "{taken:?}");
    assert!(matches!(installation.ask(GetUser(Uuid::nil())).await, Err(Error::NotFound)));
    assert_eq!(installation.event_types(&user).await, ["user.registered"]);
    installation.close().await;
}

#[actix_rt::test]
async fn of_two_who_want_an_address_at_once_one_gets_it() {
    let installation = Installation::new().await;
    let (one, other) = futures_util::join!(installation.add(EMAIL, "One"), installation.add(EMAIL, "Other"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    assert!(matches!(one.and(other), Err(Error::EmailTaken(_))));
    installation.close().await;
}

#[actix_rt::test]
async fn everything_wrong_with_a_new_user_is_named() {
    let installation = Installation::new().await;
    let command = AddUser { email: "x".into(), name: String::new(), password: "y".into(), roles: BTreeSet::new() };
    let refused = installation.run(operator(), command).await;
    assert!(matches!(&refused, Err(Error::Invalid(violations)) if violations.len() == 3), "{refused:?}");
    installation.close().await;
}

#[actix_rt::test]
async fn a_role_counts_at_once() {
    let (installation, user) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    let command = AssignRole { user_id: user.id, role: Role::Teacher, expected_version: Some(1) };
    let stale = installation.run(operator(), command).await;
    assert!(matches!(stale, Err(Error::VersionStale { current: 2 })), "the login counts: {stale:?}");
    let command = AssignRole { expected_version: Some(2), ..command };
    assert_eq!(installation.run(operator(), command).await.expect("given").version, 3);
    let command = AssignRole { expected_version: None, ..command };
    assert_eq!(installation.run(operator(), command).await.expect("had it").version, 3);
    let caller = installation.caller(&login).await;
    assert!(caller.roles.contains(&Role::Teacher) && caller.may(Permission::SeriesWrite));
    installation.close().await;
}

#[actix_rt::test]
async fn users_are_listed_by_pages_and_searched() {
    let installation = Installation::new().await;
    for (email, name) in [("c@b", "Nuñez"), ("a@b", "Ana_Maria"), ("b@b", "Anastasia")] {
        installation.add(email, name).await.expect("added");
    }
    let list = |after: Option<&str>, search: Option<&str>| {
        let after = after.map(str::to_owned);
        installation.ask(ListUsers { after, limit: 2, search: search.map(str::to_owned) })
    };
    let emails = |page: &UserPage| page.items.iter().map(|user| user.email.clone()).collect::<Vec<_>>();
    let page = list(None, None).await.expect("listed");
    assert_eq!((emails(&page), page.next.as_deref()), (vec!["a@b".into(), "b@b".into()], Some("b@b")));
    let page = list(page.next.as_deref(), None).await.expect("listed");
    assert_eq!((emails(&page), page.next), (vec!["c@b".to_owned()], None));
    assert_eq!(emails(&list(None, Some("NUÑ")).await.expect("listed")), ["c@b"]);
    assert_eq!(emails(&list(None, Some("a_m")).await.expect("listed")), ["a@b"]);
    installation.close().await;
}

#[actix_rt::test]
async fn there_is_one_first_administrator_who_can_log_in() {
    let installation = Installation::new().await;
    let first = || installation.run(operator(), FirstAdministrator { email: "Admin@localhost".to_owned() });
    let (one, other) = futures_util::join!(first(), first());
    let made: Vec<_> = [one, other].into_iter().filter_map(|outcome| outcome.expect("no refusal")).collect();
    let [(user, password)] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((user.email.as_str(), &user.roles), ("admin@localhost", &BTreeSet::from([Role::GeneralAdmin])));
    assert!(first().await.expect("no refusal").is_none());
    let login = installation.log_in_as("admin@localhost", password.expose()).await.expect("logged in");
    assert_eq!(installation.identity(&login).user_id, user.id);
    installation.close().await;
}

#[actix_rt::test]
async fn where_there_are_users_no_administrator_appears() {
    let (installation, _) = Installation::with_ana().await;
    let made = installation.run(operator(), FirstAdministrator { email: "admin@localhost".to_owned() }).await;
    assert!(made.expect("no refusal").is_none());
    installation.close().await;
}

#[actix_rt::test]
async fn a_row_that_differs_from_its_history_is_noticed() {
    let (installation, user) = Installation::with_ana().await;
    installation.deactivate(&user).await;
    let (compared, differences) = installation.ask(CheckUsers).await.expect("compared");
    assert_eq!((compared, differences.len()), (1, 1));
    installation.tree.stop().await;
}
