//! The pages of a list, each of which is read once.

use std::collections::BTreeSet;

use onboarding_core::error::ApiError;

/// The most pages of one list. `ListAccounts` has 20 accounts on a page, and no organization has 100,000.
///
/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
const MAX_PAGES: usize = 5_000;

/// The pages of one list that were read. Without it, tokens that lead back, or never end, would be followed without end.
pub struct Pages {
    call: &'static str,
    tokens: BTreeSet<String>,
}

impl Pages {
    /// No page yet, of the list that this call returns.
    #[must_use]
    pub fn new(call: &'static str) -> Self {
        Self { call, tokens: BTreeSet::new() }
    }

    /// The token of the next page; `None` after the last page.
    ///
    /// # Errors
    /// When the token leads to a page that was already read, or the list has too many pages.
    pub fn next(&mut self, token: Option<String>) -> Result<Option<String>, ApiError> {
        let Some(token) = token else { return Ok(None) };
        let malformed = |message: &str| ApiError::new(self.call, "MalformedAnswer", message);
        if self.tokens.len() >= MAX_PAGES {
            return Err(malformed(&format!("the list has more than {MAX_PAGES} pages")));
        }
        if !self.tokens.insert(token.clone()) {
            return Err(malformed("the pagination token leads to a page that was already read"));
        }
        Ok(Some(token))
    }
}

/// Reads all pages of the list that a call returns. `read` reads the page of a token, keeps what is on it
/// and returns the token of the next page.
///
/// # Errors
/// When a page cannot be read, or leads back to one that was read.
pub(crate) async fn read_pages(
    call: &'static str,
    mut read: impl AsyncFnMut(Option<String>) -> Result<Option<String>, ApiError>,
) -> Result<(), ApiError> {
    let mut pages = Pages::new(call);
    let mut from = None;
    loop {
        from = pages.next(read(from).await?)?;
        if from.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_is_read_once() {
        let mut pages = Pages::new("organizations:ListAccounts");
        let token = |text: &str| Some(text.to_owned());
        assert_eq!(pages.next(token("a")).unwrap(), token("a"));
        assert_eq!(pages.next(token("b")).unwrap(), token("b"));
        let error = pages.next(token("a")).unwrap_err().to_string();
        assert!(error.contains("already read"), "{error}");
        assert_eq!(pages.next(None).unwrap(), None);
    }

    #[test]
    fn pages_end() {
        let mut pages = Pages::new("organizations:ListAccounts");
        let error = (0..).find_map(|page| pages.next(Some(page.to_string())).err()).unwrap().to_string();
        assert!(error.contains("more than 5000 pages"), "{error}");
    }
}
