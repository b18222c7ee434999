//! A configuration with files as SSM parameters below one path.
//!
//! A parameter holds 8,192 bytes. A configuration that references files is therefore stored as several parameters: one for each
//! file, and one, whose name is the path, with the *index* of the files. For the path `/account-onboarding/own`:
//!
//! ```text
//! /account-onboarding/own                                          {"format":"account-onboarding/1","files":{…}}
//! /account-onboarding/own/onboarding.toml/a0f3…                    the configuration
//! /account-onboarding/own/policies/deploy.json/5be1…               the file `policies/deploy.json`
//! ```
//!
//! SSM has no transaction, and a reader lists ten parameters with each call. So that no reader ever uses a mixture of two versions:
//!
//! - The name of a file's parameter ends with the hash of its content, so that a push never changes a parameter that the present
//!   index names. It adds the new contents next to the old ones.
//! - Then it writes the index, with one call. Until then readers find the old configuration, and from then on the new one. A push that
//!   is interrupted before changes nothing.
//! - Last, it deletes what the new index does not name. A reader with the old index may then miss a file; it reads the index again.
//! - A reader compares each content with the hash in the index and uses all of the files or none.
//!
//! No reader takes a name from a parameter for granted: a file's path is checked in the same way when it is stored and when it is read.

mod changes;
mod index;
mod path;
mod set;
mod stored;

pub use changes::changes;
pub use index::FileIndex;
pub use set::{FileSet, ROOT};
pub use stored::{Incomplete, StoredFiles};
