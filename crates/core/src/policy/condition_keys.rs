//! Condition keys: their form, and those whose values must not be shown.
//!
//! Every key that AWS sends begins with the service, or the identity provider, that defines it: `aws:PrincipalOrgID`,
//! `token.actions.githubusercontent.com:sub`. Another key is in no request, so that a condition on it never has the intended effect.
//! A misspelled key such as `ExternalId` still has a secret as its value.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>.

/// Global condition keys, and those of STS, without their prefix.
const KNOWN: [(&str, &[&str]); 2] = [
    (
        "aws",
        &[
            "CalledVia",
            "CurrentTime",
            "EpochTime",
            "FederatedProvider",
            "MultiFactorAuthAge",
            "MultiFactorAuthPresent",
            "PrincipalAccount",
            "PrincipalArn",
            "PrincipalIsAWSService",
            "PrincipalOrgID",
            "PrincipalOrgPaths",
            "PrincipalServiceName",
            "PrincipalType",
            "Referer",
            "RequestedRegion",
            "ResourceAccount",
            "ResourceOrgID",
            "ResourceOrgPaths",
            "SecureTransport",
            "SourceAccount",
            "SourceArn",
            "SourceIdentity",
            "SourceIp",
            "SourceOrgID",
            "SourceOrgPaths",
            "SourceVpc",
            "SourceVpce",
            "TagKeys",
            "TokenIssueTime",
            "UserAgent",
            "ViaAWSService",
            "VpcSourceIp",
            "userid",
            "username",
        ],
    ),
    ("sts", &["ExternalId", "RoleSessionName", "TransitiveTagKeys"]),
];

/// Whether a condition key is `sts:ExternalId`. Condition keys are case-insensitive.
pub(super) fn is_external_id_key(key: &str) -> bool {
    key.eq_ignore_ascii_case("sts:ExternalId")
}

/// Whether the values of a key may be external IDs, so that they are never shown: `sts:ExternalId`, and what is meant to be it, such as
/// `ExternalId` and `aws:external-id`.
pub(crate) fn may_hold_external_ids(key: &str) -> bool {
    let letters: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.to_ascii_lowercase().contains("externalid")
}

/// Checks that a key has the form that every condition key has.
///
/// # Errors
/// What to write instead. The text contains neither the key nor its values.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    let in_prefix = |b: u8| b.is_ascii_alphanumeric() || b"._-/~%".contains(&b);
    let (prefix, name) = key.split_once(':').unwrap_or_default();
    // The name of a tag, which follows a `/`, and that of an encryption context, which follows a `:`, may contain spaces.
    let label = name.split(['/', ':']).next().unwrap_or_default();
    let is_valid = !prefix.is_empty()
        && prefix.bytes().all(in_prefix)
        && !label.is_empty()
        && label.bytes().all(|b| b.is_ascii_graphic())
        && name.trim_end() == name;
    if is_valid {
        let is_of_sts = prefix.eq_ignore_ascii_case("sts") || prefix.eq_ignore_ascii_case("aws");
        if is_of_sts && may_hold_external_ids(label) && !is_external_id_key(key) && label == name {
            return Err("is not a condition key; write `sts:ExternalId`".to_owned());
        }
        return Ok(());
    }
    let bare = key.rsplit(':').next().unwrap_or_default().trim();
    let (label, tag) = bare.split_once('/').map_or((bare, None), |(label, tag)| (label, Some(tag)));
    let known = KNOWN.iter().flat_map(|(prefix, names)| names.iter().map(move |name| (prefix, *name)));
    let tags = ["PrincipalTag", "RequestTag", "ResourceTag"].map(|name| (&"aws", name));
    let same = known.chain(tags).find(|(_, name)| name.eq_ignore_ascii_case(label));
    let hint = match (same, tag) {
        (Some((prefix, name)), None) => format!("; write `{prefix}:{name}`"),
        (Some((prefix, name)), Some(_)) => format!("; write `{prefix}:{name}/…`"),
        (None, _) => {
            "; write it as in `aws:PrincipalOrgID`, `s3:prefix` or `token.actions.githubusercontent.com:sub`".to_owned()
        }
    };
    Err(format!(
        "does not begin with the service or the identity provider that defines it, so that no request has such a key{hint}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_without_its_service_is_rejected() {
        let all =
            ["PrincipalOrgID", "sourcevpc", "sub", ":SourceArn", "aws :PrincipalArn", "RequestTag/team", "s3:prefix "];
        insta::assert_snapshot!(all.map(|key| check_key(key).unwrap_err()).join("\n"), @"
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:PrincipalOrgID`
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:SourceVpc`
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write it as in `aws:PrincipalOrgID`, `s3:prefix` or `token.actions.githubusercontent.com:sub`
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:SourceArn`
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:PrincipalArn`
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:RequestTag/…`
        does not begin with the service or the identity provider that defines it, so that no request has such a key; write it as in `aws:PrincipalOrgID`, `s3:prefix` or `token.actions.githubusercontent.com:sub`
        ");
        for bad in [
            "",
            ":",
            "aws:ExternalId",
            "sts:external-id",
            "aws:",
            " aws:SourceIp",
            "aws: SourceIp",
            "a\"b:c",
            "aws:Principal Arn",
        ] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_of_services_tags_and_identity_providers_are_accepted() {
        for good in [
            "aws:PrincipalOrgID",
            "AWS:sourcearn",
            "s3:prefix",
            "kms:EncryptionContext:team",
            "kms:EncryptionContext:Department Name",
            "aws:PrincipalTag/Cost Center",
            "aws:PrincipalTag/ExternalId",
            "STS:externalid",
            "aws:RequestTag/a:b",
            "token.actions.githubusercontent.com:sub",
            "oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD:aud",
            "www.amazon.com:app_id",
            "SAML:aud",
        ] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn misspelled_key_of_external_ids_is_recognized() {
        for key in
            ["sts:ExternalId", "STS:externalid", "ExternalID", "aws:ExternalId", "sts:external-id", "sts:External_Id "]
        {
            assert!(may_hold_external_ids(key), "{key}");
        }
        for key in ["aws:PrincipalOrgID", "sts:RoleSessionName", "aws:userid"] {
            assert!(!may_hold_external_ids(key), "{key}");
        }
    }
}
