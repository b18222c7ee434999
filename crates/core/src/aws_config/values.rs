//! Values of profiles that a user types. They are written into a file in which a line is a setting, so each has a type whose
//! characters cannot end a line, start a comment or open a section.

use std::fmt;
use std::str::FromStr;

use crate::text::Untrusted;

/// A value cannot be written into a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a valid {kind}; {rule}")]
pub struct InvalidValue {
    value: Untrusted,
    kind: &'static str,
    rule: &'static str,
}

/// Declares a string type with its rule.
macro_rules! value_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $is_valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The value.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidValue { value: text.into(), kind: $kind, rule: $rule })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

value_type! {
    /// The name of an existing profile or SSO session.
    ProfileName, "profile or session name", "use letters, digits, spaces and `_.@+/:,-`",
    |text| is_of(text, b"_.@+/:,- ") && text.trim() == text
}

value_type! {
    /// The MFA device of a user: an ARN, or the serial number of a hardware device.
    ///
    /// See `SerialNumber` in <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
    MfaSerial, "MFA device", "use the ARN that IAM shows for it, such as `arn:aws:iam::222233334444:mfa/ann`",
    |text| (9..=256).contains(&text.len()) && is_of(text, b"_=/:,.@+-") && (!text.starts_with("arn:") || text.contains(":mfa/"))
}

value_type! {
    /// The name of a session, which CloudTrail shows: 2 to 64 characters of `[\w+=,.@-]`.
    ///
    /// See `RoleSessionName` in <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
    SessionName, "session name", "use 2 to 64 letters, digits and `_+=,.@-`",
    |text| (2..=64).contains(&text.len()) && is_of(text, b"_+=,.@-")
}

value_type! {
    /// A region.
    RegionName, "region", "use a name such as `us-east-1`",
    |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_of(text: &str, punctuation: &[u8]) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || punctuation.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_its_line_or_start_a_comment() {
        for bad in ["", "a\nb", "a\rb", "a]b", "[a", "a#b", "a;b", "\"a\"", "a'b", "é", "a\u{0}b", "a\\b"] {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad}");
            assert!(bad.parse::<MfaSerial>().is_err(), "{bad}");
            assert!(bad.parse::<SessionName>().is_err(), "{bad}");
            assert!(bad.parse::<RegionName>().is_err(), "{bad}");
        }
        assert!(" a".parse::<ProfileName>().is_err());
    }

    #[test]
    fn usual_values_are_valid() {
        for name in ["ann", "corp/admin", "my profile", "a.b_c@d+e"] {
            assert!(name.parse::<ProfileName>().is_ok(), "{name}");
        }
        for mfa in ["arn:aws:iam::222233334444:mfa/ann", "arn:aws-us-gov:iam::222233334444:mfa/a/b", "GAHT12345678"] {
            assert!(mfa.parse::<MfaSerial>().is_ok(), "{mfa}");
        }
        assert!("arn:aws:iam::222233334444:user/ann".parse::<MfaSerial>().is_err());
        assert!("ann@example.com".parse::<SessionName>().is_ok());
        assert_eq!(
            "x\ny".parse::<SessionName>().unwrap_err().to_string(),
            "`x y` is not a valid session name; use 2 to 64 letters, digits and `_+=,.@-`"
        );
    }
}
