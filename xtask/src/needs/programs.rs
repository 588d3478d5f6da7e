//! Finding a directory that holds all programs of a server.

use std::fs;
use std::path::{Path, PathBuf};

/// The first of `candidates` that holds every program and is `usable`.
///
/// # Errors
/// That there is none with every program, or why the last one with them is not usable.
pub fn directory(
    candidates: impl IntoIterator<Item = PathBuf>,
    programs: &[&str],
    usable: impl Fn(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let mut problem = format!("found no directory with {}", programs.join(", "));
    for bin in candidates.into_iter().filter_map(|bin| complete(&bin, programs)) {
        match usable(&bin) {
            Ok(()) => return Ok(bin),
            Err(reason) => problem = reason,
        }
    }
    Err(problem)
}

/// The directory behind `bin`, or `bin` itself, whichever holds every program: `PATH` may hold links to some programs of
/// a server whose others stand beside the real ones.
fn complete(bin: &Path, programs: &[&str]) -> Option<PathBuf> {
    let real = fs::canonicalize(bin.join(programs.first()?)).ok()?.parent()?.to_owned();
    let holds_all = |place: &PathBuf| programs.iter().all(|program| place.join(program).is_file());
    [real, bin.to_owned()].into_iter().find(holds_all)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const PROGRAMS: [&str; 2] = ["serve", "control"];

    /// Two directories, of which `links` has a link to the first program in `real`.
    fn places(name: &str) -> (PathBuf, PathBuf, PathBuf) {
        let home = std::env::temp_dir().join(format!("xtask-programs-{name}-{}", std::process::id()));
        let (links, real) = (home.join("links"), home.join("real"));
        for directory in [&links, &real] {
            fs::create_dir_all(directory).unwrap();
        }
        symlink(real.join("serve"), links.join("serve")).unwrap();
        (fs::canonicalize(&home).unwrap(), links, fs::canonicalize(&real).unwrap())
    }

    #[test]
    fn a_directory_without_all_programs_is_not_complete() {
        let (home, links, real) = places("complete");
        assert_eq!(complete(&links, &PROGRAMS), None, "the link leads nowhere");
        fs::write(real.join("serve"), "").unwrap();
        assert_eq!((complete(&links, &PROGRAMS), complete(&real, &PROGRAMS)), (None, None));
        fs::write(real.join("control"), "").unwrap();
        assert_eq!(complete(&links, &PROGRAMS), Some(real.clone()));
        assert_eq!(complete(&real, &PROGRAMS), Some(real.clone()));
        symlink(real.join("control"), links.join("control")).unwrap();
        fs::rename(real.join("control"), real.join("other")).unwrap();
        symlink(real.join("other"), links.join("new")).unwrap();
        fs::rename(links.join("new"), links.join("control")).unwrap();
        assert_eq!(complete(&links, &PROGRAMS), Some(links), "the real one has another name");
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn the_first_usable_directory_is_taken_and_else_the_reason_told() {
        let (home, links, real) = places("usable");
        let both = || [links.clone(), real.clone(), home.clone()];
        assert_eq!(directory(both(), &PROGRAMS, |_| Ok(())), Err("found no directory with serve, control".into()));
        for directory in [&home, &real] {
            for program in PROGRAMS {
                fs::write(directory.join(program), "").unwrap();
            }
        }
        assert_eq!(directory(both(), &PROGRAMS, |_| Ok(())), Ok(real.clone()));
        let older = |bin: &Path| if bin == real { Err("too old".into()) } else { Ok(()) };
        assert_eq!(directory(both(), &PROGRAMS, older), Ok(home.clone()));
        assert_eq!(directory(both(), &PROGRAMS, |_| Err("too old".into())), Err("too old".into()));
        fs::remove_dir_all(&home).unwrap();
    }
}
