//! The workspace's files, found by walking: a source archive has no git.

use std::fs;
use std::path::Path;

/// One text file of the workspace.
pub struct File {
    /// Its path from the workspace's root, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// The workspace's root directory.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file, in order of its path; build output, data and version control are left out.
pub fn files() -> Vec<File> {
    let mut files = Vec::new();
    walk(root(), "", &mut files);
    assert!(files.len() > 20, "the workspace was not found at {}", root().display());
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn walk(directory: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let entry = entry.expect("a readable entry");
        let path = format!("{prefix}{}", entry.file_name().display());
        let kind = entry.file_type().expect("a file has a type");
        if kind.is_dir() && !["target", "data", ".git"].contains(&path.as_str()) {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}
