//! Giving permissions to users and to roles.

use amqp::Envelope;

use super::*;
use crate::database::scratch::on_each_engine;

on_each_engine!(
    a_permission_is_given_to_a_user_once,
    a_permission_of_a_role_is_that_of_its_holders,
    what_holders_of_a_role_have_is_not_given_again,
    of_two_who_give_a_role_the_same_at_once_one_does,
    grants_that_differ_from_their_history_are_noticed,
);

impl Installation {
    async fn history(&self, id: Uuid) -> Vec<Envelope> {
        let history = self.database.read::<_, Error, _>(move |connection| Ok(events_of(connection, id)?)).await;
        history.expect("history")
    }

    async fn may(&self, user: &User, permission: Permission) -> bool {
        self.ask(GetPermissions(user.id)).await.expect("a user").permissions.contains(&permission)
    }
}

fn to_role(role: Role, permission: Permission) -> GrantRolePermission {
    GrantRolePermission { role, permission, expected_version: None }
}

async fn a_permission_is_given_to_a_user_once(scratch: Scratch) {
    let installation = Installation::on(&scratch).await;
    let user = installation.add(EMAIL, "Ana").await.expect("added");
    let other = installation.add("eve@example.edu", "Eve").await.expect("added");
    let command = GrantPermission { user_id: user.id, permission: Permission::ReportsRead, expected_version: Some(7) };
    let stale = installation.run(operator(), command).await;
    assert!(matches!(stale, Err(Error::VersionStale { current: 1 })), "{stale:?}");
    assert!(!installation.may(&user, Permission::ReportsRead).await);
    let command = GrantPermission { expected_version: Some(1), ..command };
    let given = installation.run(operator(), command).await.expect("given");
    assert_eq!((given.version, &given.permissions), (2, &BTreeSet::from([Permission::ReportsRead])));
    let command = GrantPermission { expected_version: None, ..command };
    assert_eq!(installation.run(operator(), command).await.expect("had it"), given);
    assert_eq!(installation.ask(GetUser(user.id)).await.expect("found"), given);
    assert!(installation.may(&user, Permission::ReportsRead).await);
    assert!(!installation.may(&other, Permission::ReportsRead).await, "it is nobody else's");
    let event = installation.history(user.id).await.pop().expect("an event");
    assert_eq!((event.event_type.as_str(), event.aggregate_type.as_str()), ("permission.granted", "User"));
    assert_eq!((&event.data["targetType"], &event.data["permissionName"]), (&"user".into(), &"reports:read".into()));
    let command = GrantPermission { user_id: Uuid::nil(), ..command };
    assert!(matches!(installation.run(operator(), command).await, Err(Error::NotFound)));
    installation.close().await;
}

async fn a_permission_of_a_role_is_that_of_its_holders(scratch: Scratch) {
    let installation = Installation::on(&scratch).await;
    let user = installation.add(EMAIL, "Ana").await.expect("added");
    let roles = installation.ask(ListRoles).await.expect("listed");
    assert_eq!(roles.iter().map(|role| role.name).collect::<Vec<_>>(), Role::ALL);
    assert!(roles.iter().all(|role| role.version == 0 && role.permissions.len() == role.name.permissions().len()));
    let given = installation.run(operator(), to_role(Role::Student, Permission::SeriesWrite)).await.expect("given");
    assert_eq!((given.version, given.permissions.len()), (1, 3));
    assert!(installation.may(&user, Permission::SeriesWrite).await);
    let roles = installation.ask(ListRoles).await.expect("listed");
    assert!(roles.contains(&given));
    assert_eq!(roles.iter().filter(|role| role.version > 0).count(), 1);
    let event = installation.history(Role::Student.id()).await.pop().expect("an event");
    assert_eq!((event.event_type.as_str(), event.aggregate_type.as_str()), ("permission.granted", "Role"));
    assert_eq!((event.aggregate_id, event.version), (Role::Student.id(), 1));
    installation.close().await;
}

async fn what_holders_of_a_role_have_is_not_given_again(scratch: Scratch) {
    let installation = Installation::on(&scratch).await;
    let run = |command| installation.run(operator(), command);
    let brought = run(to_role(Role::Teacher, Permission::SeriesWrite)).await.expect("it comes with the role");
    assert_eq!(brought.version, 0);
    let stale = GrantRolePermission { expected_version: Some(1), ..to_role(Role::Teacher, Permission::ReportsRead) };
    assert!(matches!(run(stale).await, Err(Error::VersionStale { current: 0 })));
    for permission in [Permission::ReportsRead, Permission::EventsRead, Permission::ReportsRead] {
        run(to_role(Role::Teacher, permission)).await.expect("given");
    }
    let teacher = run(to_role(Role::Teacher, Permission::EventsRead)).await.expect("had it");
    assert_eq!((teacher.version, teacher.permissions.len()), (2, 5));
    assert_eq!(installation.history(Role::Teacher.id()).await.len(), 2);
    installation.close().await;
}

async fn of_two_who_give_a_role_the_same_at_once_one_does(scratch: Scratch) {
    let installation = Installation::on(&scratch).await;
    let give = || installation.run(operator(), to_role(Role::Security, Permission::ReportsRead));
    let (one, other) = futures_util::join!(give(), give());
    assert_eq!(one.expect("given"), other.expect("had it"));
    assert_eq!(installation.history(Role::Security.id()).await.len(), 1);
    installation.close().await;
}

async fn grants_that_differ_from_their_history_are_noticed(scratch: Scratch) {
    let installation = Installation::on(&scratch).await;
    installation.run(operator(), to_role(Role::Student, Permission::SeriesWrite)).await.expect("given");
    let steal = |transaction: &mut crate::database::Transaction<'_>| {
        let delete = diesel::sql_query("DELETE FROM role_grants");
        delete.execute(transaction.connection()).map_err(crate::database::Error::from)
    };
    assert_eq!(installation.database.write(steal).await.expect("deleted"), 1);
    let (compared, differences) = installation.ask(CheckRoles).await.expect("compared");
    assert_eq!((compared, differences.len()), (Role::ALL.len(), 1));
    assert!(differences[0].starts_with("role STUDENT is None"), "{differences:?}");
    installation.tree.stop().await;
}
