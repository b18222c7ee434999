//! Values of conditions that IAM refuses because the operator compares another type.
//!
//! What may be valid is accepted: policy variables, and every notation that begins like a date.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use super::condition::ConditionClause;
use super::operators::{bare_operator, has_variable};

/// Checks the values of a clause.
///
/// # Errors
/// What the first invalid value is and what the operator expects. The text does not contain the value.
pub(crate) fn check_values(clause: &ConditionClause) -> Result<(), String> {
    let operator = bare_operator(&clause.operator);
    let (is_valid, expected): (fn(&str) -> bool, _) = match operator.as_str() {
        "bool" | "null" => (is_boolean, "`true` or `false`"),
        _ if operator.starts_with("date") => (is_date, "a date such as `2030-01-31T00:00:00Z`, or seconds since 1970"),
        _ => return Ok(()),
    };
    match clause.values.iter().all(|value| has_variable(value) || is_valid(value)) {
        true => Ok(()),
        false => {
            Err(format!("IAM compares the values of `{}` with {expected} only; correct the value", clause.operator))
        }
    }
}

fn is_boolean(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}

/// A date in the W3C profile of ISO 8601 (<https://www.w3.org/TR/NOTE-datetime>), from a year to fractions of a second, or
/// seconds since 1970.
fn is_date(value: &str) -> bool {
    let (date, time) = value.split_once('T').map_or((value, None), |(date, time)| (date, Some(time)));
    let fields: Vec<_> = date.split('-').collect();
    let number = |text: &str, digits| {
        let is_number = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().ok()).flatten()
    };
    let is_month = |text| number(text, 2).is_some_and(|month| (1..=12).contains(&month));
    let is_day = |text| number(text, 2).is_some_and(|day| (1..=31).contains(&day));
    let is_time = |text: &str| {
        let hour = text.split_once(':').and_then(|(hour, _)| number(hour, 2));
        hour.is_some_and(|hour| hour < 24)
    };
    match (fields.as_slice(), time) {
        ([seconds], None) => seconds.parse::<u64>().is_ok(),
        ([year, month], None) => number(year, 4).is_some() && is_month(month),
        ([year, month, day], time) => {
            number(year, 4).is_some() && is_month(month) && is_day(day) && time.is_none_or(is_time)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: &str, value: &str) -> Result<(), String> {
        check_values(&ConditionClause {
            operator: operator.to_owned(),
            key: "aws:Key".to_owned(),
            values: vec!["${aws:username}".to_owned(), value.to_owned()],
        })
    }

    #[test]
    fn values_of_another_type_are_rejected() {
        insta::assert_snapshot!(check("Bool", "yes").unwrap_err(), @"IAM compares the values of `Bool` with `true` or `false` only; correct the value");
        insta::assert_snapshot!(check("ForAnyValue:DateLessThanIfExists", "tomorrow").unwrap_err(), @"IAM compares the values of `ForAnyValue:DateLessThanIfExists` with a date such as `2030-01-31T00:00:00Z`, or seconds since 1970 only; correct the value");
        for bad in ["", "maybe", "1", "*"] {
            assert!(check("boolIfExists", bad).is_err() && check("Null", bad).is_err(), "{bad}");
        }
        for bad in ["", "-1", "31.01.2030", "2030-13", "2030-1-1", "2030-01-32", "2030-01-31T", "2030-01-31T25:00Z"] {
            assert!(check("DateEquals", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_that_iam_accepts_are_accepted() {
        for good in ["true", "False"] {
            assert_eq!((check("Bool", good), check("Null", good)), (Ok(()), Ok(())), "{good}");
        }
        for good in [
            "2030",
            "1795629601",
            "2030-01",
            "2030-01-31",
            "2030-01-31T12:00Z",
            "2030-01-31T12:00:00+01:00",
            "2030-01-31T12:00:00.25Z",
        ] {
            assert_eq!(check("dategreaterthanequals", good), Ok(()), "{good}");
        }
        assert_eq!((check("StringEquals", "yes"), check("NumericEquals", "yes")), (Ok(()), Ok(())));
    }
}
