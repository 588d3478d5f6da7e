//! What the tests need from the machine: looked for, installed where allowed, otherwise named.
//!
//! A new need is one file here with a type that implements [`Need`], and one line in [`of_tests`].

mod apt;
mod c_compiler;
pub mod consumers;
pub mod postgres;
mod programs;
pub mod rabbitmq;
pub mod redis;
mod service;

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

    /// Makes it of programs that are there, where it is more than a program.
    ///
    /// # Errors
    /// What exactly is missing for that.
    fn make(&self) -> Result<(), String> {
        self.find()
    }

    /// The Debian packages that bring it, or what it is made of.
    fn packages(&self) -> &'static [&'static str];

    /// What a person can do about it, as a sentence.
    fn advice(&self) -> String;

    /// Runs before the packages are installed. That they start no service is seen to already.
    ///
    /// # Errors
    /// When the installation had better not begin.
    fn before_install(&self) -> Result<(), String> {
        Ok(())
    }

    /// Runs after the packages were installed, or failed to be.
    ///
    /// # Errors
    /// When something was left that should not have been.
    fn after_install(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The needs of a test run on these engines.
pub fn of_tests(engines: &[Engine]) -> Vec<Box<dyn Need>> {
    let mut needs: Vec<Box<dyn Need>> = vec![Box::new(c_compiler::CCompiler), Box::new(consumers::Node)];
    if engines.contains(&Engine::Postgres) && crate::environment::database_url().is_none() {
        needs.push(Box::new(postgres::Postgres::default()));
    }
    // The first two also beside servers that the user brings along: some tests kill theirs.
    if engines.contains(&Engine::Postgres) {
        needs.push(Box::new(rabbitmq::RabbitMq::default()));
        needs.push(Box::new(redis::Redis::default()));
        needs.push(Box::new(consumers::Python));
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
    let Err(first) = need.find().or_else(|_| need.make()) else {
        return Ok(());
    };
    eprintln!("{}: {first}; trying to install {}", need.name(), need.packages().join(" "));
    let installed = need
        .before_install()
        .and_then(|()| {
            let installed = install(need.packages());
            let settled = need.after_install();
            installed.and(settled)
        })
        .and_then(|()| need.make());
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
    fn what_can_be_made_is_not_installed() {
        assert_eq!(ensure_one(&appears(2), |_| Err("must not run".into())), Ok(()));
    }

    #[test]
    fn what_is_not_there_is_installed_and_looked_for_again() {
        assert_eq!(ensure_one(&appears(3), expect_thing), Ok(()));
    }

    #[test]
    fn what_cannot_be_had_is_named_with_reason_and_advice() {
        for (need, install) in [
            (appears(9), (|_| Ok(())) as fn(&[&str]) -> Result<(), String>),
            (appears(3), |_| Err("no network".into())),
        ] {
            let missing = ensure_one(&need, install).expect_err("nothing to be had");
            assert_eq!(missing.name, "Thing");
            assert!(missing.reason.starts_with("no thing; no ") && missing.reason.ends_with("Buy one."), "{missing:?}");
        }
    }
}
