//! The libraries that the tests share.
//!
//! Cargo unifies features over the normal dependencies of all selected members, and over dev-dependencies only when tests
//! are built. Some of these libraries enable features of crates that the program uses as well: wiremock needs hyper's
//! server, tempfile needs rustix's file system. As dev-dependencies alone they made `cargo test` rebuild 46 crates that
//! `cargo run` had just built. As normal dependencies of this member, both commands resolve the same features. No binary
//! depends on this crate.

pub use {insta, proptest, saphyr, tempfile, tokio, wiremock};
