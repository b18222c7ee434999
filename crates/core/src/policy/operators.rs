//! Condition operators: the operators that IAM knows, and the comparisons of those that are evaluated here.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

/// All operators, without modifiers such as `IfExists`.
const OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// Whether IAM knows an operator, including its modifiers (`ForAllValues:`, `ForAnyValue:`, `IfExists`).
#[must_use]
pub fn is_operator(text: &str) -> bool {
    let bare = match text.split_once(':') {
        Some((set, rest)) if ["ForAllValues", "ForAnyValue"].iter().any(|s| s.eq_ignore_ascii_case(set)) => rest,
        Some(_) => return false,
        None => text,
    };
    let lowercase = bare.to_ascii_lowercase();
    let bare = lowercase.strip_suffix("ifexists").filter(|bare| *bare != "null").unwrap_or(&lowercase);
    OPERATORS.iter().any(|operator| operator.eq_ignore_ascii_case(bare))
}

/// Compares a value in the policy with a value in the request.
pub(super) type Compare = fn(&str, &str) -> bool;

/// The comparison of a lowercase operator without modifiers, and whether it is negated; `None` if it is not evaluated
/// here.
pub(super) fn comparison(operator: &str) -> Option<(bool, Compare)> {
    let (negated, operator) = match operator.find("not") {
        Some(at) => (true, format!("{}{}", operator.get(..at)?, operator.get(at + 3..)?)),
        None => (false, operator.to_owned()),
    };
    let compare: Compare = match operator.as_str() {
        "stringequals" => |wanted, actual| wanted == actual,
        "stringequalsignorecase" | "bool" => |wanted, actual| wanted.eq_ignore_ascii_case(actual),
        "stringlike" | "arnequals" | "arnlike" => like,
        _ => return None,
    };
    Some((negated, compare))
}

/// Whether a string matches a pattern in which `*` matches any string and `?` any one character.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let mut p = 0;
    let mut t = 0;
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(t) => {
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
    fn unknown_operators_are_rejected() {
        for good in ["StringEquals", "stringlike", "BoolIfExists", "ForAnyValue:StringLike", "Null"] {
            assert!(is_operator(good), "{good}");
        }
        for bad in ["", "Boool", "NullIfExists", "ForEach:StringLike", "IfExists", "ForAnyValue:"] {
            assert!(!is_operator(bad), "{bad}");
        }
    }
}
