use proptest::prelude::*;
use serde_json::json;

use super::*;

const KEY: &[u8] = b"a key of the tests, and of nobody else";

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
}

/// Whom the tokens of the tests stand for.
const ANA: Identity = Identity { user_id: Uuid::from_u128(1), session_id: Uuid::from_u128(2) };

fn tokens() -> Tokens {
    Tokens::with_key(KEY)
}

fn issued() -> Secret {
    tokens().issue(ANA.user_id, ANA.session_id, at(0)).expect("signed")
}

fn outcome(bearer: &str, second: i64) -> Result<Identity, TokenError> {
    tokens().verify(bearer, at(second))
}

fn refusal(bearer: &str, second: i64) -> Option<TokenError> {
    outcome(bearer, second).err()
}

/// A token with these claims, signed with our key.
fn signed(algorithm: Algorithm, claims: &serde_json::Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(KEY)).expect("signed")
}

fn claims() -> serde_json::Value {
    json!({"iss": "bookly", "sub": Uuid::nil(), "sid": Uuid::nil(), "iat": 0, "exp": 1_790_000_900})
}

#[test]
fn a_token_says_who_asks() {
    assert_eq!(outcome(issued().expose(), 0), Ok(ANA));
}

#[test]
fn a_token_expires_to_the_second() {
    let token = issued();
    assert_eq!(refusal(token.expose(), 899), None);
    assert_eq!(refusal(token.expose(), 900), Some(TokenError::Expired));
}

#[test]
fn a_token_of_another_key_is_not_taken() {
    let token = Tokens::with_key(b"another key").issue(ANA.user_id, ANA.session_id, at(0)).expect("signed");
    assert_eq!(refusal(token.expose(), 0), Some(TokenError::Invalid));
}

#[test]
fn only_hs256_is_taken() {
    assert_eq!(refusal(&signed(Algorithm::HS256, &claims()), 0), None);
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(refusal(&signed(algorithm, &claims()), 0), Some(TokenError::Invalid), "{algorithm:?}");
    }
}

#[test]
fn an_unsigned_token_is_not_taken() {
    // {"alg":"none","typ":"JWT"}, RFC 7519, section 6.1.
    let header = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let token = signed(Algorithm::HS256, &claims());
    let parts: Vec<_> = token.split('.').collect();
    for unsigned in [format!("{header}.{}.", parts[1]), format!("{header}.{}.{}", parts[1], parts[2])] {
        assert_eq!(refusal(&unsigned, 0), Some(TokenError::Invalid), "{unsigned}");
    }
}

#[test]
fn a_token_that_lacks_a_claim_or_has_a_strange_one_is_not_taken() {
    for claim in ["iss", "sub", "sid", "exp"] {
        let mut lacking = claims();
        lacking.as_object_mut().expect("an object").remove(claim);
        assert_eq!(refusal(&signed(Algorithm::HS256, &lacking), 0), Some(TokenError::Invalid), "{claim}");
    }
    for (claim, value) in [("iss", json!("other")), ("sid", json!(7)), ("sub", json!("me"))] {
        let mut strange = claims();
        strange[claim] = value;
        assert_eq!(refusal(&signed(Algorithm::HS256, &strange), 0), Some(TokenError::Invalid), "{claim}");
    }
}

#[actix_rt::test]
async fn processes_share_the_key_that_the_first_made() {
    let directory = tempfile::tempdir().expect("directory");
    let location = database::Location::Sqlite(directory.path().join("bookly.db"));
    let database = Database::open(location.clone()).expect("open");
    let first = Tokens::load(&database).await.expect("made");
    let second = Tokens::load(&Database::open(location).expect("open")).await.expect("read");
    let token = first.issue(ANA.user_id, ANA.session_id, at(0)).expect("signed");
    assert!(second.verify(token.expose(), at(0)).is_ok());
    assert_eq!(refusal(token.expose(), 0), Some(TokenError::Invalid), "the key is no constant");
}

proptest! {
    /// Whatever character of a token is changed, it is not taken.
    #[test]
    fn a_tampered_token_is_not_taken(place in any::<prop::sample::Index>(), by in "[A-Za-z0-9_.-]") {
        let token = issued();
        let place = place.index(token.expose().len());
        let mut tampered = token.expose().to_owned();
        tampered.replace_range(place..=place, &by);
        prop_assume!(tampered != token.expose());
        prop_assert_eq!(refusal(&tampered, 0), Some(TokenError::Invalid));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        prop_assert_eq!(refusal(&text, 0), Some(TokenError::Invalid));
    }
}
