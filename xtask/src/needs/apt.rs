//! Installing Debian packages without anybody there to answer questions.

use std::process::{Command, Stdio};

use crate::account;

/// How this user may run a program as root: not at all (`None`), directly, or through sudo without a password.
fn as_root() -> Option<Vec<&'static str>> {
    if account::is_root() {
        return Some(vec![]);
    }
    let sudo = ["sudo", "-n"];
    succeeds(&sudo, &["true"]).then(|| sudo.to_vec())
}

fn succeeds(prefix: &[&str], arguments: &[&str]) -> bool {
    let words = [prefix, arguments].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs the rest of its command line with a policy that lets packages start no service (invoke-rc.d(8)), unless the
/// machine has a policy of its own. Taken back however the command ends, short of a power cut.
const WITHOUT_SERVICES: &str = "\
policy=/usr/sbin/policy-rc.d
if [ -d /usr/sbin ] && [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\\nexit 101\\n' >$policy && chmod 755 $policy || exit 1
fi
\"$@\"";

/// Installs the packages; what they bring is not started. The packages' chatter goes to standard error.
///
/// # Errors
/// When this user may not, there is no `apt-get`, or it failed.
pub fn install(packages: &[&str]) -> Result<(), String> {
    if !succeeds(&["apt-get"], &["--version"]) {
        return Err("this machine has no apt-get".into());
    }
    // A stale list of packages is often still good enough, so a failed update alone stops nothing.
    if let Err(problem) = root_command(&["apt-get", "update", "--quiet"]) {
        eprintln!("{problem}; going on with the package lists at hand");
    }
    // An existing configuration file would otherwise be asked about, and there is nobody to answer.
    let options = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];
    let install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"];
    let without_services = ["sh", "-c", WITHOUT_SERVICES, "install"];
    root_command(&[&without_services[..], &install, &options, packages].concat())
        .map_err(|problem| problem.replace(WITHOUT_SERVICES, "..."))
}

/// Runs a command as root.
///
/// # Errors
/// When this user is neither root nor may become it, or the command failed.
pub fn root_command(words: &[&str]) -> Result<(), String> {
    let prefix = as_root().ok_or("this user may not install packages (neither root nor sudo without a password)")?;
    let words = [&prefix[..], &["env", "DEBIAN_FRONTEND=noninteractive"], words].concat();
    let line = words.join(" ");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(std::io::stderr());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` failed ({status})")),
        Err(error) => Err(format!("`{line}` could not run: {error}")),
    }
}
