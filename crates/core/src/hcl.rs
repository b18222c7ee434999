//! What the writers of Terraform's language share: attributes as `terraform fmt` aligns them.

/// Names and expressions as attributes, one below the other. Those of one line are aligned with their neighbors.
#[must_use]
pub(crate) fn aligned<T: AsRef<str>>(attributes: &[(T, String)], indent: usize) -> String {
    let is_short = |(_, text): &(T, String)| !text.contains('\n');
    let mut out = String::new();
    for group in attributes.chunk_by(|one, next| is_short(one) && is_short(next)) {
        let width = group.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or_default();
        for (name, text) in group {
            out.push_str(&format!("{:indent$}{:width$} = {text}\n", "", name.as_ref()));
        }
    }
    out
}
