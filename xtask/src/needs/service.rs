//! The service that a Debian package brings beside its programs.
//!
//! That it is not started at once is seen to by [`super::apt::install`]; here, that no later start of the machine does.

use std::cell::Cell;
use std::path::Path;

use super::apt;

/// A service of the system, which is left as it was before.
pub struct Service {
    name: &'static str,
    was_there: Cell<bool>,
}

impl Service {
    /// The service of this name.
    pub fn new(name: &'static str) -> Self {
        Self { name, was_there: Cell::new(false) }
    }

    /// Notes, before its package is installed, whether it is there already.
    pub fn look(&self) {
        self.was_there.set(is_there(Path::new("/"), self.name));
    }

    /// Switches it off, after its package was installed, unless it was there before.
    ///
    /// # Errors
    /// When that fails.
    pub fn keep_off(&self) -> Result<(), String> {
        if self.was_there.get() || !is_there(Path::new("/"), self.name) {
            return Ok(());
        }
        eprintln!("switching off the service that the package has just brought, so that no later start runs it");
        apt::root_command(&["update-rc.d", self.name, "disable"])
    }
}

fn is_there(root: &Path, name: &str) -> bool {
    [
        format!("usr/lib/systemd/system/{name}.service"),
        format!("lib/systemd/system/{name}.service"),
        format!("etc/init.d/{name}"),
    ]
    .iter()
    .any(|file| root.join(file).exists())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_service_is_known_by_either_of_its_files() {
        let root = std::env::temp_dir().join(format!("xtask-service-{}", std::process::id()));
        for file in ["usr/lib/systemd/system/a.service", "lib/systemd/system/b.service", "etc/init.d/c"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        assert_eq!(["a", "b", "c", "d"].map(|name| is_there(&root, name)), [true, true, true, false]);
        fs::remove_dir_all(&root).unwrap();
    }
}
