//! The name that somebody meant.

/// ` (did you mean …?)` where a known name is near, else nothing.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => String::new(),
    }
}

/// Names as they stand in a sentence: `a`, `b` and `c`.
pub(crate) fn list_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.pop() {
        None => "none".to_owned(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}

fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 100 {
        return None;
    }
    let spelled = name.to_lowercase().replace('_', "-");
    let distance = |other: &str| strsim::damerau_levenshtein(&spelled, &other.to_lowercase().replace('_', "-"));
    let near = known.into_iter().map(|other| (distance(other), other)).min()?;
    (near.0 <= 1 + spelled.chars().count() / 4).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name() {
        let known = ["external-id", "path", "tags"];
        for (slip, meant) in [("external_id", "external-id"), ("extrenal-id", "external-id"), ("Tag", "tags")] {
            assert_eq!(nearest(slip, known), Some(meant));
        }
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"x".repeat(101), known), None);
        assert_eq!(did_you_mean("pth", known), " (did you mean `path`?)");
    }

    #[test]
    fn names_stand_in_a_sentence() {
        assert_eq!([list_of([]), list_of(["a"]), list_of(["a", "b", "c"])], ["none", "`a`", "`a`, `b` and `c`"]);
    }
}
