//! Patterns in which `*` matches any string and `?` any one character.

/// Whether a string matches a pattern.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    matches(pattern, text, |_| true)
}

/// A string that a pattern matches.
pub(crate) fn some_match(pattern: &str) -> String {
    pattern.replace('*', "").replace('?', "x")
}

/// Whether a pattern matches every string that another one matches, of which only the `*` are wildcards. It may miss
/// some, but never too much.
pub(super) fn covers(pattern: &str, other: &str) -> bool {
    matches(pattern, other, |c| c != '*')
}

/// Whether some string matches both patterns.
pub(super) fn overlap(a: &str, b: &str) -> bool {
    let b: Vec<char> = b.chars().collect();
    // Whether the pattern so far and the first j characters of `b` have a string in common, for each j.
    let mut row = vec![true];
    for c in &b {
        row.push(*c == '*' && row.last() == Some(&true));
    }
    for c in a.chars() {
        let mut next = vec![c == '*' && row.first() == Some(&true)];
        for ((d, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let before = next.last() == Some(&true);
            next.push(match (c, *d) {
                ('*', _) | (_, '*') => *above || before,
                (c, d) => *diagonal && (c == d || c == '?' || d == '?'),
            });
        }
        row = next;
    }
    row.last() == Some(&true)
}

/// `one` decides which characters `?` matches.
fn matches(pattern: &str, text: &str, one: impl Fn(char) -> bool) -> bool {
    // Most patterns differ from most texts before their first wildcard, or have none.
    let Some(wildcard) = [pattern.find('*'), pattern.find('?')].into_iter().flatten().min() else {
        return pattern == text;
    };
    let (literal, pattern) = pattern.split_at(wildcard);
    let Some(text) = text.strip_prefix(literal) else { return false };
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let mut p = 0;
    let mut t = 0;
    let mut star: Option<(usize, usize)> = None;
    while let Some(actual) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if (*c == '?' && one(*actual)) || c == actual => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_and_take_bounded_time() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "", false),
            ("**a*?", "xab", true),
            ("a", "ab", false),
            ("ab", "a", false),
            ("ab", "ab", true),
            ("ab*", "a", false),
            ("ab*", "ab", true),
            ("é?x*", "éüx", true),
            ("é?x*", "e\u{301}x", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!like(&"*a".repeat(200), &"a".repeat(150)), "matching does not backtrack exponentially");
    }

    #[test]
    fn patterns_are_compared() {
        for (a, b, overlaps, is_covered) in [
            ("*", "*", true, true),
            ("a*", "ab*", true, true),
            ("ab*", "a*", true, false),
            ("a*c", "a*b", false, false),
            ("?", "*", true, false),
            ("a?", "a*", true, false),
            ("a**", "a*", true, true),
            ("x", "*", true, false),
            ("", "*", true, false),
            ("b*", "a*", false, false),
            ("*/x", "role/*", true, false),
        ] {
            assert_eq!((overlap(a, b), covers(a, b)), (overlaps, is_covered), "{a} {b}");
            assert_eq!(overlap(b, a), overlaps, "{b} {a}");
        }
    }
}
