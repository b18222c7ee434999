//! A section of the block: a header and its lines.

use crate::account::AccountId;

/// A section, such as `[profile payments-dev]`, without line endings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The text between the brackets. Empty for lines before the first header.
    pub header: String,
    /// The lines below the header, without blank ones.
    pub lines: Vec<String>,
}

impl Section {
    /// The name of the profile, if the section is one.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.header.strip_prefix("profile ").map(str::trim)
    }

    /// The account of the profile.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        let value = |key: &str| {
            let mut settings = self.lines.iter().filter_map(|line| line.split_once('='));
            settings.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
        };
        match value("sso_account_id") {
            Some(id) => id.parse().ok(),
            None => AccountId::from_arn(value("role_arn")?),
        }
    }
}

/// The sections of the text between the markers.
#[must_use]
pub fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        match (line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')), found.last_mut()) {
            (Some(header), _) => found.push(Section { header: header.trim().to_owned(), lines: Vec::new() }),
            (None, Some(section)) => section.lines.push(line.to_owned()),
            (None, None) => found.push(Section { header: String::new(), lines: vec![line.to_owned()] }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_with_any_line_ending() {
        let text =
            "# stray\r\n[profile a]\r\nrole_arn = arn:aws:iam::444455556666:role/r\r\n\r\n[ sso-session s ]\nx=1\n";
        let found = sections(text);
        let headers: Vec<_> = found.iter().map(|section| section.header.as_str()).collect();
        assert_eq!(headers, ["", "profile a", "sso-session s"]);
        assert_eq!(found[1].account().unwrap().as_str(), "444455556666");
        assert_eq!((found[1].profile(), found[2].profile()), (Some("a"), None));
        assert_eq!(found[2].account(), None);
        let sso = sections("[profile b]\nsso_account_id = 777788889999\n");
        assert_eq!(sso[0].account().unwrap().as_str(), "777788889999");
    }
}
