//! What the tests need from the machine: looked for, installed where allowed, otherwise named.
//!
//! A new need is one file here with a type that implements [`Need`], and one line in [`of_tests`].

mod apt;
mod c_compiler;
pub mod postgres;

use crate::arguments::Engine;

/// Something outside the workspace without which some tests cannot run.
pub trait Need {
    /// What people call it; the name under which it is reported as skipped.
    fn name(&self) -> &'static str;

    /// Looks for it.
    ///
    /// # Errors
    /// What exactly is missing.
    fn find(&self) -> Result<(), String>;

    /// The Debian packages that bring it.
    fn packages(&self) -> &'static [&'static str];

    /// What a person can do about it, as a sentence.
    fn advice(&self) -> String;

    /// Runs before the packages are installed, to keep them from starting anything.
    ///
    /// # Errors
    /// When the installation had better not begin.
    fn before_install(&self) -> Result<(), String> {
        Ok(())
    }

    /// Runs after the packages were installed.
    ///
    /// # Errors
    /// When something was left that should not have been.
    fn after_install(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The needs of a test run on these engines.
pub fn of_tests(engines: &[Engine]) -> Vec<Box<dyn Need>> {
    let mut needs: Vec<Box<dyn Need>> = vec![Box::new(c_compiler::CCompiler)];
    if engines.contains(&Engine::Postgres) && crate::environment::database_url().is_none() {
        needs.push(Box::new(postgres::Postgres::default()));
    }
    needs
}

/// A need that could not be had.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    /// The need's name.
    pub name: &'static str,
    /// What is missing and what to do about it.
    pub reason: String,
}

/// Finds or installs every need, and returns those that could not be had.
pub fn ensure(needs: &[Box<dyn Need>]) -> Vec<Missing> {
    needs.iter().filter_map(|need| ensure_one(need.as_ref(), apt::install).err()).collect()
}

fn ensure_one(need: &dyn Need, install: fn(&[&str]) -> Result<(), String>) -> Result<(), Missing> {
    let Err(first) = need.find() else {
        return Ok(());
    };
    eprintln!("{}: {first}; trying to install {}", need.name(), need.packages().join(" "));
    let installed = need
        .before_install()
        .and_then(|()| install(need.packages()))
        .and_then(|()| need.after_install())
        .and_then(|()| need.find());
    installed.map_err(|problem| Missing { name: need.name(), reason: format!("{first}; {problem}. {}", need.advice()) })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Found from the given look on.
    struct Appears {
        looks: Cell<u32>,
        from: u32,
    }

    impl Need for Appears {
        fn name(&self) -> &'static str {
            "Thing"
        }
        fn find(&self) -> Result<(), String> {
            self.looks.set(self.looks.get() + 1);
            if self.looks.get() >= self.from { Ok(()) } else { Err("no thing".into()) }
        }
        fn packages(&self) -> &'static [&'static str] {
            &["thing"]
        }
        fn advice(&self) -> String {
            "Buy one.".into()
        }
    }

    fn appears(from: u32) -> Appears {
        Appears { looks: Cell::new(0), from }
    }

    fn expect_thing(packages: &[&str]) -> Result<(), String> {
        assert_eq!(packages, ["thing"]);
        Ok(())
    }

    #[test]
    fn what_is_there_is_not_installed() {
        assert_eq!(ensure_one(&appears(1), |_| Err("must not run".into())), Ok(()));
    }

    #[test]
    fn what_is_not_there_is_installed_and_looked_for_again() {
        assert_eq!(ensure_one(&appears(2), expect_thing), Ok(()));
    }

    #[test]
    fn what_cannot_be_had_is_named_with_reason_and_advice() {
        for (need, install) in [
            (appears(9), (|_| Ok(())) as fn(&[&str]) -> Result<(), String>),
            (appears(2), |_| Err("no network".into())),
        ] {
            let missing = ensure_one(&need, install).expect_err("nothing to be had");
            assert_eq!(missing.name, "Thing");
            assert!(missing.reason.starts_with("no thing; no ") && missing.reason.ends_with("Buy one."), "{missing:?}");
        }
    }
}
