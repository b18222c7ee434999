//! Misspelled regions, recognized before a call.
//!
//! A region that does not exist has no endpoint, so that its name is not found in DNS. To the SDK this is a connection that
//! failed, and is retried. The name of a region that this release does not know is therefore looked up once, at the start; a
//! region that AWS adds later is found and used.

use std::net::ToSocketAddrs;

use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

use onboarding_core::suggestion::did_you_mean;
use onboarding_core::text::Untrusted;

/// The regions of the public partitions.
///
/// See <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>.
const KNOWN: [&str; 41] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "us-west-1",
    "us-west-2",
];

/// Checks that a region exists.
pub(super) async fn check(region: &str) -> Result<(), String> {
    if KNOWN.contains(&region) {
        return Ok(());
    }
    let found = match sts_host(region).await {
        Some(host) => (host.as_str(), 443).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some()),
        None => false,
    };
    if found { Ok(()) } else { Err(not_found(region)) }
}

fn not_found(region: &str) -> String {
    let mut remedy = did_you_mean(region, KNOWN);
    if remedy.is_empty() {
        remedy = "; use a name such as `us-east-1`".to_owned();
    }
    format!("region `{}` does not exist, or its endpoint cannot be found{remedy}", Untrusted::new(region))
}

/// The host of STS in a region, by the rules of the SDK.
async fn sts_host(region: &str) -> Option<String> {
    let params = Params::builder().region(region).build().ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.ok()?;
    endpoint.url().strip_prefix("https://").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_region_is_named_with_the_nearest() {
        insta::assert_snapshot!(not_found("us-est-1"), @"region `us-est-1` does not exist, or its endpoint cannot be found; did you mean `us-east-1`?");
        insta::assert_snapshot!(not_found("Frankfurt"), @"region `Frankfurt` does not exist, or its endpoint cannot be found; use a name such as `us-east-1`");
    }

    #[tokio::test]
    async fn known_region_is_not_looked_up() {
        for region in KNOWN {
            assert_eq!(check(region).await, Ok(()));
        }
    }

    #[tokio::test]
    async fn host_of_a_region_follows_its_partition() {
        assert_eq!(sts_host("us-est-1").await.as_deref(), Some("sts.us-est-1.amazonaws.com"));
        assert_eq!(sts_host("cn-south-9").await.as_deref(), Some("sts.cn-south-9.amazonaws.com.cn"));
        assert_eq!(sts_host("no region").await, None);
    }
}
