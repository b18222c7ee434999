//! References of other tools that were left in a text, such as `${AWS::AccountId}`. Nothing replaces them here, and IAM
//! accepts most of them as literal text, so that a policy with one would silently match nothing.

use crate::template::PLACEHOLDERS;
use crate::text::Untrusted;

/// Finds the first reference of another tool, or a misspelled placeholder.
///
/// The policy variables of IAM, such as `${aws:username}`, are not references: IAM replaces them. See
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
pub(super) fn check_references(text: &str) -> Result<(), String> {
    for (at, open) in text.match_indices(['{', '<']) {
        let close = if open == "{" { '}' } else { '>' };
        let inner = text.get(at + 1..).unwrap_or_default();
        let Some(inner) = inner.find([close, '"', '{', '<', '\n']).and_then(|end| {
            let ends_here = inner.get(end..).is_some_and(|rest| rest.starts_with(close));
            inner.get(..end).filter(|_| ends_here)
        }) else {
            continue;
        };
        let is_dollar = open == "{" && text.get(..at).is_some_and(|before| before.ends_with('$'));
        let dollar = if is_dollar { "$" } else { "" };
        let quoted = || format!("`{}`", Untrusted::new(format!("{dollar}{open}{inner}{close}")));
        if is_dollar && inner.starts_with("AWS::") {
            let what = "is a pseudo parameter of CloudFormation, which is not replaced here";
            return Err(format!("{} {what}; write {}", quoted(), replacement(inner)));
        }
        if is_dollar && !inner.contains(':') && !["*", "?", "$"].contains(&inner) {
            let what = "is not a policy variable of IAM, and is not replaced here";
            return Err(format!("{} {what}; write {}", quoted(), replacement(inner)));
        }
        if let Some(expression) = expression(text, at, inner) {
            let what = "is an expression of another tool, which is not replaced here";
            return Err(format!("`{}` {what}; write {}", Untrusted::new(expression), replacement(inner)));
        }
        let is_placeholder = open == "{" && PLACEHOLDERS.contains(&inner);
        if !is_dollar && !is_placeholder && is_misspelled(inner) {
            return Err(format!("{} is not replaced; write {}", quoted(), replacement(inner)));
        }
    }
    Ok(())
}

/// The same for a text in which nothing is replaced, such as a condition on the command line: placeholders are not, either.
///
/// # Errors
/// The first reference or placeholder, and what to write.
pub fn check_no_references(text: &str) -> Result<(), String> {
    let written = PLACEHOLDERS.map(|name| format!("{{{name}}}"));
    if let Some(placeholder) = written.iter().find(|placeholder| text.contains(placeholder.as_str())) {
        return Err(format!(
            "`{placeholder}` is a placeholder of the configuration, which is not replaced here; write the value itself"
        ));
    }
    // What to write in a configuration is of no use here.
    check_references(text).map_err(|error| {
        let what = error.rsplit_once("; write ").map_or(error.as_str(), |(what, _)| what);
        format!("{what}; write the value itself")
    })
}

/// The text between two braces that are doubled, with these, such as `${{ secrets.ID }}`. `at` is the second opening brace. Braces of
/// JSON enclose other characters.
fn expression<'a>(text: &'a str, at: usize, inner: &str) -> Option<&'a str> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_.- ".contains(&b);
    let before = text.get(..at)?.strip_suffix('{')?;
    let start = before.strip_suffix('$').unwrap_or(before).len();
    let end = at + 1 + inner.len() + "}}".len();
    let expression = text.get(start..end).filter(|found| found.ends_with("}}"))?;
    (!inner.trim().is_empty() && inner.bytes().all(is_name)).then_some(expression)
}

/// The letters and digits, in lowercase and in American spelling.
fn letters(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.to_ascii_lowercase().replace("organisation", "organization")
}

fn replacement(name: &str) -> &'static str {
    let name = letters(name);
    if name.ends_with("accountid") || name.ends_with("account") || name.ends_with("accountnumber") {
        "`{account-id}`"
    } else if name.ends_with("accountname") {
        "`{account-name}`"
    } else if name.ends_with("organizationid") || name.ends_with("orgid") {
        "`{organization-id}`"
    } else if name.ends_with("partition") {
        "`{partition}`"
    } else if name.ends_with("region") {
        "the region, or `*` for all regions"
    } else {
        "the value itself"
    }
}

fn is_misspelled(name: &str) -> bool {
    let name = letters(name);
    let bare = name.strip_prefix("aws").or_else(|| name.strip_prefix("your")).unwrap_or(&name);
    ["accountid", "account", "accountnumber", "accountname", "organizationid", "orgid", "partition", "region"]
        .contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_other_tools_are_found() {
        let texts = [
            "arn:aws:iam::${AWS::AccountId}:role/x",
            "arn:${AWS::Partition}:s3:::x",
            "arn:aws:sns:${AWS::Region}:1:x",
            "arn:aws:s3:::${Bucket}/*",
            "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/x",
            "arn:aws:iam::{account_id}:role/x",
            "arn:aws:iam::<AWS-ACCOUNT-ID>:role/x",
            "arn:aws:ec2:{region}:1:instance/*",
            "arn:aws:s3:::{account_name}-logs",
            "arn:aws:s3:::<ORGANIZATION-ID>-logs",
            "arn:aws:iam::<account-id>:role/x",
            "arn:<partition>:s3:::x",
            "arn:aws:iam::{{account-id}}:role/x",
            "arn:aws:iam::${{ secrets.ACCOUNT_ID }}:role/x",
            "arn:aws:s3:::{{ bucket.name }}",
            "{organisation-id}",
            "<your-organisation-id>",
        ];
        insta::assert_snapshot!(texts.map(|text| check_references(text).unwrap_err()).join("\n"), @"
        `${AWS::AccountId}` is a pseudo parameter of CloudFormation, which is not replaced here; write `{account-id}`
        `${AWS::Partition}` is a pseudo parameter of CloudFormation, which is not replaced here; write `{partition}`
        `${AWS::Region}` is a pseudo parameter of CloudFormation, which is not replaced here; write the region, or `*` for all regions
        `${Bucket}` is not a policy variable of IAM, and is not replaced here; write the value itself
        `${data.aws_caller_identity.current.account_id}` is not a policy variable of IAM, and is not replaced here; write `{account-id}`
        `{account_id}` is not replaced; write `{account-id}`
        `<AWS-ACCOUNT-ID>` is not replaced; write `{account-id}`
        `{region}` is not replaced; write the region, or `*` for all regions
        `{account_name}` is not replaced; write `{account-name}`
        `<ORGANIZATION-ID>` is not replaced; write `{organization-id}`
        `<account-id>` is not replaced; write `{account-id}`
        `<partition>` is not replaced; write `{partition}`
        `{{account-id}}` is an expression of another tool, which is not replaced here; write `{account-id}`
        `${{ secrets.ACCOUNT_ID }}` is an expression of another tool, which is not replaced here; write `{account-id}`
        `{{ bucket.name }}` is an expression of another tool, which is not replaced here; write the value itself
        `{organisation-id}` is not replaced; write `{organization-id}`
        `<your-organisation-id>` is not replaced; write `{organization-id}`
        ");
    }

    #[test]
    fn placeholders_are_not_replaced_everywhere() {
        assert_eq!(check_no_references("${aws:username}-{date}"), Ok(()));
        let texts = ["{account-id}", "${AWS::Region}", "${data.aws_region.current.name}", "<account-id>x{account_id}"];
        insta::assert_snapshot!(texts.map(|text| check_no_references(text).unwrap_err()).join("\n"), @"
        `{account-id}` is a placeholder of the configuration, which is not replaced here; write the value itself
        `${AWS::Region}` is a pseudo parameter of CloudFormation, which is not replaced here; write the value itself
        `${data.aws_region.current.name}` is not a policy variable of IAM, and is not replaced here; write the value itself
        `<account-id>` is not replaced; write the value itself
        ");
    }

    #[test]
    fn policy_variables_and_placeholders_are_accepted() {
        for text in [
            "arn:{partition}:iam::{account-id}:role/x",
            "arn:aws:s3:::{account-name}-{organization-id}",
            "home/${aws:username}/*",
            "${aws:PrincipalTag/team, 'none'} ${*} ${?} ${$}",
            r#"{"Statement":{"Effect":"Allow"}}"#,
            "{{}} { {x}} {x}}",
            "{date}/<b>/{",
            "$",
        ] {
            assert_eq!(check_references(text), Ok(()), "{text}");
        }
    }
}
