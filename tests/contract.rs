//! The generated documents are fresh.

use std::path::Path;

#[test]
fn generated_documents_are_what_the_catalogue_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, text) in amqp::contract::files() {
        let found = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        assert!(found == text, "{} is stale: run `cargo run -- contract`", path.display());
    }
}
