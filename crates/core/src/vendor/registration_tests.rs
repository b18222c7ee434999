use super::*;

#[test]
fn region_must_be_a_cloud_one_region() {
    let endpoint = Endpoint::from_region("de-1").unwrap();
    assert_eq!(endpoint.url(), "https://workload.de-1.cloudone.trendmicro.com/api");
    assert_eq!(endpoint.header(), KeyHeader::Authorization);
    insta::assert_snapshot!(Endpoint::from_region("us-2").unwrap_err(), @"`us-2` is not a Cloud One region; the regions are `us-1`, `trend-us-1`, `au-1`, `ie-1`, `sg-1`, `in-1`, `jp-1`, `ca-1`, `de-1` and `gb-1`; did you mean `us-1`?");
}

#[test]
fn api_key_is_only_sent_to_the_vendor_unless_own_host_is_set() {
    let header = |text: &str, hosting| Endpoint::from_url(text, hosting).map(|endpoint| endpoint.header());
    let cloud_one = "https://workload.us-1.cloudone.trendmicro.com/api/";
    assert_eq!(header(cloud_one, Hosting::Vendor), Ok(KeyHeader::Authorization));
    assert_eq!(header("https://app.deepsecurity.trendmicro.com/api", Hosting::Vendor), Ok(KeyHeader::ApiSecretKey));
    assert_eq!(header("https://manager.example.com:4119/api", Hosting::SelfHosted), Ok(KeyHeader::ApiSecretKey));
    for other in [
        "https://manager.example.com/api",
        "https://workload.us-1.cloudone.trendmicro.com.example.com/api",
        "https://workload.evil.cloudone.trendmicro.com/api",
        "https://example.com/workload.us-1.cloudone.trendmicro.com",
        "https://127.0.0.1/api",
    ] {
        assert!(header(other, Hosting::Vendor).unwrap_err().contains("own-host = true"), "{other}");
        assert!(header(other, Hosting::SelfHosted).is_ok(), "{other}");
    }
}

#[test]
fn https_is_required_unless_the_host_is_local() {
    for local in ["http://127.0.0.1:8080/api", "http://localhost/api", "http://[::1]:9/api"] {
        assert!(Endpoint::from_url(local, Hosting::SelfHosted).is_ok(), "{local}");
    }
    for open in ["http://manager.example.com/api", "http://10.0.0.1/api", "ftp://127.0.0.1/", "file:///etc/passwd"] {
        assert!(Endpoint::from_url(open, Hosting::SelfHosted).is_err(), "{open}");
    }
    insta::assert_snapshot!(Endpoint::from_url("http://app.deepsecurity.trendmicro.com/api", Hosting::SelfHosted).unwrap_err(), @"the API key would be sent unencrypted; use `https://`");
}

#[test]
fn url_with_credentials_query_or_fragment_is_rejected() {
    for more in
        ["https://u:p@h.example.com/", "https://h.example.com/?a=b", "https://h.example.com/#x", "h.example.com"]
    {
        assert!(Endpoint::from_url(more, Hosting::SelfHosted).is_err(), "{more}");
    }
    let with_slash = Endpoint::from_url("https://h.example.com/api/", Hosting::SelfHosted).unwrap();
    assert_eq!(with_slash.url(), "https://h.example.com/api");
}

#[test]
fn api_key_is_never_printed() {
    let key: ApiKey = "tmc12:s3cret/key==".parse().unwrap();
    assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
    for bad in ["", "two words", "line\nbreak", "é", &"x".repeat(1025)] {
        assert!(bad.parse::<ApiKey>().is_err());
    }
    assert!(!"s3cret key".parse::<ApiKey>().unwrap_err().to_string().contains("s3cret"));
}
