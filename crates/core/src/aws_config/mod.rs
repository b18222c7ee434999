//! Profiles for `~/.aws/config`, one per account, in a marked block of the file.
//!
//! The file belongs to its user. This tool owns the lines between two markers and nothing else: [`block`] finds them in the
//! bytes of the file and replaces them, so that every other byte stays, whatever its encoding or line endings. [`profile`]
//! renders the profiles, [`name`] gives each account a name that is free, and [`changes`] compares the block before and after.
//!
//! Names of accounts are free text, and a line break or a bracket in one must not become a second section or key. They reach
//! the file only as a part of a profile's name, of which only ASCII letters, digits and some punctuation are left: the AWS CLI
//! reads the file in the encoding of the locale, and fails as a whole if it contains anything that the locale cannot decode.
//!
//! [`block`]: self::Markers
//! [`profile`]: self::Access
//! [`name`]: self::NameTemplate
//! [`changes`]: self::compare
//!
//! See <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

mod block;
mod changes;
mod lines;
mod name;
mod profile;
mod section;
mod values;

pub use block::{BlockError, Markers, Parts, replace};
pub use changes::{Comparison, Difference, SectionChange, compare};
pub use lines::comparison_lines;
pub use name::{AssignedNames, InvalidNameTemplate, NameTemplate, Renamed, assign_names};
pub use profile::{Access, SsoAccess, SsoSession, UserAccess, profile_section, session_section};
pub use section::{Section, sections};
pub use values::{InvalidValue, MfaSerial, ProfileName, RegionName, SessionName};
