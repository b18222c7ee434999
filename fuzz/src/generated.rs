//! Trust policies made of bytes: mostly well-formed, so that what lies behind the parser is reached.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

const EFFECTS: [&str; 4] = ["Allow", "Allow", "Allow", "Deny"];
const WHO: [&str; 4] = ["Principal", "Principal", "Principal", "NotPrincipal"];
const KINDS: [&str; 4] = ["AWS", "AWS", "Service", "Federated"];
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

/// A trust policy as a text.
///
/// # Errors
/// When the bytes do not last.
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
        parts.push(format!("\"{}\":{}", u.choose(&WHO)?, principals(u)?));
    }
    let action = if u.ratio(1, 8)? { "NotAction" } else { "Action" };
    parts.push(format!("\"{action}\":{}", list(u, &ACTIONS)?));
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
    object(u, &KINDS, |u| list(u, &PRINCIPALS))
}

fn condition(u: &mut Unstructured<'_>) -> Result<String> {
    let inner = object(u, &OPERATORS, |u| object(u, &KEYS, |u| list(u, &VALUES)))?;
    Ok(inner[1..inner.len() - 1].to_owned())
}

/// An object of a few of these keys, each once.
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

/// One text, or a list of some.
fn list(u: &mut Unstructured<'_>, texts: &[&str]) -> Result<String> {
    if u.arbitrary()? {
        return Ok(format!("\"{}\"", u.choose(texts)?));
    }
    let items = several(u, 3, |u| Ok(format!("\"{}\"", u.choose(texts)?)))?;
    Ok(format!("[{}]", items.join(",")))
}

fn several<T>(
    u: &mut Unstructured<'_>,
    most: usize,
    mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=most)?).map(|_| one(u)).collect()
}
