//! The paths of files, as they are stored in names of SSM parameters.

use crate::config::files::OUTSIDE;
use crate::text::Untrusted;

/// The path of a file relative to the configuration, without `.` and empty levels: `./policies/x.json` is `policies/x.json`.
///
/// # Errors
/// When the path leaves the folder of the configuration, or has characters that a name of a parameter cannot have. Names that
/// start with a dot are refused, so that a hostile parameter cannot place a file such as `.envrc` in a user's folder.
pub(super) fn normalized(path: &str) -> Result<String, String> {
    let levels: Vec<&str> = path.split('/').filter(|level| !matches!(*level, "" | ".")).collect();
    if path.starts_with('/') || levels.is_empty() || levels.contains(&"..") {
        return Err(OUTSIDE.to_owned());
    }
    let is_storable = |level: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        !level.starts_with('.') && level.bytes().all(allowed)
    };
    match levels.iter().find(|level| !is_storable(level)) {
        Some(level) => Err(format!(
            "cannot be stored in an SSM parameter because of `{}` in its path; rename it: use letters, digits, `_`, `-` and `.`, and no \
             dot at the start",
            Untrusted::new(level)
        )),
        None => Ok(levels.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized() {
        for path in ["policies/x.json", "./policies/x.json", "policies//./x.json", "policies/x.json/"] {
            assert_eq!(normalized(path).as_deref(), Ok("policies/x.json"), "{path}");
        }
    }

    #[test]
    fn path_that_leaves_the_folder_or_cannot_be_a_parameter_is_refused() {
        for path in ["", ".", "/etc/passwd", "../x.json", "a/../../x.json", "a/..", "..", "//x"] {
            assert!(normalized(path).unwrap_err().starts_with("is outside the directory"), "{path}");
        }
        for path in [".envrc", "a/.git/hooks", "a b.json", "ä.json", "a\\b", "C:x", "a\0b", "x\n", "...", "{x}"] {
            assert!(normalized(path).unwrap_err().starts_with("cannot be stored"), "{path}");
        }
        insta::assert_snapshot!(normalized("policies/my policy.json").unwrap_err(), @"cannot be stored in an SSM parameter because of `my policy.json` in its path; rename it: use letters, digits, `_`, `-` and `.`, and no dot at the start");
    }
}
