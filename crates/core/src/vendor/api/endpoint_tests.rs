use super::HostOwner::{Customer, Vendor};
use super::*;
use crate::vendor::api::spec::{ApiCalls, Regions};
use crate::vendor::api::workload_security::{API_SECRET_KEY, AUTHORIZATION};

/// The endpoint of Workload Security at a URL.
fn at_url(text: &str, owner: HostOwner) -> Result<Endpoint, String> {
    Endpoint::from_url(Api::WorkloadSecurity, text, owner)
}

#[test]
fn region_must_be_a_cloud_one_region() {
    let endpoint = Endpoint::from_region(Api::WorkloadSecurity, "de-1").unwrap();
    assert_eq!(endpoint.url(), "https://workload.de-1.cloudone.trendmicro.com/api");
    assert_eq!(endpoint.header(), AUTHORIZATION);
    insta::assert_snapshot!(Endpoint::from_region(Api::WorkloadSecurity, "us-2").unwrap_err(), @"`us-2` is not a Cloud One region; the regions are `us-1`, `trend-us-1`, `au-1`, `ie-1`, `sg-1`, `in-1`, `jp-1`, `ca-1`, `de-1` and `gb-1`; did you mean `us-1`?");
}

#[test]
fn api_key_is_only_sent_to_the_vendor_unless_own_host_is_set() {
    let header = |text: &str, owner| at_url(text, owner).map(|endpoint| endpoint.header());
    let cloud_one = "https://workload.us-1.cloudone.trendmicro.com/api/";
    assert_eq!(header(cloud_one, Vendor), Ok(AUTHORIZATION));
    assert_eq!(header("https://app.deepsecurity.trendmicro.com/api", Vendor), Ok(API_SECRET_KEY));
    assert_eq!(header("https://manager.example.com:4119/api", Customer), Ok(API_SECRET_KEY));
    for other in [
        "https://manager.example.com/api",
        "https://workload.us-1.cloudone.trendmicro.com.example.com/api",
        "https://workload.evil.cloudone.trendmicro.com/api",
        "https://example.com/workload.us-1.cloudone.trendmicro.com",
        "https://127.0.0.1/api",
    ] {
        assert!(header(other, Vendor).unwrap_err().contains("own-host = true"), "{other}");
        assert!(header(other, Customer).is_ok(), "{other}");
    }
}

#[test]
fn https_is_required_unless_the_host_is_local() {
    for local in ["http://127.0.0.1:8080/api", "http://localhost/api", "http://[::1]:9/api"] {
        assert!(at_url(local, Customer).is_ok(), "{local}");
    }
    for open in ["http://manager.example.com/api", "http://10.0.0.1/api", "ftp://127.0.0.1/", "file:///etc/passwd"] {
        assert!(at_url(open, Customer).is_err(), "{open}");
    }
    insta::assert_snapshot!(at_url("http://app.deepsecurity.trendmicro.com/api", Customer).unwrap_err(), @"the API key would be sent unencrypted; use `https://`");
}

#[test]
fn url_with_credentials_query_or_fragment_is_rejected() {
    for more in
        ["https://u:p@h.example.com/", "https://h.example.com/?a=b", "https://h.example.com/#x", "h.example.com"]
    {
        assert!(at_url(more, Customer).is_err(), "{more}");
    }
    let with_slash = at_url("https://h.example.com/api/", Customer).unwrap();
    assert_eq!(with_slash.url(), "https://h.example.com/api");
}

/// A second vendor, so that no sentence is about the product of another one.
const OTHER: ApiSpec = ApiSpec {
    name: "acme",
    product: "Acme",
    calls: ApiCalls {
        search: "acme:Search",
        create: "acme:Create",
        update: "acme:Update",
        delete: "acme:Delete",
        external_id: "acme:Settings",
    },
    regions: Some(Regions {
        noun: "an Acme region",
        names: &["eu", "us"],
        url: |region| format!("https://{region}.acme.example/v1"),
        header: OTHER_HEADER,
    }),
    example_url: "https://eu.acme.example/v1",
    vendor_host: |host| matches!(host, Host::Domain("eu.acme.example" | "us.acme.example")).then_some(OTHER_HEADER),
    own_host: OTHER_HEADER,
    own_host_if: "if you call the API through your own proxy",
};
const OTHER_HEADER: KeyHeader = KeyHeader { name: "x-acme-key", prefix: "" };

#[test]
fn errors_are_about_the_product_of_the_vendor() {
    assert_eq!(Endpoint::in_region(&OTHER, "eu").unwrap().url(), "https://eu.acme.example/v1");
    assert_eq!(Endpoint::at_url(&OTHER, "https://us.acme.example/v1/", Vendor).unwrap().header(), OTHER_HEADER);
    let without_regions = ApiSpec { regions: None, ..OTHER };
    let all = [
        Endpoint::in_region(&OTHER, "de-1"),
        Endpoint::in_region(&without_regions, "de-1"),
        Endpoint::at_url(&OTHER, "eu", Vendor),
        Endpoint::at_url(&OTHER, "https://workload.us-1.cloudone.trendmicro.com/api", Vendor),
    ];
    let all: Vec<_> = all.into_iter().map(Result::unwrap_err).collect();
    insta::assert_snapshot!(all.join("\n"), @"
    `de-1` is not an Acme region; the regions are `eu` and `us`
    Acme has no regions; set `url` instead
    `eu` is not a valid URL (relative URL without a base); expected a URL such as `https://eu.acme.example/v1`
    the API key would be sent to `workload.us-1.cloudone.trendmicro.com`, which is not a host of the vendor; if you call the API through your own proxy, set `own-host = true`
    ");
}
