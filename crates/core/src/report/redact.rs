//! Removes secrets from messages before they are output, because services repeat their input in error messages.

/// Replaces known secrets by a placeholder.
pub(super) struct SecretRedactor(Vec<String>);

impl SecretRedactor {
    pub(super) fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let mut ids: Vec<_> = ids.map(str::to_owned).collect();
        // One secret may contain another. The longer one is replaced first, so that no part of it remains.
        ids.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        ids.dedup();
        Self(ids)
    }

    pub(super) fn redact(&self, text: &mut String) {
        for id in &self.0 {
            if text.contains(id) {
                *text = text.replace(id, HIDDEN);
            }
            hide_cut(text, id);
        }
    }
}

const HIDDEN: &str = "(hidden)";

/// Hides the beginning of a secret at the end of a message that was shortened (`…`).
fn hide_cut(text: &mut String, id: &str) {
    /// Fewer characters reveal nothing.
    const SHORTEST: usize = 3;
    let cuts: Vec<_> = text.match_indices('…').map(|(at, _)| at).collect();
    for at in cuts.into_iter().rev() {
        let head = text.get(..at).unwrap_or_default();
        let is_prefix = |n: &usize| id.get(..*n).is_some_and(|part| head.ends_with(part));
        if let Some(n) = (SHORTEST..id.len()).rev().find(is_prefix) {
            text.replace_range(at - n..at, HIDDEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut text = text.to_owned();
        SecretRedactor::new(["s3cret", "s3cret-longer", "é-id"].into_iter()).redact(&mut text);
        text
    }

    #[test]
    fn secrets_and_shortened_secrets_are_hidden() {
        assert_eq!(redacted("a s3cret b s3cret-longer"), "a (hidden) b (hidden)");
        assert_eq!(redacted("x\"s3cret-lon…"), "x\"(hidden)…");
        assert_eq!(redacted("x\"s3c… and s3cr… é-i…"), "x\"(hidden)… and (hidden)… (hidden)…");
        assert_eq!(redacted("nothing here s3…"), "nothing here s3…");
        assert_eq!(redacted("…"), "…");
    }
}
