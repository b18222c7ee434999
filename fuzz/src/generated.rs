//! Generates trust policies from bytes. Most are well-formed, so that fuzzing reaches the code behind the parser.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

const EFFECTS: [&str; 4] = ["Allow", "Allow", "Allow", "Deny"];
const PRINCIPAL_KEYS: [&str; 4] = ["Principal", "Principal", "Principal", "NotPrincipal"];
const PRINCIPAL_TYPES: [&str; 4] = ["AWS", "AWS", "Service", "Federated"];
const PRINCIPALS: [&str; 12] = [
    "*",
    "111122223333",
    "arn:aws:iam::111122223333:root",
    "222233334444",
    "arn:aws:iam::222233334444:root",
    "arn:aws-us-gov:iam::222233334444:root",
    "arn:aws:iam::222233334444:role/admin",
    "arn:aws:iam::222233334444:role/*",
    "arn:aws:sts::222233334444:assumed-role/a/b",
    "AROAIOSFODNN7EXAMPLE",
    "AIDAIOSFODNN7EXAMPLE",
    "ec2.amazonaws.com",
];
const ACTIONS: [&str; 7] =
    ["sts:AssumeRole", "sts:AssumeRole", "sts:assumerole", "sts:*", "sts:TagSession", "*", "s?s:A*"];
const OPERATORS: [&str; 10] = [
    "StringEquals",
    "stringequals",
    "StringNotEquals",
    "StringLike",
    "StringEqualsIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringNotLike",
    "Bool",
    "Null",
    "NumericLessThan",
];
const KEYS: [&str; 5] = ["sts:ExternalId", "sts:externalid", "aws:MultiFactorAuthPresent", "aws:PrincipalOrgID", "k"];
const VALUES: [&str; 6] = ["one", "two", "true", "false", "o*", "5"];

/// Generates a trust policy as JSON text.
///
/// # Errors
/// If there are too few bytes.
pub fn policy(bytes: &[u8]) -> Result<String> {
    let u = &mut Unstructured::new(bytes);
    let statements = several(u, 4, statement)?;
    let version = ["", "\"Version\":\"2012-10-17\",", "\"Version\":\"2008-10-17\",\"Id\":\"x\","];
    let version = u.choose(&version)?;
    Ok(match statements.as_slice() {
        [one] if u.arbitrary()? => format!("{{{version}\"Statement\":{one}}}"),
        all => format!("{{{version}\"Statement\":[{}]}}", all.join(",")),
    })
}

fn statement(u: &mut Unstructured<'_>) -> Result<String> {
    let mut parts = vec![format!("\"Effect\":\"{}\"", u.choose(&EFFECTS)?)];
    if u.ratio(1, 4)? {
        parts.push(format!("\"Sid\":\"{}\"", u.choose(&["", "A", "AccountOnboarding1", "AccountOnboarding2"])?));
    }
    if u.ratio(7, 8)? {
        parts.push(format!("\"{}\":{}", u.choose(&PRINCIPAL_KEYS)?, principals(u)?));
    }
    let action = if u.ratio(1, 8)? { "NotAction" } else { "Action" };
    parts.push(format!("\"{action}\":{}", string_or_array(u, &ACTIONS)?));
    if u.ratio(1, 2)? {
        parts.push(format!("\"Condition\":{{{}}}", condition(u)?));
    }
    if u.ratio(1, 8)? {
        parts.push((*u.choose(&["\"Resource\":\"*\"", "\"Extra\":[1.0,{\"b\":null}]"])?).to_owned());
    }
    Ok(format!("{{{}}}", parts.join(",")))
}

fn principals(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 8)? {
        return Ok("\"*\"".to_owned());
    }
    object(u, &PRINCIPAL_TYPES, |u| string_or_array(u, &PRINCIPALS))
}

fn condition(u: &mut Unstructured<'_>) -> Result<String> {
    let inner = object(u, &OPERATORS, |u| object(u, &KEYS, |u| string_or_array(u, &VALUES)))?;
    Ok(inner[1..inner.len() - 1].to_owned())
}

/// An object with some of these keys, without duplicates.
fn object(
    u: &mut Unstructured<'_>,
    keys: &[&str],
    mut value: impl FnMut(&mut Unstructured<'_>) -> Result<String>,
) -> Result<String> {
    let mut chosen: Vec<&str> = several(u, 2, |u| u.choose(keys).copied())?;
    chosen.sort_unstable();
    chosen.dedup();
    let entries = chosen.into_iter().map(|key| Ok(format!("\"{key}\":{}", value(u)?)));
    Ok(format!("{{{}}}", entries.collect::<Result<Vec<_>>>()?.join(",")))
}

/// One string, or an array of strings.
fn string_or_array(u: &mut Unstructured<'_>, strings: &[&str]) -> Result<String> {
    if u.arbitrary()? {
        return Ok(format!("\"{}\"", u.choose(strings)?));
    }
    let items = several(u, 3, |u| Ok(format!("\"{}\"", u.choose(strings)?)))?;
    Ok(format!("[{}]", items.join(",")))
}

fn several<T>(
    u: &mut Unstructured<'_>,
    max: usize,
    mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=max)?).map(|_| one(u)).collect()
}
