//! Stories of failure: real parts are overrun, killed and frozen.
