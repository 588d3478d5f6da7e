//! What is forgotten when the service's answer arrives.

use super::*;
use crate::cache::{Key, Value};
use crate::database::scratch::on_each_engine;

on_each_engine!(
    a_logout_forgets_its_session_alone,
    a_theft_forgets_its_session_alone,
    what_a_user_is_given_forgets_that_users_permissions_alone,
    what_a_role_is_given_forgets_everybodys_permissions,
    who_is_not_there_is_not_kept,
);

impl Installation {
    /// Reads through the cache, as the edge does.
    async fn read<T: Value, Q>(&self, key: Key<T>, query: Q) -> Result<T, Error>
    where
        Q: crate::service::Query<Service = Auth, Answer = T, Refusal = Error>,
    {
        self.cache.read(key, || self.ask(query)).await
    }

    async fn session(&self, login: &LoggedIn) -> Session {
        let id = self.identity(login).session_id;
        self.read(cached::session(id), GetSession(id)).await.expect("a session")
    }

    async fn rights(&self, user: &User) -> Rights {
        self.read(cached::permissions(user.id), GetPermissions(user.id)).await.expect("a user")
    }

    async fn has<T: Value>(&self, key: Key<T>) -> bool {
        self.cache.get(&key).await.is_some()
    }

    async fn has_session(&self, login: &LoggedIn) -> bool {
        self.has(cached::session(self.identity(login).session_id)).await
    }

    /// With two users, each logged in, and everything of them in the cache.
    async fn warm(scratch: &Scratch) -> (Self, [(User, LoggedIn); 2]) {
        let installation = Self::on(scratch).await;
        let mut users = Vec::new();
        for email in [EMAIL, "eve@example.edu"] {
            let user = installation.add(email, "Somebody").await.expect("added");
            let login = installation.log_in_as(email, PASSWORD).await.expect("logged in");
            assert!(installation.session(&login).await.active);
            assert!(!installation.rights(&user).await.permissions.contains(&Permission::ReportsRead));
            users.push((user, login));
        }
        installation.read(cached::roles(), ListRoles).await.expect("listed");
        let [ana, eve] = users.try_into().expect("two");
        for (user, login) in [&ana, &eve] {
            assert!(installation.has_session(login).await && installation.has(cached::permissions(user.id)).await);
        }
        (installation, [ana, eve])
    }
}

async fn a_logout_forgets_its_session_alone(scratch: Scratch) {
    let (installation, [(user, login), (_, other)]) = Installation::warm(&scratch).await;
    let caller = installation.caller(&login).await;
    installation.run(caller, LogOut).await.expect("logged out");
    assert!(!installation.has_session(&login).await && installation.has_session(&other).await);
    assert!(installation.has(cached::permissions(user.id)).await);
    assert!(!installation.session(&login).await.active, "and is read anew");
    installation.close().await;
}

async fn a_theft_forgets_its_session_alone(scratch: Scratch) {
    let (installation, [(_, login), (_, other)]) = Installation::warm(&scratch).await;
    installation.refresh(&login.refresh_token).await.expect("refreshed");
    assert!(installation.has_session(&login).await, "the session goes on");
    assert!(installation.refresh(&login.refresh_token).await.is_err());
    assert!(!installation.has_session(&login).await && installation.has_session(&other).await);
    assert!(!installation.session(&login).await.active);
    installation.close().await;
}

async fn what_a_user_is_given_forgets_that_users_permissions_alone(scratch: Scratch) {
    let (installation, [(ana, login), (eve, _)]) = Installation::warm(&scratch).await;
    let grant = GrantPermission { user_id: ana.id, permission: Permission::ReportsRead, expected_version: None };
    installation.run(operator(), grant).await.expect("given");
    assert!(!installation.has(cached::permissions(ana.id)).await);
    assert!(installation.rights(&ana).await.permissions.contains(&Permission::ReportsRead));
    let assign = AssignRole { user_id: ana.id, role: Role::Teacher, expected_version: None };
    installation.run(operator(), assign).await.expect("given");
    assert!(!installation.has(cached::permissions(ana.id)).await);
    assert!(installation.rights(&ana).await.roles.contains(&Role::Teacher));
    installation.run(operator(), assign).await.expect("had it");
    assert!(installation.has(cached::permissions(ana.id)).await, "nothing has changed");
    assert!(installation.has(cached::permissions(eve.id)).await && installation.has(cached::roles()).await);
    assert!(installation.has_session(&login).await);
    installation.close().await;
}

async fn what_a_role_is_given_forgets_everybodys_permissions(scratch: Scratch) {
    let (installation, users) = Installation::warm(&scratch).await;
    let (role, permission) = (Role::Student, Permission::ReportsRead);
    let grant = GrantRolePermission { role, permission, expected_version: None };
    let given = installation.run(operator(), grant).await.expect("given");
    assert!(!installation.has(cached::roles()).await);
    for (user, login) in &users {
        assert!(!installation.has(cached::permissions(user.id)).await);
        assert!(installation.rights(user).await.permissions.contains(&permission));
        assert!(installation.has_session(login).await);
    }
    assert!(installation.read(cached::roles(), ListRoles).await.expect("listed").contains(&given));
    installation.close().await;
}

async fn who_is_not_there_is_not_kept(scratch: Scratch) {
    let installation = Installation::on(&scratch).await;
    let id = Uuid::from_u128(7);
    assert!(matches!(installation.read(cached::permissions(id), GetPermissions(id)).await, Err(Error::NotFound)));
    assert!(matches!(installation.read(cached::session(id), GetSession(id)).await, Err(Error::TokenInvalid)));
    assert!(!installation.has(cached::permissions(id)).await && !installation.has(cached::session(id)).await);
    installation.close().await;
}
