//! Standard output.

/// Prints a line as `println!` does, except that it is no error when nobody reads any more: whoever wants the first lines
/// only (`| head`) has no need of the others.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}
pub(crate) use say;
