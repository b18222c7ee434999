//! External ids leave every text before anybody sees it: services repeat their input in messages.

/// External ids that are known, so that they can be taken out of texts.
pub(super) struct SecretRedactor(Vec<String>);

impl SecretRedactor {
    pub(super) fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let mut ids: Vec<_> = ids.map(str::to_owned).collect();
        // One may stand inside another: the longer one goes first, so that nothing of it is left.
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

/// Messages are cut and end in `…`: hides the beginning of an external id at such a place.
fn hide_cut(text: &mut String, id: &str) {
    /// Less than this tells nothing.
    const SHORTEST: usize = 3;
    let cuts: Vec<_> = text.match_indices('…').map(|(at, _)| at).collect();
    for at in cuts.into_iter().rev() {
        let head = text.get(..at).unwrap_or_default();
        let ends_so = |n: &usize| id.get(..*n).is_some_and(|part| head.ends_with(part));
        if let Some(n) = (SHORTEST..id.len()).rev().find(ends_so) {
            text.replace_range(at - n..at, HIDDEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut text = text.to_owned();
        SecretRedactor::new(["s3cret", "s3cret-longer", "é-id"].into_iter()).redact(&mut text);
        text
    }

    #[test]
    fn whole_ids_and_parts_at_a_cut_are_hidden() {
        assert_eq!(scrubbed("a s3cret b s3cret-longer"), "a (hidden) b (hidden)");
        assert_eq!(scrubbed("x\"s3cret-lon…"), "x\"(hidden)…");
        assert_eq!(scrubbed("x\"s3c… and s3cr… é-i…"), "x\"(hidden)… and (hidden)… (hidden)…");
        assert_eq!(scrubbed("nothing here s3…"), "nothing here s3…");
        assert_eq!(scrubbed("…"), "…");
    }
}
