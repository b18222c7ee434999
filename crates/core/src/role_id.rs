//! The unique ID of a role.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::Untrusted;

/// The unique ID that IAM gives a role when it is created, such as `AROADBQP57FF2AEXAMPLE`. A role that is deleted and created
/// again under the same name has another ID, so the ID shows whether a role is still the one that was seen before.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RoleId(String);

/// A string is not a valid unique ID of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the unique ID of a role; IAM gives IDs such as `AROADBQP57FF2AEXAMPLE`")]
pub struct InvalidRoleId(Untrusted);

impl RoleId {
    /// The ID as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleId {
    type Err = InvalidRoleId;

    /// The length is that of the IAM API, and `AROA` is the prefix of roles.
    fn from_str(text: &str) -> Result<Self, InvalidRoleId> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if text.starts_with("AROA") && (16..=128).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRoleId(text.into()))
        }
    }
}

impl TryFrom<String> for RoleId {
    type Error = InvalidRoleId;

    fn try_from(text: String) -> Result<Self, InvalidRoleId> {
        text.parse()
    }
}

impl From<RoleId> for String {
    fn from(id: RoleId) -> Self {
        id.0
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_id_has_the_prefix_of_roles_and_the_length_of_the_api() {
        for good in ["AROADBQP57FF2AEXAMPLE", "AROAIOSFODNN7EXAMPLE", &format!("AROA{}", "X".repeat(124))] {
            assert_eq!(good.parse::<RoleId>().unwrap().to_string(), good);
        }
        let bad = ["", "AROA", "AIDADBQP57FF2AEXAMPLE", "aroadbqp57ff2aexample", "AROADBQP57FF2AEXAMPL\u{1b}"];
        for bad in bad.into_iter().chain([format!("AROA{}", "X".repeat(125)).as_str()]) {
            assert!(bad.parse::<RoleId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn stored_role_id_is_validated() {
        let id: RoleId = serde_json::from_str("\"AROADBQP57FF2AEXAMPLE\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"AROADBQP57FF2AEXAMPLE\"");
        assert!(serde_json::from_str::<RoleId>("\"x\"").is_err());
    }
}
