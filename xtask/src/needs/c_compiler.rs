//! The C compiler: SQLite and the PostgreSQL client library are built from source.

use std::process::{Command, Stdio};

use super::Need;
use crate::environment;

/// A working C compiler.
pub struct CCompiler;

impl Need for CCompiler {
    fn name(&self) -> &'static str {
        "C compiler"
    }

    fn find(&self) -> Result<(), String> {
        let compiler = environment::c_compiler();
        // CC may carry a wrapper or flags ("ccache cc"), as build scripts allow.
        let mut words = compiler.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("cc"));
        let ran = command.args(words).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if ran.is_ok_and(|status| status.success()) { Ok(()) } else { Err(format!("`{compiler}` does not run")) }
    }

    fn packages(&self) -> &'static [&'static str] {
        &["gcc", "libc6-dev"]
    }

    fn advice(&self) -> String {
        "Install a C compiler (Debian: `apt-get install gcc libc6-dev`), or name yours in CC.".into()
    }
}
