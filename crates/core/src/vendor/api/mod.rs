//! The vendors' APIs that accounts can be registered with.
//!
//! The file of a vendor describes its API as an [`ApiSpec`](spec::ApiSpec): where the API is, which hosts may receive its
//! key, and the names of its calls. The rest of the program asks an [`Api`] and compares no vendors. The requests and
//! responses are in the file of the same name in `src/vendors`.

mod access;
mod endpoint;
mod key_header;
mod spec;
mod supported;
mod workload_security;

pub use access::{ApiAccess, ApiKey};
pub use endpoint::{Endpoint, HostOwner};
pub use key_header::KeyHeader;
pub use spec::ApiCalls;
pub use supported::Api;
