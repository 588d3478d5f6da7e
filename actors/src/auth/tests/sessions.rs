//! Logging in, staying in, logging out.

use super::*;

#[actix_rt::test]
async fn a_login_gives_tokens_that_say_who_asks() {
    let (installation, user) = Installation::with_ana().await;
    let login = installation.log_in_as(" Ana@Example.edu ", PASSWORD).await.expect("logged in");
    assert_eq!((login.expires_in, login.user.version), (900, 2));
    let caller = installation.caller(&login).await;
    assert_eq!((caller.user_id, &caller.roles), (Some(user.id), &user.roles));
    let id = user.id;
    let history = installation.database.read::<_, Error, _>(move |connection| Ok(events_of(connection, id)?)).await;
    let event = history.expect("history").pop().expect("an event");
    assert_eq!((event.event_type.as_str(), event.metadata.actor), ("user.logged_in", Some(id)));
    assert_eq!((&event.data["ip"], &event.data["userAgent"]), (&"192.0.2.10".into(), &"tests".into()));
    installation.close().await;
}

#[actix_rt::test]
async fn an_unknown_address_and_a_wrong_password_are_refused_alike() {
    let (installation, user) = Installation::with_ana().await;
    let unknown = installation.log_in_as("nobody@example.edu", PASSWORD).await.expect_err("unknown");
    let wrong = installation.log_in("correct horse batteries").await.expect_err("wrong");
    assert!(matches!(wrong, Error::BadCredentials));
    assert_eq!(unknown.to_string(), wrong.to_string());
    let endless = installation.log_in(&"x".repeat(1_000_000)).await.expect_err("wrong");
    assert!(matches!(endless, Error::BadCredentials));
    assert_eq!(installation.event_types(&user).await, ["user.registered"]);
    installation.close().await;
}

#[actix_rt::test]
async fn a_refresh_token_is_good_once() {
    let (installation, user) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    installation.clock.advance(TimeDelta::minutes(20));
    let second = installation.refresh(&login.refresh_token).await.expect("refreshed");
    assert_eq!(installation.identity(&second).session_id, session_of(&installation, &login));
    let third = installation.refresh(&second.refresh_token).await.expect("refreshed");
    assert_ne!(second.refresh_token, third.refresh_token);
    assert!(installation.goes_on(&third).await);
    assert!(matches!(installation.refresh(&login.refresh_token).await, Err(Error::TokenInvalid)), "used before");
    assert!(!installation.goes_on(&third).await, "access tokens are void at once");
    assert!(matches!(installation.refresh(&third.refresh_token).await, Err(Error::TokenInvalid)), "session ended");
    assert!(matches!(installation.refresh(&login.refresh_token).await, Err(Error::TokenInvalid)));
    let types = ["user.registered", "user.logged_in", "user.logged_out"];
    assert_eq!(installation.event_types(&user).await, types, "the session ended once");
    installation.close().await;
}

/// The session of a login whose access token may have expired.
fn session_of(installation: &Installation, login: &LoggedIn) -> Uuid {
    installation.tokens.verify(login.access_token.expose(), start()).expect("valid").session_id
}

#[actix_rt::test]
async fn a_token_used_twice_at_once_ends_the_session() {
    let (installation, _) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    let (one, other) =
        futures_util::join!(installation.refresh(&login.refresh_token), installation.refresh(&login.refresh_token));
    let mut outcomes = [one, other].into_iter();
    let winner = outcomes.find_map(Result::ok).expect("one is first");
    assert!(matches!(installation.refresh(&winner.refresh_token).await, Err(Error::TokenInvalid)));
    installation.close().await;
}

#[actix_rt::test]
async fn a_theft_ends_only_its_own_session() {
    let (installation, _) = Installation::with_ana().await;
    let stolen = installation.log_in(PASSWORD).await.expect("logged in");
    let other = installation.log_in(PASSWORD).await.expect("logged in");
    installation.refresh(&stolen.refresh_token).await.expect("refreshed");
    assert!(installation.refresh(&stolen.refresh_token).await.is_err());
    assert!(installation.refresh(&other.refresh_token).await.is_ok());
    installation.close().await;
}

#[actix_rt::test]
async fn a_session_lives_for_thirty_days_from_its_last_use() {
    let (installation, _) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    installation.clock.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
    let login = installation.refresh(&login.refresh_token).await.expect("just in time");
    installation.clock.advance(TimeDelta::days(30));
    assert!(matches!(installation.refresh(&login.refresh_token).await, Err(Error::TokenInvalid)));
    installation.close().await;
}

#[actix_rt::test]
async fn made_up_tokens_are_refused() {
    let (installation, _) = Installation::with_ana().await;
    for token in ["", "0", &"0".repeat(64)] {
        assert!(matches!(installation.refresh(&token.into()).await, Err(Error::TokenInvalid)));
    }
    installation.close().await;
}

#[actix_rt::test]
async fn logging_out_ends_the_session_once() {
    let (installation, user) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    let caller = installation.caller(&login).await;
    assert!(installation.goes_on(&login).await);
    installation.run(caller.clone(), LogOut).await.expect("logged out");
    assert!(!installation.goes_on(&login).await);
    installation.run(caller, LogOut).await.expect("nothing to do");
    assert!(matches!(installation.refresh(&login.refresh_token).await, Err(Error::TokenInvalid)));
    let types = ["user.registered", "user.logged_in", "user.logged_out"];
    assert_eq!(installation.event_types(&user).await, types);
    assert!(matches!(installation.ask(GetSession(Uuid::nil())).await, Err(Error::TokenInvalid)), "there is none");
    assert!(matches!(installation.run(operator(), LogOut).await, Err(Error::TokenInvalid)), "no session");
    installation.close().await;
}

#[actix_rt::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let (installation, _) = Installation::with_ana().await;
    let other = installation.add("eve@example.edu", "Eve").await.expect("added");
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    let caller = Caller { user_id: Some(other.id), ..installation.caller(&login).await };
    installation.run(caller, LogOut).await.expect("nothing to do");
    assert!(installation.goes_on(&login).await);
    assert!(installation.refresh(&login.refresh_token).await.is_ok());
    installation.close().await;
}

#[actix_rt::test]
async fn an_account_that_is_off_neither_logs_in_nor_stays_in() {
    let (installation, user) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    assert!(installation.ask(GetPermissions(user.id)).await.expect("a user").active);
    installation.deactivate(&user).await;
    assert!(!installation.ask(GetPermissions(user.id)).await.expect("a user").active);
    assert!(matches!(installation.refresh(&login.refresh_token).await, Err(Error::Inactive)));
    assert!(matches!(installation.log_in(PASSWORD).await, Err(Error::Inactive)));
    assert!(matches!(installation.log_in("wrong").await, Err(Error::BadCredentials)), "only its owner is told");
    installation.tree.stop().await;
}

#[actix_rt::test]
async fn neither_passwords_nor_tokens_are_stored() {
    let (installation, _) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    let login = installation.refresh(&login.refresh_token).await.expect("refreshed");
    let mut stored = Vec::new();
    for file in std::fs::read_dir(installation.directory.path()).expect("directory") {
        stored.extend(std::fs::read(file.expect("entry").path()).expect("file"));
    }
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(EMAIL) && holds(&login.refresh_token.fingerprint()));
    for secret in [PASSWORD, login.refresh_token.expose(), login.access_token.expose()] {
        assert!(!holds(secret), "{secret}");
    }
    installation.close().await;
}
