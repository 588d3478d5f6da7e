//! Python with the libraries of `tests/consumers/requirements.txt`, in a virtual environment.

use std::path::PathBuf;
use std::process::Command;

use super::{Shelf, run};
use crate::needs::Need;

/// The interpreter of the virtual environment.
pub struct Python;

impl Python {
    /// The interpreter.
    ///
    /// # Errors
    /// When there is no workspace.
    pub fn program() -> Result<PathBuf, String> {
        Ok(shelf()?.home.join("bin/python"))
    }
}

fn shelf() -> Result<Shelf, String> {
    Shelf::new("python", "requirements.txt")
}

impl Need for Python {
    fn name(&self) -> &'static str {
        "Python"
    }

    fn find(&self) -> Result<(), String> {
        if !shelf()?.is_current() {
            return Err("the virtual environment for tests has not been made".into());
        }
        // It breaks when the interpreter it was made with goes.
        run(Command::new(Self::program()?).args(["-c", "import jsonschema, pika, yaml"])).map(drop)
    }

    fn make(&self) -> Result<(), String> {
        let shelf = shelf()?;
        if shelf.is_current() && self.find().is_err() {
            // Made, and broken since.
            std::fs::remove_file(shelf.stamp()).map_err(|error| error.to_string())?;
        }
        shelf.make(|home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(home))?;
            let mut install = Command::new(home.join("bin/python"));
            install.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
            run(install.arg("--requirement").arg(&shelf.list)).map(drop)
        })?;
        self.find()
    }

    fn packages(&self) -> &'static [&'static str] {
        &["python3", "python3-venv"]
    }

    fn advice(&self) -> String {
        "Install Python 3 with its venv module (Debian: `apt-get install python3 python3-venv`), and let pip reach its \
         package index once."
            .into()
    }
}
