//! User accounts: who this process is, and whom a server that refuses to be root may run as.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A user and group id to run a program as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user id.
    pub user: u32,
    /// The group id.
    pub group: u32,
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// The account for a server that refuses root, or `None` when this process is an ordinary user itself.
///
/// # Errors
/// When the process is root and the machine has no account that fits.
pub fn for_server() -> Result<Option<Account>, String> {
    if !is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").map_err(|error| format!("cannot read /etc/passwd: {error}"))?;
    ["postgres", "nobody"].iter().find_map(|name| find(&passwd, name)).map(Some).ok_or_else(|| {
        "PostgreSQL refuses to run as root, and there is no user `postgres`: create it with `useradd postgres`".into()
    })
}

/// Finds a user by name in the text of a passwd file (passwd(5)).
fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [user, _, uid, gid, ..] if *user == name => {
                Some(Account { user: uid.parse().ok()?, group: gid.parse().ok()? })
            }
            _ => None,
        }
    })
}

/// A command that runs as `account` inside `directory`.
pub fn command(program: &Path, account: Option<Account>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command
}

/// Whether `account` can work inside `directory`: tried, since modes alone do not tell (access lists, mounts).
pub fn can_enter(account: Option<Account>, directory: &Path) -> bool {
    let mut probe = command(Path::new("/bin/sh"), account, directory);
    probe.args(["-c", "cd \"$0\""]).arg(directory).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/:/bin/sh\n\n# remark\nbroken:x:many:0::/:\npost:x:7:8:::\n\
                          postgres:x:110:118:PostgreSQL:/var/lib/postgresql:/bin/bash\nshort:x\n";

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        assert_eq!(find(PASSWD, "postgres"), Some(Account { user: 110, group: 118 }));
        assert_eq!(find(PASSWD, "post"), Some(Account { user: 7, group: 8 }));
        assert_eq!(find(PASSWD, "postgre"), None);
    }

    #[test]
    fn lines_that_are_no_accounts_are_passed_over() {
        assert_eq!(find(PASSWD, "broken"), None);
        assert_eq!(find(PASSWD, "short"), None);
        assert_eq!(find(PASSWD, ""), None);
    }
}
