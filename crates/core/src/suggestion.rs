//! Suggestions for misspelled names: "did you mean `trelica`?".
//!
//! Every place that reads a name from a closed set (TOML keys, vendor names, regions, permission groups, keys of manual
//! payloads, command-line arguments) uses these functions, so that a typo gets the same answer everywhere.

/// `; did you mean …?` if a known name is close to `name`, otherwise the empty string. Append it to an error message.
///
/// Case and the difference between `_` and `-` are ignored. A name is close if its Damerau-Levenshtein distance is at most
/// one plus a quarter of its length. More than one is too far for a name of up to four characters: `body` is not `mode`.
///
/// ```
/// # use onboarding_core::suggestion::did_you_mean;
/// assert_eq!(did_you_mean("external_id", ["external-id", "path"]), "; did you mean `external-id`?");
/// assert_eq!(did_you_mean("colour", ["external-id", "path"]), "");
/// ```
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}

/// Names joined for a sentence, in backticks: `a`, `b` and `c`.
pub fn list_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join(quoted(names), "and")
}

/// Names joined for a sentence, without backticks: a, b and c.
pub(crate) fn plain_list_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join(names.into_iter().map(str::to_owned), "and")
}

/// Alternatives joined for a sentence: `a`, `b` or `c`.
#[must_use]
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join(quoted(names), "or")
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = String> {
    names.into_iter().map(|name| format!("`{name}`"))
}

fn join(names: impl Iterator<Item = String>, conjunction: &str) -> String {
    let mut names: Vec<_> = names.collect();
    match names.pop() {
        None => "none".to_owned(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} {conjunction} {last}", names.join(", ")),
    }
}

pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes quadratic time, and no typo is that long.
    if name.len() > 100 {
        return None;
    }
    let normalize = |name: &str| name.to_lowercase().replace('_', "-");
    let name = normalize(name);
    let distance = |other: &str| strsim::damerau_levenshtein(&name, &normalize(other));
    let (distance, nearest) = known.into_iter().map(|other| (distance(other), other)).min()?;
    let length = name.chars().count();
    let most = if length <= 4 { 1 } else { 1 + length / 4 };
    (distance <= most).then_some(nearest)
}

/// A number of things, with the plural: `1 role`, `2 roles`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A number with separators, as in `4,819`.
#[must_use]
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typo_finds_the_nearest_name() {
        let known = ["external-id", "path", "tags"];
        for (typo, expected) in [("external_id", "external-id"), ("extrenal-id", "external-id"), ("Tag", "tags")] {
            assert_eq!(nearest(typo, known), Some(expected));
        }
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"x".repeat(101), known), None);
        assert_eq!((nearest("body", ["mode"]), nearest("mdoe", ["mode"])), (None, Some("mode")));
        assert_eq!(did_you_mean("pth", known), "; did you mean `path`?");
    }

    #[test]
    fn large_numbers_have_separators() {
        assert_eq!([0, 999, 4819, 1_234_567].map(thousands), ["0", "999", "4,819", "1,234,567"]);
    }

    #[test]
    fn names_are_joined_with_commas_and_a_conjunction() {
        assert_eq!([list_of([]), list_of(["a"]), list_of(["a", "b", "c"])], ["none", "`a`", "`a`, `b` and `c`"]);
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
