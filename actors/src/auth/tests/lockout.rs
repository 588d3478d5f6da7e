//! Guessing passwords.

use super::*;

async fn guess(installation: &Installation, times: usize) {
    for _ in 0..times {
        let outcome = installation.log_in("a wrong password").await;
        assert!(matches!(outcome, Err(Error::BadCredentials)), "{outcome:?}");
    }
}

fn wait_s(outcome: &Result<LoggedIn, Error>) -> Option<u64> {
    match outcome {
        Err(Error::Locked { retry_after_s }) => Some(*retry_after_s),
        _ => None,
    }
}

#[actix_rt::test]
async fn after_five_wrong_passwords_the_right_one_must_wait_too() {
    let (installation, _) = Installation::with_ana().await;
    guess(&installation, 4).await;
    installation.clock.advance(TimeDelta::minutes(14));
    guess(&installation, 1).await;
    assert_eq!(wait_s(&installation.log_in(PASSWORD).await), Some(900));
    assert_eq!(wait_s(&installation.log_in_as(" ANA@example.edu", PASSWORD).await), Some(900), "the same address");
    installation.clock.advance(TimeDelta::minutes(15) - TimeDelta::milliseconds(1));
    assert_eq!(wait_s(&installation.log_in(PASSWORD).await), Some(1));
    installation.clock.advance(TimeDelta::milliseconds(1));
    assert!(installation.log_in(PASSWORD).await.is_ok());
    guess(&installation, 5).await;
    installation.close().await;
}

#[actix_rt::test]
async fn a_right_password_forgives_the_wrong_ones() {
    let (installation, _) = Installation::with_ana().await;
    guess(&installation, 4).await;
    assert!(installation.log_in(PASSWORD).await.is_ok());
    guess(&installation, 4).await;
    assert!(installation.log_in(PASSWORD).await.is_ok());
    installation.close().await;
}

#[actix_rt::test]
async fn others_are_not_locked_out() {
    let (installation, _) = Installation::with_ana().await;
    installation.add("eve@example.edu", "Eve").await.expect("added");
    guess(&installation, 5).await;
    assert!(installation.log_in_as("eve@example.edu", PASSWORD).await.is_ok());
    installation.close().await;
}

#[actix_rt::test]
async fn an_address_without_account_is_locked_as_well() {
    let installation = Installation::new().await;
    guess(&installation, 5).await;
    assert_eq!(wait_s(&installation.log_in(PASSWORD).await), Some(900));
    installation.close().await;
}

#[actix_rt::test]
async fn a_lock_leaves_a_running_session_alone() {
    let (installation, _) = Installation::with_ana().await;
    let login = installation.log_in(PASSWORD).await.expect("logged in");
    guess(&installation, 5).await;
    assert!(installation.refresh(&login.refresh_token).await.is_ok());
    installation.close().await;
}

/// Guesses that come all at once get no further than guesses in a row, but for those that hold a turn already.
#[actix_rt::test]
async fn a_herd_of_guesses_does_not_outrun_the_lock() {
    let (installation, _) = Installation::with_ana().await;
    let herd = (0..50).map(|_| installation.log_in("a wrong password"));
    let outcomes = futures_util::future::join_all(herd).await;
    let tried = outcomes.into_iter().filter(|outcome| matches!(outcome, Err(Error::BadCredentials))).count();
    assert!((5..=6).contains(&tried), "{tried} passwords were compared");
    assert!(wait_s(&installation.log_in(PASSWORD).await).is_some());
    installation.close().await;
}
